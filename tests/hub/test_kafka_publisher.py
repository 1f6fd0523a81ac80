"""What only Kafka can be asked: brokers that are not there, say nothing, or go away in the middle."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from graph_models.casework import OutboxEvent
from hub.clock import SystemIds
from hub.cloud_events import CloudEvents
from hub.errors import UnavailableError
from hub.kafka_publisher import KafkaBus, KafkaConfig
from scripts.service_kafka import start_kafka
from scripts.service_process import Running, free_ports

EVENT = OutboxEvent(
    id="E1",
    unit_code="NB-GA",
    sequence=3,
    type="case.opened",
    subject="C1",
    at=datetime(2026, 3, 2, 8, 15, 30, 123000, tzinfo=UTC),
    payload_json='{"b":"宁波","a":1.50}',
    published=False,
)
ENVELOPES = CloudEvents("https://hub.test")


def bus_at(port: int, seconds: float) -> KafkaBus:
    return KafkaBus(KafkaConfig(f"127.0.0.1:{port}", "events", seconds=seconds), ENVELOPES)


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """A port that takes connections and never says a word."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()


@pytest.fixture
def own_broker(kafka_bootstrap: str) -> Iterator[Running]:
    """A broker for one test alone, which may end it (the shared one shows that the machine can run it)."""
    running = start_kafka()
    running.wait_until_ready()
    yield running
    running.stop()


async def test_a_broker_that_is_not_there_is_said_at_once_and_in_both_languages() -> None:
    bus = bus_at(free_ports(1)[0], seconds=60)
    async with asyncio.timeout(10):
        with pytest.raises(UnavailableError) as refused:
            await bus.publish([EVENT])
    assert (refused.value.code, refused.value.message_zh) == ("UNAVAILABLE", "事件总线暂不可用")
    assert refused.value.mend


async def test_a_broker_that_says_nothing_is_given_up_in_time(silent_port: int) -> None:
    bus = bus_at(silent_port, seconds=0.5)
    async with asyncio.timeout(10):
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await bus.publish([EVENT])
        await bus.close()


@pytest.mark.services("kafka")
async def test_a_broker_that_goes_away_is_given_up_in_time_and_closing_does_not_wait_for_it(
    own_broker: Running,
) -> None:
    bus = KafkaBus(KafkaConfig(own_broker.address, "events", seconds=3), ENVELOPES)
    await bus.publish([EVENT])
    own_broker.stop()
    async with asyncio.timeout(20):
        with pytest.raises(UnavailableError):
            await bus.publish([EVENT])
        with pytest.raises(UnavailableError):
            await bus.publish([EVENT])
        await bus.close()


@pytest.mark.services("kafka")
async def test_closing_in_the_middle_of_a_publication_does_not_wait_for_a_broker_that_is_gone(
    own_broker: Running,
) -> None:
    bus = KafkaBus(KafkaConfig(own_broker.address, "events", seconds=1), ENVELOPES)
    await bus.publish([EVENT])
    own_broker.stop()
    publication = asyncio.ensure_future(bus.publish([EVENT]))
    await asyncio.wait([publication], timeout=0.2)
    publication.cancel()
    async with asyncio.timeout(15):
        await asyncio.gather(publication, return_exceptions=True)
        await bus.close()


async def test_a_bus_that_never_sent_anything_closes_and_may_be_closed_again() -> None:
    bus = bus_at(free_ports(1)[0], seconds=1)
    await bus.close()
    await bus.close()


@pytest.mark.services("kafka")
async def test_a_closed_bus_begins_anew_with_the_next_event(kafka_bootstrap: str) -> None:
    bus = KafkaBus(KafkaConfig(kafka_bootstrap, "begun-anew"), ENVELOPES)
    await bus.publish([EVENT])
    await bus.close()
    await bus.publish([EVENT])
    await bus.close()


def open_producers() -> list[AIOKafkaProducer]:
    return [each for each in gc.get_objects() if isinstance(each, AIOKafkaProducer) and not each._closed]


@pytest.mark.services("kafka")
async def test_publications_and_closing_at_once_take_turns_and_leave_no_producer_behind(kafka_bootstrap: str) -> None:
    bus, before = KafkaBus(KafkaConfig(kafka_bootstrap, "in-turn"), ENVELOPES), open_producers()
    await asyncio.gather(*(bus.publish([EVENT]) for _ in range(3)), bus.close(), bus.publish([EVENT]))
    assert len(open_producers()) == len(before) + 1
    await bus.close()
    assert len(open_producers()) == len(before)


async def arrived(bootstrap: str, topic: str) -> list[str]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    found = await consumer.getmany(timeout_ms=5000)
    await consumer.stop()
    return [record.key.decode() for records in found.values() for record in records]


@pytest.mark.services("kafka")
async def test_what_no_message_can_be_made_of_is_said_before_anything_is_sent(kafka_bootstrap: str) -> None:
    config = KafkaConfig(kafka_bootstrap, SystemIds().identifier("all-or-nothing-"))
    bus = KafkaBus(config, ENVELOPES)
    await bus.publish([replace(EVENT, unit_code="FIRST")])
    with pytest.raises(UnicodeEncodeError):
        await bus.publish([replace(EVENT, unit_code="SECOND"), replace(EVENT, unit_code="\ud800")])
    await bus.publish([replace(EVENT, unit_code="THIRD", type="request.sung")])
    await bus.close()
    assert await arrived(kafka_bootstrap, config.topic) == ["FIRST", "THIRD"]


@pytest.mark.services("kafka")
async def test_after_any_failure_of_a_publication_the_producer_is_let_go(kafka_bootstrap: str) -> None:
    bus, before = KafkaBus(KafkaConfig(kafka_bootstrap, "no such topic!"), ENVELOPES), open_producers()
    with pytest.raises(Exception, match=r"(?i)topic|reached"):
        await bus.publish([EVENT])
    assert len(open_producers()) == len(before)
