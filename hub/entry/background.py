"""What goes on beside the calls: publications, extractions that wait, issuings left by a crash, limits, events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from graph_models.errors import StoreError
from hub.catalogue import SnapshotHolder
from hub.console_messages import ConsoleMessenger
from hub.deadline_watch import DeadlineWatch
from hub.entry.archive_metrics import watch_levels
from hub.entry.exchange_metrics import watch_exchange, watch_lanes, watch_statistics
from hub.entry.seal_metrics import watch_seals
from hub.event_retention import EventRetention
from hub.extraction import Extractor
from hub.level_raiser import LevelRaiser
from hub.outbox import Outbox
from hub.proofs import ProofService
from hub.seal_book import SealBook
from hub.seal_register import SealRegister
from hub.statistics import Statistics
from hub.webhook_delivery import WebhookDelivery

LOG = structlog.get_logger("proofhub.background")

LOOK_SECONDS = 1.0
"""How often waiting extractions are looked for."""
DEADLINE_SECONDS = 0.4
"""How often limits are looked for: with the look itself and a burst of limits, each is on record within a second."""
POST_SECONDS = 0.5
"""How often webhooks with something to deliver are looked for."""
RECOVER_SECONDS = 5.0
"""How often unfinished issuings are looked for, and what waits for its time stamp."""
WATCH_SECONDS = 15.0
"""How often the metrics of the exchange are set to what is in the store."""
PRUNE_SECONDS = 600.0
"""How often events are looked for that are kept no more."""
COUNT_SECONDS = 3600.0
"""How often provisional limits are counted again (a newer calendar comes with a restart) and the seals looked at."""


@dataclass(frozen=True, slots=True)
class Background:
    """The loops of one hub process; all of their state is in the store."""

    snapshots: SnapshotHolder
    extractor: Extractor
    proofs: ProofService
    deadlines: DeadlineWatch
    outbox: Outbox
    seals: SealRegister
    seal_book: SealBook
    raiser: LevelRaiser
    webhooks: WebhookDelivery
    messenger: ConsoleMessenger
    statistics: Statistics
    retention: EventRetention

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the loops; at the end let extractions under way finish. Events that wait stay in the outbox."""
        loops = [
            asyncio.create_task(self.snapshots.watch(LOOK_SECONDS)),
            asyncio.create_task(every(LOOK_SECONDS, self.extractor.take_up)),
            asyncio.create_task(every(RECOVER_SECONDS, self.proofs.recover)),
            asyncio.create_task(every(DEADLINE_SECONDS, self.deadlines.look)),
            asyncio.create_task(every(COUNT_SECONDS, self.deadlines.count_again)),
            asyncio.create_task(every(COUNT_SECONDS, self.seals.remind_signer)),
            asyncio.create_task(every(COUNT_SECONDS, lambda: watch_seals(self.seal_book))),
            asyncio.create_task(every(LOOK_SECONDS, self.raiser.look)),
            asyncio.create_task(every(RECOVER_SECONDS, self._watch_levels)),
            asyncio.create_task(every(LOOK_SECONDS, lambda: watch_lanes(self.outbox.lanes))),
            asyncio.create_task(self.outbox.run()),
            asyncio.create_task(every(POST_SECONDS, self.webhooks.look)),
            asyncio.create_task(every(LOOK_SECONDS, self.messenger.look)),
            asyncio.create_task(every(COUNT_SECONDS, self.messenger.sweep)),
            asyncio.create_task(every(LOOK_SECONDS, lambda: watch_statistics(self.statistics))),
            asyncio.create_task(every(PRUNE_SECONDS, self.retention.look)),
            asyncio.create_task(every(WATCH_SECONDS, self._watch_exchange)),
        ]
        try:
            yield
        finally:
            await self.extractor.drain()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            with suppress(StoreError):  # then its leases run out by themselves
                await self.outbox.lanes.leave()
            await self.webhooks.close()

    async def _watch_exchange(self) -> int:
        return await watch_exchange(self.outbox.store, self.retention.clock)

    async def _watch_levels(self) -> int:
        return await watch_levels(self.raiser.levels, self.raiser.store, self.raiser.clock)


async def every(seconds: float, look: Callable[[], Awaitable[int]]) -> None:
    """Look for work for ever, so many seconds after each look; whatever fails, the next one is as good."""
    while True:
        try:
            await look()
        except StoreError as problem:
            LOG.warning("background.waiting", reason=type(problem).__name__)
        except Exception:
            LOG.exception("background.failed")
        await asyncio.sleep(seconds)
