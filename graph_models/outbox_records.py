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
from graph_models.journal_records import event_id
from graph_models.outbox import LANES, ConsumerPlace, DeadLetter, OutboxLane
from graph_models.rows import from_document, joined, milliseconds, moment, records, to_document
from graph_models.store import Transaction, Value

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


async def waiting_units(tx: Transaction) -> tuple[str, ...]:
    """Return the units of which an event has not left."""
    return tuple(cast("str", row["unit_code"]) for row in await tx.run(statements.WAITING_UNITS))


async def unpublished_events_of(tx: Transaction, unit_codes: Iterable[str], limit: int) -> tuple[OutboxEvent, ...]:
    """Return events of these units that have not left, unit by unit, each unit's in the order of their sequence."""
    codes = sorted(set(unit_codes))
    if not codes:
        return ()
    rows = await tx.run(statements.UNPUBLISHED_OF_UNITS, {"unit_codes": codes, "limit": limit})
    return records(OutboxEvent, rows)


async def published_events(tx: Transaction, unit_code: str, sequences: Sequence[int]) -> tuple[OutboxEvent, ...]:
    """Return those of a unit's events that have left, in order; what has not will leave by itself."""
    ids = [event_id(unit_code, sequence) for sequence in sorted(set(sequences))]
    found = records(OutboxEvent, await tx.run(statements.READ_PUBLISHED, {"ids": ids})) if ids else ()
    return tuple(sorted(found, key=lambda each: each.sequence))


async def put_dead_letter(tx: Transaction, letter: DeadLetter) -> None:
    """Put a letter aside; one that is there gets the newer reason and time."""
    row: dict[str, Value] = {"id": letter.id, "at": milliseconds(letter.at), "record": to_document(letter)}
    await tx.run(statements.PUT_LETTER, row)


async def dead_letters(tx: Transaction, limit: int) -> tuple[DeadLetter, ...]:
    """Return letters, the newest first."""
    return records(DeadLetter, await tx.run(statements.READ_LETTERS, {"limit": limit}))


async def delete_dead_letters(tx: Transaction, ids: Iterable[str]) -> None:
    """Take letters away; one that is not there is passed over."""
    for each in sorted(set(ids)):
        await tx.run(statements.DELETE_LETTER, {"id": each})


async def put_place(tx: Transaction, consumer: str, unit_code: str, place: ConsumerPlace) -> None:
    """Write how far a consumer has come with a unit."""
    await tx.run(statements.PUT_PLACE, {"key": joined(consumer, unit_code), "record": to_document(place)})


async def find_place(tx: Transaction, consumer: str, unit_code: str) -> ConsumerPlace:
    """Return how far a consumer has come with a unit; at the start where it has seen nothing."""
    rows = await tx.run(statements.READ_PLACE, {"key": joined(consumer, unit_code)})
    return from_document(ConsumerPlace, rows[0]["record"]) if rows else ConsumerPlace()
