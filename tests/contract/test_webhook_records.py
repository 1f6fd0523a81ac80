"""Webhooks come back as they are, are found while something waits for them, and belong to one turn at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.errors import DuplicateKeyError, RecordNotFoundError
from graph_models.journal_records import append_events
from graph_models.store import GraphStore, Transaction
from graph_models.webhook_records import (
    LONGEST_WAIT,
    add_webhook,
    hold_webhook,
    load_webhook,
    waiting_webhooks,
    webhooks_of_unit,
    write_webhook,
)
from graph_models.webhooks import DeliveryProgress, PauseReason, StoredWebhook, WaitingWebhook, Webhook, WebhookState
from tests.contract.records import AT, event

MINUTE = timedelta(minutes=1)


def webhook(identifier: str = "W1", unit: str = "NB-GA") -> StoredWebhook:
    record = Webhook(
        id=identifier,
        unit_code=unit,
        url="https://unit.example/events",
        event_types=("request.received",),
        state=WebhookState.ACTIVE,
        pause=None,
        secret="gAAAA",
        secret_number=2,
        old_secret="gBBBB",
        old_secret_until=AT + timedelta(days=1),
        registered_by="GA-9",
        registered_at=AT,
        version=1,
    )
    return StoredWebhook(webhook=record, progress=DeliveryProgress(cursor=1))


async def write(store: GraphStore, stored: StoredWebhook) -> None:
    async def work(tx: Transaction) -> None:
        await hold_webhook(tx, stored.webhook.id)
        await write_webhook(tx, stored)

    await store.write(work)


async def waiting(store: GraphStore, at=AT) -> list[str]:
    return [each.id for each in await store.read(lambda tx: waiting_webhooks(tx, at, 10))]


@pytest.fixture
async def fed(store: GraphStore) -> GraphStore:
    """Two events of one unit, the first of them delivered, and one of another."""
    for unit in ("NB-GA", "NB-GA", "NB-MZ"):
        await store.write(lambda tx, unit=unit: append_events(tx, [event("C1", unit)]))
    await store.write(lambda tx: add_webhook(tx, webhook()))
    return store


async def test_a_webhook_comes_back_by_identifier_and_unit(fed: GraphStore) -> None:
    other = webhook("W0")
    await fed.write(lambda tx: add_webhook(tx, other))
    assert await fed.read(lambda tx: load_webhook(tx, "W1")) == webhook()
    assert await fed.read(lambda tx: webhooks_of_unit(tx, "NB-GA")) == (other, webhook())
    assert await fed.read(lambda tx: webhooks_of_unit(tx, "NB-MZ")) == ()
    with pytest.raises(RecordNotFoundError, match="webhook W9"):
        await fed.write(lambda tx: hold_webhook(tx, "W9"))
    with pytest.raises(DuplicateKeyError):
        await fed.write(lambda tx: add_webhook(tx, webhook()))


async def test_a_unit_without_events_has_no_webhook(store: GraphStore) -> None:
    with pytest.raises(RecordNotFoundError, match="unit NB-GA"):
        await store.write(lambda tx: add_webhook(tx, webhook()))


async def test_what_is_written_comes_back_whole(fed: GraphStore) -> None:
    progress = DeliveryProgress(
        cursor=2, again=(1, 2), failures=3, failing_since=AT, next_at=AT + MINUTE, last_failure="HTTP_500"
    )
    record = replace(webhook().webhook, state=WebhookState.PAUSED, pause=PauseReason.DEAD, version=2)
    changed = StoredWebhook(webhook=record, progress=progress, holder="T1", beat=7)
    await write(fed, changed)
    assert await fed.read(lambda tx: load_webhook(tx, "W1")) == changed


@pytest.mark.parametrize(
    ("progress", "found"),
    [
        (DeliveryProgress(cursor=1), True),
        (DeliveryProgress(cursor=2), False),
        (DeliveryProgress(cursor=2, again=(1,)), True),
        (DeliveryProgress(cursor=1, next_at=AT), True),
        (DeliveryProgress(cursor=1, next_at=AT + MINUTE), False),
        (DeliveryProgress(cursor=1, next_at=AT + LONGEST_WAIT + MINUTE), True),
    ],
    ids=["new", "nothing", "again", "due", "not-yet", "clock-jumped"],
)
async def test_a_webhook_waits_while_there_is_something_for_it_now(fed: GraphStore, progress, found) -> None:
    await write(fed, replace(webhook(), progress=progress))
    assert await waiting(fed) == (["W1"] if found else [])


async def test_who_had_no_turn_for_longest_is_first(fed: GraphStore) -> None:
    for number, minutes in ((2, 2), (3, None), (4, 1)):
        progress = DeliveryProgress(cursor=1, served_at=minutes and AT - minutes * MINUTE)
        await fed.write(lambda tx, n=number, p=progress: add_webhook(tx, replace(webhook(f"W{n}"), progress=p)))
    await write(fed, replace(webhook(), progress=DeliveryProgress(cursor=1, served_at=AT, next_at=AT)))
    assert await waiting(fed) == ["W3", "W2", "W4", "W1"]


async def test_a_webhook_that_is_paused_or_removed_does_not_wait(fed: GraphStore) -> None:
    paused = replace(webhook().webhook, state=WebhookState.PAUSED)
    await write(fed, replace(webhook(), webhook=paused))
    assert await waiting(fed) == []
    removed = replace(webhook().webhook, state=WebhookState.REMOVED)
    await write(fed, replace(webhook(), webhook=removed))
    assert await waiting(fed) == []
    assert await fed.read(lambda tx: webhooks_of_unit(tx, "NB-GA")) == ()
    assert (await fed.read(lambda tx: load_webhook(tx, "W1"))).webhook == removed


async def test_whose_turn_it_is_is_seen_by_who_looks(fed: GraphStore) -> None:
    await write(fed, replace(webhook(), holder="T1", beat=3))
    assert await fed.read(lambda tx: waiting_webhooks(tx, AT, 10)) == (WaitingWebhook("W1", "T1", 3, "NB-GA"),)
