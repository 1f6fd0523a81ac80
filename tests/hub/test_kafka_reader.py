"""Reading from a real Kafka: once each, what cannot be read into the topic of dead letters, and on it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from hub.clock import SystemIds
from hub.cloud_events import CloudEvents
from hub.errors import UnavailableError
from hub.event_consumer import EventConsumer, Outcome, PlacesInMemory
from hub.kafka_publisher import KafkaBus, KafkaConfig
from hub.kafka_reader import KafkaDeadLetters, KafkaReader
from scripts.service_process import free_ports
from tests.hub.set_clock import SetClock
from tests.hub.test_event_consumer import Handler, message, written

HUGE = 50 << 20
IDLE_SECONDS = 3.0
"""Nothing comes for so long: all was read."""


@dataclass
class Line:
    """A topic, a consumer that reads it, and where its dead letters go."""

    config: KafkaConfig
    handler: Handler
    consumer: EventConsumer
    letters: KafkaDeadLetters

    async def send(self, *messages: tuple[bytes, str]) -> None:
        """Send raw messages, each with the id that its header says."""
        producer = AIOKafkaProducer(bootstrap_servers=self.config.bootstrap, max_request_size=2 * HUGE)
        await producer.start()
        for value, event_id in messages:
            headers = [("ce_id", event_id.encode())] if event_id else []
            await producer.send_and_wait(self.config.topic, value=value, key=b"GA", headers=headers)
        await producer.stop()

    async def read(self, group: str = "g") -> dict[Outcome, int]:
        return await KafkaReader(self.config, group).read(self.consumer, IDLE_SECONDS)


@pytest.fixture
async def line(kafka_bootstrap: str) -> AsyncIterator[Line]:
    config = KafkaConfig(kafka_bootstrap, SystemIds().identifier("read-"), seconds=30)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    limits = {"max.message.bytes": str(2 * HUGE)}
    await admin.create_topics([NewTopic(config.topic, num_partitions=2, replication_factor=1, topic_configs=limits)])
    handler, letters = Handler(), KafkaDeadLetters(config)
    consumer = EventConsumer("statistics", handler.handle, PlacesInMemory(), letters, SetClock())
    yield Line(config, handler, consumer, letters)
    await admin.close()


@pytest.mark.requirement("I2")
@pytest.mark.services("kafka")
async def test_what_the_hub_sends_is_handled_once_however_often_it_is_read(line: Line) -> None:
    bus = KafkaBus(line.config, CloudEvents("https://hub.test"))
    for run in ((1, 2), (1, 2, 3), (2, 3, 4)):
        await bus.publish([written(one) for one in run])
    await bus.close()
    assert await line.read("first") == {Outcome.HANDLED: 4, Outcome.REPEATED: 4, Outcome.DEAD: 0}
    assert await line.read("first") == dict.fromkeys(Outcome, 0)
    assert await line.read("from the start") == {Outcome.HANDLED: 0, Outcome.REPEATED: 8, Outcome.DEAD: 0}
    assert line.handler.got == [1, 2, 3, 4]


@pytest.mark.services("kafka")
async def test_unknown_versions_nonsense_and_50_megabytes_become_dead_letters_and_the_rest_is_read(line: Line) -> None:
    strange = message(2, type="proofhub.case.opened.v9")
    await line.send((message(1), ""), (strange, "GA.2"), (b"\xff", ""), (b" " * HUGE, "GA.3"), (message(4), ""))
    assert await line.read() == {Outcome.HANDLED: 2, Outcome.REPEATED: 0, Outcome.DEAD: 3}
    assert line.handler.got == [1, 4]
    letters = {letter.event_id: (letter.size, letter.reason) for letter in await line.letters.read(9)}
    assert letters.keys() == {"GA.2", "GA.3", ""}
    assert "unknown version" in letters["GA.2"][1]
    assert letters["GA.3"] == (HUGE, f"the message has {HUGE} bytes, more than 1000000")
    kept = await _values(line)
    assert kept == [strange, b"\xff", b""]


async def _values(line: Line) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(
        line.letters.topic, bootstrap_servers=line.config.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    found = [(await consumer.getone()).value for _ in range(3)]
    await consumer.stop()
    return found


@pytest.mark.services("kafka")
async def test_a_letter_that_was_settled_is_listed_no_more_and_the_newest_come_first(line: Line) -> None:
    assert await line.letters.read(9) == ()
    line.handler.refused = {1, 2, 3}
    for one in (1, 2, 3):
        await line.consumer.take_message(message(one))
        line.consumer.clock.advance(seconds=1)  # type: ignore[attr-defined]
    await line.letters.settle(["statistics/GA.2", "no such"])
    assert [letter.event_id for letter in await line.letters.read(9)] == ["GA.3", "GA.1"]
    assert [letter.event_id for letter in await line.letters.read(1)] == ["GA.3"]


@pytest.mark.services("kafka")
async def test_a_message_that_could_not_be_taken_in_comes_again(line: Line) -> None:
    await line.send((message(1), ""), (message(2), ""))
    line.handler.failing = {2}
    with pytest.raises(UnavailableError):
        await line.read()
    line.handler.failing = set()
    assert (await line.read())[Outcome.HANDLED] == 1
    assert line.handler.got == [1, 2]


async def test_brokers_that_are_not_there_are_said(line_elsewhere: KafkaConfig) -> None:
    letters = KafkaDeadLetters(line_elsewhere)
    consumer = EventConsumer("c", Handler().handle, PlacesInMemory(), letters, SetClock())
    with pytest.raises(UnavailableError):
        await letters.read(9)
    with pytest.raises(UnavailableError):
        await consumer.take_message(b"nonsense")
    with pytest.raises(UnavailableError):
        await KafkaReader(line_elsewhere, "g").read(consumer, 1)


@pytest.fixture
def line_elsewhere() -> KafkaConfig:
    return KafkaConfig(f"127.0.0.1:{free_ports(1)[0]}", "events", seconds=5)
