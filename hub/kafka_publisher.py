"""Events to Kafka as CloudEvents: an idempotent producer, keyed by unit so that a unit's order holds.

There is no transaction and no fence at the broker: a process that lost its lane while it was sending can send repeats,
and nothing else. Whoever sends an event has sent, in the same run, all of the unit's that were not marked before it;
what is marked is on the topic. So the first of each event is behind the first of the one before it, whoever else
writes at the same time, and a consumer that drops repeats sees a unit's order (``docs/events.md``).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from graph_models.casework import OutboxEvent
from hub.cloud_events import CONTENT_TYPE, CloudEvents, type_name
from hub.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """Where the brokers are and which topic the events go to."""

    bootstrap: str
    topic: str
    tls: bool = False
    seconds: float = 15.0
    """For how long one publication, and closing, tries: an idempotent producer by itself would try without end."""


class KafkaBus:
    """Sends events to one topic; carries out ``hub.outbox.EventBus``. Begins with the first event."""

    def __init__(self, config: KafkaConfig, envelopes: CloudEvents) -> None:
        self._config = config
        self._envelopes = envelopes
        self._producer: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        """Send the events and wait until all in-sync replicas have them; one publication at a time.

        Raises:
            UnavailableError: the broker cannot be reached.
        """
        messages = [_message(event, self._envelopes) for event in events]  # all of them, or nothing is sent
        async with self._turn:
            try:
                async with asyncio.timeout(self._config.seconds):
                    await self._send(await self._started(), messages)
            except (KafkaError, OSError) as problem:
                await self._abandon()
                raise UnavailableError(
                    "the event broker cannot be reached", message_zh="事件总线暂不可用", mend="It is tried again."
                ) from problem
            except BaseException:
                await self._abandon()
                raise

    async def close(self) -> None:
        """Send what is under way, as far as that can be done in time, and let go of the connection."""
        async with self._turn:
            if self._producer is not None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._config.seconds):
                        await self._producer.flush()
            await self._abandon()

    async def _send(self, producer: AIOKafkaProducer, messages: Sequence[Mapping[str, Any]]) -> None:
        sent = [await producer.send(self._config.topic, **message) for message in messages]
        await asyncio.gather(*sent)

    async def _abandon(self) -> None:
        """Let go of the producer with all that it still holds: the outbox has it too, and it is sent again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            # aiokafka has no public way to stop that does not wait for what cannot be sent.
            await producer._sender.close()  # noqa: SLF001
            producer._message_accumulator._batches.clear()  # noqa: SLF001
            await producer.stop()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._config.bootstrap,
                enable_idempotence=True,
                acks="all",
                request_timeout_ms=int(self._config.seconds * 1000),
                security_protocol="SSL" if self._config.tls else "PLAINTEXT",
                ssl_context=ssl.create_default_context() if self._config.tls else None,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer


def _message(event: OutboxEvent, envelopes: CloudEvents) -> Mapping[str, Any]:
    return {
        "value": envelopes.envelope(event),
        "key": event.unit_code.encode(),
        "headers": [
            ("content-type", CONTENT_TYPE.encode()),
            ("ce_id", event.id.encode()),
            ("ce_type", type_name(event.type).encode()),
        ],
    }
