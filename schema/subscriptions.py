"""Subscriptions: what comes to a unit, what draws near, and what becomes of its cases; resumable from a cursor."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar, cast

import strawberry

from graph_models import casework as records
from hub.case_files import CaseFile
from hub.errors import InvalidInputError
from hub.watching import Happening
from schema.cases import Case, case_shape
from schema.context import Info
from schema.relay import read_cursor, write_cursor
from schema.requests import VerificationRequest, request_shape

R = TypeVar("R")
S = TypeVar("S")
_CURSORS = "events"
_CURSOR = "Opaque: give it as `after` to go on behind this one, here or at another hub."
_EVENT = (
    "Type of the event; `subscribed` in the first message, which only says from where on nothing is missed; `progress` "
    "in one that only gives a newer cursor: what happened up to it was not for this subscription."
)

UnitCode: TypeAlias = Annotated[str, strawberry.argument(description="Code of the caller's unit.")]
Seen: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Cursor of the last one seen: what followed comes first. None: from now on."),
]


@strawberry.type(description="Something that happened to a verification request.")
class RequestEvent:
    """Something that happened to a request."""

    cursor: str = strawberry.field(description=_CURSOR)
    event: str = strawberry.field(description=_EVENT)
    at: datetime = strawberry.field(description="When it happened.")
    request: VerificationRequest | None = strawberry.field(
        description="The request as it is now; null where `event` is `subscribed` or `progress`."
    )


@strawberry.type(description="Something that happened to a case.")
class CaseEvent:
    """Something that happened to a case."""

    cursor: str = strawberry.field(description=_CURSOR)
    event: str = strawberry.field(description=_EVENT)
    at: datetime = strawberry.field(description="When it happened.")
    case: Case | None = strawberry.field(description="The case as it is now; null where `event` is `progress`.")


def _subscription(description: str) -> Callable[[S], S]:
    return cast("Callable[[S], S]", strawberry.subscription(description=description))


@strawberry.type(
    description="What can be watched, by graphql-transport-ws or as server-sent events. Each event comes once and in "
    "its order; whoever was cut off goes on from the last cursor."
)
class Subscription:
    """What can be watched."""

    @_subscription(
        "Requests as they come to the caller's unit, also by passing on. For whoever may read the inbox; what the unit "
        "has passed on since is left out."
    )
    async def request_assigned(
        self, info: Info, unit_code: UnitCode, after: Seen = None
    ) -> AsyncGenerator[RequestEvent, None]:
        """Give each request that comes to the unit."""
        services, actor = info.context.services, info.context.actor
        found = services.watching.assigned(actor, unit_code, _sequence(unit_code, after))
        async with aclosing(_shown(info, unit_code, found, _request_event)) as events:
            async for event in events:
                yield event

    @_subscription(
        "Requests of the caller's unit that are half and nine tenths through their time, or past their target or hard "
        "limit. For whoever may read the inbox."
    )
    async def deadline_approaching(
        self, info: Info, unit_code: UnitCode, after: Seen = None
    ) -> AsyncGenerator[RequestEvent, None]:
        """Give each request whose limit draws near or passes."""
        services, actor = info.context.services, info.context.actor
        found = services.watching.nearing(actor, unit_code, _sequence(unit_code, after))
        async with aclosing(_shown(info, unit_code, found, _request_event)) as events:
            async for event in events:
                yield event

    @_subscription("A case of the caller's unit as it is, and whenever something of it changes. For who may read it.")
    async def case_updated(
        self,
        info: Info,
        number: Annotated[str, strawberry.argument(description="The hub's number of the case.")],
        after: Seen = None,
    ) -> AsyncGenerator[CaseEvent, None]:
        """Give the case whenever something of it changes."""
        services, actor = info.context.services, info.context.actor
        found = services.watching.case(actor, number, _sequence(actor.unit_code, after))
        async with aclosing(_shown(info, actor.unit_code, found, _case_event)) as events:
            async for event in events:
                yield event


async def _shown(
    info: Info,
    unit_code: str,
    found: AsyncGenerator[Happening[R], None],
    shape: Callable[[Info, str, Happening[R]], S],
) -> AsyncGenerator[S, None]:
    async with aclosing(found) as happenings:
        async for happening in happenings:
            info.context.renew()
            yield shape(info, write_cursor(_CURSORS, (unit_code, happening.sequence)), happening)


def _request_event(_: Info, cursor: str, happened: Happening[records.VerificationRequest]) -> RequestEvent:
    request = None if happened.record is None else request_shape(happened.record)
    return RequestEvent(cursor=cursor, event=happened.kind, at=happened.at, request=request)


def _case_event(info: Info, cursor: str, happened: Happening[CaseFile]) -> CaseEvent:
    case = None if happened.record is None else case_shape(info, happened.record)
    return CaseEvent(cursor=cursor, event=happened.kind, at=happened.at, case=case)


def _sequence(unit_code: str, after: str | None) -> int | None:
    """Return the sequence of a cursor. Raises InvalidInputError where it is none of the unit's events."""
    if after is None:
        return None
    unit, sequence = read_cursor(_CURSORS, (str, int), after)
    if unit != unit_code:
        raise InvalidInputError(
            "after is a cursor of another unit",
            message_zh="after 是其他单位的游标",
            mend="Give a cursor as this subscription answered it, unchanged.",
            field="after",
        )
    return int(sequence)
