"""Department systems that listen to a served hub: by a real WebSocket client, and to server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hub.actors import Post
from hub.clock import SystemClock
from scripts.demonstration.story import ITEM
from scripts.demonstration.window import OPEN_CASE
from tests.journeys.stage import Stage, matter

POLICE = "330203-GA"
ASSIGNED = """
subscription S($unit: String!, $after: String) {
  requestAssigned(unitCode: $unit, after: $after) { cursor event request { id caseNumber } }
}
"""
SOON = 20.0


def token(stage: Stage, unit: str = POLICE, post: Post = Post.DRAFTER, seconds: float = 3600) -> str:
    """Return a token of the city's issuer."""
    now = SystemClock().now()
    return stage.city.issuer.token("listener-1", unit, [post], now, timedelta(seconds=seconds))


def open_case(stage: Stage) -> str:
    """Open a case that asks the police; return its number."""
    opened: dict[str, Any] = stage.desk("operator-1").do(OPEN_CASE, **matter(ITEM))["openCase"]["case"]
    assert any(need["requestId"] for need in opened["needs"])
    return str(opened["number"])


def subscription(name: str = "1", after: str | None = None, unit: str = POLICE, query: str = ASSIGNED) -> str:
    """Return the message that asks for what comes to the police."""
    payload = {"query": query, "variables": {"unit": unit, "after": after}}
    return json.dumps({"id": name, "type": "subscribe", "payload": payload})


@dataclass
class Listener:
    """A client of graphql-transport-ws."""

    connection: ClientConnection

    async def say(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def introduce(self, by: str) -> None:
        """Say who it is, and hear that it may subscribe."""
        await self.say({"type": "connection_init", "payload": {"authorization": f"Bearer {by}"}})
        assert (await self.hear())["type"] == "connection_ack"

    async def hear(self) -> dict[str, Any]:
        """Return the next message but pings."""
        async with asyncio.timeout(SOON):
            while (message := json.loads(await self.connection.recv()))["type"] == "ping":
                pass
        found: dict[str, Any] = message
        return found

    async def event(self) -> dict[str, Any]:
        """Return what was assigned next."""
        message = await self.hear()
        assert message["type"] == "next", message
        found: dict[str, Any] = message["payload"]["data"]["requestAssigned"]
        return found

    async def assigned(self) -> dict[str, Any]:
        """Return the next event that is of a request."""
        while (event := await self.event())["request"] is None:
            pass
        return event

    async def closed(self) -> tuple[int, str]:
        """Read on to the end; return code and reason of the close."""
        async with asyncio.timeout(SOON):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def connected(
    stage: Stage, by: str | None = None, *, at: str | None = None, **options: Any
) -> AsyncIterator[Listener]:
    """A WebSocket to the hub or to an address before it, introduced where it is said by which token."""
    url = (at or stage.city.url).replace("http://", "ws://") + "/graphql"
    options = {"subprotocols": ["graphql-transport-ws"], "proxy": None, "close_timeout": 1, **options}
    async with connect(url, **options) as connection:
        listener = Listener(connection)
        if by is not None:
            await listener.introduce(by)
        yield listener


def narrow(stage: Stage) -> socket.socket:
    """Return a connected socket that takes little until it is read."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", stage.city.settings.server.port))
    made.setblocking(False)
    return made


@asynccontextmanager
async def streaming(
    stage: Stage, by: str, after: str | None = None
) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, Any]]]]:
    """The events of an answer of server-sent events, each with its name."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {by}"}
    body = {"query": ASSIGNED, "variables": {"unit": POLICE, "after": after}}
    async with (
        httpx.AsyncClient(base_url=stage.city.url, timeout=SOON, trust_env=False) as client,
        client.stream("POST", "/graphql", json=body, headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.status_code
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    name = ""
    async for line in answer.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value) if value else {}
