"""Publishes a Neo4j's outbox to a Kafka as a hub does, under leases; prints after each look how many lanes it holds.

Arguments: address of Neo4j, brokers, topic, name. A program of its own, so that a test can kill it in the middle.
"""

from __future__ import annotations

import asyncio
import sys

import structlog

from graph_models.neo4j_store import Neo4jStore
from hub.clock import SystemClock
from hub.cloud_events import CloudEvents
from hub.entry.background import every
from hub.kafka_publisher import KafkaBus, KafkaConfig
from hub.outbox import Outbox
from hub.outbox_lanes import LeasedLanes


async def main(uri: str, bootstrap: str, topic: str, name: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # its output is the numbers alone
    store = await Neo4jStore.open(uri)
    lanes = LeasedLanes(store, SystemClock(), name)
    bus = KafkaBus(KafkaConfig(bootstrap, topic), CloudEvents("https://hub.test"))

    async def look() -> int:
        held = await lanes.look()
        print(held, flush=True)
        return held

    await asyncio.gather(Outbox(store, bus, lanes).run(), every(1, look))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
