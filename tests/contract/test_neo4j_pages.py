"""Pages that Neo4j reads by an index: what one costs does not depend on how many requests or cases there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from graph_models import statements, statements_bundles
from graph_models.case_records import add_case
from graph_models.casework import OPEN_STATES
from graph_models.neo4j_store import Neo4jStore
from graph_models.request_records import add_request
from graph_models.statements_neo4j import OWN_WORDS
from graph_models.store import Transaction
from tests.contract.records import case, verification_request

PAGE, NO_END = 5, 1 << 62
INBOX = {
    "unit_code": "U",
    "states": sorted(OPEN_STATES),
    "due_at": -NO_END,
    "id": "",
    "until": NO_END,
    "limit": PAGE,
}
CASES = {"unit_code": "U", "state": "", "at": NO_END, "number": "", "limit": PAGE}
BUNDLES = {"unit_code": "U", "due_at": -NO_END, "id": "", "limit": PAGE}
PAGES = {statements.LIST_TO_ANSWER: INBOX, statements.LIST_CASES: CASES, statements_bundles.LIST_BUNDLES: BUNDLES}


async def _fill(store: Neo4jStore, first: int, last: int) -> None:
    async def work(tx: Transaction) -> None:
        for one in range(first, last):
            opened = case(f"C{one}", "U", one)
            await add_case(tx, replace(opened, applicant=replace(opened.applicant, identifier=str(one))))
            await add_request(tx, verification_request(f"R{one}", f"C{one}", "U", one))

    await store.write(work)


async def _hits(store: Neo4jStore, statement: str) -> int:
    """Return how often the page looked into the store, by the plan that Neo4j comes to once it has counted."""
    async with store._driver.session() as session:
        await (await session.run("CALL db.prepareForReplanning(60)")).consume()
        result = await session.run("PROFILE " + OWN_WORDS[statement], PAGES[statement])
        return sum(_hits_in((await result.consume()).profile))


def _hits_in(plan: Any) -> Iterator[int]:
    yield plan["dbHits"]
    for child in plan.get("children", ()):
        yield from _hits_in(child)


@pytest.mark.services("neo4j")
@pytest.mark.parametrize("statement", PAGES)
async def test_a_page_reads_what_it_shows_however_much_there_is(neo4j_store: Neo4jStore, statement: str) -> None:
    await _fill(neo4j_store, 0, 20)
    few = await _hits(neo4j_store, statement)
    await _fill(neo4j_store, 20, 100)
    assert await _hits(neo4j_store, statement) == few < 60
