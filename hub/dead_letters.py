"""Dead letters: what a consumer put aside, kept until it was put through again. In the store, or in a topic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from graph_models.outbox import DeadLetter
from graph_models.outbox_records import dead_letters, delete_dead_letters, find_dead_letters, put_dead_letter
from graph_models.store import GraphStore, Transaction

PAGE = 500
"""Letters looked at in one transaction, where all are looked through."""


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

    async def find(self, names: Collection[str]) -> tuple[DeadLetter, ...]:
        """Return the letters that are named by their id or their event's. Raises UnavailableError, StoreError."""
        ...

    def pages(self, size: int) -> AsyncIterator[tuple[DeadLetter, ...]]:
        """Give all letters, so many at a time; what is settled meanwhile changes nothing about the rest.

        Raises:
            UnavailableError, StoreError: as the others.
        """
        ...

    async def settle(self, letters: Collection[DeadLetter]) -> None:
        """Take letters away as they were read; one that was put aside anew since stays.

        Raises:
            UnavailableError, StoreError: as the others.
        """
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

    async def find(self, names: Collection[str]) -> tuple[DeadLetter, ...]:
        """See DeadLetters. By their id they are found by the key, by their event among all."""
        found = await self.store.read(lambda tx: find_dead_letters(tx, names))
        events = set(names) - {letter.id for letter in found}
        if not events:
            return found
        by_event = [letter async for page in self.pages(PAGE) for letter in page if letter.event_id in events]
        return (*found, *(letter for letter in by_event if letter not in found))

    async def pages(self, size: int) -> AsyncIterator[tuple[DeadLetter, ...]]:
        """See DeadLetters. The newest first."""
        page = await self.store.read(lambda tx: dead_letters(tx, size))
        while page:
            yield page
            page = await self.store.read(partial(_page_after, page[-1], size))

    async def settle(self, letters: Collection[DeadLetter]) -> None:
        """See DeadLetters."""
        await self.store.write(lambda tx: delete_dead_letters(tx, letters))


async def _page_after(last: DeadLetter, size: int, tx: Transaction) -> tuple[DeadLetter, ...]:
    return await dead_letters(tx, size, last)
