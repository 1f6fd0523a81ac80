"""What waits for its time stamp as metrics, and the alarm long before sealing stops for it."""

from __future__ import annotations

import structlog
from prometheus_client import Gauge

from graph_models.store import GraphStore
from hub.clock import Clock
from hub.proof_levels import ProofLevels

LOG = structlog.get_logger("proofhub.archive")

WAITING = Gauge("proofhub_archive_waiting", "Proofs that wait for a service to reach their level")
WAITING_SECONDS = Gauge("proofhub_archive_waiting_seconds", "How long the first of them has waited")
LIMIT_SECONDS = Gauge("proofhub_archive_limit_seconds", "How long one may wait until sealing stops")


async def watch_levels(levels: ProofLevels, store: GraphStore, clock: Clock) -> int:
    """Look at what waits, set the metrics to it and raise the alarm where it waits long; return how many wait."""
    backlog, rule = await levels.look(store), levels.rule
    waited = levels.waited(clock.now())
    WAITING.set(backlog.waiting)
    WAITING_SECONDS.set(waited.total_seconds())
    LIMIT_SECONDS.set(rule.limit.total_seconds())
    if waited >= rule.alarm:
        LOG.error(
            "archive.alarm",
            waiting=backlog.waiting,
            hours=round(waited.total_seconds() / 3600, 1),
            stopped=waited >= rule.limit,
        )
    return backlog.waiting
