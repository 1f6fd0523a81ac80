"""A department waits by subscription: told at once, resumed after a cut, and by asking where nothing is told."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from hub.actors import Post
from hub.client.connection import ClientLimits
from hub.client.department import Department
from hub.client.errors import NotFoundError
from hub.client.issuing import Answer
from hub.client.operations import WATCH_CASE
from hub.client.watching import Subscription
from schema.streams import StreamLimits
from tests.hub.client.served import SECONDS, Served
from tests.hub.client.test_department import answer

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


async def test_a_case_that_is_not_there_is_said_once(served: Served) -> None:
    department = watching(served, STILL)
    async with aclosing(department.watch.changes(department.connection, "C1")) as changes:
        with pytest.raises(NotFoundError):
            await anext(changes)
