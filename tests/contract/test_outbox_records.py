"""Lanes, dead letters and places on both engines: one holder a lane, whoever asks at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models import outbox_records
from graph_models.journal_records import append_events, mark_events_published, waiting_runs
from graph_models.outbox import LANES, ConsumerPlace, DeadLetter, lane_of
from graph_models.outbox_records import (
    FORGET_AFTER,
    Lease,
    dead_letters,
    delete_dead_letters,
    find_dead_letters,
    find_place,
    hold_lanes,
    leave_lanes,
    mark_more,
    meet,
    members_ahead,
    part,
    published_events,
    put_dead_letter,
    put_place,
    read_lanes,
    take_lanes,
)
from graph_models.statements_retention import DROP_EVENTS
from graph_models.store import GraphStore, Transaction
from tests.contract.records import AT, event

EVERY = frozenset(range(LANES))


def lease(holder: str, seconds: float = 0) -> Lease:
    now = AT + timedelta(seconds=seconds)
    return Lease(holder, now, now + timedelta(seconds=5), now + timedelta(seconds=60))


@pytest.fixture
async def lanes(store: GraphStore) -> GraphStore:
    await store.write(read_lanes)
    return store


async def take(store: GraphStore, asked: Lease) -> frozenset[int]:
    return await store.write(lambda tx: take_lanes(tx, asked, EVERY))


def test_the_lane_of_a_unit_is_the_same_for_ever() -> None:
    assert [lane_of(unit) for unit in ("NB-GA", "330203-GA", "宁波")] == [4, 13, 6]


async def test_all_lanes_are_there_once_and_nobodys(lanes: GraphStore) -> None:
    found = await lanes.write(read_lanes)
    assert [(lane.lane, lane.holder) for lane in found] == [(number, "") for number in range(LANES)]


async def test_a_lane_is_taken_over_when_its_lease_ran_out_and_not_before(lanes: GraphStore) -> None:
    assert await take(lanes, lease("A")) == EVERY
    assert await take(lanes, lease("B", 4.999)) == frozenset()
    assert await take(lanes, lease("B", 5)) == EVERY
    assert await take(lanes, lease("A", 6)) == frozenset()


async def test_a_lease_is_renewed_by_its_holder_even_after_its_time(lanes: GraphStore) -> None:
    await take(lanes, lease("A"))
    assert await take(lanes, lease("A", 7)) == EVERY
    assert await take(lanes, lease("B", 8)) == frozenset()


async def test_a_lease_that_a_wrong_clock_gave_far_ahead_does_not_count(lanes: GraphStore) -> None:
    await take(lanes, lease("A", 3600))
    assert await take(lanes, lease("B")) == EVERY


async def test_what_is_left_is_free_and_only_its_holder_leaves_it(lanes: GraphStore) -> None:
    await take(lanes, lease("A"))
    await lanes.write(lambda tx: leave_lanes(tx, "B", EVERY))
    assert await take(lanes, lease("B")) == frozenset()
    await lanes.write(lambda tx: leave_lanes(tx, "A", {3, 4}))
    assert await take(lanes, lease("B")) == {3, 4}
    assert await lanes.write(lambda tx: hold_lanes(tx, "A", {2, 3})) == {2}


async def test_of_many_that_take_at_the_same_time_one_gets_each_lane(lanes: GraphStore) -> None:
    taken = await asyncio.gather(*(take(lanes, lease(f"P{one}")) for one in range(8)))
    assert sum(map(len, taken)) == LANES
    assert frozenset.union(*taken) == EVERY


async def test_whose_time_is_far_ahead_is_known_and_not_counted_among_the_living(lanes: GraphStore) -> None:
    await lanes.write(lambda tx: meet(tx, lease("A", 61)))
    assert await lanes.write(lambda tx: meet(tx, lease("B"))) == ("B",)
    assert await lanes.read(lambda tx: members_ahead(tx, lease("B"))) == {"A": lease("A", 61).until}
    assert await lanes.read(lambda tx: members_ahead(tx, lease("A", 61))) == {}
    assert await lanes.read(lambda tx: members_ahead(tx, lease("B", 6))) == {}


async def test_who_lives_is_known_until_its_time_and_forgotten_later(lanes: GraphStore) -> None:
    assert await lanes.write(lambda tx: meet(tx, lease("A"))) == ("A",)
    assert await lanes.write(lambda tx: meet(tx, lease("B", 4))) == ("A", "B")
    assert await lanes.write(lambda tx: meet(tx, lease("B", 6))) == ("B",)
    await lanes.write(lambda tx: meet(tx, lease("C", FORGET_AFTER.total_seconds() + 30)))
    rows = await lanes.read(lambda tx: tx.run("MATCH (m:OutboxMember) RETURN m.holder AS holder"))
    assert [row["holder"] for row in rows] == ["C"]
    await lanes.write(lambda tx: part(tx, "C"))
    assert await lanes.write(lambda tx: meet(tx, lease("D"))) == ("D",)


async def as_an_older_version(store: GraphStore, *waiting: str) -> None:
    """Leave the store as one of an older version: no marks, and what waits hangs on its unit's counter."""

    async def work(tx: Transaction) -> None:
        await tx.run("MATCH (m:OutboxMark) DELETE m")
        await tx.run("MATCH (e:OutboxEvent) SET e.published = true")
        for each in waiting:
            await tx.run(
                "MATCH (c:EventCounter {unit_code: $unit}), (e:OutboxEvent {id: $id}) "
                "SET e.published = false CREATE (c)-[:UNPUBLISHED]->(e)",
                {"unit": each.rpartition(".")[0], "id": each},
            )

    await store.write(work)


async def carried(store: GraphStore, size: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, range]:
    """Carry an older store over, so many units at a time; return what waits then."""
    monkeypatch.setattr(outbox_records, "UNITS", size)
    after = await store.write(lambda tx: mark_more(tx, ""))
    while after:
        after = await store.write(lambda tx, after=after: mark_more(tx, after))
    return await store.read(waiting_runs)


@pytest.mark.parametrize("size", [1, 2, 3, 9])
async def test_what_waits_in_a_store_of_an_older_version_waits_still_and_nothing_else(
    store: GraphStore, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [event(f"E{one}", unit) for one in range(3) for unit in ("NB-GA", "NB-JY", "NB-MZ")]
    await store.write(lambda tx: append_events(tx, drafts))
    await as_an_older_version(store, "NB-GA.2", "NB-GA.3", "NB-JY.1", "NB-JY.2", "NB-JY.3")
    waiting = {"NB-GA": range(2, 4), "NB-JY": range(1, 4)}
    assert await carried(store, size, monkeypatch) == waiting
    await store.write(lambda tx: mark_events_published(tx, ["NB-GA.2"]))
    await store.write(lambda tx: append_events(tx, [event("E", "NB-NEW")]))
    rest = {**waiting, "NB-GA": range(3, 4), "NB-NEW": range(1, 2)}
    assert await carried(store, size, monkeypatch) == rest, "another process carries over what is carried over"


async def test_an_event_of_an_older_version_is_taken_away_with_its_link(store: GraphStore) -> None:
    await store.write(lambda tx: append_events(tx, [event("E")]))
    await as_an_older_version(store, "NB-GA.1")
    await store.write(lambda tx: tx.run(DROP_EVENTS, {"ids": ["NB-GA.1"]}))
    assert await store.read(lambda tx: tx.run("MATCH (e:OutboxEvent) RETURN e.id AS id")) == []


async def test_only_what_has_left_is_found_as_published(store: GraphStore) -> None:
    await store.write(lambda tx: append_events(tx, [event(f"E{one}") for one in range(4)]))
    await store.write(lambda tx: mark_events_published(tx, ["NB-GA.1", "NB-GA.2", "NB-GA.3"]))
    found = await store.read(lambda tx: published_events(tx, "NB-GA", [4, 3, 9, 2, 3]))
    assert [each.sequence for each in found] == [2, 3]
    assert await store.read(lambda tx: published_events(tx, "NB-GA", [])) == ()


LETTER = DeadLetter(id="c/NB-GA.1", consumer="c", event_id="NB-GA.1", reason="未知 type", size=9, sha256="ab", at=AT)


async def test_dead_letters_are_kept_once_listed_newest_first_and_taken_away(store: GraphStore) -> None:
    later = replace(LETTER, id="c/2", at=AT + timedelta(seconds=1))
    again = replace(LETTER, reason="still unknown", at=AT + timedelta(seconds=2))
    for letter in (LETTER, later):
        await store.write(lambda tx, letter=letter: put_dead_letter(tx, letter))
    assert await store.read(lambda tx: dead_letters(tx, 9)) == (later, LETTER)
    await store.write(lambda tx: put_dead_letter(tx, again))
    assert await store.read(lambda tx: dead_letters(tx, 9)) == (again, later)
    assert await store.read(lambda tx: dead_letters(tx, 1)) == (again,)
    await store.write(lambda tx: delete_dead_letters(tx, [later, LETTER, replace(LETTER, id="no such")]))
    assert await store.read(lambda tx: dead_letters(tx, 9)) == (again,), "put aside anew since it was read"


async def test_dead_letters_are_found_by_their_names_and_page_by_page(store: GraphStore) -> None:
    ages = [3, 1, 1, 1, 0]
    letters = [replace(LETTER, id=f"c/{one}", at=AT - timedelta(seconds=age)) for one, age in enumerate(ages)]
    for letter in letters:
        await store.write(lambda tx, letter=letter: put_dead_letter(tx, letter))
    first = await store.read(lambda tx: dead_letters(tx, 2))
    second = await store.read(lambda tx: dead_letters(tx, 2, first[-1]))
    third = await store.read(lambda tx: dead_letters(tx, 2, second[-1]))
    assert [letter.id for letter in first + second + third] == ["c/4", "c/1", "c/2", "c/3", "c/0"]
    named = await store.read(lambda tx: find_dead_letters(tx, ["c/0", "c/2", "c/0", "c/9"]))
    assert {letter.id for letter in named} == {"c/0", "c/2"}


async def test_a_consumers_place_is_kept_for_each_unit(store: GraphStore) -> None:
    place = ConsumerPlace(last=9, holes=((2, 3), (5, 5)))
    assert await store.read(lambda tx: find_place(tx, "c", "NB-GA")) == ConsumerPlace()
    await store.write(lambda tx: put_place(tx, "c", "NB-GA", replace(place, last=8)))
    await store.write(lambda tx: put_place(tx, "c", "NB-GA", place))
    assert await store.read(lambda tx: find_place(tx, "c", "NB-GA")) == place
    assert await store.read(lambda tx: find_place(tx, "c", "NB-MZ")) == ConsumerPlace()
