"""Webhooks: (EventCounter)-[:FEEDS]->(Webhook); one that was removed stays without that link, for the record.

Whoever delivers has the *turn*: its name stands at the webhook, and each step of the delivery is written only while it
does. Whoever changes the webhook takes the name away, so a delivery that is under way writes nothing any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from graph_models import statements_webhooks as statements
from graph_models.errors import RecordNotFoundError
from graph_models.rows import from_document, milliseconds, to_document, written
from graph_models.store import Row, Transaction, Value
from graph_models.webhooks import DeliveryProgress, StoredWebhook, WaitingWebhook, Webhook, WebhookState

LONGEST_WAIT = timedelta(hours=1)
"""Nothing is put off for longer: what waits for longer was written by a clock that has jumped since, and is due."""


async def add_webhook(tx: Transaction, stored: StoredWebhook) -> None:
    """Write a new webhook of a unit that has an event.

    Raises:
        RecordNotFoundError: the unit has none.
        DuplicateKeyError: its identifier is taken.
    """
    unit = stored.webhook.unit_code
    rows = await tx.run(statements.CREATE_WEBHOOK, _row(stored) | {"unit_code": unit})
    written(rows, 1, f"event of unit {unit}")


async def load_webhook(tx: Transaction, identifier: str) -> StoredWebhook:
    """Return the webhook with the identifier, a removed one too. Raises RecordNotFoundError."""
    return _one(await tx.run(statements.READ_WEBHOOK, {"id": identifier}), identifier)


async def hold_webhook(tx: Transaction, identifier: str) -> StoredWebhook:
    """Return the webhook as it is, and hold it until the transaction ends. Raises RecordNotFoundError."""
    return _one(await tx.run(statements.HOLD_WEBHOOK, {"id": identifier}), identifier)


async def write_webhook(tx: Transaction, stored: StoredWebhook) -> None:
    """Write a webhook that this transaction holds; one that is removed is fed no more."""
    await tx.run(statements.WRITE_WEBHOOK, _row(stored))
    if stored.webhook.state is WebhookState.REMOVED:
        await tx.run(statements.UNFEED_WEBHOOK, {"id": stored.webhook.id})


async def webhooks_of_unit(tx: Transaction, unit_code: str) -> tuple[StoredWebhook, ...]:
    """Return a unit's webhooks by identifier, without those that were removed; a unit has few."""
    rows = await tx.run(statements.WEBHOOKS_OF_UNIT, {"unit_code": unit_code})
    return tuple(map(_stored, rows))


async def waiting_webhooks(tx: Transaction, now: datetime, limit: int) -> tuple[WaitingWebhook, ...]:
    """Return active webhooks that have something to deliver now (aware), those that had no turn for longest first."""
    far = milliseconds(now + LONGEST_WAIT)
    rows = await tx.run(statements.WAITING_WEBHOOKS, {"now": milliseconds(now), "far": far, "limit": limit})
    return tuple(
        WaitingWebhook(
            cast("str", row["id"]), cast("str", row["holder"]), cast("int", row["beat"]), cast("str", row["unit_code"])
        )
        for row in rows
    )


def _one(rows: list[Row], identifier: str) -> StoredWebhook:
    if not rows:
        raise RecordNotFoundError(f"there is no webhook {identifier}")
    return _stored(rows[0])


def _stored(row: Row) -> StoredWebhook:
    return StoredWebhook(
        webhook=from_document(Webhook, row["record"]),
        progress=from_document(DeliveryProgress, row["progress"]),
        holder=cast("str", row["holder"]),
        beat=cast("int", row["beat"]),
    )


def _row(stored: StoredWebhook) -> dict[str, Value]:
    progress = stored.progress
    return {
        "id": stored.webhook.id,
        "state": stored.webhook.state.value,
        "cursor": progress.cursor,
        "resend": bool(progress.again),
        "ready_at": 0 if progress.next_at is None else milliseconds(progress.next_at),
        "served_at": 0 if progress.served_at is None else milliseconds(progress.served_at),
        "holder": stored.holder,
        "beat": stored.beat,
        "record": to_document(stored.webhook),
        "progress": to_document(progress),
    }
