"""Proofs sealed with a key of each kind from either store: our verification, pdfsig and EU DSS find them good."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from pki.authority import CertificateOrder, Subject
from pki.keystore import KeyAlgorithm, SealingKey
from pki.profiles import seal_profile
from seals.kinds import SEAL_POLICIES, SealKind
from seals.levels import SealLevel
from seals.long_term import raise_level
from seals.page import render_page
from seals.sealing import Seal, seal_page
from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from tests.seals.conftest import (  # noqa: F401  fixtures
    SealOffice,
    seal_office,
    seal_offices,
    shared_content,
)
from tests.seals.stamping import Archive
from tests.witnesses.dss import ask_dss

KIND = SealKind.INFORMATION_SHARING
pytestmark = pytest.mark.both_key_stores


def certified_key(office: SealOffice, algorithm: KeyAlgorithm) -> SealingKey:
    """Return a key of the sharing seal in the office's store, certified by its authority."""
    keys, face, issuing = office.keys, office.record(KIND).face, office.authority.issuing
    label = f"witnessed-{algorithm.lower().replace('_', '-')}"
    order = CertificateOrder(
        profile=seal_profile(SEAL_POLICIES[KIND]),
        subject=Subject(
            organisation=face.holder, common_name=face.name, organisation_identifier="NTRCN-91330200TEST00000X"
        ),
        serial=2**81 + list(KeyAlgorithm).index(algorithm),
        not_before=office.now - timedelta(minutes=1),
        not_after=office.now + timedelta(days=300),
    )
    certificate = issuing.issue(order, keys.create(label, algorithm).public_key)
    keys.store_certificate(label, certificate, (issuing.certificate,))
    return keys.open(label)


@pytest.fixture(scope="module")
async def files(seal_office, shared_content, tmp_path_factory) -> dict[KeyAlgorithm, Path]:  # noqa: F811
    """A proof at B-LTA for each kind of key."""
    archive, record = Archive(seal_office, shared_content), seal_office.record(KIND)
    folder, means, now = tmp_path_factory.mktemp("stores"), archive.means(), seal_office.now
    page, made = render_page(shared_content), {}
    for algorithm in KeyAlgorithm:
        seal = Seal.prepare(record.kind, record.face, certified_key(seal_office, algorithm))
        sealed = seal_page(page, shared_content.endorsement, seal, now)
        made[algorithm] = folder / f"{algorithm}.pdf"
        made[algorithm].write_bytes(await raise_level(sealed, SealLevel.B_LTA, means, now))
    return made


def test_our_verification_finds_them_good(files, seal_office, shared_content) -> None:  # noqa: F811
    policy = Archive(seal_office, shared_content).policy()
    for file in files.values():
        assert verify_document(file.read_bytes(), policy, at=seal_office.now).outcome is VerdictOutcome.GOOD


@pytest.mark.services("pdfsig")
def test_pdfsig_finds_the_seals_valid(files) -> None:
    for file in files.values():
        done = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, timeout=60, check=False)
        assert "Signature Validation: Signature is Valid." in done.stdout


@pytest.mark.services("dss")
def test_eu_dss_passes_them(files, dss_classpath, seal_office, tmp_path) -> None:  # noqa: F811
    at = f"{seal_office.now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    found = ask_dss(dss_classpath, tmp_path, seal_office.authority.root_pem, at, *files.values())
    assert [answer[:2] for answer in found] == [["PAdES-BASELINE-LTA", "TOTAL_PASSED"]] * len(KeyAlgorithm)
