"""Lanes, dead letters and places on both engines: one holder a lane, whoever asks at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.journal_records import append_events, mark_events_published
from graph_models.outbox import LANES, ConsumerPlace, DeadLetter, lane_of
from graph_models.outbox_records import (
    FORGET_AFTER,
    Lease,
    dead_letters,
    delete_dead_letters,
    find_place,
    hold_lanes,
    leave_lanes,
    meet,
    part,
    published_events,
    put_dead_letter,
    put_place,
    read_lanes,
    take_lanes,
    unpublished_events_of,
    waiting_units,
)
from graph_models.store import GraphStore
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


async def test_who_lives_is_known_until_its_time_and_forgotten_later(lanes: GraphStore) -> None:
    assert await lanes.write(lambda tx: meet(tx, lease("A"))) == ("A",)
    assert await lanes.write(lambda tx: meet(tx, lease("B", 4))) == ("A", "B")
    assert await lanes.write(lambda tx: meet(tx, lease("B", 6))) == ("B",)
    await lanes.write(lambda tx: meet(tx, lease("C", FORGET_AFTER.total_seconds() + 30)))
    rows = await lanes.read(lambda tx: tx.run("MATCH (m:OutboxMember) RETURN m.holder AS holder"))
    assert [row["holder"] for row in rows] == ["C"]
    await lanes.write(lambda tx: part(tx, "C"))
    assert await lanes.write(lambda tx: meet(tx, lease("D"))) == ("D",)


async def test_events_that_wait_are_found_by_their_units_in_order(store: GraphStore) -> None:
    drafts = [event(f"E{one}", unit) for one in range(3) for unit in ("NB-GA", "NB-MZ", "NB-JY")]
    await store.write(lambda tx: append_events(tx, drafts))
    await store.write(lambda tx: mark_events_published(tx, ["NB-MZ.1", "NB-MZ.2", "NB-MZ.3", "NB-GA.1"]))
    assert sorted(await store.read(waiting_units)) == ["NB-GA", "NB-JY"]
    found = await store.read(lambda tx: unpublished_events_of(tx, ["NB-JY", "NB-GA", "NB-MZ", "NB-XX"], 4))
    assert [each.id for each in found] == ["NB-GA.2", "NB-GA.3", "NB-JY.1", "NB-JY.2"]
    assert await store.read(lambda tx: unpublished_events_of(tx, [], 4)) == ()


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
    await store.write(lambda tx: delete_dead_letters(tx, ["c/2", "no such"]))
    assert await store.read(lambda tx: dead_letters(tx, 9)) == (again,)


async def test_a_consumers_place_is_kept_for_each_unit(store: GraphStore) -> None:
    place = ConsumerPlace(last=9, holes=((2, 3), (5, 5)))
    assert await store.read(lambda tx: find_place(tx, "c", "NB-GA")) == ConsumerPlace()
    await store.write(lambda tx: put_place(tx, "c", "NB-GA", replace(place, last=8)))
    await store.write(lambda tx: put_place(tx, "c", "NB-GA", place))
    assert await store.read(lambda tx: find_place(tx, "c", "NB-GA")) == place
    assert await store.read(lambda tx: find_place(tx, "c", "NB-MZ")) == ConsumerPlace()
