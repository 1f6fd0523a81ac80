"""Figures of units by day on both engines: written with the place, in order, and taken away by day."""

from __future__ import annotations

import asyncio
from datetime import date

from graph_models.journal_records import append_events
from graph_models.outbox import ConsumerPlace
from graph_models.statistics import Counts, DayCounts, Tally
from graph_models.statistics_records import (
    counted_up_to,
    days_of,
    drop_days_after,
    hold_tally,
    put_days,
    uncounted_units,
    write_tally,
)
from graph_models.store import GraphStore, Transaction
from tests.contract.records import event

MONDAY, TUESDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6)
FIGURES = {FRIDAY: Counts(cases_opened=3, requests_late=1), MONDAY: Counts(proofs_shared=2)}


async def put(store: GraphStore, unit: str, figures: dict[date, Counts], tally: Tally | None = None) -> None:
    async def work(tx: Transaction) -> None:
        found = await hold_tally(tx, unit)
        await put_days(tx, unit, figures)
        await write_tally(tx, unit, tally or found)

    await store.write(work)


async def days(store: GraphStore, unit: str = "GA") -> tuple[DayCounts, ...]:
    return await store.read(lambda tx: days_of(tx, unit, [FRIDAY, MONDAY, TUESDAY]))


async def test_figures_come_back_in_the_order_of_days_and_days_without_are_left_out(store: GraphStore) -> None:
    assert await days(store) == ()
    await put(store, "GA", FIGURES)
    await put(store, "MZ", {TUESDAY: Counts(cases_opened=9)})
    assert await days(store) == (DayCounts(MONDAY, FIGURES[MONDAY]), DayCounts(FRIDAY, FIGURES[FRIDAY]))
    await put(store, "GA", {MONDAY: Counts(proofs_shared=5)})
    assert (await days(store))[0] == DayCounts(MONDAY, Counts(proofs_shared=5))
    assert await store.read(lambda tx: days_of(tx, "GA", [])) == ()


async def test_figures_after_a_day_are_taken_away_of_one_unit(store: GraphStore) -> None:
    for unit in ("GA", "MZ"):
        await put(store, unit, FIGURES)
    await store.write(lambda tx: drop_days_after(tx, "GA", MONDAY.isoformat()))
    assert [each.day for each in await days(store)] == [MONDAY]
    await store.write(lambda tx: drop_days_after(tx, "GA", ""))
    assert await days(store) == ()
    assert len(await days(store, "MZ")) == 2


async def test_the_place_comes_back_whole(store: GraphStore) -> None:
    tally = Tally(place=ConsumerPlace(last=7, holes=((2, 3),)), again_up_to=9, settled="2026-03-01")
    assert await store.read(lambda tx: counted_up_to(tx, "GA")) == 0
    assert await store.write(lambda tx: hold_tally(tx, "GA")) == Tally()
    await put(store, "GA", {}, tally)
    assert await store.write(lambda tx: hold_tally(tx, "GA")) == tally
    assert await store.read(lambda tx: counted_up_to(tx, "GA")) == 7


async def test_units_with_events_that_are_not_counted_are_found(store: GraphStore) -> None:
    for unit in ("NB-GA", "NB-MZ", "NB-MZ", "NB-JY"):
        await store.write(lambda tx, unit=unit: append_events(tx, [event("E", unit)]))
    await put(store, "NB-GA", {}, Tally(place=ConsumerPlace(last=1)))
    await put(store, "NB-MZ", {}, Tally(place=ConsumerPlace(last=1)))
    assert await store.read(uncounted_units) == ("NB-JY", "NB-MZ")


async def test_of_many_that_count_at_the_same_time_each_adds_to_what_the_others_wrote(store: GraphStore) -> None:
    async def add(tx: Transaction) -> None:
        tally = await hold_tally(tx, "GA")
        found = await days_of(tx, "GA", [MONDAY])
        before = found[0].counts.cases_opened if found else 0
        await put_days(tx, "GA", {MONDAY: Counts(cases_opened=before + 1)})
        await write_tally(tx, "GA", Tally(place=ConsumerPlace(last=tally.place.last + 1)))

    await asyncio.gather(*(store.write(add) for _ in range(12)))
    assert await days(store) == (DayCounts(MONDAY, Counts(cases_opened=12)),)
    assert await store.read(lambda tx: counted_up_to(tx, "GA")) == 12
