"""The seal radar as metrics: what runs out, and what must be done about it."""

from __future__ import annotations

import structlog
from prometheus_client import Gauge

from hub.seal_book import SealBook
from hub.seal_radar import RadarState

LOG = structlog.get_logger("proofhub.seals")

GOOD_UNTIL = Gauge(
    "proofhub_seal_good_until_seconds", "Until when it is good, in seconds since 1970", ["subject", "name"]
)
LIVING_PROOFS = Gauge(
    "proofhub_seal_living_proofs", "Proofs that can be relied on and stand on it", ["subject", "name"]
)
LINES = Gauge("proofhub_seal_radar_lines", "Keys, certificates, authorities and algorithms by state", ["state"])


async def watch_seals(book: SealBook) -> int:
    """Set the metrics to what the radar shows now, and log what is due; return how many lines that are."""
    lines = await book.lines()
    for gauge in (GOOD_UNTIL, LIVING_PROOFS):
        gauge.clear()
    for line in lines:
        labels = (line.subject.value, line.name)
        LIVING_PROOFS.labels(*labels).set(line.living_proofs)
        if line.good_until is not None:
            GOOD_UNTIL.labels(*labels).set(line.good_until.timestamp())
    for state in RadarState:
        LINES.labels(state.value).set(len([line for line in lines if line.state is state]))
    due = [line for line in lines if line.state is RadarState.DUE]
    for line in due:
        LOG.warning("seal.due", subject=line.subject.value, name=line.name, renew_by=str(line.renew_by))
    return len(due)
