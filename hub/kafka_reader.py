"""Reads events from Kafka for a consumer, and keeps dead letters in a topic of their own.

A dead letter's message is the one that was put aside (empty where it was too long to be kept), its headers say by whom
and why, its key is the letter's id and when it was put aside. A message without a value under the same key says that
this letter was put through again; so the topic may be compacted, and what was put aside anew meanwhile stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from graph_models.outbox import DeadLetter
from graph_models.rows import from_document, to_document
from hub.cloud_events import LONGEST_MESSAGE
from hub.errors import UnavailableError
from hub.event_consumer import EventConsumer, Outcome
from hub.kafka_publisher import KafkaConfig

LETTER_HEADER = "proofhub_letter"
WAIT_MILLISECONDS = 1000
MOST_RECORDS = 200
"""So many messages are acknowledged at once; after a crash in between they come again."""
MOST_KEPT = 10_000
"""So many letters of a topic are in memory at a time; of more the newest."""
FETCH_BYTES = 4 << 20
"""How much is fetched at a time; a longer message comes alone."""


@dataclass(frozen=True, slots=True)
class KafkaReader:
    """Reads a topic in a consumer group: the partitions are shared among all that read with the same group."""

    config: KafkaConfig
    group: str

    async def read(self, consumer: EventConsumer, idle_seconds: float | None = None) -> dict[Outcome, int]:
        """Hand messages to the consumer; each is acknowledged after it was handled or buried.

        Args:
            idle_seconds: end when nothing came for so long; None: never.

        Returns:
            How many messages had which outcome.

        Raises:
            UnavailableError: the brokers cannot be reached.
            Exception: the consumer could not take a message in; it comes again.
        """
        counts = dict.fromkeys(Outcome, 0)
        wait = WAIT_MILLISECONDS if idle_seconds is None else int(idle_seconds * 1000)
        async with _opened(self._consumer()) as topic:
            while True:
                with _broker():
                    found = await topic.getmany(timeout_ms=wait, max_records=MOST_RECORDS)
                if not found and idle_seconds is not None:
                    return counts
                for record in (each for records in found.values() for each in records):
                    counts[await consumer.take_message(record.value or b"", _hinted_id(record))] += 1
                if found:
                    with _broker():
                        await topic.commit()

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            self.config.topic,
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            **_connection(self.config),
        )


@dataclass(frozen=True, slots=True)
class KafkaDeadLetters:
    """Dead letters in the topic ``<topic>.dead``; carries out ``hub.dead_letters.DeadLetters``."""

    config: KafkaConfig

    @property
    def topic(self) -> str:
        """The topic of the dead letters."""
        return f"{self.config.topic}.dead"

    async def put(self, letter: DeadLetter, message: bytes) -> None:
        """See DeadLetters."""
        kept = message if len(message) <= LONGEST_MESSAGE else b""
        headers = [
            (LETTER_HEADER, to_document(letter).encode()),
            ("reason", letter.reason.encode()),
            ("consumer", letter.consumer.encode()),
        ]
        async with _opened(self._producer()) as producer:
            with _broker():
                await producer.send_and_wait(self.topic, value=kept, key=_key(letter), headers=headers)

    async def settle(self, letters: Collection[DeadLetter]) -> None:
        """See DeadLetters. What was put aside before under the same id goes with it."""
        read, keys = {letter.id: letter for letter in letters}, set[bytes]()
        async for key, letter in self._records():
            if letter is not None and (known := read.get(letter.id)) and (letter == known or letter.at < known.at):
                keys.add(key)
        async with _opened(self._producer()) as producer:
            for key in sorted(keys):
                with _broker():
                    await producer.send_and_wait(self.topic, value=None, key=key)

    async def read(self, limit: int) -> tuple[DeadLetter, ...]:
        """See DeadLetters. Reads the topic from its start to where it ends now."""
        return await self._newest(limit, lambda _: True)

    async def find(self, names: Collection[str]) -> tuple[DeadLetter, ...]:
        """See DeadLetters."""
        return await self._newest(MOST_KEPT, lambda letter: letter.id in names or letter.event_id in names)

    async def pages(self, size: int) -> AsyncIterator[tuple[DeadLetter, ...]]:
        """See DeadLetters. Of those that may name an event of the hub first, then the rest; the newest of very many."""
        for wanted in (_names_an_event, _names_none):
            found = await self._newest(MOST_KEPT, wanted)
            for start in range(0, len(found), size):
                yield found[start : start + size]

    async def _newest(self, limit: int, wanted: Callable[[DeadLetter], bool]) -> tuple[DeadLetter, ...]:
        """Return the newest of the letters that are wanted, each once; holds twice ``MOST_KEPT`` at most."""
        kept: dict[bytes, DeadLetter] = {}
        async for key, letter in self._records():
            kept.pop(key, None)
            if letter is not None and wanted(letter):
                kept[key] = letter
                if len(kept) >= 2 * MOST_KEPT:
                    kept = dict(_in_order(kept)[:MOST_KEPT])
        each_once = {letter.id: letter for _, letter in reversed(_in_order(kept))}
        newest = sorted(each_once.values(), key=lambda letter: (letter.at, letter.id), reverse=True)
        return tuple(newest[:limit])

    async def _records(self) -> AsyncIterator[tuple[bytes, DeadLetter | None]]:
        """Give the key of each message of the topic with its letter; None: that letter was settled, or it is none."""
        partitions = await _partitions(self.config, self.topic)
        if partitions:
            consumer = AIOKafkaConsumer(max_partition_fetch_bytes=FETCH_BYTES, **_connection(self.config))
            async with _opened(consumer) as topic:
                async for record in _to_the_end(topic, partitions, self.config.seconds):
                    header = dict(record.headers or ()).get(LETTER_HEADER)
                    gone = record.value is None or header is None
                    yield record.key or b"", None if gone else from_document(DeadLetter, header)

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            max_request_size=2 * LONGEST_MESSAGE,
            **_connection(self.config),
        )


def _hinted_id(record: Any) -> str:
    return bytes(dict(record.headers or ()).get("ce_id") or b"").decode(errors="replace")[:200]


def _names_an_event(letter: DeadLetter) -> bool:
    return letter.event_id != ""


def _names_none(letter: DeadLetter) -> bool:
    return letter.event_id == ""


def _key(letter: DeadLetter) -> bytes:
    """Return what tells a letter from the same one put aside at another time."""
    return f"{letter.id}@{letter.at.isoformat()}/{letter.attempt}".encode()


def _in_order(kept: Mapping[bytes, DeadLetter]) -> list[tuple[bytes, DeadLetter]]:
    return sorted(kept.items(), key=lambda each: (each[1].at, each[0]), reverse=True)


async def _to_the_end(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition], seconds: float
) -> AsyncIterator[Any]:
    """Give what is in the partitions now, from the start; given up when nothing comes for so many seconds."""
    with _broker():
        async with asyncio.timeout(seconds):
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
    while True:
        with _broker():
            async with asyncio.timeout(seconds):
                found = await _more(consumer, ends)
        if not found:
            return
        for record in found:
            yield record


async def _more(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> list[Any]:
    """Return the next messages before the ends; none where the ends are reached."""
    found: list[Any] = []
    while not found and any([await consumer.position(one) < end for one, end in ends.items()]):
        found = [record for some in (await consumer.getmany(timeout_ms=200)).values() for record in some]
    return found


async def _partitions(config: KafkaConfig, topic: str) -> list[TopicPartition]:
    """Return the partitions of a topic; none where there is no such topic yet (asking for it would make it)."""
    admin = AIOKafkaAdminClient(**_connection(config))
    async with _opened(admin):
        with _broker():
            if topic not in await admin.list_topics():
                return []
            (described,) = await admin.describe_topics([topic])
    return [TopicPartition(topic, part["partition"]) for part in described["partitions"]]


@contextlib.asynccontextmanager
async def _opened(client: Any) -> AsyncIterator[Any]:
    """Start a client of any kind and stop it at the end. Raises UnavailableError where it cannot be started."""
    try:
        with _broker():
            await client.start()
        yield client
    finally:
        await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())


@contextlib.contextmanager
def _broker() -> Iterator[None]:
    """Raise UnavailableError where the broker fails; around what asks the broker, and nothing else."""
    try:
        yield
    except (KafkaError, OSError) as problem:
        raise UnavailableError(
            "the event broker cannot be reached", message_zh="事件总线暂不可用", mend="Try again later."
        ) from problem


def _connection(config: KafkaConfig) -> Mapping[str, Any]:
    return {
        "bootstrap_servers": config.bootstrap,
        "request_timeout_ms": int(config.seconds * 1000),
        "security_protocol": "SSL" if config.tls else "PLAINTEXT",
        "ssl_context": ssl.create_default_context() if config.tls else None,
    }
