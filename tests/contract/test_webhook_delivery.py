"""Two hub processes beside each other deliver a unit's events in its order, on either engine."""

from __future__ import annotations

import asyncio

import pytest

from graph_models.store import GraphStore
from hub.webhook_delivery import TURN_SECONDS
from hub.webhooks import Redelivery, WebhookChange
from tests.hub.webhook_posts import MANAGER, TAKEN, Receiver, WebhookHub, key


@pytest.mark.requirement("I1")
async def test_two_processes_side_by_side_deliver_in_order_and_nothing_twice(store: GraphStore) -> None:
    hubs = WebhookHub(store), WebhookHub(store)
    async with Receiver() as receiver, Receiver() as other:
        await hubs[0].register(receiver.url)
        await hubs[1].register(other.url)
        for _ in range(10):
            await asyncio.gather(hubs[0].happen(3), *(hub.delivery.look() for hub in hubs))
        for hub in hubs:
            await hub.delivery.settle()
            await hub.deliver()
        assert receiver.sequences() == list(range(1, 33))
        assert other.sequences() == list(range(2, 33))
    for hub in hubs:
        await hub.close()


async def test_a_change_takes_the_turn_from_a_delivery_under_way_which_then_writes_nothing(store: GraphStore) -> None:
    slow, other, gate = WebhookHub(store), WebhookHub(store), asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await TAKEN(writer)

    async with Receiver(late) as receiver:
        step = await slow.register(receiver.url)
        await slow.delivery.look()
        async with asyncio.timeout(20):
            while not receiver.asked:  # noqa: ASYNC110  what is waited for has no event of its own
                await asyncio.sleep(0.01)
        change = WebhookChange(webhook_id=step.stored.webhook.id, key=key(), event_types=("case.opened",))
        changed = await other.service.change(MANAGER, change)
        gate.set()
        await slow.delivery.settle()
        assert await other.stored(step) == changed.stored
        await other.deliver()
        assert (await other.stored(step)).progress.cursor == 2
        assert receiver.sequences() == [1]
    for hub in (slow, other):
        await hub.close()


async def test_a_redelivery_takes_the_turn_from_a_delivery_under_way(store: GraphStore) -> None:
    hub, other = WebhookHub(store), WebhookHub(store)
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        await hub.deliver()
        wanted = Redelivery(webhook_id=step.stored.webhook.id, key=key(), after=0)
        await asyncio.gather(hub.happen(5), hub.delivery.look(), other.service.redeliver(MANAGER, wanted))
        for each in (hub, other):
            await each.delivery.settle()
            each.seconds[0] += 2 * TURN_SECONDS
            await each.deliver()
        seen = receiver.sequences()
        assert list(dict.fromkeys(seen)) == [1, 2, 3, 4, 5, 6, 7]
        assert seen.count(1) == 2
    for each in (hub, other):
        await each.close()
