"""Reading from a real Kafka: once each, what cannot be read into the topic of dead letters, and on it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from graph_models.casework import OutboxEvent
from graph_models.outbox import ConsumerPlace
from hub import kafka_reader
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


@pytest.mark.services("kafka")
async def test_what_comes_out_of_order_is_handled_once_each_and_fills_its_gap(line: Line) -> None:
    await line.send(*((message(one), f"GA.{one}") for one in (3, 1, 5, 3, 2, 1)))
    assert await line.read() == {Outcome.HANDLED: 4, Outcome.REPEATED: 2, Outcome.DEAD: 0}
    await line.send((message(4), "GA.4"), (message(5), "GA.5"))
    assert (await line.read())[Outcome.HANDLED] == 1
    assert line.handler.got == [3, 1, 5, 2, 4]
    assert await line.consumer.places.find("GA") == ConsumerPlace(last=5)


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
    (second,) = await line.letters.find({"GA.2"})
    await line.letters.settle([second, replace(second, id="no such")])
    assert [letter.event_id for letter in await line.letters.read(9)] == ["GA.3", "GA.1"]
    assert [letter.event_id for letter in await line.letters.read(1)] == ["GA.3"]


@pytest.mark.services("kafka")
async def test_a_message_that_could_not_be_taken_in_comes_again(line: Line) -> None:
    await line.send((message(1), ""), (message(2), ""))
    line.handler.failing = {2}
    with pytest.raises(OSError, match="down"):
        await line.read()
    line.handler.failing = set()
    assert (await line.read())[Outcome.HANDLED] == 1
    assert line.handler.got == [1, 2]


@pytest.mark.services("kafka")
async def test_a_letter_put_aside_anew_stays_when_the_one_before_is_settled_and_goes_with_all_before_it(
    line: Line,
) -> None:
    line.handler.refused = {1}
    for _ in range(2):
        await line.consumer.take_message(message(1))
        line.consumer.clock.advance(seconds=1)  # type: ignore[attr-defined]
    (read,) = await line.letters.read(9)
    await line.consumer.take_message(message(1))
    await line.letters.settle([read])
    (anew,) = await line.letters.find({"statistics/GA.1"})
    assert (anew.id, anew.attempt) == (read.id, 3)
    await line.letters.settle([anew])
    assert await line.letters.read(9) == ()


@pytest.mark.services("kafka")
async def test_letters_are_named_and_given_page_by_page_those_that_name_an_event_first(line: Line) -> None:
    line.handler.refused = {1, 2, 3}
    for one in (1, 2, 3):
        await line.consumer.take_message(message(one))
        await line.consumer.take_message(b"nonsense %d" % one)
        line.consumer.clock.advance(seconds=1)  # type: ignore[attr-defined]
    pages = [[letter.event_id for letter in page] async for page in line.letters.pages(2)]
    assert pages == [["GA.3", "GA.2"], ["GA.1"], ["", ""], [""]]
    named = await line.letters.find({"GA.1", "statistics/GA.3", "GA.9"})
    assert [letter.event_id for letter in named] == ["GA.3", "GA.1"]


@pytest.mark.services("kafka")
async def test_a_header_without_a_value_and_a_unit_too_long_are_put_aside_and_the_rest_is_read(line: Line) -> None:
    long = orjson.loads(message(2)) | {"unit": "U" * 200, "id": f"{'U' * 200}.2"}
    producer = AIOKafkaProducer(bootstrap_servers=line.config.bootstrap)
    await producer.start()
    for value in (b"nonsense", orjson.dumps(long), message(3)):
        await producer.send_and_wait(line.config.topic, value=value, key=b"GA", headers=[("ce_id", None)])
    await producer.stop()
    assert await line.read() == {Outcome.HANDLED: 1, Outcome.REPEATED: 0, Outcome.DEAD: 2}
    assert {letter.event_id for letter in await line.letters.read(9)} == {""}


@pytest.mark.services("kafka")
@pytest.mark.parametrize("failure", [OSError("the handler's disk"), TimeoutError("the handler's own")])
async def test_what_fails_in_the_handler_is_not_said_to_be_the_broker(line: Line, failure: Exception) -> None:
    async def fail(event: OutboxEvent) -> None:
        raise failure

    consumer = EventConsumer("statistics", fail, PlacesInMemory(), line.letters, SetClock())
    await line.send((message(1), ""))
    with pytest.raises(type(failure), match="the handler"):
        await KafkaReader(line.config, "g").read(consumer, IDLE_SECONDS)


@pytest.mark.services("kafka")
async def test_reading_the_letters_is_given_up_after_silence_and_not_after_a_total(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_reader, "MOST_KEPT", 3)
    config = replace(line.config, seconds=2)
    letters, consumer = KafkaDeadLetters(config), line.consumer
    for one in range(9):
        await consumer.take_message(b"nonsense", f"GA.{one}")
        consumer.clock.advance(seconds=1)  # type: ignore[attr-defined]
    assert [letter.event_id for letter in await letters.read(2)] == ["GA.8", "GA.7"]
    kept = [letter.event_id async for page in letters.pages(9) for letter in page]
    assert kept[:3] == ["GA.8", "GA.7", "GA.6"]
    assert len(kept) < 6, "no more than twice as many are held"


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
