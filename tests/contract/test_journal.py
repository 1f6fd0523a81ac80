"""Chains and sequences: no gap and no fork, whoever writes at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from graph_models.errors import DuplicateKeyError
from graph_models.journal_records import (
    append_audit,
    append_audit_many,
    append_event,
    append_events,
    begin_audit,
    last_event,
    last_events,
    load_audit,
    mark_events_published,
    read_events,
    unpublished_events,
    verify_chain,
    waiting_runs,
)
from graph_models.store import GraphStore
from tests.contract.records import audit, event


@pytest.mark.requirement("I3")
async def test_entries_of_a_stream_form_a_chain_from_its_first(store: GraphStore) -> None:
    first = await store.write(lambda tx: append_audit(tx, audit()))
    more = await store.write(lambda tx: append_audit_many(tx, [audit("S2"), audit(operation="a"), audit("S2")]))
    assert (first.sequence, first.previous_digest) == (1, "")
    assert [(one.stream, one.sequence) for one in more] == [("S2", 1), ("C1", 2), ("S2", 2)]
    assert more[1].previous_digest == first.digest
    chain = await store.read(lambda tx: load_audit(tx, "C1", 0, 10))
    assert chain == (first, more[1])
    assert verify_chain(chain) is None


async def test_a_chain_is_read_in_pages(store: GraphStore) -> None:
    await store.write(lambda tx: append_audit_many(tx, [audit(operation=str(one)) for one in range(12)]))
    pages = [await store.read(lambda tx, after=after: load_audit(tx, "C1", after, 5)) for after in (0, 5, 10, 12)]
    assert [[one.sequence for one in page] for page in pages] == [
        [1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10],
        [11, 12],
        [],
    ]
    assert verify_chain(pages[1], sequence=5, digest=pages[0][-1].digest) is None


@pytest.mark.requirement("I3")
async def test_writers_at_the_same_time_leave_one_chain_without_a_gap(store: GraphStore) -> None:
    async def append(one: int) -> None:
        drafts = [audit("busy", f"{one}"), audit(f"own-{one}"), audit("busy", f"{one}")]
        await store.write(lambda tx: append_audit_many(tx, drafts))

    await asyncio.gather(*(append(one) for one in range(12)))
    chain = await store.read(lambda tx: load_audit(tx, "busy", 0, 100))
    assert [one.sequence for one in chain] == list(range(1, 25))
    assert verify_chain(chain) is None


@pytest.mark.requirement("I3")
async def test_writers_of_a_streams_first_entry_at_the_same_time_leave_one_chain(store: GraphStore) -> None:
    for turn in range(5):
        stream = f"new-{turn}"
        writes = (store.write(lambda tx, stream=stream: append_audit(tx, audit(stream))) for _ in range(6))
        await asyncio.gather(*writes)
        chain = await store.read(lambda tx, stream=stream: load_audit(tx, stream, 0, 100))
        assert [one.sequence for one in chain] == [1, 2, 3, 4, 5, 6]
        assert verify_chain(chain) is None


@pytest.mark.requirement("I3")
async def test_a_stream_is_begun_once_and_goes_on_as_any_other(store: GraphStore) -> None:
    drafts = [audit(operation="open"), audit("S2"), audit(operation="ask")]
    begun = await store.write(lambda tx: begin_audit(tx, drafts))
    more = await store.write(lambda tx: append_audit(tx, audit()))
    assert [(one.stream, one.sequence) for one in begun] == [("C1", 1), ("S2", 1), ("C1", 2)]
    chain = await store.read(lambda tx: load_audit(tx, "C1", 0, 10))
    assert chain == (begun[0], begun[2], more)
    assert verify_chain(chain) is None
    with pytest.raises(DuplicateKeyError):
        await store.write(lambda tx: begin_audit(tx, drafts))


async def test_events_of_each_unit_are_numbered_without_a_gap_by_writers_at_the_same_time(store: GraphStore) -> None:
    async def append(one: int) -> None:
        drafts = [event(f"E{one}a", "U1"), event(f"E{one}b", f"U{one % 2 + 1}"), event(f"E{one}c", "U2")]
        await store.write(lambda tx: append_events(tx, drafts))

    await asyncio.gather(*(append(one) for one in range(12)))
    events = await store.read(lambda tx: unpublished_events(tx, 100))
    assert len(events) == 36
    for unit in ("U1", "U2"):
        assert [one.sequence for one in events if one.unit_code == unit] == list(range(1, 19))


async def test_the_first_events_of_units_are_numbered_from_one_whoever_makes_the_counters(store: GraphStore) -> None:
    await store.write(lambda tx: append_event(tx, event("E0", "U1")))
    mixed = await store.write(lambda tx: append_events(tx, [event("E2", "U2"), event("E1", "U1")]))
    assert [(one.unit_code, one.sequence) for one in mixed] == [("U2", 1), ("U1", 2)]
    for turn in range(5):
        drafts = [event(f"F{turn}-{one}", f"V{turn}") for one in range(6)]
        made = await asyncio.gather(*(store.write(lambda tx, draft=draft: append_event(tx, draft)) for draft in drafts))
        assert sorted(one.sequence for one in made) == [1, 2, 3, 4, 5, 6]


async def test_more_events_than_are_written_one_by_one_are_numbered_in_the_order_given(store: GraphStore) -> None:
    drafts = [event(f"E{one:02}", f"U{one % 5}") for one in range(20)]
    made = await store.write(lambda tx: append_events(tx, drafts))
    assert [(one.subject, one.sequence) for one in made] == [(f"E{one:02}", one // 5 + 1) for one in range(20)]
    found = await store.read(lambda tx: unpublished_events(tx, 99))
    assert found == tuple(sorted(made, key=lambda one: (one.unit_code, one.sequence)))


async def test_an_event_comes_back_with_its_place_until_it_has_left(store: GraphStore) -> None:
    first, second = await store.write(lambda tx: append_events(tx, [event("E1"), event("E2")]))
    assert (second.sequence, second.id, second.subject, second.published) == (2, "NB-GA.2", "E2", False)
    assert await store.read(lambda tx: unpublished_events(tx, 1)) == (first,)
    await store.write(lambda tx: mark_events_published(tx, [first.id, first.id, "NB-GA.9"]))
    await store.write(lambda tx: mark_events_published(tx, [first.id]))
    assert await store.read(lambda tx: unpublished_events(tx, 9)) == (second,)
    third = await store.write(lambda tx: append_event(tx, event("E3")))
    assert third.sequence == 3


async def test_events_that_wait_are_shared_out_so_that_no_unit_holds_up_the_others(store: GraphStore) -> None:
    drafts = [event(f"E{one}", unit) for unit, count in (("U1", 40), ("U2", 1), ("U3", 9)) for one in range(count)]
    await store.write(lambda tx: append_events(tx, drafts))
    await store.write(lambda tx: mark_events_published(tx, ["U1.1", "U1.2", "U3.1"]))
    found = await store.read(lambda tx: unpublished_events(tx, 12))
    expected = [*(f"U1.{one}" for one in range(3, 9)), "U2.1", *(f"U3.{one}" for one in range(2, 7))]
    assert [each.id for each in found] == expected
    assert [each.id for each in await store.read(lambda tx: unpublished_events(tx, 2))] == ["U1.3", "U2.1", "U3.2"]
    only = await store.read(lambda tx: unpublished_events(tx, 9, lambda unit: unit == "U3"))
    assert [each.id for each in only] == [f"U3.{one}" for one in range(2, 10)]


async def test_only_what_follows_what_has_left_is_marked_whoever_marks_at_the_same_time(store: GraphStore) -> None:
    drafts = [event(f"E{one}", unit) for one in range(9) for unit in ("U1", "U2")]
    await store.write(lambda tx: append_events(tx, drafts))
    ends = ((4, ("U1", "U2")), (7, ("U2", "U1")), (2, ("U2",)))
    runs = [[f"{unit}.{one}" for one in range(1, end) for unit in units] for end, units in ends]
    await asyncio.gather(*(store.write(lambda tx, run=run: mark_events_published(tx, run)) for run in runs))
    assert await store.read(waiting_runs) == {"U1": range(7, 10), "U2": range(7, 10)}
    await store.write(lambda tx: mark_events_published(tx, ["U1.8", "U2.7", "U2.9"]))
    assert await store.read(waiting_runs) == {"U1": range(7, 10), "U2": range(8, 10)}


async def test_events_are_read_in_order_from_a_cursor_whether_they_have_left_or_not(store: GraphStore) -> None:
    assert await store.read(lambda tx: last_event(tx, "NB-GA")) == 0
    assert await store.read(lambda tx: read_events(tx, "NB-GA", 0, 9)) == ()
    drafts = [event(f"E{one}", unit) for one in range(1, 13) for unit in ("NB-GA", "NB-MZ")]
    made = await store.write(lambda tx: append_events(tx, drafts))
    await store.write(lambda tx: mark_events_published(tx, [one.id for one in made[:7]]))
    assert await store.read(lambda tx: last_event(tx, "NB-GA")) == 12
    for after, limit in ((0, 99), (0, 3), (3, 4), (11, 5), (12, 5)):
        read = await store.read(lambda tx, after=after, limit=limit: read_events(tx, "NB-GA", after, limit))
        assert [one.sequence for one in read] == list(range(after + 1, min(after + limit, 12) + 1))
        assert [one.subject for one in read] == [f"E{one.sequence}" for one in read]


async def test_the_newest_events_of_several_units_are_known_at_once(store: GraphStore) -> None:
    drafts = [event("E", unit) for unit in ("U1", "U2", "U1", "U3", "U1")]
    await store.write(lambda tx: append_events(tx, drafts))
    assert await store.read(lambda tx: last_events(tx, ("U1", "U3", "U4", "U1"))) == {"U1": 3, "U3": 1}
    assert await store.read(lambda tx: last_events(tx, ())) == {}


async def test_nothing_to_append_is_no_statement(store: GraphStore) -> None:
    assert await store.write(lambda tx: append_events(tx, [])) == ()
    assert await store.write(lambda tx: append_audit_many(tx, [])) == ()
    await store.write(lambda tx: mark_events_published(tx, []))


@pytest.mark.requirement("I3")
async def test_an_entry_changed_in_the_database_breaks_the_chain_there(store: GraphStore) -> None:
    entries = list(await store.write(lambda tx: append_audit_many(tx, [audit() for _ in range(4)])))
    changed = [*entries[:2], replace(entries[2], actor="somebody else"), entries[3]]
    assert verify_chain(changed) == 3
    assert verify_chain([entries[0], *entries[2:]]) == 2
