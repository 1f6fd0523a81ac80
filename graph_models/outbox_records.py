"""Lanes of the outbox with their leases, dead letters and consumers' places as nodes.

A lease is held by whoever wrote its name, until the time beside it; whoever takes, renews or relies on it holds the
lane's node until the transaction ends, so of two that take a lane one gets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from graph_models import statements_outbox as statements
from graph_models.casework import OutboxEvent
from graph_models.journal_records import event_id, sent_up_to
from graph_models.outbox import LANES, ConsumerPlace, DeadLetter, OutboxLane
from graph_models.rows import from_document, joined, milliseconds, moment, records, to_document
from graph_models.statements_journal import READ_EVENTS
from graph_models.store import Transaction, Value

UNITS = 100
"""Of so many units of an older store it is noted in one transaction up to where their events have left."""
_NO_END = 1 << 62
FORGET_AFTER = timedelta(hours=1)
"""So long a process that was seen no more stays on the list."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What a process asks for: in its name, from now until then."""

    holder: str
    now: datetime
    until: datetime
    latest: datetime
    """A lease that ends later was written by a clock that is wrong, and does not count."""


async def meet(tx: Transaction, lease: Lease) -> tuple[str, ...]:
    """Note that the process lives; return the names of all that do, in order."""
    await tx.run(statements.MEET, {"holder": lease.holder, "until": milliseconds(lease.until)})
    now, latest = milliseconds(lease.now), milliseconds(lease.latest)
    rows = await tx.run(statements.READ_MEMBERS)
    if any(cast("int", row["until"]) < milliseconds(lease.now - FORGET_AFTER) for row in rows):
        gone = milliseconds(lease.now - FORGET_AFTER)
        await tx.run(statements.FORGET_MEMBERS, {"gone": gone, "holder": ""})
    return tuple(sorted(cast("str", row["holder"]) for row in rows if now < cast("int", row["until"]) <= latest))


async def members_ahead(tx: Transaction, lease: Lease) -> dict[str, datetime]:
    """Return the other processes whose time is so far ahead of this lease's that it does not count, and their time."""
    rows = await tx.run(statements.READ_MEMBERS)
    found = {cast("str", row["holder"]): cast("int", row["until"]) for row in rows if row["holder"] != lease.holder}
    return {holder: moment(until) for holder, until in found.items() if until > milliseconds(lease.latest)}


async def part(tx: Transaction, holder: str) -> None:
    """Note that the process is gone."""
    await tx.run(statements.FORGET_MEMBERS, {"gone": 0, "holder": holder})


async def read_lanes(tx: Transaction) -> tuple[OutboxLane, ...]:
    """Return all lanes in order; made where they are missing, so not in a work that only reads."""
    rows = await tx.run(statements.READ_LANES)
    if len(rows) < LANES:
        for lane in range(LANES):
            await tx.run(statements.MAKE_LANE, {"lane": lane})
        rows = await tx.run(statements.READ_LANES)
    lanes = (
        OutboxLane(
            lane=cast("int", row["lane"]),
            holder=cast("str", row["holder"]),
            until=moment(cast("int", row["until"])),
        )
        for row in rows
    )
    return tuple(sorted(lanes, key=lambda each: each.lane))


async def take_lanes(tx: Transaction, lease: Lease, lanes: Iterable[int]) -> frozenset[int]:
    """Take or renew lanes that are the holder's, nobody's or run out; return those that it has now."""
    given: dict[str, Value] = {
        "holder": lease.holder,
        "now": milliseconds(lease.now),
        "until": milliseconds(lease.until),
    }
    latest = milliseconds(lease.latest)
    rows = [
        row
        for lane in sorted(lanes)
        for row in await tx.run(statements.TAKE_LANE, {**given, "latest": latest, "lane": lane})
    ]
    return frozenset(cast("int", row["lane"]) for row in rows)


async def leave_lanes(tx: Transaction, holder: str, lanes: Iterable[int]) -> None:
    """Give up lanes, those of them that are the holder's."""
    for lane in sorted(lanes):
        await tx.run(statements.LEAVE_LANE, {"lane": lane, "holder": holder})


async def hold_lanes(tx: Transaction, holder: str, lanes: Iterable[int]) -> frozenset[int]:
    """Return those of the lanes that are the holder's; they stay so until the transaction ends."""
    rows = [
        row for lane in sorted(lanes) for row in await tx.run(statements.HOLD_LANE, {"lane": lane, "holder": holder})
    ]
    return frozenset(cast("int", row["lane"]) for row in rows)


async def published_events(tx: Transaction, unit_code: str, sequences: Sequence[int]) -> tuple[OutboxEvent, ...]:
    """Return those of a unit's events that have left, in order; what has not will leave by itself."""
    found = await events_that_left(tx, [event_id(unit_code, sequence) for sequence in sorted(set(sequences))])
    return tuple(sorted(found, key=lambda each: each.sequence))


async def events_that_left(tx: Transaction, ids: Sequence[str]) -> tuple[OutboxEvent, ...]:
    """Return those of the events that have left, in no order."""
    if not ids:
        return ()
    events = records(OutboxEvent, await tx.run(READ_EVENTS, {"ids": list(ids)}))
    sent = await sent_up_to(tx, (event.unit_code for event in events))
    return tuple(event for event in events if event.sequence <= sent.get(event.unit_code, 0))


async def mark_more(tx: Transaction, after: str) -> str:
    """Note of units of an older store, behind this one, up to where their events have left; return where to go on.

    There each event that waits hangs on its unit's counter; these links stay until the event is taken away.
    """
    rows = await tx.run(statements.UNMARKED_UNITS, {"after": after, "limit": UNITS})
    last = {cast("str", row["unit_code"]): cast("int", row["last"]) for row in rows}
    found = await tx.run(statements.FIRST_UNPUBLISHED, {"unit_codes": list(last)})
    first = {cast("str", row["unit_code"]): cast("int", row["first"]) for row in found}
    ids: list[Value] = [event_id(unit, end) for unit, end in last.items() if unit not in first]
    newer = {row["id"] for row in await tx.run(statements.WAITING_BY_FLAG, {"ids": ids})}
    sent = {unit: first.get(unit, end + 1) - 1 for unit, end in last.items() if event_id(unit, end) not in newer}
    for unit, end in sent.items():
        await tx.run(statements.BEGIN_MARK, {"unit_code": unit, "sent": end})
    return max(last) if len(last) == UNITS else ""


async def put_dead_letter(tx: Transaction, letter: DeadLetter) -> None:
    """Put a letter aside; one that is there gets the newer reason and time."""
    row: dict[str, Value] = {"id": letter.id, "at": milliseconds(letter.at), "record": to_document(letter)}
    await tx.run(statements.PUT_LETTER, row)


async def dead_letters(tx: Transaction, limit: int, after: DeadLetter | None = None) -> tuple[DeadLetter, ...]:
    """Return letters, the newest first; those that come after the given one in this order, or from the newest on."""
    place: dict[str, Value] = {"at": milliseconds(after.at), "id": after.id} if after else {"at": _NO_END, "id": ""}
    return records(DeadLetter, await tx.run(statements.READ_LETTERS, {**place, "limit": limit}))


async def find_dead_letters(tx: Transaction, ids: Iterable[str]) -> tuple[DeadLetter, ...]:
    """Return those of the letters that are there, by their identifiers, in no order."""
    return records(DeadLetter, await tx.run(statements.FIND_LETTERS, {"ids": sorted(set(ids))}))


async def delete_dead_letters(tx: Transaction, letters: Iterable[DeadLetter]) -> None:
    """Take letters away as they were read; one that is not there, or was put aside anew since, is passed over."""
    for letter in sorted(letters, key=lambda each: each.id):
        if letter in records(DeadLetter, await tx.run(statements.HOLD_LETTER, {"id": letter.id})):
            await tx.run(statements.DELETE_LETTER, {"id": letter.id})


async def put_place(tx: Transaction, consumer: str, unit_code: str, place: ConsumerPlace) -> None:
    """Write how far a consumer has come with a unit."""
    await tx.run(statements.PUT_PLACE, {"key": joined(consumer, unit_code), "record": to_document(place)})


async def find_place(tx: Transaction, consumer: str, unit_code: str) -> ConsumerPlace:
    """Return how far a consumer has come with a unit; at the start where it has seen nothing."""
    rows = await tx.run(statements.READ_PLACE, {"key": joined(consumer, unit_code)})
    return from_document(ConsumerPlace, rows[0]["record"]) if rows else ConsumerPlace()
