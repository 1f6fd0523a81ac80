"""What the exchange is watched by: events that wait, dead letters, webhooks by how they fare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from graph_models import statements_exchange as statements
from graph_models.casework import OutboxEvent
from graph_models.journal_records import event_id, waiting_runs
from graph_models.rows import records
from graph_models.statements_journal import READ_EVENTS
from graph_models.store import Transaction, Value
from graph_models.webhooks import WebhookState


@dataclass(frozen=True, slots=True)
class ExchangeFigures:
    """How the exchange fares."""

    waiting: int
    """Events that have not left."""
    oldest: datetime | None
    """When the oldest of them happened."""
    letters: int
    """Dead letters in the store."""
    webhooks: Mapping[str, int]
    """``active``, ``failing`` (active, and its last attempt failed) and ``paused`` → how many."""


async def exchange_figures(tx: Transaction) -> ExchangeFigures:
    """Return how the exchange fares now."""
    runs = await waiting_runs(tx)
    first: list[Value] = [event_id(unit, run.start) for unit, run in runs.items()]
    oldest = records(OutboxEvent, await tx.run(READ_EVENTS, {"ids": first})) if first else ()
    webhooks = Counter({"active": 0, "failing": 0, "paused": 0})
    for row in await tx.run(statements.WEBHOOKS):
        paused = row["state"] == WebhookState.PAUSED
        webhooks["paused" if paused else "failing" if row["failing"] else "active"] += cast("int", row["webhooks"])
    return ExchangeFigures(
        waiting=sum(map(len, runs.values())),
        oldest=min((event.at for event in oldest), default=None),
        letters=cast("int", (await tx.run(statements.LETTERS))[0]["letters"]),
        webhooks=webhooks,
    )
