"""Limits of requests: noticed once when their time has come, whatever became of the request meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from graph_models.case_records import add_case
from graph_models.casework import VerificationRequest
from graph_models.deadline_records import (
    LimitKind,
    PassedLimit,
    passed_slots,
    provisional_requests,
    settle_provisional,
    take_passed,
    watch_limits_anew,
)
from graph_models.request_records import add_request
from graph_models.store import GraphStore, Transaction
from tests.contract.records import AT, case, verification_request

LATER = timedelta(hours=30)
TARGET, HARD = AT + timedelta(minutes=30, seconds=12), AT + timedelta(hours=5)


def request(identifier: str = "R1", **changes: object) -> VerificationRequest:
    made = verification_request(identifier)
    return replace(made, received_at=AT, target_at=TARGET, hard_limit_at=HARD, **changes)  # type: ignore[arg-type]


async def put(store: GraphStore, *requests: VerificationRequest) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        for each in requests:
            await add_request(tx, each)

    await store.write(work)


async def taken(store: GraphStore, now: datetime) -> list[PassedLimit]:
    slots = await store.read(lambda tx: passed_slots(tx, now, 100))
    found: list[PassedLimit] = []
    for slot in slots:
        found += await store.write(lambda tx, slot=slot: take_passed(tx, slot, now, 100))
    return found


@pytest.mark.requirement("R14.6")
async def test_each_limit_is_taken_once_when_its_time_has_come(store: GraphStore) -> None:
    await put(store, request())
    assert await taken(store, TARGET - timedelta(milliseconds=1)) == []
    assert [(found.kind, found.at, found.request.id) for found in await taken(store, TARGET)] == [
        (LimitKind.TARGET, TARGET, "R1")
    ]
    assert [found.kind for found in await taken(store, HARD + LATER)] == [LimitKind.HARD_LIMIT]
    assert await taken(store, HARD + LATER) == []
    assert await store.read(lambda tx: passed_slots(tx, HARD + LATER, 100)) == ()


async def test_limits_that_pass_in_one_minute_are_each_taken(store: GraphStore) -> None:
    both = replace(request(), due_at=TARGET, hard_limit_at=TARGET + timedelta(seconds=20))
    await put(store, both)
    found = await taken(store, TARGET + timedelta(seconds=20))
    assert [each.kind for each in found] == [
        LimitKind.HALF,
        LimitKind.NEARLY_DUE,
        LimitKind.TARGET,
        LimitKind.HARD_LIMIT,
    ]


async def test_of_two_processes_that_look_at_once_one_takes_a_limit(store: GraphStore) -> None:
    await put(store, *(request(f"R{number}") for number in range(1, 6)))
    both = await asyncio.gather(taken(store, HARD), taken(store, HARD))
    names = sorted((found.request.id, found.kind) for each in both for found in each)
    assert names == [
        (f"R{number}", kind) for number in range(1, 6) for kind in (LimitKind.HARD_LIMIT, LimitKind.TARGET)
    ]


async def test_a_limit_that_had_passed_at_receipt_is_not_watched(store: GraphStore) -> None:
    await put(store, replace(request(), hard_limit_at=AT - LATER))
    assert [found.kind for found in await taken(store, HARD + LATER)] == [LimitKind.TARGET]


async def test_changed_limits_are_watched_in_place_of_the_old(store: GraphStore) -> None:
    await put(store, request(provisional=True))
    changed = replace(request(), hard_limit_at=HARD + LATER, provisional=False)
    await store.write(lambda tx: watch_limits_anew(tx, request(), changed))
    assert [(found.kind, found.at) for found in await taken(store, HARD + LATER)] == [
        (LimitKind.TARGET, TARGET),
        (LimitKind.HARD_LIMIT, HARD + LATER),
    ]
    assert await store.read(lambda tx: provisional_requests(tx, "", 10)) == ()


async def test_provisional_requests_come_in_pages_until_they_are_settled(store: GraphStore) -> None:
    made = [request(f"R{number}", provisional=number != 2) for number in range(1, 5)]
    await put(store, *made)
    assert [each.id for each in await store.read(lambda tx: provisional_requests(tx, "", 2))] == ["R1", "R3"]
    assert [each.id for each in await store.read(lambda tx: provisional_requests(tx, "R3", 2))] == ["R4"]
    await store.write(lambda tx: settle_provisional(tx, made[0]))
    assert [each.id for each in await store.read(lambda tx: provisional_requests(tx, "", 9))] == ["R3", "R4"]
