"""The worker is told of what comes, and is no worse off where nobody tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from hub.actors import Post
from hub.client.bell import Bell
from hub.client.connection import ClientLimits
from hub.client.errors import UnavailableError
from hub.client.issuing import IssuingUnit
from hub.client.operations import WATCH_INBOX
from hub.client.records import VerificationRequest
from hub.client.words import RequestState
from schema.streams import StreamLimits
from tests.hub.client.served import ISSUER, SECONDS, Served
from tests.hub.client.test_worker import Register, running, until, worker

SDL = Path(__file__).parents[3] / "schema" / "schema.graphql"
NEVER_LOOKS = {"pause_seconds": 600}


def test_the_document_is_of_the_schema() -> None:
    assert validate(build_schema(SDL.read_text(encoding="utf-8")), parse(WATCH_INBOX)) == []


@pytest.mark.requirement("R17.2")
async def test_what_comes_is_answered_long_before_the_next_look(served: Served) -> None:
    async with running(worker(served, Register(), rule=NEVER_LOOKS)):
        for _ in range(3):
            _, request = await served.asked()
            await until(served, request, RequestState.DRAFTED)


async def test_a_worker_that_was_not_told_its_unit_listens_once_it_knows_it(served: Served) -> None:
    _, first = await served.asked()
    async with running(worker(served, Register(), rule=NEVER_LOOKS | {"unit": None})):
        await until(served, first, RequestState.DRAFTED)
        _, second = await served.asked()
        await until(served, second, RequestState.DRAFTED)


async def test_where_there_is_no_subscription_the_worker_looks(served: Served) -> None:
    seats = served.door.app.state.streams.seats
    full, seats._limits = seats._limits, StreamLimits(connections=0)
    try:
        async with running(worker(served, Register())):
            _, request = await served.asked()
            await until(served, request, RequestState.DRAFTED)
    finally:
        seats._limits = full


async def test_it_listens_again_after_it_was_cut_off(served: Served) -> None:
    impatient = served.connection("auto-1", ISSUER, Post.DRAFTER, limits=ClientLimits(quiet_seconds=0.3))
    bell = Bell()
    async with listening(bell, IssuingUnit(impatient)):
        await rings(bell)  # as it begins
        await rings(bell)  # the hub was silent for longer: it has begun once more


async def test_who_stops_does_not_wait_for_the_bell() -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(SECONDS):
        await Bell().wait(stop, 600)


async def test_an_issuing_unit_is_told_at_once_and_with_each_request_that_comes(served: Served) -> None:
    async with asyncio.timeout(SECONDS), aclosing(served.drafter().arrivals(ISSUER)) as arrivals:
        await anext(arrivals)
        _, request = await served.asked()
        await anext(arrivals)
        assert request.id in [each.id async for each in inbox(served)]


async def test_arrivals_say_when_they_were_cut_off(served: Served) -> None:
    impatient = served.connection("auto-1", ISSUER, Post.DRAFTER, limits=ClientLimits(quiet_seconds=0.3))
    with pytest.raises(UnavailableError, match="cut off"):
        await hear_all(IssuingUnit(impatient))


def inbox(served: Served) -> AsyncIterator[VerificationRequest]:
    return served.drafter().inbox(RequestState.RECEIVED)


async def hear_all(unit: IssuingUnit) -> None:
    async with aclosing(unit.arrivals(ISSUER)) as arrivals:
        async for _ in arrivals:
            pass


async def rings(bell: Bell) -> None:
    async with asyncio.timeout(SECONDS):
        await bell.wait(asyncio.Event(), 600)


@asynccontextmanager
async def listening(bell: Bell, unit: IssuingUnit) -> AsyncIterator[None]:
    task = asyncio.create_task(bell.listen(unit, ISSUER))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
