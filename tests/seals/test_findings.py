"""Findings: facts of a file, with no opinion."""

from __future__ import annotations

import hashlib

import pytest

from seals.errors import UnreadableDocumentError
from seals.findings import Findings, read_findings
from seals.hostile_input import DocumentLimits
from seals.pdf_coverage import LaterChanges
from seals.pdf_signature import SignatureType
from tests.vectors.authority import SEALED_AT
from tests.vectors.make_vectors import FOLDER


def read(name: str, limits: DocumentLimits | None = None) -> Findings:
    return read_findings((FOLDER / f"{name}.pdf").read_bytes(), limits or DocumentLimits())


def test_a_proof_is_read_completely() -> None:
    findings = read("good_information_sharing")
    seal = findings.seals[0]
    assert findings.problem is None
    assert seal.claimed_time == SEALED_AT
    assert seal.certifying
    assert seal.permission == 1
    assert seal.coverage.covered_to == findings.size
    assert seal.covered_sha256 == findings.sha256
    assert {found.name for found in findings.attachments} == {"facts.json", "endorsement.json"}
    assert seal.endorsements[0] in {found.data for found in findings.attachments}


def test_what_follows_the_seal_is_told_apart() -> None:
    assert read("good_information_sharing").seals[0].coverage.later_changes is LaterChanges.NONE
    assert read("good_long_term").seals[0].coverage.later_changes is LaterChanges.LONG_TERM_ONLY
    assert read("appended_annotation").seals[0].coverage.later_changes is LaterChanges.OTHER


def test_a_time_stamp_is_no_seal() -> None:
    findings = read("good_long_term")
    types = [found.type for found in findings.signatures]
    assert types == [SignatureType.SIGNATURE, SignatureType.DOCUMENT_TIME_STAMP]
    assert len(findings.seals) == 1


def test_the_sealed_part_of_a_longer_file_has_its_own_digest() -> None:
    data = (FOLDER / "good_long_term.pdf").read_bytes()
    seal = read("good_long_term").seals[0]
    assert seal.covered_sha256 == hashlib.sha256(data[: seal.coverage.covered_to]).hexdigest()


@pytest.mark.parametrize("name", ["empty", "garbage", "deep_nesting", "bomb_in_an_object_stream"])
def test_what_cannot_be_parsed_is_a_fact_in_one_line(name: str) -> None:
    problem = read(name).problem
    assert problem is not None
    assert "\n" not in problem


def test_a_file_above_the_limit_is_not_opened() -> None:
    with pytest.raises(UnreadableDocumentError):
        read("good_information_sharing", DocumentLimits(document_bytes=1000))


@pytest.mark.parametrize("limits", [DocumentLimits(attachment_bytes=10), DocumentLimits(attachments=1)])
def test_attachments_beyond_the_limits_are_not_read(limits: DocumentLimits) -> None:
    findings = read("good_information_sharing", limits)
    assert findings.attachments == ()
    assert findings.attachments_problem is not None


def test_signatures_beyond_the_limit_are_not_read() -> None:
    assert read("sealed_twice", DocumentLimits(signatures=1)).problem is not None
