"""Checks that need the hub: is the proof recorded, and can it still be relied on?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seals.check_results import Outcome, failed, not_asked, passed
from seals.endorsement import Endorsement


class RecordState(StrEnum):
    """Whether a recorded proof can still be relied on."""

    VALID = "VALID"
    WITHDRAWN = "WITHDRAWN"
    REPLACED = "REPLACED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAnswer:
    """What the hub answered about a proof number."""

    found: bool
    document_sha256: str = ""
    """Digest of the sealed file as it was recorded, lower-case hexadecimal."""
    endorsement_json: bytes = b""
    """The recorded endorsement, canonical."""
    state: RecordState = RecordState.VALID
    disputed: bool = False
    """An objection (异议) to the content is being looked into (Art. 13)."""
    reason: str = ""
    """Why it was withdrawn or what replaced it, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuestion:
    """A judged file and the hub's answer about it; None if the hub was not asked."""

    sealed_sha256: str
    """Digest of the file as it was when sealed, without what was added for long-term validation."""
    endorsement: Endorsement | None
    answer: RecordAnswer | None


def recorded(question: RecordQuestion) -> Outcome:
    """Is this very file recorded, with this endorsement?"""
    answer = question.answer
    if question.endorsement is None:
        return not_asked("no endorsement", "没有可读的背书，无从查询", "There is no readable endorsement to ask about")
    if answer is None:
        return not_asked("no hub", "未联系平台，未查询", "The hub was not asked")
    number = question.endorsement.proof_number
    if not answer.found:
        return failed(number, "平台没有这份证明的记录", "The hub has no record of this proof")
    if answer.endorsement_json != question.endorsement.to_json():
        return failed(number, "背书与平台记录不一致", "The endorsement is not the recorded one")
    if answer.document_sha256 != question.sealed_sha256:
        return failed(
            f"{question.sealed_sha256}; recorded {answer.document_sha256}",
            "文件与平台记录的文件不一致",
            "The file is not the recorded one",
        )
    return passed(number, "与平台记录一致", "It equals the hub's record")


def not_withdrawn(question: RecordQuestion) -> Outcome:
    """Can the proof still be relied on?"""
    answer = question.answer
    if answer is None or question.endorsement is None:
        return not_asked("no hub", "未联系平台，未查询", "The hub was not asked")
    if not answer.found:
        return not_asked("no record", "没有记录，无从查询", "There is no record to ask about")
    if answer.state is RecordState.WITHDRAWN:
        return failed(answer.reason or "withdrawn", "证明已被撤回", "The proof was withdrawn")
    if answer.state is RecordState.REPLACED:
        return failed(answer.reason or "replaced", "证明已被新的证明替代", "The proof was replaced by a new one")
    if answer.disputed:
        return passed(
            "disputed", "未被撤回，但内容正在异议核查中", "Not withdrawn, but an objection is being looked into"
        )
    return passed("valid", "未被撤回", "It was not withdrawn")
