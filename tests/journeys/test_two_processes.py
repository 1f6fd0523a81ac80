"""Two hub processes on one Neo4j, one Kafka and one signer, by settings alone: one city to whoever asks either."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction
from hub.actors import Post
from hub.clock import SystemIds
from scripts.demonstration.city import City
from scripts.demonstration.processes import free_port
from scripts.demonstration.publication import AUTHORITY
from scripts.demonstration.story import ITEM, UNIT
from scripts.demonstration.window import OPEN_CASE
from tests.journeys.stage import Stage, command, eventually, matter, signer, staged
from tests.journeys.whole_case import WholeCase, carry_out

pytestmark = pytest.mark.services("neo4j", "kafka")
Pair = tuple[Stage, Stage]
VERSION = "{ catalogueVersion { ... on CatalogueVersion { number } } }"
TOPIC = SystemIds().identifier("journeys-")
EXPECTED = {
    UNIT: {"case.opened", "request.received", "request.sealed", "proof.issued", "case.closed"},
    "330203-GA": {"request.received", "request.claimed", "request.drafted", "request.reviewed", "request.sealed"},
}
"""Types of the events that the case cannot do without, by the unit that they are for."""


async def _empty(tx: Transaction) -> None:
    await tx.run("MATCH (n) DETACH DELETE n")


async def _forget_that_all_were_sent(tx: Transaction) -> None:
    """Leave the outbox as a hub does that dies after it has sent everything and before it has said so."""
    await tx.run("MATCH (m:OutboxMark) SET m.sent = 0")


@pytest.fixture(scope="module")
async def store(neo4j_uri: str) -> AsyncIterator[Neo4jStore]:
    opened = await Neo4jStore.open(neo4j_uri)
    await opened.write(_empty)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def pair(city: City, store: Neo4jStore, neo4j_uri: str, kafka_bootstrap: str) -> AsyncIterator[Pair]:
    assert store
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, num_partitions=3, replication_factor=1)])
    await admin.close()
    settings = {
        "PROOFHUB_STORE__ENGINE": "neo4j",
        "PROOFHUB_STORE__URI": neo4j_uri,
        "PROOFHUB_STORE__USER": "",
        "PROOFHUB_EVENTS__BUS": "kafka",
        "PROOFHUB_EVENTS__KAFKA_BOOTSTRAP": kafka_bootstrap,
        "PROOFHUB_EVENTS__KAFKA_TOPIC": TOPIC,
    }
    with ExitStack() as stack:
        settings["PROOFHUB_SEALS__SIGNER_SOCKET"] = str(stack.enter_context(signer(city)))
        first, second = (stack.enter_context(staged(city.another(free_port(), **settings))) for _ in range(2))
        yield first, second


@pytest.fixture(scope="module")
def case(pair: Pair) -> WholeCase:
    """The window speaks to one hub, the issuing unit to the other."""
    return carry_out(*pair)


@pytest.fixture
async def listener(pair: Pair, kafka_bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A department's system that reads the topic from its beginning."""
    assert pair
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    yield consumer
    await consumer.stop()


def as_told(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with its type as the hub has it: without prefix and version, which all have."""
    found = re.fullmatch(r"proofhub\.(.+)\.v1", event["type"])
    assert found, event["type"]
    return event | {"type": found[1]}


async def arrived(listener: AIOKafkaConsumer, last: set[tuple[str, str]], times: int = 1) -> list[dict[str, Any]]:
    """Return all events up to those (unit, type) that end the case, each seen so many times."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        while not all(sum((e["unit"], e["type"]) == one for e in found) >= times for one in last):
            message = await listener.getone()
            assert message.key == json.loads(message.value)["unit"].encode()
            found.append(as_told(json.loads(message.value)))
    return found


def without_repeats(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({event["id"]: event for event in events}.values())


def sequences(events: list[dict[str, Any]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for event in events:
        found.setdefault(event["unit"], []).append(event["unitsequence"])
    return found


@pytest.mark.requirement("R14.4", "R17.2", "R14.1")
def test_a_whole_case_is_carried_out_through_both(pair: Pair, case: WholeCase) -> None:
    assert case.states == ["CLAIMED", "DRAFTED", "REVIEWED", "DELIVERED"]
    assert (case.closed, len(case.documents)) == ("CLOSED", 4)
    for stage in pair:
        operator = stage.desk("operator-1")
        assert {stage.outcome(pdf, operator) for pdf in case.documents.values()} == {("GOOD", "GOOD")}


@pytest.mark.requirement("I1", "I3")
async def test_every_event_of_the_case_is_on_the_topic_in_its_units_order(
    case: WholeCase, listener: AIOKafkaConsumer
) -> None:
    asked = case.request["issuingUnit"]
    events = without_repeats(await arrived(listener, {(UNIT, "case.closed"), (asked, "request.sealed")}))
    for unit, numbers in sequences(events).items():
        assert numbers == list(range(1, len(numbers) + 1)), unit
    for unit, types in EXPECTED.items():
        assert types <= {event["type"] for event in events if event["unit"] == unit}
    issued = {event["subject"] for event in events if (event["unit"], event["type"]) == (UNIT, "proof.issued")}
    assert issued == case.documents.keys()


@pytest.mark.requirement("I2")
async def test_what_is_sent_again_after_a_crash_is_known_by_its_id(
    case: WholeCase, store: Neo4jStore, listener: AIOKafkaConsumer
) -> None:
    last = {(UNIT, "case.closed"), (case.request["issuingUnit"], "request.sealed")}
    once = without_repeats(await arrived(listener, last))
    await store.write(_forget_that_all_were_sent)
    again = await arrived(listener, last)
    assert {event["id"] for event in again} & {event["id"] for event in once}
    for numbers in sequences(without_repeats(once + again)).values():
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.requirement("I2")
def test_the_same_case_opened_at_both_at_once_is_one(pair: Pair) -> None:
    given, found = matter(ITEM), []

    def call(stage: Stage) -> None:
        found.append(stage.desk("operator-1").do(OPEN_CASE, **given)["openCase"]["case"])

    calls = [threading.Thread(target=call, args=(stage,)) for stage in pair for _ in range(2)]
    for each in calls:
        each.start()
    for each in calls:
        each.join()
    assert len(found) == 4
    assert len({case["number"] for case in found}) == 1
    first, second = (stage.cases() for stage in pair)
    assert first == second
    assert [case["number"] for case in first].count(found[0]["number"]) == 1


def test_a_version_published_at_one_is_in_force_at_the_other_within_seconds(pair: Pair) -> None:
    one, other = pair
    before = other.desk("operator-1").ask(VERSION)["catalogueVersion"]["number"]
    token = one.city.token("catalogue-1", AUTHORITY, Post.CATALOGUE_AUTHORITY)
    where = {"PROOFHUB_URL": one.city.url, "PROOFHUB_TOKEN": token}
    facts = str(one.city.place.sample / "facts.csv")
    assert command("catalogue", "import", facts, "--title", "第二版", **where).returncode == 0
    assert command("catalogue", "publish", **where).returncode == 0

    def noticed() -> bool | None:
        number: int = other.desk("operator-1").ask(VERSION)["catalogueVersion"]["number"]
        return True if number == before + 1 else None

    assert eventually(noticed, 10)
