"""Lanes among processes: shared fairly, taken over within seconds, and nothing marked by whoever lost its lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from graph_models.casework import OutboxEvent
from graph_models.journal_records import append_events, unpublished_events
from graph_models.ladybug_store import LadybugStore
from graph_models.outbox import LANES, lane_of
from hub.outbox import InProcessBus, Outbox
from hub.outbox_lanes import EveryLane, LeasedLanes
from tests.contract.records import event
from tests.hub.set_clock import NOW, SetClock

UNITS = [f"U{number}" for number in range(40)]


@dataclass
class Processes:
    """Processes on one store, each with its own clock."""

    store: LadybugStore
    lanes: dict[str, LeasedLanes] = field(default_factory=dict)
    clocks: dict[str, SetClock] = field(default_factory=dict)

    def start(self, name: str, ahead: float = 0) -> LeasedLanes:
        self.clocks[name] = SetClock(max((clock.at for clock in self.clocks.values()), default=NOW))
        self.clocks[name].advance(seconds=ahead)
        self.lanes[name] = LeasedLanes(self.store, self.clocks[name], name)
        return self.lanes[name]

    async def second(self, *living: str, times: int = 1) -> list[int]:
        """Let a second pass, so many times, in which those look that live; return how many lanes each has."""
        counts: list[int] = []
        for _ in range(times):
            for clock in self.clocks.values():
                clock.advance(seconds=1)
            counts = [await self.lanes[name].look() for name in living]
        return counts


@pytest.fixture
def processes(store: LadybugStore) -> Processes:
    return Processes(store)


@dataclass
class BusWithHook:
    """A bus in whose middle something happens."""

    hook: Processes
    bus: InProcessBus = field(default_factory=InProcessBus)

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        await self.bus.publish(events)
        await self.hook.second("B", times=7)

    async def close(self) -> None:
        await self.bus.close()


async def write_for_all(store: LadybugStore, count: int = 1) -> None:
    drafts = [event(f"{unit}-{one}", unit) for unit in UNITS for one in range(count)]
    await store.write(lambda tx: append_events(tx, drafts))


async def test_a_process_alone_has_all_lanes_and_two_have_half_each_within_seconds(processes: Processes) -> None:
    processes.start("A")
    assert await processes.second("A") == [LANES]
    processes.start("B")
    assert await processes.second("A", "B", times=4) == [8, 8]
    assert processes.lanes["A"].held | processes.lanes["B"].held == frozenset(range(LANES))
    processes.start("C")
    assert sorted(await processes.second("A", "B", "C", times=5)) == [4, 6, 6]


async def test_no_lane_is_held_by_two_while_they_are_shared_anew(processes: Processes) -> None:
    for name in "ABCD":
        processes.start(name)
        for _ in range(5):
            await processes.second(*processes.lanes)
            held = [lane for lanes in processes.lanes.values() for lane in lanes.held]
            assert len(held) == len(set(held))


@pytest.mark.requirement("I1")
async def test_a_dead_holder_is_followed_six_seconds_later_at_most(processes: Processes) -> None:
    processes.start("A")
    processes.start("B")
    assert await processes.second("A", "B", times=4) == [8, 8]
    assert await processes.second("B", times=4) == [8]
    assert await processes.second("B", times=2) == [LANES]
    assert processes.lanes["A"].held == frozenset()


async def test_who_ends_in_order_is_followed_at_once(processes: Processes) -> None:
    processes.start("A")
    processes.start("B")
    await processes.second("A", "B", times=4)
    await processes.lanes["A"].leave()
    assert processes.lanes["A"].held == frozenset()
    assert await processes.second("B") == [LANES]


@pytest.mark.parametrize("ahead", [-3, 3])
async def test_clocks_that_differ_by_seconds_take_nothing_from_each_other(processes: Processes, ahead: float) -> None:
    processes.start("A")
    processes.start("B", ahead)
    await processes.second("A", "B", times=4)
    before = processes.lanes["A"].held, processes.lanes["B"].held
    with capture_logs() as logs:
        await processes.second("A", "B", times=10)
    assert (processes.lanes["A"].held, processes.lanes["B"].held) == before
    assert logs == []


async def test_a_clock_that_jumps_an_hour_ahead_and_dies_is_followed_like_any_dead_holder(processes: Processes) -> None:
    processes.start("A")
    processes.start("B")
    await processes.second("A", "B", times=4)
    processes.clocks["A"].advance(hours=1)
    await processes.second("A")
    assert await processes.second("B", times=5) == [0]
    assert await processes.second("B") == [LANES]


@pytest.mark.requirement("I1")
@pytest.mark.parametrize("ahead", [-3600, -61, -30, 30, 61, 3600])
async def test_of_clocks_far_apart_the_one_ahead_publishes_and_no_lane_goes_to_and_fro(
    processes: Processes, ahead: float
) -> None:
    processes.start("A")
    processes.start("B", ahead)
    held = [await processes.second("A", "B") for _ in range(12)]
    assert held[1:] == [[LANES, 0] if ahead < 0 else [0, LANES]] * 11
    for name in "AB":
        await processes.lanes[name].leave()
    assert await processes.second("A", times=6) == [LANES]


@pytest.mark.requirement("I1")
async def test_each_process_publishes_the_units_of_its_lanes_and_together_all(
    store: LadybugStore, processes: Processes
) -> None:
    await write_for_all(store)
    bus = InProcessBus()
    queue = bus.listen()
    for name in "AB":
        processes.start(name)
    await processes.second("A", "B", times=4)
    sent = [await Outbox(store, bus, lanes).send_waiting() for lanes in processes.lanes.values()]
    arrived = [queue.get_nowait().unit_code for _ in range(sum(sent))]
    assert {lane_of(unit) for unit in arrived[: sent[0]]} <= processes.lanes["A"].held
    assert sorted(arrived) == sorted(UNITS)
    assert await store.read(lambda tx: unpublished_events(tx, 9)) == ()


async def test_a_holder_that_lost_its_lanes_while_it_sent_marks_nothing_and_sends_no_more(
    store: LadybugStore, processes: Processes
) -> None:
    await write_for_all(store)
    outbox = Outbox(store, BusWithHook(processes), processes.start("A"))
    processes.start("B")
    await processes.second("A")
    with capture_logs() as logs:
        assert await outbox.send_waiting() == 0
    assert [line["unmarked"] for line in logs if line["event"] == "outbox.lane_lost_while_sending"] == [len(UNITS)]
    assert await outbox.send_waiting() == 0
    assert await Outbox(store, InProcessBus(), processes.lanes["B"]).send_waiting() == len(UNITS)
    assert await processes.second("A") == [0]


async def test_a_lane_is_not_left_while_its_events_are_under_way(store: LadybugStore, processes: Processes) -> None:
    await write_for_all(store)
    lanes = processes.start("A")
    await processes.second("A")
    processes.start("B")
    events = await store.read(lambda tx: lanes.waiting(tx, 500))
    with lanes.sending(events):
        await processes.second("B", "A", times=4)
        assert await store.write(lambda tx: lanes.mark(tx, events)) == len(UNITS)
    assert await processes.second("A", "B", times=2) == [8, 8]


async def test_without_a_lane_nothing_is_asked_for(store: LadybugStore, processes: Processes) -> None:
    await write_for_all(store)
    assert await Outbox(store, InProcessBus(), processes.start("A")).send_waiting() == 0


async def test_a_process_that_has_its_store_for_itself_has_every_lane_without_a_lease(store: LadybugStore) -> None:
    lanes = EveryLane()
    assert await lanes.look() == LANES
    await lanes.leave()
    assert await store.read(lambda tx: tx.run("MATCH (l:OutboxLane) RETURN l.lane AS lane")) == []
