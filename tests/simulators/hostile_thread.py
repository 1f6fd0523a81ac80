"""A misbehaving data source in a thread of its own, for tests that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from tests.simulators.hostile_source import Behaviour, HostileSource


@contextlib.contextmanager
def hostile(*script: Behaviour) -> Iterator[HostileSource]:
    """Run a source while the block lasts; its ``script`` may be replaced at any time."""
    source, loop = HostileSource(*script), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(source.__aenter__(), loop).result(10)
    try:
        yield source
    finally:
        asyncio.run_coroutine_threadsafe(source.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
