"""A unit's events in their order, read from the store, for whoever has seen some and asks for what follows.

A cursor is the sequence of the last event that was seen. However many wait, one watch looks for all of them, a few
times a second, whoever wrote. Each look is one statement about all units that somebody waits for, and those who ask for
the same events at the same time share one read.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from graph_models.casework import OutboxEvent
from graph_models.journal_records import last_event, last_events, read_events
from graph_models.retention_records import read_floor
from graph_models.store import GraphStore, Transaction
from hub.errors import EventsGoneError

LOOK_SECONDS = 0.25
"""How often events are looked for."""


_Question: TypeAlias = tuple[str, int, int]
"""Unit, cursor, most events."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    after: int
    noticed: asyncio.Future[None]


@dataclass(slots=True)
class EventFeed:
    """Reads events of units; any number of readers at their own cursors."""

    store: GraphStore
    _waiters: defaultdict[str, set[_Waiter]] = field(default_factory=lambda: defaultdict(set))
    _deserted: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: asyncio.Task[None] | None = None
    _reading: dict[_Question, asyncio.Task[tuple[OutboxEvent, ...]]] = field(default_factory=dict)

    async def last(self, unit_code: str) -> int:
        """Return the cursor of the unit's newest event; 0 where it has none."""
        return await self.store.read(lambda tx: last_event(tx, unit_code))

    async def read(self, unit_code: str, after: int, limit: int) -> tuple[OutboxEvent, ...]:
        """Return the events that follow the cursor, at most ``limit``, in order and without a gap.

        Who asks while the same is being read has that answer; what is committed meanwhile may not be in it.

        Raises:
            EventsGoneError: the next one is kept no more.
        """
        question = (unit_code, after, limit)
        if question not in self._reading:
            reading = self._reading[question] = asyncio.create_task(self._read(question))
            reading.add_done_callback(partial(self._was_read, question))
        return await asyncio.shield(self._reading[question])  # one who goes does not take it from the others

    async def _read(self, question: _Question) -> tuple[OutboxEvent, ...]:
        unit_code, after, limit = question

        async def work(tx: Transaction) -> tuple[OutboxEvent, ...]:
            events = await read_events(tx, unit_code, after, limit)
            pruned = 0 if events else (await read_floor(tx, unit_code)).pruned
            if after < pruned:
                raise events_gone(pruned)
            return events

        return await self.store.read(work)

    def _was_read(self, question: _Question, reading: asyncio.Task[tuple[OutboxEvent, ...]]) -> None:
        del self._reading[question]
        if not reading.cancelled():
            reading.exception()  # whoever asked may have gone before it was raised

    async def bounds(self, unit_code: str) -> tuple[int, int]:
        """Return the lowest cursor behind which everything is kept, and that of the unit's newest event."""

        async def work(tx: Transaction) -> tuple[int, int]:
            return (await read_floor(tx, unit_code)).pruned, await last_event(tx, unit_code)

        return await self.store.read(work)

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

    def _begin_watch(self) -> None:
        if self._watch is None or self._watch.done():
            self._deserted = asyncio.Event()
            self._watch = asyncio.create_task(self._look_for_ever())

    def _forget(self, unit_code: str, waiter: _Waiter) -> None:
        if not waiter.noticed.cancel() and not waiter.noticed.cancelled():
            waiter.noticed.exception()  # was told, and may have gone away before it was raised
        self._waiters[unit_code].discard(waiter)
        if not self._waiters[unit_code]:
            del self._waiters[unit_code]
        if not self._waiters:
            self._deserted.set()  # the watch ends

    async def _look_for_ever(self) -> None:
        """Look for all who wait, as long as somebody does."""
        while self._waiters:
            self._deserted.clear()
            try:
                await self._look(tuple(self._waiters))
            except Exception as problem:  # whoever waits deals with it; the next look is as good as the first
                self._tell_all(problem)
            await _pause(self._deserted)

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


def events_gone(pruned: int, field: str = "after") -> EventsGoneError:
    """Return what is said to who asks for events that are kept no more, the last of them at this sequence."""
    return EventsGoneError(
        f"the unit's events up to {pruned} are kept no more",
        message_zh=f"该单位序号 {pruned} 及以前的事件已不再保存",
        mend="Read the state as it is now, and begin anew without a cursor: from then on nothing is missed.",
        field=field,
        pruned=pruned,
    )


async def _pause(deserted: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await deserted.wait()
    except TimeoutError:
        return
