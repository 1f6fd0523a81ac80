"""Reads events from Kafka for a consumer, and keeps dead letters in a topic of their own.

A dead letter's message is the one that was put aside (empty where it was too long to be kept), its headers say by whom
and why, its key is the letter's id. A message without a value under the same key says that the letter was put through
again; so the topic may be compacted.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
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
                found = await topic.getmany(timeout_ms=wait, max_records=MOST_RECORDS)
                if not found and idle_seconds is not None:
                    return counts
                for record in (each for records in found.values() for each in records):
                    counts[await consumer.take_message(record.value or b"", _hinted_id(record))] += 1
                if found:
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
            await producer.send_and_wait(self.topic, value=kept, key=letter.id.encode(), headers=headers)

    async def settle(self, ids: Iterable[str]) -> None:
        """See DeadLetters."""
        async with _opened(self._producer()) as producer:
            for each in sorted(set(ids)):
                await producer.send_and_wait(self.topic, value=None, key=each.encode())

    async def read(self, limit: int) -> tuple[DeadLetter, ...]:
        """See DeadLetters. Reads the topic from its start to where it ends now."""
        found: dict[bytes, DeadLetter] = {}
        partitions = await _partitions(self.config, self.topic)
        if not partitions:
            return ()
        consumer = AIOKafkaConsumer(max_partition_fetch_bytes=FETCH_BYTES, **_connection(self.config))
        async with _opened(consumer) as topic, asyncio.timeout(self.config.seconds):
            async for record in _to_the_end(topic, partitions):
                found.pop(record.key, None)
                header = dict(record.headers or ()).get(LETTER_HEADER)
                if record.value is not None and header is not None:
                    found[record.key] = from_document(DeadLetter, header)
        newest = sorted(found.values(), key=lambda letter: (letter.at, letter.id), reverse=True)
        return tuple(newest[:limit])

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            max_request_size=2 * LONGEST_MESSAGE,
            **_connection(self.config),
        )


def _hinted_id(record: Any) -> str:
    return bytes(dict(record.headers or ()).get("ce_id", b"")).decode(errors="replace")[:200]


async def _to_the_end(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> AsyncIterator[Any]:
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    while any([await consumer.position(one) < ends[one] for one in partitions]):
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                yield record


async def _partitions(config: KafkaConfig, topic: str) -> list[TopicPartition]:
    """Return the partitions of a topic; none where there is no such topic yet (asking for it would make it)."""
    admin = AIOKafkaAdminClient(**_connection(config))
    async with _opened(admin):
        if topic not in await admin.list_topics():
            return []
        (described,) = await admin.describe_topics([topic])
    return [TopicPartition(topic, part["partition"]) for part in described["partitions"]]


@contextlib.asynccontextmanager
async def _opened(client: Any) -> AsyncIterator[Any]:
    """Start a client of any kind and stop it at the end. Raises UnavailableError."""
    try:
        await client.start()
        yield client
    except (KafkaError, OSError) as problem:
        raise UnavailableError(
            "the event broker cannot be reached", message_zh="事件总线暂不可用", mend="Try again later."
        ) from problem
    finally:
        await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())


def _connection(config: KafkaConfig) -> Mapping[str, Any]:
    return {
        "bootstrap_servers": config.bootstrap,
        "request_timeout_ms": int(config.seconds * 1000),
        "security_protocol": "SSL" if config.tls else "PLAINTEXT",
        "ssl_context": ssl.create_default_context() if config.tls else None,
    }
