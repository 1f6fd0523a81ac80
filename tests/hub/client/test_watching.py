"""A department waits by subscription: told at once, resumed after a cut, and by asking where nothing is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

import hub.watching
from hub.actors import Post
from hub.client.connection import ClientLimits, HubConnection
from hub.client.department import Department
from hub.client.errors import NotFoundError
from hub.client.issuing import Answer
from hub.client.operations import WATCH_CASE, Operation
from hub.client.records import Case
from hub.client.watching import Subscription
from hub.event_retention import EventRetention
from schema.relay import write_cursor
from schema.streams import StreamLimits
from tests.hub.client.served import SECONDS, Served
from tests.hub.client.test_department import answer
from tests.hub.set_clock import SetClock

SDL = Path(__file__).parents[3] / "schema" / "schema.graphql"
STILL = Subscription(first_seconds=0.02, longest_seconds=0.1)
"""Asks often where it has to ask."""
NEVER_ASKS = Subscription(first_seconds=600, longest_seconds=600)


def watching(served: Served, watch: Subscription, limits: ClientLimits | None = None) -> Department:
    return replace(
        served.department(), connection=served.connection("op-1", "JY", Post.OPERATOR, limits=limits), watch=watch
    )


def test_the_document_is_of_the_schema() -> None:
    assert validate(build_schema(SDL.read_text(encoding="utf-8")), parse(WATCH_CASE)) == []


async def test_a_department_is_told_when_its_case_is_complete(served: Served) -> None:
    case, request = await served.asked()
    waiting = asyncio.create_task(watching(served, NEVER_ASKS).wait_for(case, SECONDS))
    await answer(served, request, Answer({"name": "王小明"}))
    assert len((await waiting).proofs) == 2


async def test_a_subscription_that_is_cut_off_is_resumed(served: Served) -> None:
    case, request = await served.asked()
    impatient = ClientLimits(quiet_seconds=0.3)  # the hub is silent for longer
    waiting = asyncio.create_task(watching(served, STILL, impatient).wait_for(case, SECONDS))
    await answer(served, request, Answer({"name": "王小明"}))
    assert len((await waiting).proofs) == 2


async def test_where_there_is_no_subscription_the_case_is_asked_for(served: Served) -> None:
    case, request = await served.asked()
    seats = served.door.app.state.streams.seats
    full, seats._limits = seats._limits, StreamLimits(connections=0)
    try:
        waiting = asyncio.create_task(watching(served, STILL, ClientLimits(attempts=1)).wait_for(case, SECONDS))
        await answer(served, request, Answer({"name": "王小明"}))
        assert len((await waiting).proofs) == 2
    finally:
        seats._limits = full


async def test_a_cursor_that_is_too_old_is_given_up_and_the_case_is_read(served: Served) -> None:
    case, request = await served.asked()
    department = watching(served, STILL, ClientLimits(quiet_seconds=0.3))
    connection, number = department.connection, case.number
    async with aclosing(department.watch.changes(connection, number)) as changes:
        assert (await anext(changes)).number == number  # by subscription: it has a cursor now
        store, clock = served.door.hub.store, SetClock(served.door.clock.now() + timedelta(days=31))
        await answer(served, request, Answer({"name": "王小明"}))
        while await served.door.hub.background.outbox.send_waiting():
            pass
        await served.door.hub.statistics.look()
        assert await EventRetention(store, clock, timedelta(days=30)).look()
        while len((found := await anext(changes)).proofs) < 2:
            pass
    assert found.number == number


class Overheard:
    """A connection, the cursors from which it was listened to, and how often it was asked."""

    def __init__(self, connection: HubConnection) -> None:
        self._connection = connection
        self.cursors: list[object] = []
        self.asked = 0

    async def ask(self, operation: Operation[Case], variables: Mapping[str, object]) -> Case:
        self.asked += 1
        return await self._connection.ask(operation, variables)

    def listen(self, text: str, variables: Mapping[str, object]) -> AsyncGenerator[dict[str, Any], None]:
        self.cursors.append(variables["after"])
        return self._connection.listen(text, variables)


async def test_a_cursor_alone_is_kept_and_nothing_is_said_of_the_case(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.watching, "PROGRESS_EVENTS", 1)
    case, _ = await served.asked()
    overheard = Overheard(watching(served, STILL, ClientLimits(quiet_seconds=0.3)).connection)
    async with asyncio.timeout(SECONDS), aclosing(STILL.changes(overheard, case.number)) as changes:  # type: ignore[arg-type]
        said = [await anext(changes)]  # by subscription
        await served.asked()
        last = await served.door.hub.feed.last(case.unit_code)
        while overheard.cursors[-1] != write_cursor("events", (case.unit_code, last)):
            said.append(
                await anext(changes)
            )  # by reading it: the subscription has nothing of it to say, and is cut off
    assert (overheard.cursors[0], len(said)) == (None, 1 + overheard.asked)


async def test_a_case_that_is_not_there_is_said_once(served: Served) -> None:
    department = watching(served, STILL)
    async with aclosing(department.watch.changes(department.connection, "C1")) as changes:
        with pytest.raises(NotFoundError):
            await anext(changes)
