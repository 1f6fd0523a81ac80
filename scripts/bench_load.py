"""Asks a server over kept connections as fast as it answers; a program of its own, so that it takes no time of others.

    python -m scripts.bench_load < order.json

One request is on its way on each connection at a time. Both sides of a comparison are asked by this same program. It
writes one JSON object: ``answered``, ``failed``, ``seconds``, and ``latencies`` in seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

_PATIENCE_SECONDS = 15
"""How long the last answers may take."""


class LoadError(Exception):
    """The server did not answer as the order expects; the text has the first answer that was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOrder:
    """What is asked of whom."""

    port: int
    path: str
    token: str
    bodies: list[str]
    expect: str = ""
    """Text that each answer must contain."""
    connections: int = 32
    seconds: float = 2.0
    """Ends the asking, unless the bodies do so before."""
    again: bool = False
    """Whether the bodies are asked again and again."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What came of it."""

    answered: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def load(order: LoadOrder) -> LoadResult:
    """Run the generator in a process of its own.

    Raises:
        LoadError: an answer was not as expected.
    """
    command = [sys.executable, "-m", "scripts.bench_load"]
    done = subprocess.run(command, input=json.dumps(asdict(order)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LoadError(done.stderr[-2000:])
    found = json.loads(done.stdout)
    if found["failed"]:
        raise LoadError(found["failed"])
    return LoadResult(found["answered"], found["seconds"], tuple(found["latencies"]))


@dataclass(slots=True)
class _Run:
    requests: Iterator[bytes]
    expect: bytes
    deadline: float
    latencies: list[float] = field(default_factory=list)
    failed: str = ""
    last: float = 0.0

    def next(self) -> bytes | None:
        """Return the next request, or None at the end."""
        if self.failed or time.perf_counter() > self.deadline:
            return None
        return next(self.requests, None)

    def note(self, seconds: float, head: bytes, body: bytes) -> None:
        """Count an answer."""
        self.latencies.append(seconds)
        if not head.startswith(b"HTTP/1.1 200 ") or self.expect not in body:
            self.failed = (head + b"\n\n" + body)[:1500].decode("utf-8", "replace")


class _Caller(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends the next."""

    def __init__(self, run: _Run, ended: asyncio.Future[None]) -> None:
        self._run = run
        self._ended = ended
        self._had = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # what a connection gets; uvloop's is no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        self._had += data
        head, end, body = self._had.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        now = time.perf_counter()
        self._run.last = now
        self._run.note(now - self._sent, head, body)
        self._had = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._run.failed = self._run.failed or "the server closed the connection"
            self._ended.set_result(None)

    def _send(self) -> None:
        request = self._run.next()
        if request is None:
            if not self._ended.done():
                self._ended.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


def _request(order: LoadOrder, body: str) -> bytes:
    data = body.encode()
    head = (
        f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {order.token}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def _ask(order: LoadOrder) -> dict[str, object]:
    requests = [_request(order, body) for body in order.bodies]
    begin = time.perf_counter()
    run = _Run(
        itertools.cycle(requests) if order.again else iter(requests), order.expect.encode(), begin + order.seconds
    )
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(order.connections)]
    for end in ends:
        await loop.create_connection(lambda end=end: _Caller(run, end), "127.0.0.1", order.port)  # type: ignore[misc]  # the end of this turn
    try:
        async with asyncio.timeout(order.seconds + _PATIENCE_SECONDS):
            await asyncio.gather(*ends)
    except TimeoutError:
        run.failed = run.failed or "an answer did not come"
    return {
        "answered": len(run.latencies),
        "failed": run.failed,
        "seconds": run.last - begin,
        "latencies": run.latencies,
    }


def main() -> None:
    """Read the order, ask, write what came of it."""
    order = LoadOrder(**json.load(sys.stdin))
    print(json.dumps(uvloop.run(_ask(order))))


if __name__ == "__main__":
    main()
