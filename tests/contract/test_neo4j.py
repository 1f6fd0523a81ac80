"""What only Neo4j can be asked: its constraints and indexes, its plans, and what happens when it is not there."""

from __future__ import annotations

import socket

import pytest

from graph_models import statements
from graph_models.errors import StoreError, StoreUnavailableError
from graph_models.migrations import MIGRATIONS
from graph_models.neo4j_store import Neo4jStore

needs_neo4j = pytest.mark.services("neo4j")
STATEMENTS = {
    name: text
    for name, text in vars(statements).items()
    if name.isupper() and not name.startswith("_") and isinstance(text, str)
}
WHOLE_LABEL = {"READ_VERSIONS", "PUBLISHED_NUMBER", "DUE_NEEDS", "OPEN_INTENTS", "UNPUBLISHED_EVENTS"}
"""These read all nodes of a small label: versions, the queues, one counter for each unit."""


@needs_neo4j
async def test_each_key_has_a_uniqueness_constraint(neo4j_store: Neo4jStore) -> None:
    rows = await neo4j_store.read(
        lambda tx: tx.run(
            "SHOW CONSTRAINTS YIELD type, labelsOrTypes, properties RETURN type, labelsOrTypes, properties"
        )
    )
    found = {(row["labelsOrTypes"][0], row["properties"][0]) for row in rows if row["type"] == "UNIQUENESS"}  # type: ignore[index,call-overload]
    assert found >= {(kind.label, kind.key) for migration in MIGRATIONS for kind in migration.nodes}


@needs_neo4j
@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - WHOLE_LABEL))
async def test_a_statement_begins_with_an_index(neo4j_store: Neo4jStore, name: str) -> None:
    words = {word.strip("(){},:.;") for word in STATEMENTS[name].split()}
    names = {word[1:] for word in words if word.startswith("$")}
    values: dict[str, object] = {
        "rows": [],
        "numbers": [],
        "ids": [],
        "keys": [],
        "states": [],
        "limit": 9,
        "number": 1,
    }
    parameters = {one: values.get(one, 1) for one in names}
    async with neo4j_store._driver.session() as session:
        result = await session.run("EXPLAIN " + STATEMENTS[name], parameters)
        plan = str((await result.consume()).plan)
    assert "AllNodesScan" not in plan
    assert "NodeByLabelScan" not in plan


async def test_a_server_that_is_not_there_is_not_available() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StoreUnavailableError, match="not available"):
            await Neo4jStore.open(f"bolt://127.0.0.1:{port}", retry_seconds=0.2)


async def test_an_address_that_is_none_is_an_error_of_the_store() -> None:
    with pytest.raises(StoreError, match="no address"):
        await Neo4jStore.open("nonsense://127.0.0.1")
