"""A consumer of all events that goes on through every fault, and keeps what it saw in the order in which it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from scripts.soak_checks import Sighting

_PAUSE_SECONDS = 0.5
_REQUEST_MILLISECONDS = 5000


@dataclass
class Watcher:
    """Reads a topic from its beginning."""

    bootstrap: str
    topic: str
    sightings: list[Sighting] = field(default_factory=list)
    reopened: int = 0
    """How often its connection had to be made anew."""
    _next: dict[TopicPartition, int] = field(default_factory=dict)
    _highest: dict[str, int] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _subjects: set[str] = field(default_factory=set)

    @property
    def repeats(self) -> int:
        """How many messages held an event that had come before."""
        return len(self.sightings) - len(set(self.sightings))

    async def run(self) -> None:
        """Read for ever."""
        while True:
            with suppress(KafkaError, OSError):
                await self._read()
            self.reopened += 1
            await asyncio.sleep(_PAUSE_SECONDS)

    async def wait_for(self, last_events: Mapping[str, int], seconds: float) -> bool:
        """Return whether each unit's newest event was seen within the time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._until(lambda: all(self._highest.get(u, 0) >= last for u, last in last_events.items()))
                return True
        return False

    async def wait_for_subject(self, subject: str) -> None:
        """Return once an event about it was seen."""
        await self._until(lambda: subject in self._subjects)

    async def _until(self, true: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(true)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, auto_offset_reset="earliest", request_timeout_ms=_REQUEST_MILLISECONDS
        )
        try:
            await consumer.start()
            await self._place(consumer)
            while True:
                found = await consumer.getmany(timeout_ms=1000)
                for partition, messages in found.items():
                    for message in messages:
                        self._note(json.loads(message.value))
                        self._next[partition] = message.offset + 1
                async with self._changed:
                    self._changed.notify_all()
        finally:
            await consumer.stop()

    async def _place(self, consumer: AIOKafkaConsumer) -> None:
        """Go on behind what was read."""
        await consumer._client.add_topic(self.topic)  # noqa: SLF001  its partitions are known only to one that asks
        partitions = [TopicPartition(self.topic, each) for each in consumer.partitions_for_topic(self.topic) or ()]
        if not partitions:
            raise KafkaError("the topic's partitions are not known yet")
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, self._next.get(partition, 0))

    def _note(self, event: Mapping[str, object]) -> None:
        seen = Sighting(str(event["unit"]), int(str(event["unitsequence"])))
        self.sightings.append(seen)
        self._subjects.add(str(event["subject"]))
        self._highest[seen.unit] = max(seen.sequence, self._highest.get(seen.unit, 0))


@asynccontextmanager
async def watching(bootstrap: str, topic: str) -> AsyncIterator[Watcher]:
    """Read all events while the block lasts."""
    watcher = Watcher(bootstrap, topic)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
