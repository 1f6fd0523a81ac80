"""A check keeps its question beside its answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seals.check_results import Check, CheckStatus, Outcome, failed, indeterminate, not_asked, passed


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (passed, CheckStatus.PASSED),
        (failed, CheckStatus.FAILED),
        (not_asked, CheckStatus.NOT_ASKED),
        (indeterminate, CheckStatus.INDETERMINATE),
    ],
)
def test_a_result_is_the_question_with_its_answer(
    answer: Callable[[str, str, str], Outcome], status: CheckStatus
) -> None:
    check: Check[int] = Check("even", "是偶数吗", "Is it even?", lambda number: answer(f"{number}", "因", "because"))
    found = check.run(8)
    assert (found.name, found.question_zh, found.question) == ("even", "是偶数吗", "Is it even?")
    assert (found.status, found.evidence, found.reason_zh, found.reason) == (status, "8", "因", "because")
