"""Bookmarks of Neo4j: what one process has written another one waits for, in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from graph_models.bookmarks import collecting
from graph_models.errors import BehindError, InvalidBookmarkError
from graph_models.ladybug_store import LadybugStore
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import MemberStore, Transaction
from tests.simulators.bookmarks import ahead

needs_neo4j = pytest.mark.services("neo4j")
SECONDS = 20.0


async def touch(tx: Transaction) -> None:
    await tx.run("MERGE (n:Touched {key: 1}) SET n.times = coalesce(n.times, 0) + 1")


async def look(tx: Transaction) -> None:
    await tx.run("MATCH (n:Touched) RETURN n.times")


async def written(store: Neo4jStore, times: int = 1) -> frozenset[str]:
    with collecting() as call:
        for _ in range(times):
            await store.write(touch)
        return call.held


@pytest.fixture
async def another(neo4j_uri: str) -> AsyncIterator[Neo4jStore]:
    """The store of another process."""
    opened = await Neo4jStore.open(neo4j_uri)
    yield opened
    await opened.close()


def test_the_embedded_store_is_of_one_process_and_has_none(ladybug_store: LadybugStore) -> None:
    assert not isinstance(ladybug_store, MemberStore)


@needs_neo4j
async def test_a_call_that_writes_leaves_one_bookmark_and_one_that_reads_leaves_none(neo4j_store: Neo4jStore) -> None:
    assert isinstance(neo4j_store, MemberStore)
    assert len(await written(neo4j_store)) == len(await written(neo4j_store, 5)) == 1
    with collecting() as call:
        await neo4j_store.read(look)
    assert call.held == frozenset()


@needs_neo4j
async def test_writes_side_by_side_are_brought_together(neo4j_store: Neo4jStore, another: Neo4jStore) -> None:
    with collecting() as call:
        await asyncio.gather(*(neo4j_store.write(touch) for _ in range(10)))
    assert await another.reach(call.held, SECONDS)
    await neo4j_store.write(touch)
    assert len(await written(neo4j_store)) == 1


@needs_neo4j
async def test_a_reader_waits_until_what_the_bookmark_stands_for_is_written(
    neo4j_store: Neo4jStore, another: Neo4jStore
) -> None:
    (last,) = await written(neo4j_store)
    waiting = asyncio.create_task(another.reach([ahead(last, 3)], SECONDS))
    done, _ = await asyncio.wait([waiting], timeout=1)
    assert not done
    for _ in range(3):
        await neo4j_store.write(touch)
    assert await waiting not in ("", last)


@needs_neo4j
async def test_what_never_comes_is_told_in_time_and_keeps_no_other_reader_waiting(neo4j_store: Neo4jStore) -> None:
    (last,) = await written(neo4j_store)
    never = ahead(last, 1_000_000)
    async with asyncio.timeout(5):
        for failing in asyncio.as_completed([neo4j_store.reach([never], 0.3) for _ in range(30)]):
            with pytest.raises(BehindError, match=r"within 0\.3 s"):
                await failing
        await neo4j_store.read(look)
        assert len(await written(neo4j_store)) == 1


@needs_neo4j
@pytest.mark.parametrize("said", ["nonsense", "FB:nonsense", "neo4j:bookmark:v1:tx99", "FB:AAAA"])
async def test_what_is_no_bookmark_is_refused(neo4j_store: Neo4jStore, said: str) -> None:
    with pytest.raises(InvalidBookmarkError):
        await neo4j_store.reach([said], SECONDS)
    await neo4j_store.read(look)
