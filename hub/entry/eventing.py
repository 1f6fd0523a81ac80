"""Wires what publishes events: the bus, the lanes of this process, and where dead letters are."""

from __future__ import annotations

from dataclasses import dataclass

from graph_models.store import GraphStore
from hub.clock import Clock, Ids
from hub.cloud_events import CloudEvents
from hub.dead_letters import DeadLetters, StoredDeadLetters
from hub.entry.settings import BusEngine, EventSettings, Settings, StoreEngine
from hub.event_replay import EventReplay
from hub.kafka_publisher import KafkaBus, KafkaConfig
from hub.kafka_reader import KafkaDeadLetters
from hub.outbox import EventBus, InProcessBus, Outbox
from hub.outbox_lanes import EveryLane, Lanes, LeasedLanes


@dataclass(frozen=True, slots=True)
class Eventing:
    """What sends events out, wired."""

    bus: EventBus
    outbox: Outbox
    replay: EventReplay


def open_eventing(settings: Settings, store: GraphStore, clock: Clock, ids: Ids) -> Eventing:
    """Return the bus that the settings name and what stands before it; nothing is sent yet."""
    bus, letters = _bus_and_letters(settings, store)
    outbox = Outbox(store, bus, _lanes(settings, store, clock, ids))
    return Eventing(bus, outbox, EventReplay(store, bus, letters, clock))


def _bus_and_letters(settings: Settings, store: GraphStore) -> tuple[EventBus, DeadLetters]:
    if settings.events.bus is BusEngine.IN_PROCESS:
        return InProcessBus(), StoredDeadLetters(store)
    config = _kafka(settings.events)
    envelopes = CloudEvents(settings.server.public_url, settings.events.source)
    return KafkaBus(config, envelopes), KafkaDeadLetters(config)


def _lanes(settings: Settings, store: GraphStore, clock: Clock, ids: Ids) -> Lanes:
    """The embedded store belongs to one process; any other is shared, or may be tomorrow."""
    if settings.store.engine is StoreEngine.LADYBUG:
        return EveryLane()
    return LeasedLanes(store, clock, ids.identifier("hub-"))


def _kafka(settings: EventSettings) -> KafkaConfig:
    return KafkaConfig(settings.kafka_bootstrap, settings.kafka_topic, settings.kafka_tls)
