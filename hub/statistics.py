"""Counts what happens in each unit by day: cases, proofs by kind, requests and whether they were answered in time.

A consumer of the store's events like any other, so nobody waits for it and no call is slower for it. What an event
adds follows from the event and from what never changes of the record that it names: counted again from the start the
figures are the same. Figures and place are written in one transaction, so a repeat adds nothing, what comes late adds
what it would have added, and a process that dies leaves nothing half counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Final

import orjson

from graph_models.casework import OutboxEvent, ProofKind
from graph_models.errors import RecordNotFoundError
from graph_models.journal import AuditDraft
from graph_models.journal_records import append_audit, read_events
from graph_models.outbox import ConsumerPlace
from graph_models.proof_records import load_proof
from graph_models.request_records import load_request
from graph_models.retention_records import hold_floor
from graph_models.rows import fields_of
from graph_models.statistics import Counts, DayCounts, Tally
from graph_models.statistics_records import (
    days_of,
    drop_days_after,
    hold_tally,
    put_days,
    uncounted_units,
    write_tally,
)
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.audit import entry
from hub.clock import CITY_TIME, Clock
from hub.errors import InvalidInputError, NotFoundError, WrongStateError
from hub.event_consumer import is_new, noted
from hub.event_replay import EVENTS_STREAM
from hub.events import EventType
from hub.permission import Operation, permitted, require

BATCH = 200
"""Most events counted in one transaction."""
MOST_DAYS: Final = 366
"""Most days of one question."""
_ONE_DAY: Final = timedelta(days=1)
NOTHING: Final = Counts()


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted."""

    events: int = 0
    """So many were new."""
    first: Counts = NOTHING
    """What those of them say that were not counted before the figures were restated."""

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.events + other.events, _sum(self.first, other.first))


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts events, and shows the figures to a unit and to who supervises."""

    store: GraphStore
    clock: Clock

    async def look(self) -> Counted:
        """Count what is not counted yet."""
        counted = Counted()
        for unit in await self.store.read(uncounted_units):
            while (some := await self.store.write(partial(_count_next, unit))).events:
                counted += some
        return counted

    async def take(self, events: Iterable[OutboxEvent]) -> Counted:
        """Count events as they come, in any order, each once."""
        by_unit: defaultdict[str, list[OutboxEvent]] = defaultdict(list)
        for event in events:
            by_unit[event.unit_code].append(event)
        counted = Counted()
        for unit in sorted(by_unit):
            counted += await self.store.write(partial(_count, unit, by_unit[unit]))
        return counted

    async def restate(self, actor: Actor, unit_code: str) -> int:
        """Have a unit's events counted again from the first one that is kept; the next look does it.

        Figures of days of which events are kept no more stay as they are.

        Returns:
            The sequence from which on they are counted again.

        Raises:
            NotPermittedError: the actor does not supervise.
            NotFoundError: nothing was ever counted of such a unit.
            WrongStateError: they are being counted again.
        """
        require(actor, Operation.REPLAY_EVENTS)
        done = entry(EVENTS_STREAM, actor, "statistics.restated", unit_code, self.clock.now())
        return await self.store.write(partial(_begin_again, unit_code, done))

    async def of_unit(self, actor: Actor, unit_code: str, first: date, last: date) -> tuple[DayCounts, ...]:
        """Return a unit's figures of the days from the first to the last, both included, a day without any left out.

        Raises:
            NotPermittedError: the actor neither holds a post of the unit that sees them, nor supervises.
            InvalidInputError: the last is before the first, or the days are more than MOST_DAYS.
        """
        if not permitted(actor, Operation.READ_STATISTICS):
            require(actor, Operation.READ_OWN_STATISTICS, unit_code)
        if not timedelta() <= last - first < MOST_DAYS * _ONE_DAY:
            raise _no_period()
        days = [first + number * _ONE_DAY for number in range((last - first).days + 1)]
        return await self.store.read(lambda tx: days_of(tx, unit_code, days))


def total(days: Iterable[DayCounts]) -> Counts:
    """Return what all the days together have."""
    found = NOTHING
    for each in days:
        found = _sum(found, each.counts)
    return found


async def _count_next(unit_code: str, tx: Transaction) -> Counted:
    tally = await hold_tally(tx, unit_code)
    return await _add(tx, unit_code, tally, await read_events(tx, unit_code, tally.place.last, BATCH))


async def _count(unit_code: str, events: Sequence[OutboxEvent], tx: Transaction) -> Counted:
    return await _add(tx, unit_code, await hold_tally(tx, unit_code), events)


async def _add(tx: Transaction, unit_code: str, tally: Tally, events: Sequence[OutboxEvent]) -> Counted:
    """Add what the new ones of the events say, and note them."""
    place, counted, more = tally.place, Counted(), defaultdict[date, Counts](Counts)
    for event in events:
        if not is_new(place, event.sequence):
            continue
        place, says, day = noted(place, event.sequence), await counts_of(tx, event), _day(event)
        first_time = event.sequence > tally.again_up_to
        if first_time or day.isoformat() > tally.settled:
            more[day] = _sum(more[day], says)
        counted += Counted(1, says if first_time else NOTHING)
    if counted.events:
        before = {each.day: each.counts for each in await days_of(tx, unit_code, more)}
        changed = {day: _sum(before.get(day, NOTHING), counts) for day, counts in more.items() if counts != NOTHING}
        await put_days(tx, unit_code, changed)
        await write_tally(tx, unit_code, replace(tally, place=place))
    return counted


async def _begin_again(unit_code: str, done: AuditDraft, tx: Transaction) -> int:
    floor = await hold_floor(tx, unit_code)  # held first: nothing is taken away before it is counted again
    tally = await hold_tally(tx, unit_code)
    if not max(tally.place.last, tally.again_up_to):
        raise _nothing_counted()
    if tally.place.last < tally.again_up_to:
        raise _under_way()
    settled = floor.latest.astimezone(CITY_TIME).date().isoformat() if floor.latest else ""
    await drop_days_after(tx, unit_code, settled)
    again = Tally(place=ConsumerPlace(last=floor.pruned), again_up_to=tally.place.last, settled=settled)
    await write_tally(tx, unit_code, again)
    await append_audit(tx, done)
    return floor.pruned + 1


async def counts_of(tx: Transaction, event: OutboxEvent) -> Counts:
    """Return what an event adds to the figures of its unit; nothing for most."""
    adds = _ADDS.get(event.type)
    if adds is None:
        return NOTHING
    try:
        return await adds(tx, event)
    except RecordNotFoundError:
        return NOTHING


async def _opened(_: Transaction, event: OutboxEvent) -> Counts:
    del event
    return Counts(cases_opened=1)


async def _issued(tx: Transaction, event: OutboxEvent) -> Counts:
    proof = await load_proof(tx, event.subject)
    if proof.producing_unit != event.unit_code:
        return NOTHING
    return Counts(proofs_shared=1) if proof.kind is ProofKind.SHARED else Counts(proofs_verified=1)


async def _received(tx: Transaction, event: OutboxEvent) -> Counts:
    request = await load_request(tx, event.subject)
    return NOTHING if request.asking_unit == event.unit_code else Counts(requests_received=1)


async def _passed_on(_: Transaction, event: OutboxEvent) -> Counts:
    return Counts(requests_received=1) if _said(event, "to") == event.unit_code else NOTHING


async def _answered(tx: Transaction, event: OutboxEvent) -> Counts:
    """Count by the target as it was at the answer: what is sealed has its limits for good."""
    request = await load_request(tx, event.subject)
    if request.asking_unit == event.unit_code:
        return NOTHING
    return Counts(requests_in_time=1) if event.at <= request.target_at else Counts(requests_late=1)


async def _overdue(_: Transaction, event: OutboxEvent) -> Counts:
    return Counts(requests_overdue=1) if _said(event, "unit") == event.unit_code else NOTHING


_ADDS: Final[Mapping[str, Callable[[Transaction, OutboxEvent], Awaitable[Counts]]]] = {
    EventType.CASE_OPENED: _opened,
    EventType.PROOF_ISSUED: _issued,
    EventType.REQUEST_RECEIVED: _received,
    EventType.REQUEST_REROUTED: _passed_on,
    EventType.REQUEST_SEALED: _answered,
    EventType.REQUEST_OVERDUE: _overdue,
}


def _said(event: OutboxEvent, name: str) -> object:
    return orjson.loads(event.payload_json).get(name)


def _day(event: OutboxEvent) -> date:
    return event.at.astimezone(CITY_TIME).date()


def _sum(one: Counts, other: Counts) -> Counts:
    more = fields_of(other)
    return Counts(**{name: value + more[name] for name, value in fields_of(one).items()})


def _nothing_counted() -> NotFoundError:
    return NotFoundError(
        "nothing was ever counted of such a unit",
        message_zh="没有该单位的统计数据",
        mend="Give the code of a unit in which something has happened.",
        field="unit",
    )


def _under_way() -> WrongStateError:
    return WrongStateError(
        "the figures are being counted again",
        message_zh="该单位的统计数据正在重新计算",
        mend="Wait until that has ended; it takes seconds.",
    )


def _no_period() -> InvalidInputError:
    return InvalidInputError(
        f"give a first and a last day, at most {MOST_DAYS} days",
        message_zh=f"请给出起止日期，最多 {MOST_DAYS} 天",
        mend="The last day is not before the first.",
        field="to",
    )
