"""The parts by which events are posted to webhooks, as the settings have them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import Counter

from graph_models.store import GraphStore
from hub.clock import Clock, Ids
from hub.cloud_events import CloudEvents
from hub.entry.settings import Settings
from hub.event_feed import EventFeed
from hub.outside_addresses import AddressRule, OutsideAddresses
from hub.webhook_delivery import DeliveryRule, Posted, Poster, WebhookDelivery
from hub.webhook_messages import Message, WebhookMessages, WebhookSecrets
from hub.webhook_poster import HttpPoster, PostLimits
from hub.webhooks import WebhookService

POSTS = Counter("proofhub_webhook_posts", "Attempts to deliver an event to a webhook, by what came of it", ["outcome"])


@dataclass(frozen=True, slots=True)
class _Counted:
    """Counts what another poster does."""

    inner: Poster

    async def post(self, url: str, message: Message) -> Posted:
        """See Poster."""
        posted = await self.inner.post(url, message)
        POSTS.labels("taken" if posted.taken else "failed").inc()
        return posted


@dataclass(frozen=True, slots=True)
class Posting:
    """What a unit's manager calls, and what posts."""

    service: WebhookService
    delivery: WebhookDelivery


@asynccontextmanager
async def open_posting(settings: Settings, store: GraphStore, clock: Clock, ids: Ids) -> AsyncIterator[Posting]:
    """Give the parts and close them.

    Raises:
        OSError: the file of authorities cannot be used.
    """
    given = settings.webhooks
    rule = AddressRule(ports=frozenset(given.ports), networks=given.networks, loopback=given.loopback)
    addresses = OutsideAddresses(rule)
    secrets = WebhookSecrets(tuple(key.get_secret_value() for key in given.keys))
    poster = HttpPoster(addresses, PostLimits(seconds=given.attempt_seconds), given.ca_file)
    delivery = WebhookDelivery(
        store=store,
        feed=EventFeed(store),
        poster=_Counted(poster),
        messages=WebhookMessages(CloudEvents(settings.server.public_url, settings.events.source), secrets),
        clock=clock,
        ids=ids,
        rule=DeliveryRule(attempts=given.attempts, hours=given.dead_hours),
    )
    try:
        yield Posting(WebhookService(store, addresses, secrets, clock, ids), delivery)
    finally:
        await delivery.close()
        await poster.close()
