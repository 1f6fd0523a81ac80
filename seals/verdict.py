"""The verdict on a file: good, not good, or undecided, with every check that led to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from seals.check_results import CheckResult, CheckStatus
from seals.checks import MAY_BE_UNASKED
from seals.endorsement import Endorsement, Fact, format_time

_TIMES = ("sealed_at", "proven_at")


class VerdictOutcome(StrEnum):
    """What a verdict comes to."""

    GOOD = "GOOD"
    NOT_GOOD = "NOT_GOOD"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a file after judging it."""

    outcome: VerdictOutcome
    summary_zh: str
    summary: str
    checks: tuple[CheckResult, ...]
    document_sha256: str = ""
    """Of the whole file, lower-case hexadecimal; empty if it was not read."""
    sealed_sha256: str = ""
    """Of the file as it was when sealed; empty if that cannot be told."""
    signer: str = ""
    """Subject of the seal's certificate, RFC 4514."""
    sealed_at: datetime | None = None
    """The time that the seal claims, UTC."""
    proven_at: datetime | None = None
    """The earliest time, UTC, at which a valid time stamp proves that the seal existed."""
    endorsement: Endorsement | None = None
    facts: tuple[Fact, ...] | None = None

    def check(self, name: str) -> CheckResult:
        """Return one check by its name; raises KeyError if it was not among those asked."""
        for result in self.checks:
            if result.name == name:
                return result
        raise KeyError(name)

    def to_json(self) -> bytes:
        """Return the verdict as JSON, for machines and for the process boundary."""
        record = asdict(self)
        for name in _TIMES:
            record[name] = format_time(record[name]) if record[name] else None
        if self.endorsement is not None:
            record["endorsement"] = orjson.loads(self.endorsement.to_json())
        return orjson.dumps(record)

    @classmethod
    def from_json(cls, data: bytes) -> Verdict:
        """Read back what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        record: dict[str, Any] = orjson.loads(data)
        endorsement, facts = record["endorsement"], record["facts"]
        record["outcome"] = VerdictOutcome(record["outcome"])
        record["checks"] = tuple(_check(row) for row in record["checks"])
        for name in _TIMES:
            record[name] = datetime.fromisoformat(record[name]) if record[name] else None
        record["endorsement"] = Endorsement.from_json(_canonical(endorsement)) if endorsement else None
        record["facts"] = None if facts is None else tuple(Fact(**row) for row in facts)
        return cls(**record)


def outcome_of(checks: Iterable[CheckResult]) -> VerdictOutcome:
    """One failed check makes it not good; one that could not be decided, though it must be, leaves it undecided."""
    results = tuple(checks)
    if any(result.status is CheckStatus.FAILED for result in results):
        return VerdictOutcome.NOT_GOOD
    if all(_suffices(result) for result in results):
        return VerdictOutcome.GOOD
    return VerdictOutcome.UNDECIDED


def summarise(outcome: VerdictOutcome, checks: Iterable[CheckResult]) -> tuple[str, str]:
    """Return the verdict in one sentence, Chinese and English: the first failed or undecided check is the reason."""
    decisive = {
        VerdictOutcome.NOT_GOOD: (CheckStatus.FAILED,),
        VerdictOutcome.UNDECIDED: (CheckStatus.INDETERMINATE, CheckStatus.NOT_ASKED),
    }
    if outcome is VerdictOutcome.GOOD:
        return "核验通过：电子证明真实有效", "Good: the proof is genuine and unchanged"
    results = [result for result in checks if not _suffices(result)]
    first = next(result for result in results if result.status in decisive[outcome])
    if outcome is VerdictOutcome.NOT_GOOD:
        return f"核验不通过：{first.reason_zh}", f"Not good: {first.reason}"
    return f"无法判定：{first.reason_zh}", f"Undecided: {first.reason}"


def undecided(question_zh: str, question: str, reason_zh: str, reason: str) -> Verdict:
    """Return the verdict on a file that could not be judged at all, with the reason as its only check."""
    result = CheckResult(
        name="judged",
        question_zh=question_zh,
        question=question,
        status=CheckStatus.INDETERMINATE,
        evidence="",
        reason_zh=reason_zh,
        reason=reason,
    )
    summary_zh, summary = summarise(VerdictOutcome.UNDECIDED, (result,))
    return Verdict(outcome=VerdictOutcome.UNDECIDED, summary_zh=summary_zh, summary=summary, checks=(result,))


def _suffices(result: CheckResult) -> bool:
    if result.status is CheckStatus.NOT_ASKED:
        return result.name in MAY_BE_UNASKED
    return result.status is CheckStatus.PASSED


def _check(row: dict[str, str]) -> CheckResult:
    values: dict[str, Any] = {**row, "status": CheckStatus(row["status"])}
    return CheckResult(**values)


def _canonical(record: dict[str, Any]) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
