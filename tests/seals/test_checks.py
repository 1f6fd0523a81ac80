"""The table of checks: complete, named once, and never good by silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from seals.check_results import CheckStatus
from seals.checks import FILE_CHECKS, MAY_BE_UNASKED, RECORD_CHECKS, check_file
from seals.checks_context import context_of
from seals.findings import read_findings
from seals.verdict import VerdictOutcome, outcome_of
from tests.vectors.authority import JUDGED_AT, SEALED_AT
from tests.vectors.make_vectors import FOLDER, policy_of

POLICY = policy_of(FOLDER, "clean")


def statuses(name: str, **changes: object) -> dict[str, CheckStatus]:
    findings = read_findings((FOLDER / f"{name}.pdf").read_bytes(), POLICY.limits)
    policy = replace(POLICY, **changes)  # type: ignore[arg-type]
    return {result.name: result.status for result in check_file(context_of(findings, policy, JUDGED_AT))}


def test_every_check_has_its_own_name_and_a_question_in_both_languages() -> None:
    checks = (*FILE_CHECKS, *RECORD_CHECKS)
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.question.endswith("?") and check.question_zh.endswith("吗") for check in checks)
    assert {check.name for check in checks} >= MAY_BE_UNASKED


def test_a_good_proof_passes_every_check_of_the_file() -> None:
    found = statuses("good_information_sharing")
    assert found.pop("time_stamp") is CheckStatus.NOT_ASKED  # it has none
    assert set(found.values()) == {CheckStatus.PASSED}


@pytest.mark.parametrize("name", ["good_stamped_inside", "good_with_all_it_takes"])
def test_a_good_proof_with_a_time_stamp_passes_all_of_them(name: str) -> None:
    assert set(statuses(name).values()) == {CheckStatus.PASSED}


def test_a_forged_time_stamp_fails_the_check_of_time_stamps_alone() -> None:
    found = statuses("stamped_by_strangers")
    assert [name for name, status in found.items() if status is CheckStatus.FAILED] == ["time_stamp"]


def test_without_a_seal_nothing_that_needs_one_passes() -> None:
    found = statuses("unsigned")
    assert found.pop("is_pdf") is CheckStatus.PASSED
    assert found.pop("one_seal") is CheckStatus.FAILED
    assert set(found.values()) == {CheckStatus.NOT_ASKED}


@pytest.mark.requirement("R14.1")
def test_the_wrong_seal_fails_only_the_check_of_its_kind() -> None:
    found = statuses("wrong_seal")
    assert [name for name, status in found.items() if status is CheckStatus.FAILED] == ["right_seal"]


def test_without_a_trust_root_nothing_is_trusted() -> None:
    assert statuses("good_information_sharing", trust_roots=())["trusted"] is CheckStatus.FAILED


def test_a_broken_revocation_list_is_no_list() -> None:
    found = statuses("good_information_sharing", crls=(b"not a list",))
    assert found["not_revoked"] is CheckStatus.INDETERMINATE


def test_a_proof_is_refused_before_it_was_sealed() -> None:
    findings = read_findings((FOLDER / "good_information_sharing.pdf").read_bytes(), POLICY.limits)
    results = check_file(context_of(findings, POLICY, SEALED_AT - timedelta(days=1)))
    assert outcome_of(results) is VerdictOutcome.NOT_GOOD


def test_silence_where_an_answer_is_needed_is_not_good() -> None:
    findings = read_findings((FOLDER / "good_information_sharing.pdf").read_bytes(), POLICY.limits)
    results = check_file(context_of(findings, POLICY, JUDGED_AT))
    silent = tuple(replace(result, status=CheckStatus.NOT_ASKED) for result in results)
    assert outcome_of(results) is VerdictOutcome.GOOD
    assert outcome_of(silent) is VerdictOutcome.UNDECIDED


@pytest.mark.requirement("R14.1")
def test_a_policy_that_knows_no_seal_of_the_kind_accepts_none() -> None:
    assert statuses("good_information_sharing", seal_policies=())["right_seal"] is CheckStatus.FAILED
