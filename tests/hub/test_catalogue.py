"""A draft is written whole or not at all; what is published is held in memory and noticed by other processes."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from graph_models.catalogue_records import list_versions, load_content
from graph_models.journal_records import load_audit
from graph_models.ladybug_store import LadybugStore
from hub.actors import Actor, Post
from hub.catalogue import SnapshotHolder
from hub.catalogue_columns import TableKind
from hub.errors import (
    CatalogueRejectedError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
    WrongStateError,
)
from tests.hub.catalogue_authority import JUSTICE, NOW, service_on
from tests.hub.catalogue_tables import built, csv_of, lines_of, small_catalogue, workbook_of, xlsx_of

GOOD = workbook_of(small_catalogue())
NEEDS = lines_of(TableKind.REQUIREMENTS, small_catalogue()[TableKind.REQUIREMENTS])


@pytest.mark.requirement("R8.1")
async def test_an_import_is_the_next_draft_with_its_audit_entry_and_nothing_is_in_force_yet(
    store: LadybugStore,
) -> None:
    service, holder = service_on(store)
    result = await service.import_file(JUSTICE, GOOD, "a.xlsx", "第一版")
    assert (result.version.number, result.version.published_at, result.version.sample) == (1, None, False)
    assert (result.counts.fields, result.counts.items, result.counts.requirements) == (1, 1, 2)
    assert await store.read(lambda tx: load_content(tx, 1)) == built(small_catalogue()).content
    audit = await store.read(lambda tx: load_audit(tx, "catalogue", 0, 10))
    assert [(each.operation, each.target, each.actor) for each in audit] == [("IMPORT_CATALOGUE", "1", "P-1")]
    with pytest.raises(UnavailableError):
        holder.current()
    assert not await holder.refresh()


@pytest.mark.requirement("R8.1")
async def test_publishing_holds_at_once_in_this_process(store: LadybugStore) -> None:
    service, holder = service_on(store)
    await service.import_file(JUSTICE, GOOD, "a.xlsx", "第一版")
    published = await service.publish(JUSTICE)
    assert published.published_at == NOW
    assert holder.current().version == published
    assert holder.current().item("NB0001") is not None
    audit = await store.read(lambda tx: load_audit(tx, "catalogue", 0, 10))
    assert [each.operation for each in audit] == ["IMPORT_CATALOGUE", "PUBLISH_CATALOGUE"]


async def test_another_process_notices_a_publication_by_itself_and_keeps_the_older_version(
    store: LadybugStore,
) -> None:
    service, _ = service_on(store)
    other = SnapshotHolder(store)
    watching = asyncio.create_task(other.watch(0.01))
    for number in (1, 2):
        await service.import_file(JUSTICE, GOOD, "a.xlsx", f"第 {number} 版")
        await service.publish(JUSTICE)
        async with asyncio.timeout(10):
            while _held_number(other) != number:  # noqa: ASYNC110  it is seen from outside, as others see it
                await asyncio.sleep(0.01)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    assert (await other.at(1)).version.title == "第 1 版"
    assert await other.at(1) is await other.at(1)
    with pytest.raises(NotFoundError):
        await other.at(3)


def _held_number(holder: SnapshotHolder) -> int:
    try:
        return holder.current().version.number
    except UnavailableError:
        return 0


async def test_a_store_that_fails_does_not_end_the_watch_nor_what_is_held(store: LadybugStore) -> None:
    service, holder = service_on(store)
    await service.import_file(JUSTICE, GOOD, "a.xlsx", "第一版")
    await service.publish(JUSTICE)
    await store.close()
    watching = asyncio.create_task(holder.watch(0.01))
    await asyncio.sleep(0.1)
    assert not watching.done()
    assert holder.current().version.number == 1
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


async def test_a_table_alone_is_laid_over_the_latest_draft(store: LadybugStore) -> None:
    service, _ = service_on(store)
    await service.import_file(JUSTICE, GOOD, "a.xlsx", "第一版")
    result = await service.import_file(JUSTICE, csv_of(NEEDS[:2], "gb18030"), "目录.csv", "第二版")
    assert (result.version.number, result.counts.units, result.counts.requirements) == (2, 3, 1)


async def test_a_file_that_says_it_is_a_sample_makes_a_sample(store: LadybugStore) -> None:
    service, _ = service_on(store)
    sheets = {kind.value: lines_of(kind, rows) for kind, rows in small_catalogue().items()}
    result = await service.import_file(JUSTICE, xlsx_of({"说明": [["示例目录 Sample"]], **sheets}), "a.xlsx", "第一版")
    assert result.version.sample


@pytest.mark.requirement("R8.2")
async def test_nothing_is_written_unless_all_of_it_is_good(store: LadybugStore) -> None:
    service, _ = service_on(store)
    bad = [NEEDS[0], NEEDS[1], [*NEEDS[2][:2], "", *NEEDS[2][3:]]]
    await service.import_file(JUSTICE, GOOD, "a.xlsx", "第一版")
    with pytest.raises(CatalogueRejectedError) as rejected:
        await service.import_file(JUSTICE, csv_of(bad), "目录.csv", "第二版")
    assert [(problem.row, problem.column) for problem in rejected.value.problems] == [(3, "事项名称")]
    assert [version.number for version in await store.read(list_versions)] == [1]
    assert len(await store.read(lambda tx: load_audit(tx, "catalogue", 0, 10))) == 1


@pytest.mark.requirement("R8.1", "R5.1")
async def test_only_the_catalogue_authority_imports_and_publishes(store: LadybugStore) -> None:
    service, _ = service_on(store)
    manager = Actor("P-2", "SF", frozenset(Post) - {Post.CATALOGUE_AUTHORITY})
    with pytest.raises(NotPermittedError):
        await service.import_file(manager, GOOD, "a.xlsx", "第一版")
    with pytest.raises(NotPermittedError):
        await service.publish(manager)
    assert await store.read(list_versions) == ()


async def test_what_cannot_be_published_is_refused(store: LadybugStore) -> None:
    service, _ = service_on(store)
    with pytest.raises(NotFoundError):
        await service.publish(JUSTICE)
    for title in ("一", "二"):
        await service.import_file(JUSTICE, GOOD, "a.xlsx", title)
    with pytest.raises(NotFoundError):
        await service.publish(JUSTICE, 9)
    await service.publish(JUSTICE, 2)
    for number in (1, 2, None):
        with pytest.raises(WrongStateError):
            await service.publish(JUSTICE, number)


@pytest.mark.requirement("I2")
async def test_of_two_imports_at_once_one_is_written_and_the_other_is_told(store: LadybugStore) -> None:
    service, _ = service_on(store)
    both = await asyncio.gather(
        *(service.import_file(JUSTICE, GOOD, "a.xlsx", title) for title in "甲乙"), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in both) == ["ConflictError", "ImportResult"]
    assert any(isinstance(each, ConflictError) for each in both)
    assert len(await store.read(list_versions)) == 1


@pytest.mark.parametrize("title", ["", "  ", "一" * 201, "a\x00b"])
async def test_a_title_that_cannot_be_shown_is_refused(store: LadybugStore, title: str) -> None:
    with pytest.raises(InvalidInputError):
        await service_on(store)[0].import_file(JUSTICE, GOOD, "a.xlsx", title)
