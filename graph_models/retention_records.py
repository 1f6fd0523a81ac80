"""Takes old events away, a unit's oldest first, and notes up to where: (EventFloor), one for each unit.

What is looked at is the first events behind the floor, found by their keys: what it costs follows from how many are
taken away and from how many units there are, never from how many events are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from typing import cast

from graph_models import statements_retention as statements
from graph_models.journal_records import event_id
from graph_models.outbox_records import events_that_left, published_events
from graph_models.retention import EventFloor
from graph_models.rows import found_or_made, from_document, milliseconds, moment
from graph_models.statistics_records import counted_up_to
from graph_models.store import Row, Transaction
from graph_models.webhooks import DeliveryProgress


async def units_with_events(tx: Transaction, after: str, limit: int) -> dict[str, int]:
    """Return units that follow ``after`` in the order of their codes, with the sequence of their newest event."""
    rows = await tx.run(statements.UNITS_WITH_EVENTS, {"after": after, "limit": limit})
    return {cast("str", row["unit_code"]): cast("int", row["last"]) for row in rows}


async def read_floors(tx: Transaction, unit_codes: Iterable[str]) -> dict[str, EventFloor]:
    """Return the floor of each unit of which events were taken away."""
    rows = await tx.run(statements.READ_FLOORS, {"unit_codes": sorted(set(unit_codes))})
    return {cast("str", row["unit_code"]): _floor(row) for row in rows}


async def read_floor(tx: Transaction, unit_code: str) -> EventFloor:
    """Return up to where a unit's events were taken away."""
    return (await read_floors(tx, (unit_code,))).get(unit_code, EventFloor())


async def hold_floor(tx: Transaction, unit_code: str) -> EventFloor:
    """Return up to where a unit's events were taken away; nobody takes more away until the transaction ends."""
    rows = await found_or_made(tx, statements.HOLD_FLOOR, statements.MAKE_FLOOR, {"unit_code": unit_code})
    return _floor(rows[0])


async def units_with_old_events(
    tx: Transaction, after: str, limit: int, before: datetime
) -> tuple[tuple[str, ...], str | None]:
    """Look at so many units that follow ``after``: which have an event that has left and is older than ``before``.

    Returns:
        Their codes, and the last unit that was looked at; None where none follows.
    """
    units = await units_with_events(tx, after, limit)
    floors = await read_floors(tx, units)
    first = {unit: floors.get(unit, EventFloor()).pruned + 1 for unit in units}
    ids = [event_id(unit, one) for unit, one in first.items() if one <= units[unit]]
    found = await events_that_left(tx, ids)
    return tuple(event.unit_code for event in found if event.at < before), max(units, default=None)


async def prune_events(tx: Transaction, unit_code: str, before: datetime, limit: int) -> int:
    """Take away at most so many of a unit's events that are older than ``before`` (aware); return how many.

    It ends at the first one that is younger, has not left, waits for an active webhook, or is not in the statistics.
    """
    floor = await hold_floor(tx, unit_code)
    end = min(floor.pruned + limit, await _awaited(tx, unit_code))
    sequences = range(floor.pruned + 1, end + 1)
    found = {event.sequence: event.at for event in await published_events(tx, unit_code, sequences)}
    old = list(takewhile(lambda one: one in found and found[one] < before, sequences))
    if not old:
        return 0
    latest = max(found[one] for one in old)
    await tx.run(statements.DROP_EVENTS, {"ids": [event_id(unit_code, one) for one in old]})
    row = {"pruned": old[-1], "latest": milliseconds(max(latest, floor.latest or latest))}
    await tx.run(statements.WRITE_FLOOR, {"unit_code": unit_code, **row})
    return len(old)


async def _awaited(tx: Transaction, unit_code: str) -> int:
    """Return the sequence up to which nobody waits for the unit's events any more."""
    rows = await tx.run(statements.HOLD_ACTIVE_WEBHOOKS, {"unit_code": unit_code})
    progress = [from_document(DeliveryProgress, row["progress"]) for row in rows]
    delivered = [min((each.cursor, *(one - 1 for one in each.again))) for each in progress]
    return min((await counted_up_to(tx, unit_code), *delivered))


def _floor(row: Row) -> EventFloor:
    latest = cast("int", row["latest"])
    return EventFloor(pruned=cast("int", row["pruned"]), latest=moment(latest) if latest else None)
