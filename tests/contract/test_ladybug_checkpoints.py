"""The embedded store's log is put into its tables while nobody reads: the engine dies of readers beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph_models.ladybug_store import LOG_NAME, LadybugStore
from graph_models.store import Transaction

CHECKPOINT_BYTES = 100_000
WRITES = 400
_TEXT = "x" * 1500


async def _tables(tx: Transaction) -> None:
    await tx.run("CREATE NODE TABLE Shelf(code STRING, PRIMARY KEY(code))")
    await tx.run("CREATE NODE TABLE Book(id STRING, turn INT64, text STRING, PRIMARY KEY(id))")
    await tx.run("CREATE REL TABLE HOLDS(FROM Shelf TO Book)")
    await tx.run("CREATE (:Shelf {code: 'a'})")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LadybugStore]:
    """A store that makes a checkpoint after every few dozen writes."""
    opened = await LadybugStore.open(tmp_path, buffer_bytes=192 << 20, checkpoint_bytes=CHECKPOINT_BYTES)
    await opened.write(_tables)
    yield opened
    await opened.close()


async def write(store: LadybugStore, turn: int) -> None:
    """Put a book on the shelf, write into one that stands there, take an old one away."""

    async def work(tx: Transaction) -> None:
        await tx.run(
            "CREATE (:Book {id: $id, turn: $turn, text: $text})", {"id": f"b{turn}", "turn": turn, "text": _TEXT}
        )
        await tx.run(
            "MATCH (s:Shelf {code: 'a'}), (b:Book {id: $id}) CREATE (s)-[:HOLDS]->(b)",
            {"id": f"b{turn}"},
        )
        await tx.run("MATCH (b:Book {id: $id}) SET b.turn = b.turn + 1", {"id": f"b{turn - 10}"})
        await tx.run("MATCH (b:Book {id: $id}) DETACH DELETE b", {"id": f"b{turn - 20}"})

    await store.write(work)


async def books(store: LadybugStore) -> list[str]:
    rows = await store.read(
        lambda tx: tx.run("MATCH (:Shelf {code: 'a'})-[:HOLDS]->(b:Book) RETURN b.id AS id, b.text AS text ORDER BY id")
    )
    assert all(row["text"] == _TEXT for row in rows)
    return [str(row["id"]) for row in rows]


async def read_on(store: LadybugStore, writing: asyncio.Task[None]) -> int:
    """Read until all is written; return how often."""
    count = 0
    while not writing.done():
        assert len(await books(store)) <= 20
        count += 1
    return count


async def test_readers_beside_checkpoints_see_whole_states(store: LadybugStore, tmp_path: Path) -> None:
    async def write_all() -> None:
        for turn in range(WRITES):
            await write(store, turn)

    writing = asyncio.create_task(write_all())
    counts = await asyncio.gather(*(read_on(store, writing) for _ in range(4)))
    await writing
    assert min(counts) > 0
    assert set(await books(store)) == {f"b{turn}" for turn in range(WRITES - 20, WRITES)}
    assert not (log := tmp_path / LOG_NAME).exists() or log.stat().st_size < 2 * CHECKPOINT_BYTES


async def test_what_a_checkpoint_was_made_of_is_there_after_a_restart(store: LadybugStore, tmp_path: Path) -> None:
    for turn in range(100):
        await write(store, turn)
    before = await books(store)
    await store.close()
    again = await LadybugStore.open(tmp_path, buffer_bytes=192 << 20)
    assert await books(again) == before
    await again.close()
