"""The time stamp in the signature: there when it can be had, and never in the way."""

from __future__ import annotations

import hashlib

import pytest
from asn1crypto import cms, core

from pki.errors import KeyStoreError
from seals.cms import SignatureTemplate
from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.kinds import SealKind
from seals.levels import SealLevel, level_of
from seals.signature_stamp import SIGNATURE_TIME_STAMP_OID, SignatureStamp
from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from tests.seals.stamping import Archive, StoppedClock

DIGEST = hashlib.sha256("证明".encode()).digest()


@pytest.fixture(scope="module")
def archive(seal_office, shared_content) -> Archive:
    return Archive(seal_office, shared_content)


@pytest.fixture(scope="module")
def template(seal_office) -> SignatureTemplate:
    return SignatureTemplate(seal_office.keys.open(seal_office.record(SealKind.INFORMATION_SHARING).key_label))


def signer_of(signature: bytes) -> cms.SignerInfo:
    return cms.ContentInfo.load(signature, strict=True)["content"]["signer_infos"][0]


def test_the_stamp_is_an_unsigned_attribute_over_the_signatures_value(archive, template) -> None:
    signature = template.sign(DIGEST, b"{}")
    asked: list[bytes] = []

    def ask(digest: bytes) -> bytes:
        asked.append(digest)
        return archive.clock().token(digest)

    signer = signer_of(SignatureStamp(ask).put(signature))
    assert asked == [hashlib.sha256(signer_of(signature)["signature"].native).digest()]
    assert [attribute["type"].dotted for attribute in signer["unsigned_attrs"]] == [SIGNATURE_TIME_STAMP_OID]


def test_nothing_else_of_the_signature_changes(archive, template) -> None:
    signature = template.sign(DIGEST, b"{}")
    stamped = cms.ContentInfo.load(SignatureStamp(archive.clock().token).put(signature))
    stamped["content"]["signer_infos"][0]["unsigned_attrs"] = None
    assert stamped.dump(force=True) == cms.ContentInfo.load(signature).dump(force=True)


@pytest.mark.parametrize("size", [0, 100, 5000, 8192])
def test_the_room_kept_is_enough_for_the_longest_token(template, archive, size) -> None:
    token = archive.clock().token(bytes(32))
    stamp = SignatureStamp(archive.clock().token, longest=len(token) + 8)
    endorsement = b"x" * size
    for _ in range(5):
        stamped = stamp.put(template.sign(DIGEST, endorsement))
        assert core.ObjectIdentifier(SIGNATURE_TIME_STAMP_OID).dump() in stamped
        assert len(stamped) <= template.longest(endorsement) + stamp.room


def broken(digest: bytes) -> bytes:
    raise KeyStoreError("the key of the clock cannot sign")


@pytest.mark.parametrize(
    "ask",
    [
        StoppedClock().token,
        broken,
        lambda digest: b"rubbish",
        lambda digest: b"",
    ],
)
def test_without_a_usable_stamp_the_signature_stays_as_it_was(template, ask) -> None:
    signature = template.sign(DIGEST, b"{}")
    assert SignatureStamp(ask).put(signature) == signature


def test_a_stamp_of_something_else_or_a_too_long_one_is_left_out(template, archive) -> None:
    signature, clock = template.sign(DIGEST, b"{}"), archive.clock()
    assert SignatureStamp(lambda digest: clock.token(bytes(32))).put(signature) == signature
    assert SignatureStamp(clock.token, longest=100).put(signature) == signature


@pytest.mark.requirement("R14.1")
def test_sealed_while_the_clock_is_down_the_proof_is_good_at_the_lower_level(archive) -> None:
    stopped = StoppedClock()
    pdf = archive.sealed(stopped.token)
    assert stopped.asked == 1
    assert level_of(read_findings(pdf, DocumentLimits())) is SealLevel.B_B
    assert verify_document(pdf, archive.policy(), at=archive.office.now).outcome is VerdictOutcome.GOOD


def test_sealed_with_a_stamp_it_is_of_the_level_b_t(archive) -> None:
    pdf = archive.sealed(archive.clock().token)
    assert level_of(read_findings(pdf, DocumentLimits())) is SealLevel.B_T
    verdict = verify_document(pdf, archive.policy(), at=archive.office.now)
    assert verdict.outcome is VerdictOutcome.GOOD
