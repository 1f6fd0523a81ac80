"""What a unit may watch as it happens: requests that come to it, limits that draw near, its own cases.

Everything is pulled from the unit's numbered events, so whoever watches is nowhere queued for: it takes the next one
when it is ready, and goes on from the last sequence that it saw, at any hub. A record is read anew for each event, with
the permission that the query of it needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

import orjson
import structlog

from graph_models.casework import OutboxEvent, VerificationRequest
from graph_models.errors import StoreUnavailableError
from hub.actors import Actor
from hub.case_files import CaseFile
from hub.cases import CaseService
from hub.clock import Clock
from hub.errors import InvalidInputError, NotFoundError
from hub.event_feed import EventFeed
from hub.events import EventType
from hub.permission import Operation, require
from hub.requests import RequestService

R = TypeVar("R")
T = TypeVar("T")

LOG = structlog.get_logger("proofhub.watching")
SUBSCRIBED = "subscribed"
"""Kind of the first happening for who gave no cursor: nothing has happened, but from here on nothing is missed."""
BATCH = 50
"""Most events read at a time."""
WAIT_SECONDS = 60.0
RETRY_SECONDS = 1.0
"""Pause before a store that is away is asked again; the watch outlasts its restart."""
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
    """Something that happened, and what it happened to as it is now (None: nothing happened yet)."""

    sequence: int
    """Within the unit's events: whoever saw this one goes on after it."""
    kind: str
    """Type of the event, or SUBSCRIBED."""
    at: datetime
    record: R | None


@dataclass(frozen=True, slots=True)
class Watching:
    """Follows the events of units for those who may see what they are about."""

    feed: EventFeed
    cases: CaseService
    requests: RequestService
    clock: Clock

    async def assigned(
        self, actor: Actor, unit_code: str, after: int | None
    ) -> AsyncGenerator[Happening[VerificationRequest], None]:
        """Give each request that comes to the unit, also by passing on, unless the unit has passed it on since.

        Raises:
            NotPermittedError: the actor has no post of the unit's inbox.
            InvalidInputError: ``after`` is no sequence of the unit.
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
        """
        await self.cases.read(actor, number)  # may it at all
        begin = await self._begin(actor.unit_code, after)
        if after is None:
            file = await self.cases.read(actor, number)
            yield Happening(sequence=begin, kind=SUBSCRIBED, at=self.clock.now(), record=file)
        async with aclosing(self._follow(actor.unit_code, begin)) as events:
            async for event in events:
                if _case_of(event) == number:
                    yield _happening(event, await _patiently(lambda: self.cases.read(actor, number)))

    async def _of_requests(
        self, actor: Actor, unit_code: str, after: int | None, kinds: frozenset[EventType]
    ) -> AsyncGenerator[Happening[VerificationRequest], None]:
        require(actor, Operation.READ_INBOX, unit_code)
        begin = await self._begin(unit_code, after)
        if after is None:
            yield Happening(sequence=begin, kind=SUBSCRIBED, at=self.clock.now(), record=None)
        async with aclosing(self._follow(unit_code, begin)) as events:
            async for event in events:
                request = await self._asked(actor, event) if event.type in kinds else None
                if request is not None:
                    yield _happening(event, request)

    async def _asked(self, actor: Actor, event: OutboxEvent) -> VerificationRequest | None:
        """Return the request of an event where it is the unit's to answer; askers are told of it by the same event."""
        try:
            request = await _patiently(lambda: self.requests.read(actor, event.subject))
        except NotFoundError:
            return None
        return request if request.issuing_unit == event.unit_code else None

    async def _begin(self, unit_code: str, after: int | None) -> int:
        last = await self.feed.last(unit_code)
        if after is None:
            return last
        if not 0 <= after <= last:
            raise InvalidInputError(
                "after is ahead of the unit's events",
                message_zh="after 超出该单位的事件序列",
                mend="Give a cursor as this subscription answered it, or none to begin now.",
                field="after",
            )
        return after

    async def _follow(self, unit_code: str, after: int) -> AsyncGenerator[OutboxEvent, None]:
        """Give the unit's events after the sequence, in order, without end."""
        while True:
            seen = after
            for event in await _patiently(partial(self.feed.read, unit_code, after, BATCH)):
                yield event
                after = event.sequence
            if after == seen:
                await _patiently(partial(self.feed.wait, unit_code, after, WAIT_SECONDS))


def _happening(event: OutboxEvent, record: R) -> Happening[R]:
    return Happening(sequence=event.sequence, kind=event.type, at=event.at, record=record)


def _case_of(event: OutboxEvent) -> str | None:
    """Return the case that an event is about: named in what it says, or its subject."""
    found = orjson.loads(event.payload_json).get("case", event.subject)
    return found if isinstance(found, str) else None


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what the store says, once it can be reached."""
    while True:
        try:
            return await ask()
        except StoreUnavailableError as problem:
            LOG.warning("watching.waiting", reason=type(problem).__name__)
            await asyncio.sleep(RETRY_SECONDS)
