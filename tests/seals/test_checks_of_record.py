"""What the hub's record says of a proof, and what is not asked where there is nothing to ask about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seals.check_results import CheckStatus
from seals.checks_of_record import RecordAnswer, RecordQuestion, RecordState, not_withdrawn, recorded
from tests.vectors.proofs import SHARING

ANSWER = RecordAnswer(found=True, document_sha256="ab" * 32, endorsement_json=SHARING.to_json())
QUESTION = RecordQuestion(sealed_sha256="ab" * 32, endorsement=SHARING, answer=ANSWER)


def test_the_very_file_that_is_recorded_passes_both() -> None:
    assert recorded(QUESTION).status is not_withdrawn(QUESTION).status is CheckStatus.PASSED


@pytest.mark.parametrize("check", [recorded, not_withdrawn])
@pytest.mark.parametrize("question", [replace(QUESTION, answer=None), replace(QUESTION, endorsement=None)])
def test_nobody_and_nothing_to_ask_about_is_not_asked(check: object, question: RecordQuestion) -> None:
    assert check(question).status is CheckStatus.NOT_ASKED  # type: ignore[operator]


def test_a_proof_that_is_not_recorded_fails_and_its_state_is_not_asked() -> None:
    question = replace(QUESTION, answer=RecordAnswer(found=False))
    assert (recorded(question).status, not_withdrawn(question).status) == (CheckStatus.FAILED, CheckStatus.NOT_ASKED)


def test_another_file_or_another_endorsement_is_not_the_recorded_one() -> None:
    for answer in (replace(ANSWER, document_sha256="cd" * 32), replace(ANSWER, endorsement_json=b"{}")):
        assert recorded(replace(QUESTION, answer=answer)).status is CheckStatus.FAILED


@pytest.mark.parametrize("state", [RecordState.WITHDRAWN, RecordState.REPLACED])
def test_a_proof_that_cannot_be_relied_on_says_why(state: RecordState) -> None:
    said = not_withdrawn(replace(QUESTION, answer=replace(ANSWER, state=state, reason="内容有误")))
    silent = not_withdrawn(replace(QUESTION, answer=replace(ANSWER, state=state)))
    assert (said.status, said.evidence) == (CheckStatus.FAILED, "内容有误")
    assert (silent.status, silent.evidence) == (CheckStatus.FAILED, state.value.lower())


def test_a_dispute_is_said_and_does_not_fail() -> None:
    found = not_withdrawn(replace(QUESTION, answer=replace(ANSWER, disputed=True)))
    assert (found.status, found.evidence) == (CheckStatus.PASSED, "disputed")
    assert "异议" in found.reason_zh
