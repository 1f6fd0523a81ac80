"""Limits in time as relationships: (DeadlineSlot)-[:PASSES]->(VerificationRequest), one slot for each minute.

What has passed is found by its minute, however many requests are open: neither engine is asked for all of them. A
limit that passed is taken away with its slot; one of a request that was answered goes the same way when its time
comes, so that answering costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from graph_models import statements
from graph_models.casework import VerificationRequest
from graph_models.rows import from_document, milliseconds, moment, records
from graph_models.store import Transaction, Value

_MINUTE = 60_000
_PROVISIONAL = "provisional"


class LimitKind(StrEnum):
    """Which limit; the passing of each is recorded apart (R14.6), and that of the reminders before them."""

    HALF = "HALF"
    """A reminder: half of the time between receipt and the due time is over."""
    NEARLY_DUE = "NEARLY_DUE"
    """A reminder: nine tenths of it are over."""
    TARGET = "TARGET"
    """In principle: half an hour, or 24 hours."""
    HARD_LIMIT = "HARD_LIMIT"
    """Close of office on the working day before the promised day."""


@dataclass(frozen=True, slots=True)
class PassedLimit:
    """A limit whose time has come."""

    kind: LimitKind
    at: datetime
    """When it passed; aware, UTC."""
    request: VerificationRequest
    """As it stands now; it may have been answered before."""


def limits_of(request: VerificationRequest) -> tuple[tuple[LimitKind, datetime], ...]:
    """Return the reminders and limits of a request with their times; none that had passed at receipt."""
    received = request.received_at
    given = request.due_at - received
    limits = (
        (LimitKind.HALF, received + given / 2),
        (LimitKind.NEARLY_DUE, received + given * 9 / 10),
        (LimitKind.TARGET, request.target_at),
        (LimitKind.HARD_LIMIT, request.hard_limit_at),
    )
    return tuple((kind, at) for kind, at in limits if at is not None and at > received)


async def watch_limits(tx: Transaction, request: VerificationRequest) -> None:
    """Have the limits of a stored request noticed when they pass; one that had passed at receipt is not watched."""
    await _put_limits(tx, request, limits_of(request))
    if request.provisional:
        await tx.run(statements.PUT_PROVISIONAL, {"id": request.id, "queue": _PROVISIONAL})


async def watch_limits_anew(tx: Transaction, before: VerificationRequest, after: VerificationRequest) -> None:
    """Watch the limits that a request has now in place of those before; one that passed, and stayed, passes once."""
    waiting = {row["kind"] for row in await tx.run(statements.READ_LIMITS, {"id": after.id})}
    had = frozenset(limits_of(before))
    await tx.run(statements.TAKE_LIMITS_AWAY, {"id": after.id})
    await tx.run(statements.TAKE_PROVISIONAL_AWAY, {"id": after.id})
    limits = tuple(limit for limit in limits_of(after) if limit[0].value in waiting or limit not in had)
    await _put_limits(tx, after, limits)
    if after.provisional:
        await tx.run(statements.PUT_PROVISIONAL, {"id": after.id, "queue": _PROVISIONAL})


async def passed_slots(tx: Transaction, now: datetime, limit: int) -> tuple[int, ...]:
    """Return the slots that hold limits of the present minute or earlier, the earliest first."""
    rows = await tx.run(statements.PASSED_SLOTS, {"minute": _slot(now), "limit": limit})
    return tuple(cast("int", row["minute"]) for row in rows)


async def take_passed(tx: Transaction, slot: int, now: datetime, limit: int) -> tuple[PassedLimit, ...]:
    """Take the limits of a slot that have passed out of the store; two transactions never take the same one."""
    if not await tx.run(statements.HOLD_SLOT, {"minute": slot}):
        return ()
    rows = await tx.run(statements.PASSED_LIMITS, {"minute": slot, "now": milliseconds(now), "limit": limit})
    passed = tuple(
        PassedLimit(
            LimitKind(cast("str", row["kind"])),
            moment(cast("int", row["at"])),
            from_document(VerificationRequest, row["record"]),
        )
        for row in rows
    )
    gone = [{"minute": slot, "id": found.request.id, "kind": found.kind.value} for found in passed]
    await tx.run_each(statements.TAKE_LIMIT_AWAY, gone)
    if slot < _slot(now) and not await tx.run(statements.LIMITS_LEFT, {"minute": slot}):
        await tx.run(statements.DROP_SLOT, {"minute": slot})
    return passed


async def provisional_requests(tx: Transaction, after: str, limit: int) -> tuple[VerificationRequest, ...]:
    """Return requests whose limits were counted over a year without published holidays, by identifier."""
    page: dict[str, Value] = {"queue": _PROVISIONAL, "after": after, "limit": limit}
    return records(VerificationRequest, await tx.run(statements.READ_PROVISIONAL, page))


async def settle_provisional(tx: Transaction, request: VerificationRequest) -> None:
    """No longer list a request among the provisional ones."""
    await tx.run(statements.TAKE_PROVISIONAL_AWAY, {"id": request.id})


async def _put_limits(
    tx: Transaction, request: VerificationRequest, limits: tuple[tuple[LimitKind, datetime], ...]
) -> None:
    rows = [
        {"id": request.id, "minute": _slot(at), "kind": kind.value, "at": milliseconds(at)}
        for kind, at in sorted(limits, key=lambda limit: limit[1])
    ]
    await tx.run_each(statements.PUT_LIMIT, rows)


def _slot(at: datetime) -> int:
    """Return the minute of a time: whole minutes since 1970, UTC."""
    return milliseconds(at) // _MINUTE
