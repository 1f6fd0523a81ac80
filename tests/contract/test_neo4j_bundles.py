"""Bundles where works of several processes wait for one another, which only Neo4j lets them."""

from __future__ import annotations

import asyncio

import pytest

from graph_models.bundle_records import leave_bundle, list_bundles
from graph_models.case_records import add_case
from graph_models.neo4j_store import Neo4jStore
from graph_models.request_records import add_request
from graph_models.store import Transaction
from tests.contract.records import case, verification_request

pytestmark = pytest.mark.services("neo4j")
BLOCKED = "SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN count(*) AS waiting"


async def test_a_request_that_waits_for_a_bundle_which_is_closed_meanwhile_opens_another(
    neo4j_store: Neo4jStore,
) -> None:
    closing, close = asyncio.Event(), asyncio.Event()
    first, second = verification_request("R1"), verification_request("R2")
    await neo4j_store.write(lambda tx: add_case(tx, case()))
    await neo4j_store.write(lambda tx: add_request(tx, first))

    async def leave(tx: Transaction) -> None:
        await leave_bundle(tx, "R1")
        closing.set()
        await close.wait()

    leaving = asyncio.create_task(neo4j_store.write(leave))
    await closing.wait()
    joining = asyncio.create_task(neo4j_store.write(lambda tx: add_request(tx, second)))
    async with asyncio.timeout(20):
        while not (await neo4j_store.read(lambda tx: tx.run(BLOCKED)))[0]["waiting"]:
            assert not joining.done()
    close.set()
    await asyncio.gather(leaving, joining)
    (bundle,) = await neo4j_store.read(lambda tx: list_bundles(tx, second.issuing_unit, None, 9))
    assert bundle.due_at == int(second.due_at.timestamp() * 1000)
