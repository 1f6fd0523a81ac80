"""The verdict, with and without the hub's record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from seals.check_results import CheckStatus
from seals.checks_of_record import RecordAnswer, RecordState
from seals.hostile_input import DocumentLimits
from seals.verdict import Verdict, VerdictOutcome
from seals.verification import verify_document, with_record
from seals.verification_policy import VerificationPolicy
from tests.vectors.authority import JUDGED_AT, SEALED_AT
from tests.vectors.make_vectors import FOLDER, policy_of

POLICY = policy_of(FOLDER, "clean")


def judged(name: str) -> Verdict:
    return verify_document((FOLDER / f"{name}.pdf").read_bytes(), POLICY, at=JUDGED_AT)


def record_of(verdict: Verdict) -> RecordAnswer:
    assert verdict.endorsement is not None
    return RecordAnswer(
        found=True, document_sha256=verdict.sealed_sha256, endorsement_json=verdict.endorsement.to_json()
    )


@pytest.mark.requirement("I5")
def test_with_no_hub_the_record_is_not_asked_and_the_proof_still_good() -> None:
    verdict = judged("good_information_sharing")
    assert verdict.outcome is VerdictOutcome.GOOD
    assert verdict.check("recorded").status is CheckStatus.NOT_ASKED
    assert verdict.check("not_withdrawn").status is CheckStatus.NOT_ASKED


@pytest.mark.requirement("R14.2")
def test_a_recorded_proof_passes_all_checks() -> None:
    verdict = judged("good_information_sharing")
    asked = with_record(verdict, record_of(verdict))
    unasked = [check.name for check in asked.checks if check.status is not CheckStatus.PASSED]
    assert unasked == ["time_stamp"]  # it has none


def test_a_long_term_proof_is_compared_as_it_was_sealed() -> None:
    """What was added for long-term validation changes the file's digest, not the sealed file's."""
    verdict = judged("good_long_term")
    assert verdict.sealed_sha256 != verdict.document_sha256
    assert with_record(verdict, record_of(verdict)).outcome is VerdictOutcome.GOOD


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"found": False}, "recorded"),
        ({"document_sha256": "0" * 64}, "recorded"),
        ({"endorsement_json": b"{}"}, "recorded"),
        ({"state": RecordState.WITHDRAWN}, "not_withdrawn"),
        ({"state": RecordState.REPLACED}, "not_withdrawn"),
    ],
)
def test_a_record_that_says_otherwise_makes_it_not_good(change: dict[str, object], check: str) -> None:
    verdict = judged("good_information_sharing")
    asked = with_record(verdict, replace(record_of(verdict), **change))  # type: ignore[arg-type]
    assert asked.outcome is VerdictOutcome.NOT_GOOD
    assert asked.check(check).status is CheckStatus.FAILED


@pytest.mark.requirement("R13.3")
def test_a_disputed_proof_is_good_and_says_that_it_is_disputed() -> None:
    verdict = judged("good_information_sharing")
    asked = with_record(verdict, replace(record_of(verdict), disputed=True))
    assert asked.outcome is VerdictOutcome.GOOD
    assert "objection" in asked.check("not_withdrawn").reason


def test_the_verdict_gives_the_time_that_is_proven_beside_the_one_that_is_claimed() -> None:
    late = judged("stamped_after_its_key_leaked")
    assert (late.sealed_at, late.proven_at) == (SEALED_AT, SEALED_AT + timedelta(days=10))
    assert judged("good_information_sharing").proven_at is None
    assert Verdict.from_json(late.to_json()) == late


@pytest.mark.parametrize("stamp_roots", [None, POLICY.trust_roots])
def test_time_stamps_have_the_roots_of_seals_or_others(stamp_roots: tuple[bytes, ...] | None) -> None:
    good = (FOLDER / "good_stamped_inside.pdf").read_bytes()
    for roots, outcome in ((stamp_roots, VerdictOutcome.GOOD), ((), VerdictOutcome.NOT_GOOD)):
        policy = replace(POLICY, time_stamp_roots=roots)
        assert VerificationPolicy.from_json(policy.to_json()) == policy
        assert verify_document(good, policy, at=JUDGED_AT).outcome is outcome


def test_a_record_does_not_heal_a_changed_file() -> None:
    verdict = judged("changed_text")
    assert with_record(verdict, record_of(verdict)).outcome is VerdictOutcome.NOT_GOOD


def test_the_hub_is_asked_for_the_number_in_the_seal() -> None:
    asked: list[str] = []

    def lookup(number: str) -> RecordAnswer:
        asked.append(number)
        return RecordAnswer(found=False)

    data = (FOLDER / "good_information_sharing.pdf").read_bytes()
    verdict = verify_document(data, POLICY, lookup, at=JUDGED_AT)
    assert asked == ["NB-2026-TEST-000001"]
    assert verdict.outcome is VerdictOutcome.NOT_GOOD


def test_a_file_that_is_too_large_is_undecided() -> None:
    policy = replace(POLICY, limits=DocumentLimits(document_bytes=10))
    verdict = verify_document(b"%PDF-1.7 and more", policy, at=JUDGED_AT)
    assert verdict.outcome is VerdictOutcome.UNDECIDED
    assert with_record(verdict, RecordAnswer(found=False)) == verdict


def test_a_policy_crosses_a_pipe_unchanged() -> None:
    assert VerificationPolicy.from_json(POLICY.to_json()) == POLICY
