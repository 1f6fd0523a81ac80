"""Rings when a request comes to a unit, so that its worker need not wait for its next look into the inbox."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from hub.client.issuing import IssuingUnit

LOG = structlog.get_logger("proofhub.worker")

GATHER_SECONDS = 0.1
"""What comes within so little time is looked at together."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(slots=True)
class Bell:
    """Listens by a subscription; where none is to be had it is silent, and the next look finds what came."""

    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, unit: IssuingUnit, unit_code: str) -> None:
        """Listen until cancelled, again and again where it is cut off or refused, in pauses that grow."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async with aclosing(unit.arrivals(unit_code)) as arrivals:
                    async for _ in arrivals:
                        self._rung.set()
                        pause = _FIRST_PAUSE
            except Exception as problem:  # what is wrong for good the next look says, too
                LOG.info("worker.not_told", reason=type(problem).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def wait(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait until it rings, or the worker is to stop, or so long."""
        waiting = [asyncio.create_task(event.wait()) for event in (stop, self._rung)]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        if self._rung.is_set() and not stop.is_set():
            await asyncio.sleep(min(GATHER_SECONDS, seconds))
        self._rung.clear()
