"""Which bus, which lanes and which dead letters the settings mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_models.ladybug_store import LadybugStore
from hub.clock import SystemClock, SystemIds
from hub.dead_letters import StoredDeadLetters
from hub.entry.eventing import Eventing, open_eventing
from hub.entry.settings import BusEngine, EventSettings, Settings, StoreEngine, StoreSettings
from hub.kafka_publisher import KafkaBus
from hub.kafka_reader import KafkaDeadLetters
from hub.outbox import InProcessBus
from hub.outbox_lanes import EveryLane, LeasedLanes


async def opened(folder: Path, settings: Settings) -> Eventing:
    store = await LadybugStore.open(folder / "graph", buffer_bytes=192 << 20)
    await store.close()
    return open_eventing(settings, store, SystemClock(), SystemIds())


async def test_without_settings_it_is_one_process_with_all_in_its_store(tmp_path: Path) -> None:
    found = await opened(tmp_path, Settings())
    assert isinstance(found.bus, InProcessBus)
    assert isinstance(found.outbox.lanes, EveryLane)
    assert isinstance(found.replay.letters, StoredDeadLetters)
    assert found.replay.bus is found.outbox.bus is found.bus


@pytest.mark.parametrize("bus", BusEngine)
async def test_a_store_that_may_be_shared_has_leases_under_a_name_of_each_process(
    tmp_path: Path, bus: BusEngine
) -> None:
    settings = Settings(store=StoreSettings(engine=StoreEngine.NEO4J), events=EventSettings(bus=bus))
    lanes = [(await opened(tmp_path, settings)).outbox.lanes for _ in range(2)]
    assert all(isinstance(each, LeasedLanes) for each in lanes)
    assert len({each.holder for each in lanes if isinstance(each, LeasedLanes)}) == 2


async def test_with_kafka_dead_letters_are_in_the_topic_beside(tmp_path: Path) -> None:
    found = await opened(tmp_path, Settings(events=EventSettings(bus=BusEngine.KAFKA, kafka_topic="city")))
    assert isinstance(found.bus, KafkaBus)
    assert isinstance(found.replay.letters, KafkaDeadLetters)
    assert found.replay.letters.topic == "city.dead"
