"""Dead letters: what a consumer put aside, kept until it was put through again. In the store, or in a topic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from graph_models.outbox import DeadLetter
from graph_models.outbox_records import dead_letters, delete_dead_letters, put_dead_letter
from graph_models.store import GraphStore


class DeadLetters(Protocol):
    """Where dead letters are kept."""

    async def put(self, letter: DeadLetter, message: bytes) -> None:
        """Keep a letter; one with the same id is replaced.

        Raises:
            UnavailableError, StoreError: it cannot be kept now; the message is to be taken again.
        """
        ...

    async def read(self, limit: int) -> tuple[DeadLetter, ...]:
        """Return letters, the newest first. Raises UnavailableError, StoreError."""
        ...

    async def settle(self, ids: Iterable[str]) -> None:
        """Take letters away that were put through again. Raises UnavailableError, StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class StoredDeadLetters:
    """Dead letters in the graph store; the message itself is not kept, its event is in the store."""

    store: GraphStore

    async def put(self, letter: DeadLetter, message: bytes) -> None:
        """See DeadLetters."""
        del message
        await self.store.write(lambda tx: put_dead_letter(tx, letter))

    async def read(self, limit: int) -> tuple[DeadLetter, ...]:
        """See DeadLetters."""
        return await self.store.read(lambda tx: dead_letters(tx, limit))

    async def settle(self, ids: Iterable[str]) -> None:
        """See DeadLetters."""
        gone = tuple(ids)
        await self.store.write(lambda tx: delete_dead_letters(tx, gone))
