"""Webhooks at work in the tests: a receiver that is a real server, and the hub's parts on any store."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph_models.journal_records import append_events
from graph_models.store import GraphStore
from graph_models.webhook_records import load_webhook
from graph_models.webhooks import StoredWebhook
from hub.actors import Actor, Post
from hub.client.webhooks import verify_webhook
from hub.clock import SystemIds
from hub.cloud_events import CloudEvents
from hub.event_feed import EventFeed
from hub.events import EventType, event
from hub.outside_addresses import AddressRule, OutsideAddresses, Resolve, resolve_by_system
from hub.webhook_delivery import DeliveryRule, WebhookDelivery
from hub.webhook_messages import WebhookMessages, WebhookSecrets
from hub.webhook_poster import HttpPoster, PostLimits
from hub.webhooks import WebhookService, WebhookStep
from tests.hub.set_clock import NOW, SetClock
from tests.simulators.hostile_source import Behaviour, HostileSource, answer

UNIT = "NB-GA"
MANAGER = Actor("GA-9", UNIT, frozenset({Post.UNIT_MANAGER}))
STRANGER = Actor("MZ-9", "NB-MZ", frozenset({Post.UNIT_MANAGER}))
KEY = base64.urlsafe_b64encode(b"a key that is good for the tests").decode()
PUBLIC = "93.184.215.14"
TAKEN = answer(b"")
_numbers = itertools.count(1)


def key() -> str:
    return f"WK-{next(_numbers)}"


def resolved_as(*answers: Sequence[str]) -> Resolve:
    """Return a resolver that gives these answers one after another, the last one for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def public_addresses() -> OutsideAddresses:
    """Every name has a public address; nothing is connected to."""
    return OutsideAddresses(AddressRule(), resolved_as([PUBLIC]))


def secrets() -> WebhookSecrets:
    return WebhookSecrets((KEY,))


class Receiver(HostileSource):
    """A receiver on loopback: each message gets the next behaviour of the script, the last one for ever after."""

    def __init__(self, *script: Behaviour) -> None:
        super().__init__(*(script or (TAKEN,)))

    @property
    def messages(self) -> list[tuple[dict[str, str], bytes]]:
        """Headers and body of each message, in the order in which they came."""
        return [_read(each) for each in self.questions]

    def sequences(self) -> list[int]:
        """The sequence of each message, repeats too."""
        return [int(orjson.loads(body)["id"].rpartition(".")[2]) for _, body in self.messages]

    def verified(self, secret: str, clock: SetClock) -> list[int]:
        """The sequences as a receiver has them that verifies each message and drops repeats."""
        ids = [verify_webhook(secret, headers, body, clock.now()) for headers, body in self.messages]
        return [int(each.rpartition("_")[2]) for each in dict.fromkeys(ids)]


def _read(question: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = question.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines), body


@dataclass
class WebhookHub:
    """The parts of one hub process that have to do with webhooks; several may be on one store."""

    store: GraphStore
    clock: SetClock = field(default_factory=SetClock)
    seconds: list[float] = field(default_factory=lambda: [0.0])
    """What the process's monotonic clock shows."""
    addresses: OutsideAddresses = field(
        default_factory=lambda: OutsideAddresses(AddressRule(ports=frozenset(), loopback=True), resolve_by_system)
    )
    rule: DeliveryRule = field(default_factory=DeliveryRule)
    limits: PostLimits = field(default_factory=PostLimits)

    def __post_init__(self) -> None:
        self.poster = HttpPoster(self.addresses, self.limits)
        self.service = WebhookService(self.store, self.addresses, secrets(), self.clock, SystemIds())
        self.delivery = WebhookDelivery(
            store=self.store,
            feed=EventFeed(self.store),
            poster=self.poster,
            messages=WebhookMessages(CloudEvents("https://hub.example"), secrets()),
            clock=self.clock,
            ids=SystemIds(),
            rule=self.rule,
            monotonic=lambda: self.seconds[0],
        )

    async def register(self, url: str, *types: str, actor: Actor = MANAGER) -> WebhookStep:
        return await self.service.register(actor, url, types, key())

    async def happen(self, count: int, kind: EventType = EventType.CATALOGUE_IMPORTED, unit: str = UNIT) -> None:
        """Let something happen so often, each in a transaction of its own."""
        for number in range(count):
            draft = event(unit, kind, f"S{number}", NOW)
            await self.store.write(lambda tx, draft=draft: append_events(tx, (draft,)))

    async def deliver(self) -> int:
        """Look once, and wait until what was begun has ended."""
        begun = await self.delivery.look()
        await self.delivery.settle()
        return begun

    async def deliver_all(self, until: Callable[[], Any]) -> None:
        """Look again and again, time passing between, until it has become true."""
        async with asyncio.timeout(30):
            while not until():
                await self.deliver()
                self.clock.advance(hours=1)

    async def stored(self, step: WebhookStep) -> StoredWebhook:
        return await self.store.read(lambda tx: load_webhook(tx, step.stored.webhook.id))

    async def close(self) -> None:
        await self.delivery.close()
        await self.poster.close()
