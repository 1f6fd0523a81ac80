"""One subscription as server-sent events: "GraphQL over SSE", distinct connections mode (graphql-sse, PROTOCOL.md).

A stream that ends without `complete` was cut off: the caller asks again, with its last cursor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import orjson
from starlette.types import Receive, Send

from schema.http_request import EVENTS
from schema.streams import SSE, CloseCode, StreamEndedError, StreamRefusedError, Streams, refusal

_HEADERS = [
    (b"content-type", f"{EVENTS}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # proxies pass it on at once
]


class EventStream:
    """One answer that goes on."""

    def __init__(self, streams: Streams, receive: Receive, send: Send) -> None:
        self._streams = streams
        self._receive = receive
        self._send = send
        self._writing = asyncio.Lock()
        self._cut_off = False

    async def serve(self, results: AsyncGenerator[dict[str, object], None], until: float | None) -> None:
        """Send the results until they end, the caller goes, or its token is good no more (loop time, in seconds)."""
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        ended = StreamEndedError()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump(results))
                tasks.create_task(self._watch_caller())
                tasks.create_task(self._streams.until_stopped())
                tasks.create_task(self._keep_alive())
                tasks.create_task(_expire(until))
        except* StreamEndedError as found:
            ended = next(each for each in found.exceptions if isinstance(each, StreamEndedError))
        try:
            await self._end(ended)
        except (StreamEndedError, OSError):
            return  # gone while it was told

    async def _pump(self, results: AsyncGenerator[dict[str, object], None]) -> None:
        try:
            async with aclosing(results):
                async for result in results:
                    await self._write(_event("next", result))
        except StreamRefusedError as refused:
            await self._write(_event("next", {"errors": refused.errors}))
        await self._write(_event("complete"))
        raise StreamEndedError(reason="complete")

    async def _watch_caller(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        raise StreamEndedError(CloseCode.SLOW, "gone")

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._streams.limits.ping_seconds)
            await self._write(b":\n\n")

    async def _end(self, ended: StreamEndedError) -> None:
        if ended.code is CloseCode.SLOW:
            return
        if ended.code is CloseCode.FORBIDDEN:
            await self._write(_event("next", {"errors": [refusal("UNAUTHENTICATED", ended.reason)]}))
            await self._write(_event("complete"))
        await self._send({"type": "http.response.body", "body": b""})

    async def _write(self, data: bytes) -> None:
        try:
            async with self._writing, asyncio.timeout(self._streams.limits.write_seconds):
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
        except OSError as problem:
            if isinstance(problem, TimeoutError) and not self._cut_off:  # other writers of this answer wait as well
                self._cut_off = True
                self._streams.cut_off[SSE] += 1
            raise StreamEndedError(CloseCode.SLOW, "the caller does not read, or is gone") from None


async def _expire(until: float | None) -> None:
    if until is not None:
        await asyncio.sleep(until - asyncio.get_running_loop().time())
        raise StreamEndedError(CloseCode.FORBIDDEN, "the token has expired")


def _event(name: str, data: Mapping[str, object] | None = None) -> bytes:
    said = orjson.dumps(data) if data is not None else b""
    return b"event: " + name.encode() + b"\ndata: " + said + b"\n\n"
