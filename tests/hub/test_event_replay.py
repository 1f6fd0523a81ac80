"""Replay: what was put aside, or a run of events, goes through again; who has it drops it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from graph_models.casework import OutboxEvent, RequestState
from graph_models.journal_records import append_events, load_audit, verify_chain
from graph_models.ladybug_store import LadybugStore
from graph_models.outbox_records import put_dead_letter
from graph_models.store import Transaction
from hub.actors import Actor, Post
from hub.dead_letters import StoredDeadLetters
from hub.errors import InvalidInputError, NotPermittedError, UnavailableError
from hub.event_consumer import EventConsumer, PlacesInMemory
from hub.event_replay import EVENTS_STREAM, MOST_EVENTS, MOST_LETTERS, EventReplay, Replayed
from hub.outbox import InProcessBus, Outbox
from tests.contract.records import event
from tests.hub.office import Office
from tests.hub.set_clock import NOW, SetClock
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


@dataclass(frozen=True)
class QuickBus:
    """A bus at whose other end the consumer has taken an event before it says that it has it."""

    consumer: EventConsumer

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        for each in events:
            await self.consumer.take(each)

    async def close(self) -> None: ...


async def test_what_is_refused_again_while_the_replay_runs_is_a_dead_letter_still(exchange: Exchange) -> None:
    exchange.handler.refused = {1, 2}
    await exchange.write(2)
    await exchange.deliver()
    exchange.handler.refused = {1}
    replay = replace(exchange.replay, bus=QuickBus(exchange.consumer))
    assert await replay.replay_letters(SUPERVISOR) == Replayed(2, 2, 0)
    assert [letter.event_id for letter in await replay.dead(SUPERVISOR)] == ["GA.1"]


async def behind_newer(exchange: Exchange, count: int) -> None:
    """Have an event's letter behind so many newer ones that name none."""
    exchange.handler.refused = {1}
    await exchange.write(1)
    await exchange.deliver()
    letters = await exchange.replay.dead(SUPERVISOR)
    newer = [replace(letters[0], id=f"other/{one:05}", event_id="", at=NOW + timedelta(1)) for one in range(count)]

    async def work(tx: Transaction) -> None:
        for letter in newer:
            await put_dead_letter(tx, letter)

    await exchange.store.write(work)


@pytest.mark.parametrize(
    ("names", "left"), [(None, MOST_LETTERS + 1), (["statistics/GA.1"], 0), (["GA.1", "GA.7", "other/9"], 0)]
)
async def test_a_letter_behind_however_many_newer_ones_is_reached(
    exchange: Exchange, names: list[str] | None, left: int
) -> None:
    await behind_newer(exchange, MOST_LETTERS + 1)
    assert await exchange.replay.replay_letters(SUPERVISOR, names) == Replayed(1, 1, left)


@pytest.mark.requirement("I3")
async def test_letters_of_no_use_are_discarded_by_name_with_an_audit_entry_each(exchange: Exchange) -> None:
    for one in (1, 2, 3):
        await exchange.consumer.take_message(b"nonsense", f"GA.{one}")
    assert await exchange.replay.discard(SUPERVISOR, ["GA.1", "statistics/GA.3", "no such"]) == 2
    assert [letter.event_id for letter in await exchange.replay.dead(SUPERVISOR)] == ["GA.2"]
    chain = await exchange.store.read(lambda tx: load_audit(tx, EVENTS_STREAM, 0, 9))
    assert verify_chain(chain) is None
    assert sorted((each.operation, each.actor, each.target) for each in chain) == [
        ("events.discarded", "s-1", "statistics/GA.1"),
        ("events.discarded", "s-1", "statistics/GA.3"),
    ]


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
        await exchange.replay.discard(other, ["GA.1"])
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


@dataclass(frozen=True)
class BrokenBus:
    """A bus that is out of order."""

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        raise UnavailableError("down", message_zh="不可用", mend="wait")

    async def close(self) -> None: ...


@pytest.mark.requirement("I3")
async def test_a_replay_is_in_the_audit_chain_before_the_first_event_goes(exchange: Exchange) -> None:
    exchange.handler.refused = {1}
    await exchange.write(1)
    await exchange.deliver()
    replay = replace(exchange.replay, bus=BrokenBus())
    with pytest.raises(UnavailableError):
        await replay.replay_range(SUPERVISOR, "GA", 1, 1)
    with pytest.raises(UnavailableError):
        await replay.replay_letters(SUPERVISOR)
    chain = await exchange.store.read(lambda tx: load_audit(tx, EVENTS_STREAM, 0, 9))
    assert [each.target for each in chain] == ["GA.1-1", "dead letters"]
    assert len(await replay.dead(SUPERVISOR)) == 1


@pytest.mark.requirement("I1", "I2")
async def test_a_case_has_its_proof_though_no_event_has_left_and_all_events_again_change_nothing(
    office: Office,
) -> None:
    """Delivery to the case is no consumer: it is in the transaction that commits the proof."""
    number = (await office.open("VERIFIED")).case.number
    delivered = await office.answered((await office.file(number)).requests[0])
    before, events = await office.file(number), await office.events()
    assert (delivered.state, len(before.proofs)) == (RequestState.DELIVERED, 1)
    assert {"proof.issued", "request.sealed"} <= {each.type for each in events}, "none of them has left"
    bus = InProcessBus()
    queue = bus.listen()
    await Outbox(office.store, bus).send_waiting()
    replay = EventReplay(office.store, bus, StoredDeadLetters(office.store), SetClock())
    last = Counter(each.unit_code for each in events)
    for _ in range(2):
        for unit, count in last.items():
            assert (await replay.replay_range(SUPERVISOR, unit, 1, count)).events == count
    assert queue.qsize() == 3 * len(events)
    assert await office.file(number) == before
    assert await office.proofs.recover() == 0
    assert (await office.file(number)).proofs == before.proofs
