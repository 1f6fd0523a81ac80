"""Data sources that misbehave: a real server on loopback whose answers are written byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


class HostileSource:
    """Listens on loopback; each question gets the next behaviour of the script, the last one for ever after."""

    def __init__(self, *script: Behaviour) -> None:
        self.script = list(script)
        self.asked = 0
        self.questions: list[bytes] = []
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> HostileSource:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/records"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._converse(reader, writer))
        self._tasks.add(task)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while not writer.is_closing():
                    self.questions.append(await _question(reader))
                    behaviour = self.script[min(self.asked, len(self.script) - 1)]
                    self.asked += 1
                    await behaviour(writer)
            finally:
                writer.close()
                await writer.wait_closed()


async def _question(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    return head + await reader.readexactly(int(fields.get(b"content-length", b"0")))


def answer(body: bytes, status: int = 200, media_type: str = "application/json", **more: str) -> Behaviour:
    """Answer as a well-behaved server would, with this body."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        fields = {"Content-Type": media_type, "Content-Length": str(len(body))}
        fields |= {name.replace("_", "-"): value for name, value in more.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body)
        await writer.drain()

    return behave


def stated(**changes: Any) -> Behaviour:
    """Answer with a record, some of its parts replaced; a part that is None is left out."""
    record = {
        "status": "found",
        "register": "人口基础信息库",
        "as_of": "2026-03-02T09:00:00+08:00",
        "facts": {"name": "章示例", "id_number": "11010519491231002X"},
    }
    parts = {key: value for key, value in (record | changes).items() if value is not None}
    return answer(json.dumps(parts, ensure_ascii=False).encode())


async def hang(_: asyncio.StreamWriter) -> None:
    """Take the question and never answer."""
    await asyncio.Event().wait()


async def close_at_once(writer: asyncio.StreamWriter) -> None:
    """Close the connection instead of answering."""
    writer.close()


async def close_half_way(writer: asyncio.StreamWriter) -> None:
    """Promise a long body, send its beginning and close."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"status"')
    await writer.drain()
    writer.close()


async def speak_no_http(writer: asyncio.StreamWriter) -> None:
    """Send bytes that are no HTTP."""
    writer.write(b"\x00\xff\x16\x03garbage\r\n\r\n")
    await writer.drain()
    writer.close()


async def send_endless_heads(writer: asyncio.StreamWriter) -> None:
    """Send header fields without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Field: " + b"x" * 8000 + b"\r\n")
        await writer.drain()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a body one byte at a time, each in time, all of it never."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def stumble(writer: asyncio.StreamWriter) -> None:
    """Begin an answer in chunks, then send one of no size, and no more."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(b"no size\r\n")
    await writer.drain()
    await asyncio.sleep(60)


class Flood:
    """Sends 100 MB, and counts what was taken of it."""

    size = 100_000_000

    def __init__(self, *, announced: bool) -> None:
        self.announced = announced
        self.sent = 0

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        length = f"Content-Length: {self.size}\r\n" if self.announced else "Connection: close\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{length}\r\n".encode())
        while self.sent < self.size:
            writer.write(b" " * 65536)
            await writer.drain()
            self.sent += 65536
