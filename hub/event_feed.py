"""A unit's events in their order, read from the store, for whoever has seen some and asks for what follows.

A cursor is the sequence of the last event that was seen. However many wait, one watch looks for all of them, a few
times a second, whoever wrote, and at once when it is rung. Each look is one statement about all units that somebody
waits for.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from graph_models.casework import OutboxEvent
from graph_models.journal_records import last_event, last_events, read_events
from graph_models.store import GraphStore

LOOK_SECONDS = 0.25
"""How often events are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    after: int
    noticed: asyncio.Future[None]


@dataclass(slots=True)
class EventFeed:
    """Reads events of units; any number of readers at their own cursors."""

    store: GraphStore
    _waiters: defaultdict[str, set[_Waiter]] = field(default_factory=lambda: defaultdict(set))
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: asyncio.Task[None] | None = None

    async def last(self, unit_code: str) -> int:
        """Return the cursor of the unit's newest event; 0 where it has none."""
        return await self.store.read(lambda tx: last_event(tx, unit_code))

    async def read(self, unit_code: str, after: int, limit: int) -> tuple[OutboxEvent, ...]:
        """Return the events that follow the cursor, at most ``limit``, in order and without a gap."""
        return await self.store.read(lambda tx: read_events(tx, unit_code, after, limit))

    async def wait(self, unit_code: str, after: int, seconds: float) -> bool:
        """Wait until an event follows the cursor, or the time is over; tell which.

        Raises:
            StoreError: the store failed meanwhile.
        """
        waiter = _Waiter(after, asyncio.get_running_loop().create_future())
        self._waiters[unit_code].add(waiter)
        self._begin_watch()
        try:
            async with asyncio.timeout(seconds):
                await waiter.noticed
        except TimeoutError:
            return False
        finally:
            self._forget(unit_code, waiter)
        return True

    def ring(self, unit_codes: Iterable[str]) -> None:
        """Tell who waits for these units that something was committed in this process."""
        if not self._waiters.keys().isdisjoint(unit_codes):
            self._bell.set()

    def _begin_watch(self) -> None:
        if self._watch is None or self._watch.done():
            self._bell = asyncio.Event()
            self._watch = asyncio.create_task(self._look_for_ever())

    def _forget(self, unit_code: str, waiter: _Waiter) -> None:
        if not waiter.noticed.cancel() and not waiter.noticed.cancelled():
            waiter.noticed.exception()  # was told, and may have gone away before it was raised
        self._waiters[unit_code].discard(waiter)
        if not self._waiters[unit_code]:
            del self._waiters[unit_code]
        if not self._waiters:
            self._bell.set()  # the watch ends

    async def _look_for_ever(self) -> None:
        """Look for all who wait, as long as somebody does."""
        while self._waiters:
            self._bell.clear()
            try:
                await self._look(tuple(self._waiters))
            except Exception as problem:  # whoever waits deals with it; the next look is as good as the first
                self._tell_all(problem)
            await _rung(self._bell)

    async def _look(self, units: tuple[str, ...]) -> None:
        for unit, sequence in (await self.store.read(lambda tx: last_events(tx, units))).items():
            self._tell(unit, sequence)

    def _tell(self, unit_code: str, sequence: int) -> None:
        for waiter in self._waiters.get(unit_code, ()):
            if sequence > waiter.after and not waiter.noticed.done():
                waiter.noticed.set_result(None)

    def _tell_all(self, problem: Exception) -> None:
        for waiter in [each for waiting in self._waiters.values() for each in waiting]:
            if not waiter.noticed.done():
                waiter.noticed.set_exception(problem)


async def _rung(bell: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await bell.wait()
    except TimeoutError:
        return
