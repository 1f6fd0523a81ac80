"""What a check is and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Context = TypeVar("Context")


class CheckStatus(StrEnum):
    """The answer to one question."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_ASKED = "NOT_ASKED"
    """Nobody could be asked, or an earlier answer left nothing to ask about."""
    INDETERMINATE = "INDETERMINATE"
    """It was asked, and what is at hand does not decide it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check's function returns: the answer, what it rests on, and the reason in words for people."""

    status: CheckStatus
    evidence: str
    reason_zh: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of a verdict."""

    name: str
    question_zh: str
    question: str
    status: CheckStatus
    evidence: str
    """What was seen, for whoever looks closer; English, values of the file."""
    reason_zh: str
    reason: str


@dataclass(frozen=True, slots=True)
class Check(Generic[Context]):
    """A row of a table of checks: a name, a question in both languages, and the function that answers it."""

    name: str
    question_zh: str
    question: str
    answer: Callable[[Context], Outcome]

    def run(self, context: Context) -> CheckResult:
        """Answer the question and keep it beside the answer."""
        outcome = self.answer(context)
        return CheckResult(
            name=self.name,
            question_zh=self.question_zh,
            question=self.question,
            status=outcome.status,
            evidence=outcome.evidence,
            reason_zh=outcome.reason_zh,
            reason=outcome.reason,
        )


def passed(evidence: str, reason_zh: str, reason: str) -> Outcome:
    """The answer is yes."""
    return Outcome(CheckStatus.PASSED, evidence, reason_zh, reason)


def failed(evidence: str, reason_zh: str, reason: str) -> Outcome:
    """The answer is no."""
    return Outcome(CheckStatus.FAILED, evidence, reason_zh, reason)


def indeterminate(evidence: str, reason_zh: str, reason: str) -> Outcome:
    """What is at hand does not decide it."""
    return Outcome(CheckStatus.INDETERMINATE, evidence, reason_zh, reason)


def not_asked(evidence: str, reason_zh: str, reason: str) -> Outcome:
    """There was nobody, or nothing, to ask."""
    return Outcome(CheckStatus.NOT_ASKED, evidence, reason_zh, reason)
