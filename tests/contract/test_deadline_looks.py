"""One scheduler for all processes: each limit is recorded once, at the first look at its second, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
import pytest

from graph_models.case_records import add_case
from graph_models.casework import VerificationRequest
from graph_models.errors import StaleVersionError
from graph_models.journal_records import begin_audit, load_audit, verify_chain
from graph_models.request_records import add_request, load_request, save_request
from graph_models.store import GraphStore, Transaction
from hub import deadline_watch
from hub.catalogue import SnapshotHolder
from hub.deadline_watch import DeadlineWatch
from hub.working_days import WorkingCalendar
from tests.contract.records import AT, audit, case, verification_request
from tests.hub.office import publish
from tests.hub.set_clock import SetClock

START = AT.replace(second=0, microsecond=0)
SECOND = timedelta(seconds=1)


def request(number: int, due: datetime) -> VerificationRequest:
    """One that has its reminders and its target at whole seconds where it is due a multiple of ten seconds later."""
    made = verification_request(f"R{number:04}")
    return replace(made, received_at=START, target_at=due, due_at=due, provisional=False)


async def put(store: GraphStore, requests: Sequence[VerificationRequest]) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        await begin_audit(tx, [audit()])
        for each in requests:
            await add_request(tx, each)

    await publish(store)
    await store.write(work)


async def process(store: GraphStore, clock: SetClock) -> DeadlineWatch:
    """Return the watch of one hub process."""
    snapshots = SnapshotHolder(store)
    await snapshots.refresh()
    return DeadlineWatch(store, snapshots, WorkingCalendar(), clock)


async def step(store: GraphStore, number: int) -> None:
    """Change a request as a person would who tries again on a conflict."""

    async def work(tx: Transaction) -> None:
        found = await load_request(tx, f"R{number:04}")
        await save_request(tx, replace(found, drafter="drafter-9"))

    try:
        await store.write(work)
    except StaleVersionError:
        await step(store, number)


async def recorded(store: GraphStore) -> list[tuple[str, datetime, datetime]]:
    """Return the request, the limit and the time of record of each entry, in the order of the audit."""
    entries = await store.read(lambda tx: load_audit(tx, "C1", 1, 10_000))
    found = [(each.target, orjson.loads(each.detail_json)["limit"], each.at) for each in entries]
    return [(target, datetime.fromisoformat(limit), at) for target, limit, at in found]


@pytest.mark.requirement("R14.6")
async def test_what_is_due_at_a_second_is_recorded_at_its_look_and_not_before(store: GraphStore) -> None:
    await put(store, [request(number, START + timedelta(seconds=110 + 10 * number)) for number in range(3)])
    clock = SetClock(START)
    watch = await process(store, clock)
    for second in range(140):
        clock.at = START + second * SECOND
        await watch.look()
    found = await recorded(store)
    assert len(found) == 9
    assert all(limit == at for _, limit, at in found)
    assert {limit.minute - START.minute for _, limit, _ in found} == {0, 1, 2}


async def test_of_two_processes_each_limit_is_recorded_by_one(
    store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline_watch, "BATCH", 7)
    await put(store, [request(number, START + timedelta(seconds=20)) for number in range(12)])
    clock = SetClock(START)
    both = [await process(store, clock) for _ in range(2)]
    for second in (10, 18, 20):
        clock.at = START + second * SECOND
        counted = await asyncio.gather(*(watch.look() for watch in both))
        assert sum(counted) == 12
    found = await recorded(store)
    assert len(found) == len(set(found)) == 36
    assert verify_chain(await store.read(lambda tx: load_audit(tx, "C1", 0, 10_000))) is None


async def test_a_clock_that_jumps_on_has_all_in_between_recorded_once_in_order(store: GraphStore) -> None:
    await put(store, [request(number, START + timedelta(minutes=10 * (5 - number))) for number in range(5)])
    clock = SetClock(START + timedelta(days=2))
    watch = await process(store, clock)
    assert await watch.look() == 15
    limits = [limit for _, limit, _ in await recorded(store)]
    assert limits == sorted(limits)
    assert await watch.look() == 0


async def test_a_clock_that_is_put_back_records_nothing_twice_and_loses_nothing(store: GraphStore) -> None:
    await put(store, [request(1, START + timedelta(minutes=10)), request(2, START + timedelta(minutes=30))])
    clock = SetClock(START + timedelta(minutes=12))
    watch = await process(store, clock)
    assert await watch.look() == 3
    clock.at = START
    assert await watch.look() == 0
    for minute in range(31):
        clock.at = START + timedelta(minutes=minute)
        await watch.look()
    found = [(target, limit) for target, limit, _ in await recorded(store)]
    assert len(found) == len(set(found)) == 6


async def test_what_a_dying_process_leaves_another_one_takes_up(
    store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline_watch, "BATCH", 3)
    await put(store, [request(number, START + timedelta(seconds=20)) for number in range(10)])
    clock = SetClock(START + timedelta(hours=1))
    for turns in (1, 5, 25, 60):
        dying = asyncio.create_task((await process(store, clock)).look())
        for _ in range(turns):
            await asyncio.sleep(0)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    await (await process(store, clock)).look()
    found = [(target, limit) for target, limit, _ in await recorded(store)]
    assert len(found) == len(set(found)) == 30
    last = await store.read(lambda tx: load_request(tx, "R0009"))
    assert last.overdue_since == START + timedelta(seconds=20)


@pytest.mark.requirement("R16.1")
async def test_a_step_taken_meanwhile_is_not_lost_under_the_mark(store: GraphStore) -> None:
    await put(store, [request(number, START + timedelta(seconds=20)) for number in range(20)])
    clock = SetClock(START + timedelta(hours=1))
    watch = await process(store, clock)

    await asyncio.gather(watch.look(), *(step(store, number) for number in range(3)))
    await watch.look()
    for number in range(3):
        found = await store.read(lambda tx, number=number: load_request(tx, f"R{number:04}"))
        assert (found.overdue_since, found.drafter) == (found.due_at, "drafter-9")
    assert len(await recorded(store)) == 60
