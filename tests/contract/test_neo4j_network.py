"""Neo4j behind a network that swallows what is sent: nobody waits for ever, and nothing stays locked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from graph_models.case_records import add_case
from graph_models.errors import StoreUnavailableError
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction
from scripts.soak_proxy import Proxy
from tests.contract.records import case

pytestmark = pytest.mark.services("neo4j")
TRY = 1.0
"""Seconds; who hears nothing gives up a few seconds later."""
TOUCH = "MATCH (c:CaseFile {number: 'C1'}) SET c.guard = 7"


async def touch(tx: Transaction) -> None:
    await tx.run(TOUCH)


@pytest.fixture
async def way(neo4j_uri: str) -> AsyncIterator[Proxy]:
    proxy = Proxy()
    await proxy.open()
    proxy.target = int(neo4j_uri.rpartition(":")[2])
    yield proxy
    await proxy.close()


@pytest.fixture
async def behind(neo4j_store: Neo4jStore, way: Proxy) -> AsyncIterator[Neo4jStore]:
    """A store of the same database behind the network; one case is there."""
    await neo4j_store.write(lambda tx: add_case(tx, case()))
    store = await Neo4jStore.open(f"bolt://127.0.0.1:{way.port}", connections=5, try_seconds=TRY)
    yield store
    way.restore()
    await store.close()


async def test_a_work_that_hears_nothing_is_given_up_and_the_next_one_takes_another_way(
    behind: Neo4jStore, way: Proxy
) -> None:
    await way.stall()
    given_up = await asyncio.gather(behind.write(touch), behind.read(touch), behind.ping(), return_exceptions=True)
    assert [type(each) for each in given_up] == [StoreUnavailableError] * 3
    way.restore()
    await behind.write(touch)


async def test_what_a_swallowed_connection_has_locked_is_free_again(
    behind: Neo4jStore, neo4j_store: Neo4jStore, way: Proxy
) -> None:
    async def swallowed(tx: Transaction) -> None:
        await tx.run(TOUCH)
        await way.stall()
        await tx.run(TOUCH)

    with pytest.raises(StoreUnavailableError, match="said nothing"):
        await behind.write(swallowed)
    async with asyncio.timeout(8 * TRY):
        await neo4j_store.write(touch)


async def test_a_pool_without_a_free_connection_is_a_store_that_is_not_available(
    way: Proxy, behind: Neo4jStore
) -> None:
    assert behind
    busy, free = asyncio.Event(), asyncio.Event()

    async def hold(tx: Transaction) -> None:
        await tx.run("RETURN 1 AS one")
        busy.set()
        await free.wait()

    small = await Neo4jStore.open(f"bolt://127.0.0.1:{way.port}", connections=1, retry_seconds=0.3)
    holding = asyncio.create_task(small.read(hold))
    await busy.wait()
    with pytest.raises(StoreUnavailableError, match="from the pool"):
        await small.read(touch)
    free.set()
    await holding
    await small.close()


async def test_a_work_that_waits_too_long_for_a_lock_is_a_store_that_is_busy(
    behind: Neo4jStore, neo4j_store: Neo4jStore
) -> None:
    locked, free = asyncio.Event(), asyncio.Event()

    async def hold(tx: Transaction) -> None:
        await tx.run(TOUCH)
        locked.set()
        await free.wait()

    holding = asyncio.create_task(neo4j_store.write(hold))
    await locked.wait()
    with pytest.raises(StoreUnavailableError):
        await behind.write(touch)
    free.set()
    await holding
