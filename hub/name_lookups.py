"""Looks host names up: a name whose servers never answer holds up nobody but the unit that wants it.

The machine's resolver cannot be broken off, so a thread that waits for such a name stays away for up to half a minute.
So a unit has few lookups at a time, one that hangs counts as one of them for so long, and a name that hung or has no
address is not asked for again meanwhile.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias
from weakref import WeakValueDictionary

from cachetools import TTLCache

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host name; raises OSError where there is none."""

OF_UNIT = 4
"""Lookups for one unit at a time."""
REMEMBERED_SECONDS = 30.0
"""For so long a name that hung or has no address is not asked for again: about as long as a thread waits for it."""
_REMEMBERED_NAMES = 10_000
_THREADS = 64
_RESOLVERS = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolver")
"""Threads of their own, so that nothing else of the hub waits for names; more than several units can hold up."""


class NameHangsError(OSError):
    """The name was not resolved in time, now or a moment ago."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the machine's resolver says. Raises OSError."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, ask)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class NameLookups:
    """The lookups of one hub process."""

    def __init__(self, resolve: Resolve, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Take what resolves, how long one lookup may take, and a clock for how long failures are remembered."""
        self._resolve = resolve
        self._seconds = seconds
        self._failed: TTLCache[str, type[OSError]] = TTLCache(_REMEMBERED_NAMES, REMEMBERED_SECONDS, monotonic)
        self._places: dict[str, asyncio.Semaphore] = {"": asyncio.Semaphore(_THREADS)}
        self._hosts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def addresses(self, host: str, port: int, unit_code: str) -> Sequence[str]:
        """Return the addresses of a name, for a unit ("": for the hub itself).

        Raises:
            NameHangsError: it is not known in time.
            OSError, UnicodeError: it has none.
        """
        place = self._places.setdefault(unit_code, asyncio.Semaphore(OF_UNIT))
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                await place.acquire()
                return await self._looked_up(host, port, place, limit)
        except TimeoutError as problem:
            raise NameHangsError("the name was not resolved in time") from problem

    async def _looked_up(self, host: str, port: int, place: asyncio.Semaphore, limit: asyncio.Timeout) -> Sequence[str]:
        """Look up, alone for this name; give the place back when the thread comes back, or is sure to have."""
        give_back: Callable[[], object] = place.release
        try:
            async with self._hosts.setdefault(host, asyncio.Lock()):
                self._refuse_failed(host)
                try:
                    return await self._resolve(host, port)
                except asyncio.CancelledError:
                    give_back = partial(asyncio.get_running_loop().call_later, REMEMBERED_SECONDS, place.release)
                    if limit.expired():
                        self._failed[host] = NameHangsError
                    raise
                except (OSError, UnicodeError):
                    self._failed[host] = OSError
                    raise
        finally:
            give_back()

    def _refuse_failed(self, host: str) -> None:
        failed = self._failed.get(host)
        if failed is not None:
            raise failed("the name could not be resolved a moment ago")
