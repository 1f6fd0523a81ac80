"""All or nothing, readers that never write, and a schema that knows its version."""

from __future__ import annotations

import asyncio

import pytest

from graph_models import statements
from graph_models.case_records import add_case, list_cases, load_case
from graph_models.errors import DuplicateKeyError, SchemaTooNewError, StoreError
from graph_models.journal_records import append_audit, append_event, load_audit, unpublished_events
from graph_models.migrations import SCHEMA_NODE, SCHEMA_VERSION, pending
from graph_models.store import GraphStore, Transaction
from tests.contract.records import audit, case, event


class _ChangedMindError(Exception):
    """Raised in the middle of a work."""


async def _nothing_is_there(store: GraphStore) -> bool:
    cases = await store.read(lambda tx: list_cases(tx, "NB-GA", None, None, 9))
    events = await store.read(lambda tx: unpublished_events(tx, 9))
    entries = await store.read(lambda tx: load_audit(tx, "C1", 0, 9))
    return not cases and not events and not entries


@pytest.mark.requirement("I1")
async def test_a_work_that_raises_leaves_nothing(store: GraphStore) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        await append_audit(tx, audit())
        await append_event(tx, event("E1"))
        raise _ChangedMindError

    with pytest.raises(_ChangedMindError):
        await store.write(work)
    assert await _nothing_is_there(store)


async def test_a_work_whose_last_statement_fails_leaves_nothing(store: GraphStore) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        await append_event(tx, event("E1"))
        await add_case(tx, case())

    with pytest.raises(DuplicateKeyError):
        await store.write(work)
    assert await _nothing_is_there(store)
    await store.write(lambda tx: add_case(tx, case()))


async def test_a_transaction_is_over_when_a_statement_has_failed(store: GraphStore) -> None:
    await store.write(lambda tx: add_case(tx, case()))

    async def work(tx: Transaction) -> None:
        with pytest.raises(DuplicateKeyError):
            await add_case(tx, case())
        await append_event(tx, event("E1"))

    with pytest.raises(StoreError):
        await store.write(work)
    assert await store.read(lambda tx: unpublished_events(tx, 9)) == ()


async def test_a_work_reads_what_it_wrote_and_others_do_not_before_the_commit(store: GraphStore) -> None:
    async def work(tx: Transaction) -> bool:
        await add_case(tx, case())
        return await load_case(tx, "C1") == case()

    assert await store.write(work)


async def test_a_reading_work_cannot_write(store: GraphStore) -> None:
    with pytest.raises(StoreError):
        await store.read(lambda tx: add_case(tx, case()))
    assert await store.read(lambda tx: list_cases(tx, "NB-GA", None, None, 9)) == ()


async def test_a_statement_that_is_none_is_an_error_of_the_store(store: GraphStore) -> None:
    with pytest.raises(StoreError):
        await store.read(lambda tx: tx.run("MATCH OF THE DAY"))
    await store.ping()


async def test_readers_and_writers_at_the_same_time_see_whole_works(store: GraphStore) -> None:
    async def write(one: int) -> None:
        async def work(tx: Transaction) -> None:
            await add_case(tx, case(f"C{one}a"))
            await add_case(tx, case(f"C{one}b"))

        await store.write(work)

    async def read() -> int:
        return len(await store.read(lambda tx: list_cases(tx, "NB-GA", None, None, 99)))

    outcomes = await asyncio.gather(*(write(one) for one in range(15)), *(read() for _ in range(30)))
    assert all(one % 2 == 0 for one in outcomes if one is not None)
    assert await read() == 30


async def test_migrating_again_changes_nothing(store: GraphStore) -> None:
    await store.write(lambda tx: add_case(tx, case()))
    await asyncio.gather(store.migrate(), store.migrate())
    assert await store.read(lambda tx: load_case(tx, "C1")) == case()


async def test_a_store_of_a_newer_version_is_left_alone(store: GraphStore) -> None:
    newer = {"name": SCHEMA_NODE, "version": SCHEMA_VERSION + 1}
    await store.write(lambda tx: tx.run(statements.WRITE_SCHEMA_VERSION, newer))
    with pytest.raises(SchemaTooNewError, match=f"schema {SCHEMA_VERSION + 1}"):
        await store.migrate()


def test_a_store_lacks_the_migrations_after_its_version() -> None:
    assert [migration.number for migration in pending(0)] == list(range(1, SCHEMA_VERSION + 1))
    assert pending(SCHEMA_VERSION) == ()
