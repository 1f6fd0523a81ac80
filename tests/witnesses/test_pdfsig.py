"""pdfsig of poppler, which nobody here wrote, agrees on what is a valid signature and what is not."""

from __future__ import annotations

import subprocess

import pytest

from tests.vectors.make_vectors import FOLDER

pytestmark = pytest.mark.services("pdfsig")


def pdfsig(name: str) -> str:
    done = subprocess.run(
        ["pdfsig", "-nocert", str(FOLDER / f"{name}.pdf")], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout


@pytest.mark.parametrize("name", ["good_information_sharing", "good_information_verification"])
def test_a_good_proof_has_a_valid_signature_over_the_whole_file(name: str) -> None:
    found = pdfsig(name)
    assert "Signature Validation: Signature is Valid." in found
    assert "Total document signed" in found
    assert "ETSI.CAdES.detached" in found


@pytest.mark.parametrize("name", ["changed_text", "changed_attachment", "changed_date"])
def test_a_changed_proof_has_another_digest(name: str) -> None:
    assert "Digest Mismatch" in pdfsig(name)


@pytest.mark.parametrize("name", ["appended_text", "appended_annotation", "appended_facts"])
def test_what_was_appended_is_not_signed(name: str) -> None:
    assert "Not total document signed" in pdfsig(name)


@pytest.mark.parametrize("name", ["unsigned", "rewrapped", "stripped_signature"])
def test_a_file_without_a_seal_has_no_signature(name: str) -> None:
    assert "Signature #1" not in pdfsig(name)
