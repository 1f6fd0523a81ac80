"""Answers about the catalogue, kept by question and catalogue version: a version never changes.

Nothing is kept that depends on who asks or on the time: every root field must be one of ``CATALOGUE_FIELDS``. Whoever
serves from here has made sure that the caller has a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cachetools import LRUCache

from schema.limits import GraphQLLimits, OperationFacts

CATALOGUE_FIELDS = frozenset(
    {
        "catalogueVersion",
        "proofType",
        "proofTypes",
        "route",
        "serviceItem",
        "serviceItems",
        "unit",
        "units",
        "__schema",
        "__type",
        "__typename",
    }
)
"""Root fields whose answers follow from the catalogue's version alone. ``planCase`` is none: it depends on the time."""

Question: TypeAlias = "tuple[bytes, str]"
"""The body as it was sent, and the media type of the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What HTTP answers."""

    status: int
    media_type: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def may_be_kept(operation: OperationFacts) -> bool:
    """Tell whether the answer to a query follows from the catalogue's version alone."""
    return operation.node.operation.value == "query" and operation.root_fields <= CATALOGUE_FIELDS


class AnswerCache:
    """Keeps answers of one catalogue version, within bounds of number and bytes."""

    def __init__(self, limits: GraphQLLimits) -> None:
        least = max(limits.answers_bytes // max(limits.answers, 1), 1)
        self._question_bytes = limits.question_bytes
        self._version: int | None = None
        self._kept: LRUCache[Question, tuple[Answer, int]] = LRUCache(
            limits.answers_bytes, getsizeof=lambda kept: max(kept[1], least)
        )

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, version: int, question: Question) -> Answer | None:
        """Return the answer that was kept under this version of the catalogue, if there is one."""
        if version != self._version:
            return None
        kept = self._kept.get(question)
        return None if kept is None else kept[0]

    def keep(self, version: int, question: Question, answer: Answer) -> None:
        """Keep an answer; those of another version are forgotten, and what does not fit is not kept."""
        if self._version is not None and version < self._version:
            return
        if version != self._version:
            self._kept.clear()
            self._version = version
        size = len(question[0]) + len(answer.body)
        if len(question[0]) <= self._question_bytes and size <= self._kept.maxsize // 10:
            self._kept[question] = (answer, size)
