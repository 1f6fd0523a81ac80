"""Filling a store in bulk leaves what the product's functions write one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph_models.case_records import add_case
from graph_models.journal_records import begin_audit
from graph_models.ladybug_store import LadybugStore
from graph_models.migrations import MIGRATIONS
from graph_models.neo4j_store import Neo4jStore
from graph_models.request_records import add_request
from graph_models.rows import milliseconds
from graph_models.store import Row, Transaction
from scripts.bench_exchange_load import Notebook, UnknownStatementError, fill
from scripts.bench_exchange_records import Crowd, Kind

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
CROWD = Crowd(("U1", "U2", "U3"), Kind("A", "NB0001", "P", "330203"), NOW, open_of_hundred=50)
CASES = 12


async def _store(folder: Path) -> LadybugStore:
    store = await LadybugStore.open(folder, buffer_bytes=192 << 20)
    await store.migrate()
    return store


async def _emptied(tx: Transaction) -> None:
    await tx.run("MATCH (n) DETACH DELETE n")


async def _one_by_one(tx: Transaction) -> None:
    for number in range(CASES):
        made = CROWD.case(number)
        await add_case(tx, made.case)
        for request in made.requests:
            await add_request(tx, request)
        await begin_audit(tx, (made.audit,))


async def _content(tx: Transaction) -> dict[str, list[Row]]:
    """Return all that there is, but limits that had passed before: these a running hub has taken away."""
    late = milliseconds(NOW)
    await tx.run(
        "MATCH (s:DeadlineSlot)-[p:PASSES]->(:VerificationRequest) WHERE p.at <= $late DELETE p", {"late": late}
    )
    await tx.run("MATCH (s:DeadlineSlot) WHERE s.minute <= $minute DELETE s", {"minute": late // 60_000})
    kinds = {kind.label: kind.columns for migration in MIGRATIONS for kind in migration.nodes}
    found = {}
    for label, columns in kinds.items():
        shown = ", ".join(f"n.{name} AS {name}" for name, _ in columns if name not in ("guard", "catalogue"))
        rows = await tx.run(f"MATCH (n:{label}) RETURN {shown}")
        found[label] = sorted(rows, key=repr)
    for link in {link.type for migration in MIGRATIONS for link in migration.links}:
        found[link] = await tx.run(f"MATCH ()-[l:{link}]->() RETURN count(l) AS count")
    return found


@pytest.mark.services("neo4j")
async def test_what_is_filled_in_bulk_is_what_the_product_writes_one_by_one(neo4j_uri: str, tmp_path: Path) -> None:
    bulk, single = await Neo4jStore.open(neo4j_uri), await _store(tmp_path)
    await bulk.write(_emptied)
    await bulk.migrate()
    await fill(bulk, CROWD, 0, 5)
    await fill(bulk, CROWD, 5, CASES)
    await single.write(_one_by_one)
    content = await bulk.write(_content)
    assert content == await single.write(_content)
    assert len(content["VerificationRequest"]) == CASES * CROWD.requests
    await bulk.close()
    await single.close()


def test_a_case_is_the_same_for_the_same_seed() -> None:
    assert CROWD.case(2) == replace(CROWD).case(2) != replace(CROWD, seed=2).case(2)


async def test_a_statement_that_is_not_known_stops_the_filling() -> None:
    with pytest.raises(UnknownStatementError, match="MATCH"):
        await Notebook(0).run("MATCH (n) RETURN n")
