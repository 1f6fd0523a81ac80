"""Many hub processes on one store: what one imports and publishes the others see, whole, on both engines."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from graph_models.catalogue_records import list_versions, load_content
from graph_models.journal_records import load_audit
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import GraphStore
from hub.catalogue import ImportResult, SnapshotHolder, content_digest
from hub.errors import ConflictError, UnavailableError, WrongStateError
from scripts.sample_catalogue import write_all
from tests.hub.catalogue_authority import JUSTICE, service_on
from tests.hub.catalogue_tables import small_catalogue, workbook_of

GOOD = workbook_of(small_catalogue())


@pytest.mark.requirement("R8.1")
async def test_the_sample_is_read_back_record_for_record(store: GraphStore, tmp_path: Path) -> None:
    write_all(tmp_path)
    service, holder = service_on(store)
    imported = await service.import_file(JUSTICE, (tmp_path / "sample.xlsx").read_bytes(), "sample.xlsx", "示例目录")
    assert imported.version.sample
    assert (await service.publish(JUSTICE)).digest == imported.version.digest
    assert content_digest(await store.read(lambda tx: load_content(tx, 1))) == imported.version.digest
    assert len(holder.current().items) == imported.counts.items == 1464


@pytest.mark.requirement("I2")
async def test_of_imports_of_several_processes_at_once_one_is_written(store: GraphStore) -> None:
    services = [service_on(store)[0] for _ in range(4)]
    results = await asyncio.gather(
        *(service.import_file(JUSTICE, GOOD, "a.xlsx", "一") for service in services), return_exceptions=True
    )
    assert sum(isinstance(each, ImportResult) for each in results) == 1
    assert sum(isinstance(each, ConflictError) for each in results) == 3
    assert [version.number for version in await store.read(list_versions)] == [1]
    assert len(await store.read(lambda tx: load_audit(tx, "catalogue", 0, 10))) == 1


async def test_of_publications_of_several_processes_at_once_one_counts(store: GraphStore) -> None:
    services = [service_on(store)[0] for _ in range(4)]
    await services[0].import_file(JUSTICE, GOOD, "a.xlsx", "一")
    results = await asyncio.gather(*(service.publish(JUSTICE) for service in services), return_exceptions=True)
    assert sum(isinstance(each, WrongStateError) for each in results) == 3
    assert len(await store.read(lambda tx: load_audit(tx, "catalogue", 0, 10))) == 2


@pytest.mark.services("neo4j")
async def test_a_process_with_its_own_connection_notices_a_publication(neo4j_store: Neo4jStore, neo4j_uri: str) -> None:
    service, _ = service_on(neo4j_store)
    other_store = await Neo4jStore.open(neo4j_uri)
    other = SnapshotHolder(other_store)
    watching = asyncio.create_task(other.watch(0.05))
    await service.import_file(JUSTICE, GOOD, "a.xlsx", "一")
    published = await service.publish(JUSTICE)
    async with asyncio.timeout(30):
        while not _holds(other, published.number):  # noqa: ASYNC110  it is seen from outside, as others see it
            await asyncio.sleep(0.05)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    await other_store.close()


def _holds(holder: SnapshotHolder, number: int) -> bool:
    try:
        return holder.current().version.number == number
    except UnavailableError:
        return False
