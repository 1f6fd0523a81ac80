"""One suite for both buses, and the outbox before them: nothing is lost, nothing changes place, repeats are known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from graph_models.casework import OutboxEvent
from graph_models.errors import StoreUnavailableError
from graph_models.journal_records import append_events, unpublished_events
from graph_models.ladybug_store import LadybugStore
from graph_models.store import T, Work
from hub.clock import SystemIds
from hub.cloud_events import CloudEvents
from hub.errors import UnavailableError
from hub.kafka_publisher import KafkaBus, KafkaConfig
from hub.outbox import EventBus, InProcessBus, Outbox
from scripts.service_process import free_ports
from tests.contract.records import event

ENVELOPES = CloudEvents("https://hub.test")
UNITS = ("NB-GA", "NB-MZ", "NB-JY")


@dataclass(frozen=True)
class Arrived:
    """An event as whoever listens gets it."""

    id: str
    unit: str
    sequence: int
    payload: object


@dataclass
class Line:
    """A bus and somebody who listens at its other end."""

    bus: EventBus
    arrived: Callable[[int], Awaitable[list[Arrived]]]

    async def take(self, count: int) -> list[Arrived]:
        """Return the next events, as many as said."""
        async with asyncio.timeout(60):
            return await self.arrived(count)


@pytest.fixture
async def in_process_line() -> AsyncIterator[Line]:
    bus = InProcessBus()
    queue = bus.listen(capacity=2000)

    async def arrived(count: int) -> list[Arrived]:
        events = [await queue.get() for _ in range(count)]
        return [Arrived(e.id, e.unit_code, e.sequence, orjson.loads(e.payload_json)) for e in events]

    yield Line(bus, arrived)
    await bus.close()


@pytest.fixture
async def kafka_line(kafka_bootstrap: str) -> AsyncIterator[Line]:
    topic = SystemIds().identifier("events-")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=3, replication_factor=1)])
    await admin.close()
    bus = KafkaBus(KafkaConfig(kafka_bootstrap, topic), ENVELOPES)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()

    async def arrived(count: int) -> list[Arrived]:
        return [_arrived(await consumer.getone()) for _ in range(count)]

    yield Line(bus, arrived)
    await consumer.stop()
    await bus.close()


def _arrived(record: object) -> Arrived:
    headers, body = dict(record.headers), orjson.loads(record.value)  # type: ignore[attr-defined]
    assert (headers["ce_id"].decode(), headers["ce_type"].decode()) == (body["id"], body["type"])
    assert headers["content-type"] == b"application/cloudevents+json"
    assert record.key.decode() == body["unit"]  # type: ignore[attr-defined]
    return Arrived(headers["ce_id"].decode(), body["unit"], body["unitsequence"], body["data"])


@pytest.fixture(params=["in_process", pytest.param("kafka", marks=pytest.mark.services("kafka"))])
def line(request: pytest.FixtureRequest) -> Line:
    """A line with nothing on it; each test runs once over each bus."""
    found: Line = request.getfixturevalue(f"{request.param}_line")
    return found


async def write(store: LadybugStore, numbers: Sequence[int]) -> list[OutboxEvent]:
    """Put one event for each number into the outbox, unit by unit in turn."""
    drafts = [
        replace(event(f"E{one}", UNITS[one % 3]), payload_json=f'{{"名":"𠮷{one}","n":[{one},null,true]}}')
        for one in numbers
    ]
    return list(await store.write(lambda tx: append_events(tx, drafts)))


async def waiting(store: LadybugStore) -> int:
    return len(await store.read(lambda tx: unpublished_events(tx, 10_000)))


@pytest.mark.requirement("I1")
async def test_each_units_events_arrive_all_and_in_their_order(ladybug_store: LadybugStore, line: Line) -> None:
    written = await write(ladybug_store, range(1200))
    outbox = Outbox(ladybug_store, line.bus)
    assert [await outbox.send_waiting() for _ in range(4)] == [500, 500, 200, 0]
    arrived = await line.take(1200)
    for unit in UNITS:
        own = [each for each in arrived if each.unit == unit]
        assert [each.sequence for each in own] == list(range(1, 401))
        assert [each.id for each in own] == [each.id for each in written if each.unit_code == unit]
    assert await waiting(ladybug_store) == 0


async def test_an_event_arrives_as_it_was_written(ladybug_store: LadybugStore, line: Line) -> None:
    (written,) = await write(ladybug_store, [7])
    await Outbox(ladybug_store, line.bus).send_waiting()
    assert await line.take(1) == [Arrived(written.id, "NB-MZ", 1, {"名": "𠮷7", "n": [7, None, True]})]


class CrashedStore:
    """The embedded store of a process that ends between publishing and marking: nothing more can be written."""

    def __init__(self, store: LadybugStore) -> None:
        self._store = store

    async def read(self, work: Work[T]) -> T:
        return await self._store.read(work)

    async def write(self, work: Work[T]) -> T:
        raise StoreUnavailableError("the process is gone")

    async def migrate(self) -> None:
        await self._store.migrate()

    async def ping(self) -> None:
        await self._store.ping()

    async def close(self) -> None:
        await self._store.close()


@pytest.mark.requirement("I1", "I2")
async def test_after_a_crash_between_publishing_and_marking_the_event_comes_again_with_the_same_id(
    ladybug_store: LadybugStore, line: Line
) -> None:
    (written,) = await write(ladybug_store, [1])
    with pytest.raises(StoreUnavailableError):
        await Outbox(CrashedStore(ladybug_store), line.bus).send_waiting()
    assert await waiting(ladybug_store) == 1
    assert await Outbox(ladybug_store, line.bus).send_waiting() == 1
    first, again = await line.take(2)
    assert first == again
    assert first.id == written.id


class WatchingBus:
    """A bus that looks into the store before it says that it has the events."""

    def __init__(self, bus: EventBus, store: LadybugStore) -> None:
        self._bus, self._store = bus, store
        self.waiting_when_safe: list[int] = []

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        await self._bus.publish(events)
        self.waiting_when_safe.append(await waiting(self._store))

    async def close(self) -> None:
        await self._bus.close()


async def test_nothing_is_marked_before_the_bus_has_it(ladybug_store: LadybugStore, line: Line) -> None:
    await write(ladybug_store, range(5))
    bus = WatchingBus(line.bus, ladybug_store)
    await Outbox(ladybug_store, bus).send_waiting()
    assert bus.waiting_when_safe == [5]
    assert await waiting(ladybug_store) == 0


@pytest.mark.requirement("I1")
async def test_events_stay_while_the_bus_is_down_and_leave_when_it_is_back(
    ladybug_store: LadybugStore, line: Line
) -> None:
    await write(ladybug_store, range(6))
    down = KafkaBus(KafkaConfig(f"127.0.0.1:{free_ports(1)[0]}", "events"), ENVELOPES)
    with pytest.raises(UnavailableError):
        await Outbox(ladybug_store, down).send_waiting()
    assert await waiting(ladybug_store) == 6
    await write(ladybug_store, range(6, 9))
    assert await Outbox(ladybug_store, line.bus).send_waiting() == 9
    arrived = await line.take(9)
    assert [each.sequence for each in arrived if each.unit == "NB-GA"] == [1, 2, 3]
