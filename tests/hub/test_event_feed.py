"""A unit's events from a cursor: in order, without a gap, and soon after they are committed, whoever wrote them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph_models.errors import StoreError
from graph_models.journal_records import append_events
from graph_models.ladybug_store import LadybugStore
from graph_models.store import T, Work
from hub.event_feed import EventFeed
from tests.contract.records import event


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LadybugStore]:
    opened = await LadybugStore.open(tmp_path / "graph", buffer_bytes=192 << 20)
    await opened.migrate()
    yield opened
    await opened.close()


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
    feed.ring(["U1", "U3"])
    assert await asyncio.gather(*waiting[:2]) == [True, True]
    waiting[2].cancel()
    await asyncio.gather(waiting[2], return_exceptions=True)


async def test_many_who_wait_for_many_units_cost_one_look_at_a_time(store: LadybugStore) -> None:
    looked = Counted(store)
    feed = EventFeed(looked)
    waiting = [asyncio.create_task(feed.wait(f"U{one % 50}", 0, 30)) for one in range(500)]
    await asyncio.sleep(0)
    await write(store, *(f"U{one}" for one in range(50)))
    feed.ring(["U1"])
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
