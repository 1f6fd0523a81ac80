"""Connections to a worker of the signer on which a page made ahead waits for its order; bounded in number and time.

What waits too long, or is the oldest where there are too many, is dropped: its caller then asks as if nothing had been
made ahead.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from seals.signer_desk import MadePage

MOST_PAGES = 64
"""Most pages that wait in one worker; a page is about 60 kB."""
WAITING_SECONDS = 10.0
"""How long a page waits for its order."""


@dataclass(frozen=True, slots=True)
class _Held:
    connection: socket.socket
    made: MadePage
    until: float


class HeldPages:
    """The waiting connections of one worker, oldest first, watched by its poll."""

    def __init__(self, waiting: select.epoll, now: Callable[[], float]) -> None:
        """Take the worker's poll, and a clock in seconds that never goes back."""
        self._waiting, self._now = waiting, now
        self._held: dict[int, _Held] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for descriptor in tuple(self._held):
            self._release(descriptor).connection.close()

    def hold(self, connection: socket.socket, made: MadePage) -> None:
        """Let a page wait on its connection, which is the holder's to close from now on."""
        if len(self._held) >= MOST_PAGES:
            self._release(next(iter(self._held))).connection.close()
        self._held[connection.fileno()] = _Held(connection, made, self._now() + WAITING_SECONDS)
        self._waiting.register(connection, select.EPOLLIN | select.EPOLLHUP)

    def take(self, ready: Collection[int]) -> list[tuple[socket.socket, MadePage]]:
        """Return those whose caller says something, for the caller to close; drop the gone and the late."""
        found = [self._release(descriptor) for descriptor in tuple(self._held) if descriptor in ready]
        for descriptor in [each for each, held in self._held.items() if held.until <= self._now()]:
            self._release(descriptor).connection.close()
        return [(held.connection, held.made) for held in found if not _closed_if_gone(held.connection)]

    def pause(self) -> float | None:
        """Return how many seconds the poll may wait before one has waited too long; None where none waits."""
        first = next(iter(self._held.values()), None)
        return None if first is None else max(0.0, first.until - self._now())

    def _release(self, descriptor: int) -> _Held:
        self._waiting.unregister(descriptor)
        return self._held.pop(descriptor)


def _closed_if_gone(connection: socket.socket) -> bool:
    """Close a connection whose caller has gone, which is no mistake here; tell whether it was so."""
    try:
        gone = not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        gone = True
    if gone:
        connection.close()
    return gone
