"""One store for each engine, and records to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph_models.ladybug_store import LadybugStore
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import GraphStore, Transaction


async def _empty(tx: Transaction) -> None:
    await tx.run("MATCH (n) DETACH DELETE n")


@pytest.fixture
async def ladybug_store(tmp_path: Path) -> AsyncIterator[LadybugStore]:
    store = await LadybugStore.open(tmp_path / "graph", buffer_bytes=192 << 20)
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
async def neo4j_store(neo4j_uri: str) -> AsyncIterator[Neo4jStore]:
    store = await Neo4jStore.open(neo4j_uri)
    await store.write(_empty)
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=pytest.mark.services("neo4j"))])
def store(request: pytest.FixtureRequest) -> GraphStore:
    """An empty, migrated store; each test runs once on each engine."""
    found: GraphStore = request.getfixturevalue(f"{request.param}_store")
    return found
