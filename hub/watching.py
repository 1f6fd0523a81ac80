"""What a unit may watch as it happens: requests that come to it, limits that draw near, its own cases.

Everything is pulled from the unit's numbered events, so whoever watches is nowhere queued for: it takes the next one
when it is ready, and goes on from the last sequence that it saw, at any hub. A record is read anew for each event, with
the permission that the query of it needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Generic, TypeVar

import orjson
import structlog

from graph_models.casework import OutboxEvent, VerificationRequest
from graph_models.errors import StoreUnavailableError
from hub.actors import Actor
from hub.case_files import CaseFile
from hub.cases import CaseService
from hub.clock import Clock, Ids, SystemIds
from hub.errors import InvalidInputError, NotFoundError
from hub.event_feed import EventFeed, events_gone
from hub.events import EventType
from hub.permission import Operation, require
from hub.requests import RequestService

R = TypeVar("R")
T = TypeVar("T")

LOG = structlog.get_logger("proofhub.watching")
SUBSCRIBED = "subscribed"
"""Kind of the first happening for who gave no cursor: nothing has happened, but from here on nothing is missed."""
PROGRESS = "progress"
"""Kind of a happening that only says how far the unit's events were looked through: nothing in them was for this watch.

Without it the cursor of a watch in which seldom something happens would grow older than what is kept.
"""
PROGRESS_EVENTS = 100
"""After so many events in which nothing was, or"""
PROGRESS_AFTER = timedelta(minutes=5)
"""after so long, where there was at least one."""
BATCH = 50
"""Most events read at a time."""
WAIT_SECONDS = 60.0
RETRY_SECONDS = 1.0
"""Pause before a store that is away is asked again, half of it more or less; the watch outlasts its restart."""
_PAYLOADS = 1_024
"""What so many events say is kept parsed for those who watch other cases of their units."""
BEHIND_SECONDS = 2.0
"""How long the member of the database that is asked may be behind the one from which a caller has its cursor."""
ASSIGNING = frozenset({EventType.REQUEST_RECEIVED, EventType.REQUEST_REROUTED})
NEARING = frozenset(
    {
        EventType.REQUEST_HALF_PASSED,
        EventType.REQUEST_NEARLY_DUE,
        EventType.REQUEST_TARGET_PASSED,
        EventType.REQUEST_HARD_LIMIT_PASSED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening(Generic[R]):
    """Something that happened, and what it happened to as it is now (None: nothing that is watched)."""

    sequence: int
    """Within the unit's events: whoever saw this one goes on after it."""
    kind: str
    """Type of the event, SUBSCRIBED or PROGRESS."""
    at: datetime
    record: R | None


@dataclass(slots=True)
class _Outage:
    """Whether somebody waits for the store: said once however many do, and once when all have gone on."""

    waiting: int = 0

    @contextmanager
    def waited_out(self, problem: StoreUnavailableError) -> Iterator[None]:
        """Count one who waits while the block lasts."""
        if not self.waiting:
            LOG.warning("watching.waiting", reason=type(problem).__name__)
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
            if not self.waiting:
                LOG.info("watching.going_on")


@dataclass(frozen=True, slots=True)
class Watching:
    """Follows the events of units for those who may see what they are about."""

    feed: EventFeed
    cases: CaseService
    requests: RequestService
    clock: Clock
    ids: Ids = field(default_factory=SystemIds)
    _outage: _Outage = field(default_factory=_Outage)

    async def assigned(
        self, actor: Actor, unit_code: str, after: int | None
    ) -> AsyncGenerator[Happening[VerificationRequest], None]:
        """Give each request that comes to the unit, also by passing on, unless the unit has passed it on since.

        Raises:
            NotPermittedError: the actor has no post of the unit's inbox.
            InvalidInputError: ``after`` is no sequence of the unit.
            EventsGoneError: what follows ``after`` is kept no more; read the inbox and begin without.
        """
        async with aclosing(self._of_requests(actor, unit_code, after, ASSIGNING)) as found:
            async for happening in found:
                yield happening

    async def nearing(
        self, actor: Actor, unit_code: str, after: int | None
    ) -> AsyncGenerator[Happening[VerificationRequest], None]:
        """Give each request of the unit that is half, nine tenths or all through its time. Raises as ``assigned``."""
        async with aclosing(self._of_requests(actor, unit_code, after, NEARING)) as found:
            async for happening in found:
                yield happening

    async def case(self, actor: Actor, number: str, after: int | None) -> AsyncGenerator[Happening[CaseFile], None]:
        """Give a case as it is, and again for each event of it; with a cursor only what followed.

        Raises:
            NotPermittedError: the actor has no post to read cases.
            NotFoundError: the actor's unit has no such case.
            InvalidInputError: ``after`` is no sequence of the unit.
            EventsGoneError: what follows ``after`` is kept no more; begin without.
        """
        await self.cases.read(actor, number)  # may it at all
        begin = await self._begin(actor.unit_code, after)
        if after is None:
            file = await self.cases.read(actor, number)
            yield Happening(sequence=begin, kind=SUBSCRIBED, at=self.clock.now(), record=file)

        async def found(event: OutboxEvent) -> CaseFile | None:
            if _case_of(event) != number:
                return None
            return await self._patiently(lambda: self.cases.read(actor, number))

        async with aclosing(self._happenings(actor.unit_code, begin, found)) as happenings:
            async for happening in happenings:
                yield happening

    async def _of_requests(
        self, actor: Actor, unit_code: str, after: int | None, kinds: frozenset[EventType]
    ) -> AsyncGenerator[Happening[VerificationRequest], None]:
        require(actor, Operation.READ_INBOX, unit_code)
        begin = await self._begin(unit_code, after)
        if after is None:
            yield Happening(sequence=begin, kind=SUBSCRIBED, at=self.clock.now(), record=None)

        async def found(event: OutboxEvent) -> VerificationRequest | None:
            return await self._asked(actor, event) if event.type in kinds else None

        async with aclosing(self._happenings(unit_code, begin, found)) as happenings:
            async for happening in happenings:
                yield happening

    async def _happenings(
        self, unit_code: str, begin: int, found: Callable[[OutboxEvent], Awaitable[R | None]]
    ) -> AsyncGenerator[Happening[R], None]:
        """Give what is found of the unit's events after the sequence; where nothing is, now and then how far it is."""
        told, seen, since = begin, begin, self.clock.now()
        async with aclosing(self._follow(unit_code, begin)) as batches:
            async for events in batches:
                for event in events:
                    record, seen = await found(event), event.sequence
                    if record is not None:
                        yield Happening(sequence=seen, kind=event.type, at=event.at, record=record)
                        told, since = seen, self.clock.now()
                now = self.clock.now()
                if seen - told >= PROGRESS_EVENTS or (seen > told and now - since >= PROGRESS_AFTER):
                    yield Happening(sequence=seen, kind=PROGRESS, at=now, record=None)
                    told, since = seen, now

    async def _asked(self, actor: Actor, event: OutboxEvent) -> VerificationRequest | None:
        """Return the request of an event where it is the unit's to answer; askers are told of it by the same event."""
        try:
            request = await self._patiently(lambda: self.requests.read(actor, event.subject))
        except NotFoundError:
            return None
        return request if request.issuing_unit == event.unit_code else None

    async def _begin(self, unit_code: str, after: int | None) -> int:
        pruned, last = await self.feed.bounds(unit_code)
        if after is not None and after > last and await self.feed.wait(unit_code, after - 1, BEHIND_SECONDS):
            pruned, last = await self.feed.bounds(unit_code)
        if after is None:
            return last
        if 0 <= after < pruned:
            raise events_gone(pruned)
        if not 0 <= after <= last:
            raise InvalidInputError(
                "after is ahead of the unit's events",
                message_zh="after 超出该单位的事件序列",
                mend="Give a cursor as this subscription answered it, or none to begin now.",
                field="after",
            )
        return after

    async def _follow(self, unit_code: str, after: int) -> AsyncGenerator[tuple[OutboxEvent, ...], None]:
        """Give the unit's events after the sequence, in order, without end; none where for some time none came."""
        at_end = False
        while True:
            read = partial(self.feed.read, unit_code, after, BATCH)
            events = await self._patiently(read, partial(self._next, unit_code, after) if at_end else None)
            yield events
            after = events[-1].sequence if events else after
            at_end = len(events) < BATCH

    async def _next(self, unit_code: str, after: int) -> tuple[OutboxEvent, ...]:
        await self.feed.wait(unit_code, after, WAIT_SECONDS)
        return await self.feed.read(unit_code, after, BATCH)

    async def _patiently(self, ask: Callable[[], Awaitable[T]], first: Callable[[], Awaitable[T]] | None = None) -> T:
        """Return what the store says, once it can be reached; ``first`` is asked before it was found away."""
        try:
            return await (first or ask)()
        except StoreUnavailableError as problem:
            with self._outage.waited_out(problem):
                return await self._once_back(ask)

    async def _once_back(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again and again, each watch at moments of its own, so that not all of them come at once."""
        while True:
            await asyncio.sleep(RETRY_SECONDS * (0.5 + self.ids.serial_number() % 1000 / 1000))
            try:
                return await ask()
            except StoreUnavailableError:
                continue


def _case_of(event: OutboxEvent) -> str | None:
    """Return the case that an event is about: named in what it says, or its subject."""
    named, case = _named_case(event.payload_json)
    return case if named else event.subject


@lru_cache(_PAYLOADS)
def _named_case(payload_json: str) -> tuple[bool, str | None]:
    """Return whether it names a case, and which."""
    payload = orjson.loads(payload_json)
    found = payload.get("case")
    return "case" in payload, found if isinstance(found, str) else None
