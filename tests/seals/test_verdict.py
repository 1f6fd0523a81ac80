"""Verdicts: never good by silence, the first reason first, and the same after a pipe."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.check_results import CheckResult, CheckStatus
from seals.checks import FILE_CHECKS, MAY_BE_UNASKED, RECORD_CHECKS
from seals.verdict import Verdict, VerdictOutcome, outcome_of, summarise, undecided
from seals.verification import verify_document
from tests.vectors.authority import JUDGED_AT
from tests.vectors.make_vectors import FOLDER, policy_of

NAMES = [check.name for check in (*FILE_CHECKS, *RECORD_CHECKS)]
STATUSES = st.fixed_dictionaries({name: st.sampled_from(list(CheckStatus)) for name in NAMES})
PASSED, FAILED, UNASKED, OPEN = CheckStatus


def result(name: str, status: CheckStatus) -> CheckResult:
    return CheckResult(
        name=name,
        question_zh="问吗",
        question="Asked?",
        status=status,
        evidence="",
        reason_zh=f"因{name}",
        reason=f"by {name}",
    )


def results(found: dict[str, CheckStatus]) -> list[CheckResult]:
    return [result(name, status) for name, status in found.items()]


def judged(name: str) -> Verdict:
    return verify_document((FOLDER / f"{name}.pdf").read_bytes(), policy_of(FOLDER, "clean"), at=JUDGED_AT)


@given(STATUSES)
def test_good_is_only_what_passed_everything_that_must_be_asked(found: dict[str, CheckStatus]) -> None:
    good = outcome_of(results(found)) is VerdictOutcome.GOOD
    allowed = {name: {PASSED, UNASKED} if name in MAY_BE_UNASKED else {PASSED} for name in found}
    assert good is all(status in allowed[name] for name, status in found.items())


@given(STATUSES)
def test_one_failure_decides_and_nothing_else_is_not_good(found: dict[str, CheckStatus]) -> None:
    not_good = outcome_of(results(found)) is VerdictOutcome.NOT_GOOD
    assert not_good is (FAILED in found.values())


@given(STATUSES)
def test_the_sentence_says_the_first_reason_in_both_languages(found: dict[str, CheckStatus]) -> None:
    checks = results(found)
    outcome = outcome_of(checks)
    chinese, english = summarise(outcome, checks)
    if outcome is VerdictOutcome.GOOD:
        assert (chinese, english) == ("核验通过：电子证明真实有效", "Good: the proof is genuine and unchanged")
        return
    decisive = {FAILED} if outcome is VerdictOutcome.NOT_GOOD else {OPEN, UNASKED}
    first = next(
        name
        for name, status in found.items()
        if status in decisive and not (status is UNASKED and name in MAY_BE_UNASKED)
    )
    assert (chinese.endswith(f"：因{first}"), english.endswith(f": by {first}")) == (True, True)


@pytest.mark.parametrize("name", ["good_information_sharing", "good_long_term", "changed_text", "unsigned", "garbage"])
def test_a_verdict_is_the_same_after_a_pipe(name: str) -> None:
    verdict = judged(name)
    assert Verdict.from_json(verdict.to_json()) == verdict


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.pop("checks"),
        lambda record: record.update(outcome="SPLENDID"),
        lambda record: record.update(more=1),
        lambda record: record.update(sealed_at="yesterday"),
        lambda record: record["checks"][0].update(status="MAYBE"),
        lambda record: record["checks"][0].pop("reason"),
        lambda record: record.update(facts=[{"key": "name"}]),
    ],
)
def test_what_is_no_verdict_is_refused(damage: object) -> None:
    record = orjson.loads(judged("good_information_sharing").to_json())
    damage(record)  # type: ignore[operator]
    with pytest.raises((KeyError, TypeError, ValueError)):
        Verdict.from_json(orjson.dumps(record))


def test_a_check_is_found_by_its_name_or_not_at_all() -> None:
    verdict = judged("good_information_sharing")
    assert verdict.check("intact").status is PASSED
    with pytest.raises(KeyError, match="no_such_check"):
        verdict.check("no_such_check")


def test_a_file_that_could_not_be_judged_is_undecided_with_its_reason() -> None:
    verdict = undecided("能核验吗", "Can it be judged?", "文件过大", "It is too large")
    assert (verdict.outcome, verdict.summary_zh) == (VerdictOutcome.UNDECIDED, "无法判定：文件过大")
    assert verdict.summary == "Undecided: It is too large"
    assert [(check.name, check.status) for check in verdict.checks] == [("judged", OPEN)]
    assert Verdict.from_json(verdict.to_json()) == verdict
    assert replace(verdict, facts=()) == Verdict.from_json(replace(verdict, facts=()).to_json())
