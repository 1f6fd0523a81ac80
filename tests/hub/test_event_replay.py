"""Replay: what was put aside, or a run of events, goes through again; who has it drops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graph_models.casework import OutboxEvent
from graph_models.journal_records import append_events, load_audit
from graph_models.ladybug_store import LadybugStore
from hub.actors import Actor, Post
from hub.dead_letters import StoredDeadLetters
from hub.errors import InvalidInputError, NotPermittedError
from hub.event_consumer import EventConsumer, PlacesInMemory
from hub.event_replay import EVENTS_STREAM, MOST_EVENTS, EventReplay, Replayed
from hub.outbox import InProcessBus, Outbox
from tests.contract.records import event
from tests.hub.set_clock import SetClock
from tests.hub.test_event_consumer import Handler

SUPERVISOR = Actor("s-1", "GGB", frozenset({Post.SUPERVISOR}))


@dataclass
class Exchange:
    """An outbox, a bus and one consumer at its other end."""

    store: LadybugStore
    outbox: Outbox
    queue: asyncio.Queue[OutboxEvent]
    handler: Handler
    consumer: EventConsumer
    replay: EventReplay

    async def write(self, count: int, unit: str = "GA") -> None:
        await self.store.write(lambda tx: append_events(tx, [event(f"E{one}", unit) for one in range(count)]))

    async def deliver(self) -> int:
        """Send what waits and let the consumer take what has arrived; return how many arrived."""
        await self.outbox.send_waiting()
        arrived = self.queue.qsize()
        for _ in range(arrived):
            await self.consumer.take(self.queue.get_nowait())
        return arrived


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    store = await LadybugStore.open(tmp_path / "graph", buffer_bytes=192 << 20)
    await store.migrate()
    bus, handler, letters = InProcessBus(), Handler(), StoredDeadLetters(store)
    consumer = EventConsumer("statistics", handler.handle, PlacesInMemory(), letters, SetClock())
    replay = EventReplay(store, bus, letters, SetClock())
    yield Exchange(store, Outbox(store, bus), bus.listen(5000), handler, consumer, replay)
    await store.close()


@pytest.mark.parametrize("wanted", [None, ["GA.2", "GA.3"], ["statistics/GA.2", "statistics/GA.3", "no such"]])
async def test_dead_letters_go_through_again_in_order_and_are_settled(
    exchange: Exchange, wanted: list[str] | None
) -> None:
    exchange.handler.refused = {2, 3}
    await exchange.write(4)
    await exchange.deliver()
    assert {letter.event_id for letter in await exchange.replay.dead(SUPERVISOR)} == {"GA.2", "GA.3"}
    exchange.handler.refused = set()
    assert await exchange.replay.replay_letters(SUPERVISOR, wanted) == Replayed(2, 2, 0)
    assert await exchange.deliver() == 2
    assert exchange.handler.got == [1, 4, 2, 3]
    assert await exchange.replay.dead(SUPERVISOR) == ()
    assert await exchange.replay.replay_letters(SUPERVISOR, wanted) == Replayed(0, 0, 0)


async def test_what_is_refused_again_is_a_dead_letter_again(exchange: Exchange) -> None:
    exchange.handler.refused = {1}
    await exchange.write(1)
    for _ in range(3):
        await exchange.deliver()
        (letter,) = await exchange.replay.dead(SUPERVISOR)
        assert await exchange.replay.replay_letters(SUPERVISOR, [letter.id]) == Replayed(1, 1, 0)


async def test_a_letter_that_names_no_event_of_the_hub_stays(exchange: Exchange) -> None:
    await exchange.consumer.take_message(b"nonsense")
    await exchange.consumer.take_message(b"nonsense", "GA.77")
    await exchange.consumer.take_message(b"nonsense", "GA.x")
    assert await exchange.replay.replay_letters(SUPERVISOR) == Replayed(0, 0, 3)
    assert len(await exchange.replay.dead(SUPERVISOR)) == 3


@pytest.mark.requirement("I2")
async def test_a_run_goes_through_again_however_often_and_is_handled_once(exchange: Exchange) -> None:
    await exchange.write(1200)
    for _ in range(3):
        await exchange.deliver()
    for _ in range(2):
        assert await exchange.replay.replay_range(SUPERVISOR, "GA", 1, 1300) == Replayed(1200, 0, 0)
        assert await exchange.deliver() == 1200
    assert exchange.handler.got == list(range(1, 1201))


async def test_what_has_not_left_yet_does_not_overtake_by_a_replay(exchange: Exchange) -> None:
    await exchange.write(2)
    assert await exchange.replay.replay_range(SUPERVISOR, "GA", 1, 2) == Replayed(0, 0, 0)
    assert exchange.queue.empty()


@pytest.mark.parametrize("run", [(0, 3), (3, 2), (1, MOST_EVENTS + 1), (-5, -2)])
async def test_a_run_that_is_none_or_too_long_is_refused(exchange: Exchange, run: tuple[int, int]) -> None:
    with pytest.raises(InvalidInputError):
        await exchange.replay.replay_range(SUPERVISOR, "GA", *run)


async def test_nobody_but_the_supervisor_sees_or_replays(exchange: Exchange) -> None:
    other = Actor("x", "GA", frozenset(Post) - {Post.SUPERVISOR})
    with pytest.raises(NotPermittedError):
        await exchange.replay.dead(other)
    with pytest.raises(NotPermittedError):
        await exchange.replay.replay_letters(other)
    with pytest.raises(NotPermittedError):
        await exchange.replay.replay_range(other, "GA", 1, 2)


@pytest.mark.requirement("I3")
async def test_each_replay_is_in_the_audit_chain(exchange: Exchange) -> None:
    await exchange.replay.replay_range(SUPERVISOR, "GA", 1, 2)
    await exchange.replay.replay_letters(SUPERVISOR)
    chain = await exchange.store.read(lambda tx: load_audit(tx, EVENTS_STREAM, 0, 9))
    assert [(each.operation, each.actor, each.target) for each in chain] == [
        ("events.replayed", "s-1", "GA.1-2"),
        ("events.replayed", "s-1", "dead letters"),
    ]
