"""What a balancer is told: not before a hub can answer, and no more from when it is told to stop."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from hub.entry.readiness import STORE_SECONDS, Farewell, Readiness
from tests.hub.entry.door import OPERATOR, Door, open_door, settings_in


@pytest.fixture
async def leaving(tmp_path: Path) -> Door:
    """A hub that was told to stop, and answers still."""
    async with open_door(settings_in(tmp_path)) as door:
        door.app.state.readiness.leave()
        yield door  # type: ignore[misc]


async def test_a_hub_that_stops_says_so_and_answers_all_the_same(leaving: Door) -> None:
    ready = await leaving.client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "reason": "stopping"})
    assert (await leaving.client.get("/health/live")).status_code == 200
    opened = await leaving.open_case("R-1")
    assert opened["errors"] == []


async def test_a_hub_that_stops_keeps_nobodys_connection(leaving: Door, door: Door) -> None:
    for hub, kept in ((leaving, False), (door, True)):
        for answer in (await hub.ask("{ __typename }", {}, OPERATOR), await hub.client.get("/health/live")):
            assert (answer.headers.get("connection") != "close") is kept


async def test_a_store_that_says_nothing_makes_it_not_ready_in_time(door: Door) -> None:
    class Silent:
        async def ping(self) -> None:
            await asyncio.get_running_loop().sock_recv(silence, 1)

    ours, silence = socket.socketpair()
    silence.setblocking(False)
    readiness = Readiness(Silent(), door.hub.snapshots)  # type: ignore[arg-type]
    app = Starlette(routes=[Route("/ready", readiness.answer)], middleware=[Middleware(Farewell, readiness=readiness)])
    with ours, silence:
        async with (
            asyncio.timeout(STORE_SECONDS + 3),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client,
        ):
            answer = await client.get("/ready")
    assert (answer.status_code, answer.json()["reason"]) == (503, "TimeoutError")
