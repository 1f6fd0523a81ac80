"""The archive's work: each raising is taken once, what waits is counted, a proof stands on one shelf."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.archive import RaisingBacklog, RaisingTask
from graph_models.archive_records import (
    add_task,
    count_on_shelves,
    drop_task,
    due_shelves,
    due_tasks,
    load_task,
    proofs_after,
    proofs_on_shelf,
    put_on_shelf,
    raising_backlog,
    save_task,
)
from graph_models.case_records import add_case
from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.proof_records import add_proof
from graph_models.store import GraphStore, Transaction
from tests.contract.records import AT, case, proof

DAY = timedelta(days=1)
NUMBERS = ("NBP1", "NBP2", "NBP3")


def task(number: str = "NBP1", minutes: int = 0, **changes: object) -> RaisingTask:
    at = AT + timedelta(minutes=minutes)
    made = RaisingTask(proof_number=number, since=at, due_at=at, counts=True, attempts=0, reason="", version=1)
    return replace(made, **changes)  # type: ignore[arg-type]


async def put(store: GraphStore, *tasks: RaisingTask) -> None:
    async def work(tx: Transaction) -> None:
        for each in tasks:
            await add_task(tx, each)

    await store.write(work)


async def with_proofs(store: GraphStore) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        for number in NUMBERS:
            await add_proof(tx, proof(number))

    await store.write(work)


async def on_shelves(store: GraphStore, days: int) -> list[str]:
    until = AT + days * DAY
    keys = await store.read(lambda tx: due_shelves(tx, until, ""))
    found = [await store.read(lambda tx, key=key: proofs_on_shelf(tx, key, "", 10)) for key in keys]
    return sorted(each.number for page in found for each in page)


async def test_tasks_come_when_they_are_due_the_oldest_first(store: GraphStore) -> None:
    await put(store, task("NBP1", 5), task("NBP2", 1), task("NBP3", 9))
    found = await store.read(lambda tx: due_tasks(tx, AT + timedelta(minutes=5), 10))
    assert found == (task("NBP2", 1), task("NBP1", 5))
    assert len(await store.read(lambda tx: due_tasks(tx, AT + DAY, 2))) == 2


async def test_of_two_who_take_a_task_at_once_one_has_it(store: GraphStore) -> None:
    await put(store, task())
    later = replace(task(), due_at=AT + DAY)
    both = (store.write(lambda tx: save_task(tx, later)) for _ in range(2))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["RaisingTask", "StaleVersionError"]
    assert await store.read(lambda tx: due_tasks(tx, AT, 10)) == ()
    assert await store.read(lambda tx: load_task(tx, "NBP1")) == replace(later, version=2)


async def test_a_task_that_is_done_is_gone_and_a_stale_one_is_kept(store: GraphStore) -> None:
    await put(store, task())
    with pytest.raises(DuplicateKeyError):
        await put(store, task())
    with pytest.raises(StaleVersionError):
        await store.write(lambda tx: drop_task(tx, task(version=7)))
    await store.write(lambda tx: drop_task(tx, task()))
    assert await store.read(lambda tx: load_task(tx, "NBP1")) is None
    with pytest.raises(StaleVersionError):
        await store.write(lambda tx: save_task(tx, task()))


async def test_the_backlog_counts_what_waits_for_a_service_and_since_when(store: GraphStore) -> None:
    assert await store.read(raising_backlog) == RaisingBacklog(0, None)
    await put(store, task("NBP1", 5), task("NBP2", 1, counts=False), task("NBP3", 9))
    assert await store.read(raising_backlog) == RaisingBacklog(2, AT + timedelta(minutes=5))


async def test_a_proof_stands_on_the_shelf_of_its_day_and_moves_to_a_later_one(store: GraphStore) -> None:
    await with_proofs(store)
    for number in NUMBERS:
        await store.write(lambda tx, number=number: put_on_shelf(tx, number, AT + 10 * DAY))
    await store.write(lambda tx: put_on_shelf(tx, "NBP2", AT + 20 * DAY))
    assert [await on_shelves(store, days) for days in (9, 10, 20)] == [[], ["NBP1", "NBP3"], list(NUMBERS)]
    assert [await store.read(lambda tx, d=days: count_on_shelves(tx, AT + d * DAY)) for days in (9, 10, 20)] == [
        0,
        2,
        3,
    ]
    with pytest.raises(RecordNotFoundError):
        await store.write(lambda tx: put_on_shelf(tx, "NBP9", AT))


async def test_all_proofs_come_in_pages_by_number(store: GraphStore) -> None:
    await with_proofs(store)
    pages = [await store.read(lambda tx, after=after: proofs_after(tx, after, 2)) for after in ("", "NBP2", "NBP3")]
    assert [[each.number for each in page] for page in pages] == [["NBP1", "NBP2"], ["NBP3"], []]
