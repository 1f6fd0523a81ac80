"""Takes events away that are old, in small transactions: the store holds what somebody may still ask for.

An event goes when it is older than ``keep`` and every older one of its unit is gone, it has left, no active webhook
waits for it, and it is in the statistics. A webhook that is paused, by its unit or because it is dead, keeps nothing:
when it goes on it goes on behind what is gone. Audit entries, and the state itself, are never taken away.

Age is judged by this process's clock. Where it jumps ahead, what is taken away too early is only what everybody in
the hub has taken in; whoever was away begins anew (``EventsGoneError``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from graph_models.retention_records import prune_events, units_with_old_events
from graph_models.store import GraphStore, Transaction
from hub.clock import Clock

LOG = structlog.get_logger("proofhub.events")

BATCH = 200
"""Most events taken away in one transaction."""
UNITS = 200
"""Most units looked at in one transaction."""


@dataclass(frozen=True, slots=True)
class EventRetention:
    """Keeps events for so long; any number of processes may look."""

    store: GraphStore
    clock: Clock
    keep: timedelta

    async def look(self) -> int:
        """Take away what is old; return how many events."""
        before, taken = self.clock.now() - self.keep, 0
        after: str | None = ""
        while after is not None:
            units, after = await self.store.read(partial(_old, after, before))
            for unit in units:
                while some := await self.store.write(partial(_prune, unit, before)):
                    taken += some
        if taken:
            LOG.info("events.pruned", events=taken)
        return taken


async def _old(after: str, before: datetime, tx: Transaction) -> tuple[tuple[str, ...], str | None]:
    return await units_with_old_events(tx, after, UNITS, before)


async def _prune(unit_code: str, before: datetime, tx: Transaction) -> int:
    return await prune_events(tx, unit_code, before, BATCH)
