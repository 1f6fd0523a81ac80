"""The outbox goes on whatever happens, and no listener holds up another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from graph_models.casework import OutboxEvent
from graph_models.errors import StoreUnavailableError
from graph_models.journal_records import append_events, unpublished_events
from graph_models.ladybug_store import LadybugStore
from hub.errors import UnavailableError
from hub.outbox import BATCH, InProcessBus, Outbox
from tests.contract.records import event


async def write(store: LadybugStore, count: int, prefix: str = "E") -> tuple[OutboxEvent, ...]:
    return await store.write(lambda tx: append_events(tx, [event(f"{prefix}{one}") for one in range(count)]))


@dataclass
class FailingBus:
    """An in-process bus that is out of order for its first publications."""

    failures: list[Exception]
    bus: InProcessBus = field(default_factory=InProcessBus)

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        await self.bus.publish(events)

    async def close(self) -> None:
        await self.bus.close()


@contextlib.asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_slow_listener_loses_its_place_and_the_others_get_everything(store: LadybugStore) -> None:
    bus = InProcessBus()
    slow, quick = bus.listen(capacity=2), bus.listen()
    await write(store, 3)
    with capture_logs() as logs:
        await Outbox(store, bus).send_waiting()
    assert [quick.get_nowait().sequence for _ in range(3)] == [1, 2, 3]
    assert slow.qsize() == 2
    assert bus.listeners == {quick}
    assert [line["event"] for line in logs] == ["outbox.listener_dropped"]
    await write(store, 1, "F")
    await Outbox(store, bus).send_waiting()
    assert (quick.get_nowait().subject, slow.qsize()) == ("F0", 2)


async def test_without_listeners_events_leave_all_the_same(store: LadybugStore) -> None:
    await write(store, 2)
    assert await Outbox(store, InProcessBus()).send_waiting() == 2
    assert await store.read(lambda tx: unpublished_events(tx, 9)) == ()


async def test_a_closed_bus_has_no_listeners_and_may_be_closed_again() -> None:
    bus = InProcessBus()
    queue = bus.listen()
    await bus.close()
    await bus.close()
    await bus.publish([replace_event()])
    assert queue.empty()


def replace_event() -> OutboxEvent:
    draft = event("E1")
    return OutboxEvent(
        id=f"{draft.unit_code}.1",
        unit_code=draft.unit_code,
        sequence=1,
        type=draft.type,
        subject=draft.subject,
        at=draft.at,
        payload_json=draft.payload_json,
        published=False,
    )


UNREACHABLE = UnavailableError("down", message_zh="不可用", mend="wait")


@pytest.mark.requirement("I1")
@pytest.mark.parametrize(
    ("failure", "logged", "level"),
    [
        (UNREACHABLE, "outbox.waiting", "warning"),
        (StoreUnavailableError("down"), "outbox.waiting", "warning"),
        (RuntimeError("a mistake of ours"), "outbox.failed", "error"),
    ],
)
async def test_the_loop_survives_whatever_fails_and_sends_afterwards(
    store: LadybugStore, failure: Exception, logged: str, level: str
) -> None:
    written = await write(store, 3)
    bus = FailingBus([failure, failure])
    queue = bus.bus.listen()
    with capture_logs() as logs:
        async with running(Outbox(store, bus)):
            arrived = [await queue.get() for _ in range(3)]
    assert arrived == list(written)
    assert [(line["event"], line["log_level"]) for line in logs] == [(logged, level)] * 2


async def test_more_than_a_batch_is_sent_without_a_rest_in_between(store: LadybugStore) -> None:
    await write(store, BATCH + 5)
    bus = InProcessBus()
    queue = bus.listen(capacity=2 * BATCH)
    async with running(Outbox(store, bus)):
        arrived = [await queue.get() for _ in range(BATCH + 5)]
    assert [each.sequence for each in arrived] == list(range(1, BATCH + 6))


async def test_an_event_written_while_the_loop_rests_is_sent(store: LadybugStore) -> None:
    bus = InProcessBus()
    queue = bus.listen()
    async with running(Outbox(store, bus)):
        for number in range(3):
            (written,) = await write(store, 1, f"E{number}-")
            assert await queue.get() == replace(written, published=False)
