"""The exchange is measured: who subscribes, what waits and for how long, what lies dead, which webhooks fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from graph_models.journal_records import append_events
from graph_models.ladybug_store import LadybugStore
from graph_models.outbox import LANES
from hub.dead_letters import StoredDeadLetters
from hub.entry.exchange_metrics import watch_exchange, watch_lanes, watch_statistics
from hub.event_consumer import EventConsumer, PlacesInMemory
from hub.events import EventType, event
from hub.outbox import InProcessBus, Outbox
from hub.outbox_lanes import EveryLane, LeasedLanes
from hub.statistics import Statistics
from hub.webhooks import WebhookChange
from schema.streams import StreamLimits, Streams
from tests.hub.entry.door import OPERATOR, Door, open_door, settings_in
from tests.hub.set_clock import NOW, SetClock
from tests.hub.test_event_consumer import Handler
from tests.hub.webhook_posts import MANAGER, UNIT, Receiver, WebhookHub, key
from tests.schema.streaming import connected
from tests.simulators.hostile_source import answer

CASE = "subscription S($n: String!) { caseUpdated(number: $n) { event } }"


@pytest.fixture
async def store(tmp_path: Path):
    opened = await LadybugStore.open(tmp_path / "graph", buffer_bytes=192 << 20)
    await opened.migrate()
    yield opened
    await opened.close()


def shown(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_what_waits_and_for_how_long_is_shown_and_what_has_left_no_more(store: LadybugStore) -> None:
    clock = SetClock()
    for seconds, unit in ((50, "GA"), (90, "MZ"), (0, "MZ")):
        at = NOW - timedelta(seconds=seconds)
        draft = event(unit, EventType.CASE_OPENED, "C", at, item="I")
        await store.write(lambda tx, draft=draft: append_events(tx, (draft,)))
    assert await watch_exchange(store, clock) == 3
    assert (shown("proofhub_outbox_waiting"), shown("proofhub_outbox_oldest_seconds")) == (3, 90)
    clock.advance(hours=-1)  # a clock that was put back
    await watch_exchange(store, clock)
    assert shown("proofhub_outbox_oldest_seconds") == 0
    await Outbox(store, InProcessBus()).send_waiting()
    assert await watch_exchange(store, clock) == 0
    assert (shown("proofhub_outbox_waiting"), shown("proofhub_outbox_oldest_seconds")) == (0, 0)


async def test_dead_letters_are_counted_until_they_are_settled(store: LadybugStore) -> None:
    letters = StoredDeadLetters(store)
    consumer = EventConsumer("c", Handler().handle, PlacesInMemory(), letters, SetClock())
    for name in ("GA.1", "GA.2"):
        await consumer.take_message(b"nonsense", name)
    await watch_exchange(store, SetClock())
    assert shown("proofhub_dead_letters") == 2
    await letters.settle(await letters.read(9))
    await watch_exchange(store, SetClock())
    assert shown("proofhub_dead_letters") == 0


async def test_webhooks_are_counted_by_how_they_fare(store: LadybugStore) -> None:
    hub = WebhookHub(store)
    async with Receiver() as good, Receiver(answer(b"", 500)) as bad:
        steps = [await hub.register(url) for url in (good.url, good.url, bad.url)]
        await hub.deliver()
        change = WebhookChange(webhook_id=steps[0].stored.webhook.id, key=key(), active=False)
        await hub.service.change(MANAGER, change)
        await watch_exchange(store, hub.clock)
        states = ("active", "failing", "paused")
        assert [shown("proofhub_webhooks", state=state) for state in states] == [1, 1, 1]
        for step in steps:
            await hub.service.remove(MANAGER, step.stored.webhook.id, key())
        await watch_exchange(store, hub.clock)
        assert [shown("proofhub_webhooks", state=state) for state in states] == [0, 0, 0]
    await hub.close()


async def test_the_lanes_that_a_process_holds_are_shown(store: LadybugStore) -> None:
    assert await watch_lanes(EveryLane()) == LANES
    assert shown("proofhub_outbox_lanes") == LANES
    lanes = LeasedLanes(store, SetClock(), "hub-1")
    assert await watch_lanes(lanes) == shown("proofhub_outbox_lanes") == LANES


async def test_what_is_counted_for_the_statistics_is_counted_once(store: LadybugStore) -> None:
    before = shown("proofhub_counted_total", what="requests_overdue") or 0
    late = event(UNIT, EventType.REQUEST_OVERDUE, "R1", NOW, case="C", limit=NOW.isoformat(), unit=UNIT)
    await store.write(lambda tx: append_events(tx, (late, replace(late, subject="R2"))))
    counted = Statistics(store, SetClock())
    assert [await watch_statistics(counted) for _ in range(2)] == [2, 0]
    assert shown("proofhub_counted_total", what="requests_overdue") == before + 2


async def scraped(door: Door) -> dict[str, str]:
    """Return the lines of the metrics, name and labels → value."""
    text = (await door.client.get("/metrics")).text
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("proofhub_subscri"))


async def test_open_subscriptions_are_shown_by_kind_and_who_was_cut_off(tmp_path: Path) -> None:
    async with open_door(settings_in(tmp_path)) as door:
        number = (await door.open_case("SM-1"))["case"]["number"]
        streams: Streams = door.app.state.streams
        streams.limits = StreamLimits(write_seconds=0.05, ping_seconds=0.01)
        async with connected(door.app) as socket:
            token = {"authorization": f"Bearer {door.token(OPERATOR)}"}
            await socket.say({"type": "connection_init", "payload": token})
            await socket.subscribe("1", CASE, n=number)
            while (await socket.hear())["type"] != "next":
                pass
            open_now = await scraped(door)
            socket.line.reading.clear()
            await asyncio.wait_for(asyncio.shield(socket.task), 10)
        closed = await scraped(door)
    expected = {
        'proofhub_subscribers{transport="websocket"}': ("1.0", "0.0"),
        'proofhub_subscriptions{subscription="caseUpdated"}': ("1.0", "0.0"),
        'proofhub_subscriptions{subscription="requestAssigned"}': ("0.0", "0.0"),
        'proofhub_subscribers_cut_off_total{transport="websocket"}': ("0.0", "1.0"),
        'proofhub_subscribers_cut_off_total{transport="sse"}': ("0.0", "0.0"),
    }
    assert {name: (open_now[name], closed[name]) for name in expected} == expected
