"""How the exchange fares, on both engines: what waits and since when, dead letters, webhooks by state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from graph_models.exchange_records import ExchangeFigures, exchange_figures
from graph_models.journal_records import append_events, mark_events_published
from graph_models.outbox_records import put_dead_letter
from graph_models.store import GraphStore, Transaction
from graph_models.webhook_records import add_webhook
from graph_models.webhooks import DeliveryProgress, WebhookState
from tests.contract.records import AT, event
from tests.contract.test_outbox_records import LETTER
from tests.contract.test_webhook_records import webhook

NONE = {"active": 0, "failing": 0, "paused": 0}


async def test_an_empty_store_has_nothing_that_waits(store: GraphStore) -> None:
    assert await store.read(exchange_figures) == ExchangeFigures(0, None, 0, NONE)


async def test_the_oldest_of_what_waits_is_found_over_all_units(store: GraphStore) -> None:
    minutes = (("NB-GA", 0), ("NB-GA", 3), ("NB-GA", 9), ("NB-MZ", 2), ("NB-MZ", 1))
    drafts = [replace(event("E", unit), at=AT + timedelta(minutes=after)) for unit, after in minutes]
    await store.write(lambda tx: append_events(tx, drafts))
    found = await store.read(exchange_figures)
    assert (found.waiting, found.oldest) == (5, AT)
    await store.write(lambda tx: mark_events_published(tx, ["NB-GA.1"]))
    found = await store.read(exchange_figures)
    assert (found.waiting, found.oldest) == (4, AT + timedelta(minutes=2)), "the first of each unit, as they leave"
    await store.write(lambda tx: mark_events_published(tx, ["NB-GA.2", "NB-GA.3", "NB-MZ.1", "NB-MZ.2"]))
    assert await store.read(exchange_figures) == ExchangeFigures(0, None, 0, NONE)


async def test_letters_and_webhooks_are_counted_and_what_was_removed_is_not(store: GraphStore) -> None:
    states = {
        "W1": (WebhookState.ACTIVE, None),
        "W2": (WebhookState.ACTIVE, None),
        "W3": (WebhookState.ACTIVE, AT),
        "W4": (WebhookState.PAUSED, AT),
        "W5": (WebhookState.PAUSED, None),
    }

    async def work(tx: Transaction) -> None:
        await append_events(tx, [event("E")])
        for name, (state, next_at) in states.items():
            made = webhook(name)
            record = replace(made.webhook, state=state)
            await add_webhook(tx, replace(made, webhook=record, progress=DeliveryProgress(cursor=1, next_at=next_at)))
        for number in range(3):
            await put_dead_letter(tx, replace(LETTER, id=f"c/{number}"))

    await store.write(work)
    found = await store.read(exchange_figures)
    assert (found.letters, found.webhooks) == (3, {"active": 2, "failing": 1, "paused": 2})
