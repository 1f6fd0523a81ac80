"""A unit's events in their order, read from the store, for whoever has seen some and asks for what follows.

A cursor is the sequence of the last event that was seen. What happened in this process is noticed at once; what
another process wrote is looked for a few times a second.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from graph_models.casework import OutboxEvent
from graph_models.journal_records import last_event, read_events
from graph_models.store import GraphStore

LOOK_SECONDS = 0.25
"""How often events of other processes are looked for."""


@dataclass(frozen=True, slots=True)
class EventFeed:
    """Reads events of units; any number of readers at their own cursors."""

    store: GraphStore
    _bells: defaultdict[str, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))

    async def last(self, unit_code: str) -> int:
        """Return the cursor of the unit's newest event; 0 where it has none."""
        return await self.store.read(lambda tx: last_event(tx, unit_code))

    async def read(self, unit_code: str, after: int, limit: int) -> tuple[OutboxEvent, ...]:
        """Return the events that follow the cursor, at most ``limit``, in order and without a gap."""
        return await self.store.read(lambda tx: read_events(tx, unit_code, after, limit))

    async def wait(self, unit_code: str, after: int, seconds: float) -> bool:
        """Wait until an event follows the cursor, or the time is over; tell which."""
        bell = asyncio.Event()
        self._bells[unit_code].add(bell)
        try:
            async with asyncio.timeout(seconds):
                while await self.last(unit_code) <= after:
                    bell.clear()
                    await _rung(bell)
        except TimeoutError:
            return False
        finally:
            self._bells[unit_code].discard(bell)
            if not self._bells[unit_code]:
                del self._bells[unit_code]
        return True

    def ring(self, unit_codes: Iterable[str]) -> None:
        """Tell who waits for these units that something was committed in this process."""
        for unit in set(unit_codes) & self._bells.keys():
            for bell in self._bells[unit]:
                bell.set()


async def _rung(bell: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await bell.wait()
    except TimeoutError:
        return
