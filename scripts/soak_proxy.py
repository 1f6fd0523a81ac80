"""A way to a server by TCP that can be cut (refused and reset) and stalled (accepted, and nothing passes)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from enum import Enum, auto

from scripts.service_process import LOOPBACK

_CHUNK = 1 << 16
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Way(Enum):
    """What becomes of connections."""

    OPEN = auto()
    CUT = auto()
    STALLED = auto()


class Proxy:
    """Listens on a loopback port of its own, which stays, and passes on to one server."""

    def __init__(self) -> None:
        self.target = 0
        """Port of the server; connections come to nothing before it is set."""
        self._way = Way.OPEN
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self._dead: list[asyncio.StreamWriter] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        self.restore()
        if self._server is not None:
            self._server.close()
        await self._end_passing()
        for writer in self._dead:
            writer.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()

    async def cut(self) -> None:
        """Reset every connection, and each new one, until it is restored."""
        self._way = Way.CUT
        await self._end_passing()

    async def stall(self) -> None:
        """Pass nothing on; connections of now, and those that come until it is restored, are dead for good.

        So it is where a firewall has forgotten them: neither end is told.
        """
        self._way = Way.STALLED
        await self._end_passing()

    def restore(self) -> None:
        """Let new connections pass again."""
        self._way = Way.OPEN

    async def _end_passing(self) -> None:
        ending = tuple(self._passing)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        ends = [writer]
        try:
            if self._way is Way.OPEN and self.target:
                there, onward = await asyncio.open_connection(LOOPBACK, self.target)
                ends.append(onward)
                await _pass_both_ways(reader, onward, there, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._let_go(ends)

    def _let_go(self, ends: list[asyncio.StreamWriter]) -> None:
        for writer in ends:
            if self._way is Way.STALLED:
                writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
                self._dead.append(writer)
            else:
                _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    writer.transport.abort()


async def _pass_both_ways(
    reader: asyncio.StreamReader,
    onward: asyncio.StreamWriter,
    there: asyncio.StreamReader,
    back: asyncio.StreamWriter,
) -> None:
    """Return when either side has ended."""
    ways = [asyncio.create_task(_pass(reader, onward)), asyncio.create_task(_pass(there, back))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
