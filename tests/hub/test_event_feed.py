"""A unit's events from a cursor: in order, without a gap, and soon after they are committed, whoever wrote them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph_models.errors import StoreError
from graph_models.journal_records import append_events
from graph_models.ladybug_store import LadybugStore
from graph_models.store import T, Work
from hub.event_feed import EventFeed
from tests.contract.records import event


class Counted:
    """A store, and how often it was read."""

    def __init__(self, store: LadybugStore) -> None:
        self._store = store
        self.reads = 0

    async def read(self, work: Work[T]) -> T:
        self.reads += 1
        return await self._store.read(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def write(store: LadybugStore, *units: str) -> None:
    await store.write(lambda tx: append_events(tx, [event("C1", unit) for unit in units]))


async def test_a_reader_goes_on_from_its_cursor(store: LadybugStore) -> None:
    feed = EventFeed(store)
    assert (await feed.last("U1"), await feed.read("U1", 0, 10)) == (0, ())
    await write(store, "U1", "U2", "U1", "U1")
    assert await feed.last("U1") == 3
    assert [each.sequence for each in await feed.read("U1", 1, 10)] == [2, 3]
    assert [each.id for each in await feed.read("U1", 0, 2)] == ["U1.1", "U1.2"]
    assert await feed.read("U1", 3, 10) == ()


async def test_who_asks_for_the_same_at_the_same_time_shares_one_read(store: LadybugStore) -> None:
    await write(store, "U1", "U1", "U2")
    counted = Counted(store)
    feed = EventFeed(counted)
    found = await asyncio.gather(*[feed.read("U1", 0, 10) for _ in range(100)])
    assert ({tuple(each.sequence for each in events) for events in found}, counted.reads) == ({(1, 2)}, 1)
    others = await asyncio.gather(feed.read("U1", 1, 10), feed.read("U1", 0, 1), feed.read("U2", 0, 10))
    assert ([each[0].id for each in others], counted.reads) == (["U1.2", "U1.1", "U2.1"], 4)
    await write(store, "U1")
    assert len(await feed.read("U1", 0, 10)) == 3


async def test_who_goes_while_it_is_read_takes_the_answer_from_nobody(store: LadybugStore) -> None:
    await write(store, "U1")
    counted = Counted(store)
    feed = EventFeed(counted)
    asking = [asyncio.create_task(feed.read("U1", 0, 10)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    gone, *others = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(gone, asyncio.CancelledError)
    assert ([len(each) for each in others if isinstance(each, tuple)], counted.reads) == ([1, 1], 1)


async def test_all_who_share_a_read_learn_that_the_store_failed_and_the_next_read_is_a_new_one(
    store: LadybugStore,
) -> None:
    counted = Counted(store)
    feed = EventFeed(counted)
    await store.close()
    for _ in range(2):
        found = await asyncio.gather(*[feed.read("U1", 0, 10) for _ in range(3)], return_exceptions=True)
        assert [isinstance(each, StoreError) for each in found] == [True] * 3
    assert counted.reads == 2


async def test_waiting_ends_at_once_where_something_follows_and_in_time_where_nothing_does(store: LadybugStore) -> None:
    feed = EventFeed(store)
    await write(store, "U1")
    assert await feed.wait("U1", 0, 5)
    assert not await feed.wait("U1", 1, 0.01)


async def test_who_waits_is_told_of_what_this_process_committed(store: LadybugStore) -> None:
    feed = EventFeed(store)
    waiting = [asyncio.create_task(feed.wait(unit, 0, 30)) for unit in ("U1", "U1", "U2")]
    await asyncio.sleep(0)
    await write(store, "U1")
    assert await asyncio.gather(*waiting[:2]) == [True, True]
    waiting[2].cancel()
    await asyncio.gather(waiting[2], return_exceptions=True)


async def test_many_who_wait_for_many_units_cost_one_look_at_a_time(store: LadybugStore) -> None:
    looked = Counted(store)
    feed = EventFeed(looked)
    waiting = [asyncio.create_task(feed.wait(f"U{one % 50}", 0, 30)) for one in range(500)]
    await asyncio.sleep(0)
    await write(store, *(f"U{one}" for one in range(50)))
    assert await asyncio.gather(*waiting) == [True] * 500
    assert looked.reads <= 3


async def test_who_waits_learns_that_the_store_failed(store: LadybugStore) -> None:
    feed = EventFeed(store)
    await store.close()
    with pytest.raises(StoreError):
        await feed.wait("U1", 0, 30)


async def test_who_waits_is_told_of_what_another_process_committed(store: LadybugStore) -> None:
    waiting = asyncio.create_task(EventFeed(store).wait("U1", 0, 30))
    await asyncio.sleep(0)
    await write(store, "U1")
    assert await waiting
