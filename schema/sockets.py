"""Subscriptions over a WebSocket, as the protocol graphql-transport-ws says (graphql-ws, PROTOCOL.md).

One task reads what the caller says, one for each subscription pulls and writes. Whatever ends the connection is raised
in one of them and ends all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from hub.actors import Admitted
from hub.errors import UnauthenticatedError
from schema.errors import RequestRefusedError
from schema.http_request import GraphQLRequest, request_of
from schema.streams import WEBSOCKET, CloseCode, StreamEndedError, StreamRefusedError, Streams, refusal

LOG = structlog.get_logger("proofhub.graphql")
PROTOCOL = "graphql-transport-ws"
ID_LIMIT = 128
"""Longest id of a subscription, in characters."""
_REASON_BYTES = 120
"""A close frame holds 123 (RFC 6455, 5.5)."""

Admit: TypeAlias = Callable[[str], Admitted]
"""Token → who it is; raises UnauthenticatedError."""


class GraphQLSocket:
    """One WebSocket; the state holds ``admit``, and ``token`` where the handshake had one."""

    def __init__(self, streams: Streams, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams = streams
        self._scope = scope
        self._receive = receive
        self._send = send
        self._writing = asyncio.Lock()
        self._running: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Accept, converse, close with a code that says why."""
        await self._receive()
        spoken = PROTOCOL in self._scope.get("subprotocols", ())
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL if spoken else None})
        ended = StreamEndedError(CloseCode.SUBPROTOCOL, f"speak {PROTOCOL}")
        if spoken:
            ended = await self._ended()
        self._streams.cut_off[WEBSOCKET] += ended.code is CloseCode.SLOW
        if ended.code is not None:
            await self._close(ended.code, ended.reason)

    async def _ended(self) -> StreamEndedError:
        """Converse until something ends it; return what."""
        ended = StreamEndedError()
        try:
            await self._converse()
        except* StreamEndedError as found:
            ended = _first(found)
        except* Exception as found:
            LOG.error("socket.failed", request_id=self._request_id, error=type(found.exceptions[0]).__name__)
            ended = StreamEndedError(CloseCode.FAILED, f"internal error {self._request_id}")
        return ended

    async def _converse(self) -> None:
        seats = self._streams.seats
        with seats.stranger():
            admitted = await self._introduced()
        with seats.connection(WEBSOCKET), seats.of(admitted.actor):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._expire(admitted.seconds))  # before anything that takes time
                tasks.create_task(self._streams.until_stopped())
                await self._write({"type": "connection_ack"})
                tasks.create_task(self._listen(tasks, admitted))
                tasks.create_task(self._ping())

    async def _introduced(self) -> Admitted:
        """Wait for `connection_init` and return who it is."""
        try:
            async with asyncio.timeout(self._streams.limits.init_seconds):
                message = await self._message()
        except TimeoutError:
            raise StreamEndedError(CloseCode.INIT_TIMEOUT, "connection initialisation timeout") from None
        if message["type"] == "subscribe":
            raise StreamEndedError(CloseCode.NOT_INITIALISED, "send connection_init first")
        payload = message.get("payload")
        if message["type"] != "connection_init" or not isinstance(payload, dict | None):
            raise StreamEndedError(CloseCode.MALFORMED, "send connection_init first, its payload an object")
        return self._admitted(payload or {})

    def _admitted(self, payload: Mapping[str, object]) -> Admitted:
        said = next((value for name, value in payload.items() if name.lower() == "authorization"), None)
        scheme, _, given = said.partition(" ") if isinstance(said, str) else ("", "", "")
        token = given.strip() if scheme.lower() == "bearer" else self._scope["state"].get("token")
        if not token:
            raise StreamEndedError(CloseCode.FORBIDDEN, "send a bearer token: payload.authorization, or the header")
        admit: Admit = self._scope["state"]["admit"]
        try:
            return admit(token)
        except UnauthenticatedError as problem:
            raise StreamEndedError(CloseCode.FORBIDDEN, problem.message) from None

    async def _listen(self, tasks: asyncio.TaskGroup, admitted: Admitted) -> None:
        while True:
            message = await self._message()
            match message["type"]:
                case "subscribe":
                    await self._subscribe(tasks, admitted, message)
                case "complete":
                    await self._complete(_id(message))
                case "ping":
                    await self._write({"type": "pong"})
                case "pong":
                    pass
                case "connection_init":
                    raise StreamEndedError(CloseCode.INIT_TWICE, "too many initialisation requests")
                case _:
                    raise StreamEndedError(CloseCode.MALFORMED, "there is no such type of message")

    async def _subscribe(self, tasks: asyncio.TaskGroup, admitted: Admitted, message: Mapping[str, Any]) -> None:
        name, payload = _id(message), message.get("payload")
        if name in self._running:
            raise StreamEndedError(CloseCode.TAKEN, f"Subscriber for {name} already exists")
        try:
            request = request_of(payload if isinstance(payload, dict) else {})
        except RequestRefusedError as problem:
            raise StreamEndedError(CloseCode.MALFORMED, problem.message) from None
        most = self._streams.limits.subscriptions
        if len(self._running) >= most:
            errors = [refusal("TOO_MANY_SUBSCRIPTIONS", f"a connection has at most {most}: end one, or open another")]
            await self._write({"id": name, "type": "error", "payload": errors})
            return
        self._running[name] = tasks.create_task(self._run(name, request, admitted))

    async def _run(self, name: str, request: GraphQLRequest, admitted: Admitted) -> None:
        try:
            async with aclosing(self._streams.results(request, admitted.actor, self._request_id)) as results:
                async for result in results:
                    await self._write({"id": name, "type": "next", "payload": result})
            await self._write({"id": name, "type": "complete"})
        except StreamRefusedError as refused:
            await self._write({"id": name, "type": "error", "payload": refused.errors})
        finally:
            self._running.pop(name, None)

    async def _complete(self, name: str) -> None:
        """End a subscription before the next message is read: however fast a caller is, it has no more than it may."""
        task = self._running.get(name)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            self._running.pop(name, None)  # it may have been ended before it began

    async def _expire(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise StreamEndedError(CloseCode.FORBIDDEN, "the token has expired")

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._streams.limits.ping_seconds)
            await self._write({"type": "ping"})

    async def _message(self) -> Mapping[str, Any]:
        """Return what the caller says: an object with a type."""
        received = await self._receive()
        if received["type"] == "websocket.disconnect":
            raise StreamEndedError
        text = received.get("text")
        if text is None:
            raise StreamEndedError(CloseCode.MALFORMED, "messages are text")
        if len(text) > self._streams.limits.message_bytes:
            raise StreamEndedError(CloseCode.TOO_LARGE, "the message is too large")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise StreamEndedError(CloseCode.MALFORMED, "the message is no JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise StreamEndedError(CloseCode.MALFORMED, "a message is an object with a type")
        return message

    async def _write(self, message: Mapping[str, object]) -> None:
        """Send; one after another, and not for longer than a caller may take to read."""
        text = orjson.dumps(message).decode()
        try:
            async with self._writing, asyncio.timeout(self._streams.limits.write_seconds):
                await self._send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise StreamEndedError(CloseCode.SLOW, "the caller does not read") from None
        except OSError:  # uvicorn's word for a caller who is gone
            raise StreamEndedError from None

    async def _close(self, code: CloseCode, reason: str) -> None:
        short = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
        try:
            async with asyncio.timeout(self._streams.limits.write_seconds):
                await self._send({"type": "websocket.close", "code": int(code), "reason": short})
        except (TimeoutError, OSError):
            LOG.info("socket.cut_off", request_id=self._request_id, code=int(code))

    @property
    def _request_id(self) -> str:
        return str(self._scope["state"].get("request_id", ""))


def _id(message: Mapping[str, Any]) -> str:
    name = message.get("id")
    if isinstance(name, str) and 1 <= len(name) <= ID_LIMIT:
        return name
    raise StreamEndedError(CloseCode.MALFORMED, f"id is a text of 1 to {ID_LIMIT} characters")


def _first(found: BaseExceptionGroup[StreamEndedError]) -> StreamEndedError:
    """Return what ended the conversation; where several did at once, one that has a code to close with."""
    flat = [each for each in found.exceptions if isinstance(each, StreamEndedError)]
    return next((each for each in flat if each.code is not None), flat[0])
