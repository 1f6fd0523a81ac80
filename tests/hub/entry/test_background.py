"""What goes on beside the calls: after a restart what waited is taken up, and no failure ends a loop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from graph_models.case_records import load_needs
from graph_models.casework import NeedState
from graph_models.errors import StoreUnavailableError
from graph_models.statistics_records import uncounted_units
from hub.entry.background import every
from hub.outbox import InProcessBus
from tests.hub.entry.door import KNOWN, Door, open_door, settings_in
from tests.simulators.hostile_source import HostileSource, hang

TWO_LEASES = 31.0
"""Seconds: then a process that died may be taken over."""


async def needs_of(door: Door, number: str) -> set[NeedState]:
    return {need.state for need in await door.hub.store.read(lambda tx: load_needs(tx, number))}


async def left_behind(door: Door, register: HostileSource) -> str:
    """Open a case, and let go of it while its register hangs, as a process that dies does."""
    opening = asyncio.create_task(door.open_case("BG-1"))
    async with asyncio.timeout(20):
        while not register.asked:  # noqa: ASYNC110  # what is waited for has no event of its own
            await asyncio.sleep(0.01)
    for task in door.hub.background.extractor._running.values():
        task.cancel()
    number: str = (await asyncio.gather(opening))[0]["case"]["number"]
    return number


@pytest.mark.requirement("I1")
async def test_an_extraction_that_a_process_left_is_taken_up_and_its_events_are_sent(tmp_path: Path) -> None:
    async with HostileSource(hang) as register:
        settings = settings_in(tmp_path, register.url)
        async with open_door(settings) as door:
            number = await left_behind(door, register)
            assert NeedState.PENDING in await needs_of(door, number)
        register.script = [KNOWN]
        async with open_door(settings, published=False) as door:
            assert isinstance(door.hub.bus, InProcessBus)
            events = door.hub.bus.listen()
            door.clock.advance(seconds=TWO_LEASES)
            types: list[str] = []
            async with door.hub.background.running(), asyncio.timeout(20):
                while "proof.issued" not in types:
                    event = await events.get()
                    types += [event.type] if event.unit_code == "JY" else []
            assert await needs_of(door, number) == {NeedState.MET, NeedState.REQUESTED}
            assert next(kind for kind in types if not kind.startswith("grant.")) == "case.opened"


async def test_events_are_counted_and_kept_for_as_long_as_the_settings_say(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.events.keep_days = 3
    async with open_door(settings) as door:
        await door.open_case("BG-2")
        background, feed = door.hub.background, door.hub.feed
        assert background.retention.keep == timedelta(days=3)
        async with background.running(), asyncio.timeout(20):
            while await feed.store.read(uncounted_units) or await background.outbox.send_waiting():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        door.clock.advance(days=3.1)
        assert await background.retention.look() > 0
        assert await feed.bounds("JY") == (await feed.last("JY"),) * 2


async def test_whatever_fails_the_next_look_is_as_good_as_the_first() -> None:
    looks, done = [StoreUnavailableError("closed"), RuntimeError("nobody expected it"), None], asyncio.Event()

    async def look() -> int:
        problem = looks.pop(0) if looks else done.set()
        if problem is not None:
            raise problem
        return 0

    with capture_logs() as logs:
        loop = asyncio.create_task(every(0, look))
        async with asyncio.timeout(10):
            await done.wait()
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    assert [line["event"] for line in logs] == ["background.waiting", "background.failed"]
    assert logs[0]["reason"] == "StoreUnavailableError"
