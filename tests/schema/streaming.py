"""Callers of the endpoint in this process that listen: by a WebSocket, and to server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

from hub.actors import Actor, Admitted
from hub.errors import UnauthenticatedError
from tests.schema.city import ACTORS

SOON = 10.0
"""Seconds within which what must come comes."""


def admit(token: str) -> Admitted:
    """Believe a token that is a known name, after a slash the seconds for which it is good."""
    name, _, seconds = token.partition("/")
    if name not in ACTORS:
        raise UnauthenticatedError("the token is not valid here", message_zh="令牌无效", mend="Get a new one.")
    return Admitted(ACTORS[name], float(seconds or 3600))


@dataclass
class Line:
    """One connection as the server sees it; the caller may stop reading."""

    said: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    heard: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    reading: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Message) -> None:
        await self.reading.wait()
        await self.heard.put(message)

    async def next(self) -> Message:
        async with asyncio.timeout(SOON):
            return await self.heard.get()


@asynccontextmanager
async def served(app: ASGIApp, scope: Mapping[str, Any], line: Line) -> AsyncIterator[asyncio.Task[None]]:
    """Let the application serve the line while the block lasts."""
    line.reading.set()

    async def serve() -> None:
        await app(dict(scope), line.said.get, line.send)

    task = asyncio.create_task(serve())
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@dataclass
class Socket:
    """A WebSocket that speaks graphql-transport-ws."""

    line: Line
    task: asyncio.Task[None]

    async def say(self, message: Any) -> None:
        """Send a text as it is, or anything else as JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        await self.line.said.put({"type": "websocket.receive", "text": text})

    async def subscribe(self, name: str, query: str, **variables: Any) -> None:
        await self.say({"id": name, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        message = await self.line.next()
        assert message["type"] == "websocket.send", message
        heard: dict[str, Any] = json.loads(message["text"])
        return heard

    async def closed(self) -> tuple[int, str]:
        """Pass over what comes before it; return code and reason of the close."""
        while (message := await self.line.next())["type"] != "websocket.close":
            assert message["type"] == "websocket.send"
        return message["code"], message["reason"]


@asynccontextmanager
async def connected(app: ASGIApp, *, protocol: str = "graphql-transport-ws", **state: Any) -> AsyncIterator[Socket]:
    """A WebSocket that was accepted, and nothing said yet."""
    known = {"admit": admit, "token": None, "request_id": "req-1", **state}
    scope = {"type": "websocket", "path": "/graphql", "headers": [], "subprotocols": [protocol], "state": known}
    line = Line()
    await line.said.put({"type": "websocket.connect"})
    async with served(app, scope, line) as task:
        assert (await line.next())["type"] == "websocket.accept"
        yield Socket(line, task)


@asynccontextmanager
async def acknowledged(app: ASGIApp, actor: Actor, seconds: float = 3600) -> AsyncIterator[Socket]:
    """A WebSocket that may subscribe."""
    async with connected(app) as socket:
        token = f"Bearer {actor.subject}/{seconds}"
        await socket.say({"type": "connection_init", "payload": {"Authorization": token}})
        assert await socket.hear() == {"type": "connection_ack"}
        yield socket


@dataclass
class Events:
    """An answer of server-sent events."""

    line: Line
    task: asyncio.Task[None]
    head: Message

    async def hear(self) -> tuple[str, Any]:
        """Return the next event's name and data; ("end", None) where the answer ends."""
        message = await self.line.next()
        if not message.get("more_body"):
            return "end", None
        name, data = message["body"].decode().rstrip("\n").split("\n")
        said = data.removeprefix("data: ").removeprefix("data:")
        return name.removeprefix("event: "), json.loads(said) if said else None

    async def leave(self) -> None:
        await self.line.said.put({"type": "http.disconnect"})


@asynccontextmanager
async def listening(
    app: ASGIApp, actor: Actor | None, query: str, seconds: float | None = None, **variables: Any
) -> AsyncIterator[Events]:
    """Post a document and listen to the answer, whatever it is."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = [(b"accept", b"text/event-stream"), (b"content-type", b"application/json")]
    until = None if seconds is None else asyncio.get_running_loop().time() + seconds
    state = {"actor": actor, "token_until": until, "request_id": "req-1"}
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    line = Line()
    await line.said.put({"type": "http.request", "body": body})
    async with served(app, {**scope, "state": state}, line) as task:
        yield Events(line, task, await line.next())
