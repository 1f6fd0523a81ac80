"""Two publishers in two processes on one Neo4j and one Kafka: one is killed, and nothing is lost or out of order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from graph_models.journal_records import append_events
from graph_models.neo4j_store import Neo4jStore
from graph_models.outbox import LANES
from hub.clock import SystemIds
from hub.cloud_events import read_envelope
from tests.contract import event_publisher
from tests.contract.records import event

pytestmark = pytest.mark.services("neo4j", "kafka")
UNITS = [f"U{number}" for number in range(32)]
ROUNDS, EACH = 40, 3
TAKEOVER_SECONDS = 10
"""A lease of five seconds, a look each second, and what a busy machine of two cores needs on top."""


@dataclass
class Publisher:
    """Another process that publishes."""

    process: asyncio.subprocess.Process

    async def until_it_holds(self, lanes: int) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while int(await self.process.stdout.readline()) != lanes:
                pass

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)


@pytest.fixture
async def topic(kafka_bootstrap: str) -> str:
    name = SystemIds().identifier("lanes-")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=4, replication_factor=1)])
    await admin.close()
    return name


@pytest.fixture
async def pair(
    neo4j_store: Neo4jStore, neo4j_uri: str, kafka_bootstrap: str, topic: str
) -> AsyncIterator[tuple[Publisher, Publisher]]:
    """Two publishers that have shared the lanes."""
    assert neo4j_store
    command = (sys.executable, "-m", event_publisher.__name__, neo4j_uri, kafka_bootstrap, topic)
    root = Path(__file__).parents[2]
    started = [
        Publisher(await asyncio.create_subprocess_exec(*command, name, stdout=asyncio.subprocess.PIPE, cwd=root))
        for name in ("A", "B")
    ]
    for each in started:
        await each.until_it_holds(LANES // 2)
    yield started[0], started[1]
    for each in started:
        if each.process.returncode is None:
            each.kill()
        await each.process.communicate()


@pytest.fixture
async def listener(kafka_bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    yield consumer
    await consumer.stop()


async def write(store: Neo4jStore, rounds: int) -> None:
    for one in range(rounds):
        drafts = [event(f"E{one}-{number}", unit) for unit in UNITS for number in range(EACH)]
        await store.write(lambda tx, drafts=drafts: append_events(tx, drafts))


async def arrived(listener: AIOKafkaConsumer, each: int) -> dict[str, list[int]]:
    """Return each unit's sequences in the order in which they came, repeats and all, up to the last one of all."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    complete: set[str] = set()
    async with asyncio.timeout(90):
        while len(complete) < len(UNITS):
            read = read_envelope((await listener.getone()).value)
            found[read.unit_code].append(read.sequence)
            if read.sequence == each:
                complete.add(read.unit_code)
    return found


@pytest.mark.requirement("I1", "I2")
async def test_one_of_two_is_killed_in_the_middle_and_every_event_arrives_in_its_units_order(
    neo4j_store: Neo4jStore,
    pair: tuple[Publisher, Publisher],
    listener: AIOKafkaConsumer,
    record_property: Callable[[str, object], None],
) -> None:
    killed, living = pair
    loop = asyncio.get_running_loop()
    writing = asyncio.create_task(write(neo4j_store, ROUNDS))
    await listener.getone()
    killed.kill()
    begin = loop.time()
    await living.until_it_holds(LANES)
    taken_over = loop.time() - begin
    await writing
    await listener.seek_to_beginning()
    found = await arrived(listener, ROUNDS * EACH)
    for unit in UNITS:
        assert list(dict.fromkeys(found[unit])) == list(range(1, ROUNDS * EACH + 1)), unit
    record_property("takeover_seconds", round(taken_over, 2))
    record_property("repeats", sum(map(len, found.values())) - ROUNDS * EACH * len(UNITS))
    print(f"taken over after {taken_over:.2f} s")
    assert taken_over < TAKEOVER_SECONDS


@pytest.mark.requirement("I1")
async def test_a_publisher_that_was_frozen_while_another_took_over_disorders_nothing(
    neo4j_store: Neo4jStore, pair: tuple[Publisher, Publisher], listener: AIOKafkaConsumer
) -> None:
    frozen, living = pair
    writing = asyncio.create_task(write(neo4j_store, ROUNDS))
    await listener.getone()
    os.kill(frozen.process.pid, signal.SIGSTOP)
    await living.until_it_holds(LANES)
    os.kill(frozen.process.pid, signal.SIGCONT)
    await living.until_it_holds(LANES // 2)
    await writing
    await listener.seek_to_beginning()
    found = await arrived(listener, ROUNDS * EACH)
    for unit in UNITS:
        assert list(dict.fromkeys(found[unit])) == list(range(1, ROUNDS * EACH + 1)), unit
