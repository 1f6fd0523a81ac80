"""Units' figures by day: (UnitTally)-[:ON_DAY]->(DayTally), and at the unit how far its events are counted.

Whoever counts holds the unit's tally until the transaction ends, and writes figures and place in one: no event is
counted twice, whoever counts at the same time and whenever one dies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import cast

from graph_models import statements_statistics as statements
from graph_models.rows import found_or_made, from_document, joined, to_document
from graph_models.statistics import Counts, DayCounts, Tally
from graph_models.store import Transaction, Value


async def hold_tally(tx: Transaction, unit_code: str) -> Tally:
    """Return how far a unit's events are counted, and hold that until the transaction ends."""
    row: dict[str, Value] = {"unit_code": unit_code, "record": to_document(Tally())}
    rows = await found_or_made(tx, statements.HOLD_TALLY, statements.MAKE_TALLY, row)
    return from_document(Tally, rows[0]["record"])


async def write_tally(tx: Transaction, unit_code: str, tally: Tally) -> None:
    """Write how far a unit's events are counted; the transaction holds it."""
    row: dict[str, Value] = {"unit_code": unit_code, "last": tally.place.last, "record": to_document(tally)}
    await tx.run(statements.WRITE_TALLY, row)


async def counted_up_to(tx: Transaction, unit_code: str) -> int:
    """Return the highest sequence of a unit's events that is counted; 0 where none is."""
    rows = await tx.run(statements.READ_TALLY, {"unit_code": unit_code})
    return cast("int", rows[0]["last"]) if rows else 0


async def uncounted_units(tx: Transaction) -> tuple[str, ...]:
    """Return the units that have events behind those that are counted, in the order of their codes."""
    counted = {row["unit_code"]: cast("int", row["last"]) for row in await tx.run(statements.READ_TALLIES)}
    rows = await tx.run(statements.READ_LASTS)
    return tuple(
        sorted(
            cast("str", row["unit_code"]) for row in rows if cast("int", row["last"]) > counted.get(row["unit_code"], 0)
        )
    )


async def days_of(tx: Transaction, unit_code: str, days: Iterable[date]) -> tuple[DayCounts, ...]:
    """Return the figures of a unit on these days, the days on which nothing happened left out, in order."""
    keys: list[Value] = [_key(unit_code, day) for day in sorted(set(days))]
    rows = await tx.run(statements.READ_DAYS, {"keys": keys}) if keys else []
    found = (
        DayCounts(date.fromisoformat(cast("str", row["day"])), from_document(Counts, row["record"])) for row in rows
    )
    return tuple(sorted(found, key=lambda each: each.day))


async def put_days(tx: Transaction, unit_code: str, figures: Mapping[date, Counts]) -> None:
    """Write a unit's figures of these days in place of those before; the transaction holds its tally."""
    for day, counts in sorted(figures.items()):
        row: dict[str, Value] = {"key": _key(unit_code, day), "record": to_document(counts)}
        if not await tx.run(statements.PUT_DAY, row):
            await tx.run(statements.CREATE_DAY, {**row, "unit_code": unit_code, "day": day.isoformat()})


async def drop_days_after(tx: Transaction, unit_code: str, day: str) -> None:
    """Take away a unit's figures of the days after an ISO day (empty: of all); the transaction holds its tally."""
    await tx.run(statements.DROP_DAYS_AFTER, {"unit_code": unit_code, "day": day})


def _key(unit_code: str, day: date) -> str:
    return joined(unit_code, day.isoformat())
