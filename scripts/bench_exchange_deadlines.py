"""How deadlines fare where very many requests are open: what a look costs, and how late a limit is recorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from graph_models.casework import RequestState
from graph_models.journal_records import last_events
from graph_models.rows import milliseconds
from hub.clock import SystemClock
from hub.entry.background import DEADLINE_SECONDS, every
from hub.entry.wiring import Hub
from scripts.bench_exchange_load import put
from scripts.bench_exchange_records import Crowd, Made
from scripts.bench_harness import MILLISECONDS, Figure, median, percentile

AT_ONCE = 200
"""So many limits pass in one minute."""
SECONDS = "s"
_TWO_EVENTS = 2
"""The passing of a target that is the due time: the unit is told that it passed, and that the request is overdue."""
_SAMPLE_SECONDS = 0.05
_SILENT = "NB-DEADLINES"
"""A unit that nothing else happens to, so that its events are those of the limits."""


async def deadline_figures(hub: Hub, crowd: Crowd, name: str, rounds: int) -> list[Figure]:
    """Measure on a filled store; ``name`` says what it is filled with."""
    quiet = [await _look(hub) for _ in range(rounds * 20)]
    busy = []
    for turn in range(rounds):
        await _write(hub, crowd, 1000 * turn, [SystemClock().now() + timedelta(milliseconds=300)] * AT_ONCE)
        await asyncio.sleep(0.5)
        busy.append(await _look(hub))
    lateness = await _lateness(hub, crowd)
    title = f"deadlines, {name}"
    return [
        _figure(f"{title}: look when nothing has passed", quiet),
        _figure(f"{title}: look when {AT_ONCE} limits have passed at once", busy),
        Figure(
            f"{title}: from limit to record, {AT_ONCE} limits over a minute",
            SECONDS,
            median(lateness),
            percentile(lateness, 0.99),
        ),
        Figure(f"{title}: the latest of them", SECONDS, max(lateness)),
    ]


async def _look(hub: Hub) -> float:
    begin = time.perf_counter()
    await hub.background.deadlines.look()
    return time.perf_counter() - begin


async def _lateness(hub: Hub, crowd: Crowd) -> list[float]:
    """Let limits pass over a minute beside the loop that records them; return how late each was in the store."""
    start = SystemClock().now() + timedelta(seconds=5)
    limits = [start + timedelta(seconds=60 * place / AT_ONCE) for place in range(AT_ONCE)]
    await _write(hub, crowd, 500_000, limits)
    before = await _recorded(hub)
    late: list[float] = []
    async with _looking(hub):
        while len(late) < AT_ONCE:
            done = (await _recorded(hub) - before) // _TWO_EVENTS
            now = SystemClock().now()
            late += [(now - limit).total_seconds() for limit in limits[len(late) : done]]
            await asyncio.sleep(_SAMPLE_SECONDS)
    return late


@asynccontextmanager
async def _looking(hub: Hub) -> AsyncIterator[None]:
    """Look as often as a hub does."""
    loop = asyncio.create_task(every(DEADLINE_SECONDS, hub.background.deadlines.look))
    try:
        yield
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


async def _recorded(hub: Hub) -> int:
    return (await hub.store.read(lambda tx: last_events(tx, [_SILENT]))).get(_SILENT, 0)


async def _write(hub: Hub, crowd: Crowd, first: int, targets: Sequence[datetime]) -> None:
    """Write requests of the silent unit that came half an hour before their targets; the reminders lie back."""
    lone = replace(crowd, units=(_SILENT, _SILENT), requests=1, open_of_hundred=100, seed=crowd.seed + 7)
    made = [_due(lone.case(first + place), target) for place, target in enumerate(targets)]
    await put(hub.store, made, milliseconds(min(targets) - timedelta(milliseconds=1)))


def _due(made: Made, target: datetime) -> Made:
    received = target - timedelta(minutes=30)
    request = replace(
        made.requests[0],
        state=RequestState.RECEIVED,
        received_at=received,
        target_at=target,
        hard_limit_at=None,
        due_at=target,
    )
    return replace(made, requests=(request,))


def _figure(name: str, seconds: Sequence[float]) -> Figure:
    return Figure(name, MILLISECONDS, median(seconds) * 1000, percentile(seconds, 0.99) * 1000)
