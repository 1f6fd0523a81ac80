"""Two hubs behind one address: each is restarted under load, and nobody who calls or listens there notices."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, aclosing
from dataclasses import dataclass

import httpx
import pytest

from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction
from hub.actors import Post
from hub.client.bookmarks import HEADER
from hub.client.connection import HubConnection
from hub.client.department import Department
from hub.client.records import Case
from hub.client.watching import Subscription
from hub.clock import SystemIds
from scripts.demonstration.city import City
from scripts.demonstration.processes import free_port
from scripts.demonstration.story import ITEM
from scripts.demonstration.window import OPEN_CASE, READ_CASE
from tests.hub.village import hidden_fields
from tests.journeys.balancer import POLICE, UNIT, Follower, Load, balanced, speaking
from tests.journeys.stage import Stage, eventually, matter, signer, staged
from tests.journeys.subscribers import connected, open_case, subscription, token
from tests.journeys.workers import given
from tests.simulators.bookmarks import ahead
from tests.simulators.mail_server import MailServer, mail_server, text_of

pytestmark = pytest.mark.services("neo4j", "kafka", "haproxy")
DRAIN_SECONDS = 3
REGISTER = """mutation R($input: RegisterContactInput!) { registerContact(input: $input) {
  contact { email } errors { code message } } }"""


@dataclass(frozen=True)
class Hubs:
    """Two hubs, the one address before them, and the store and the mail server behind them."""

    one: Stage
    other: Stage
    url: str
    store: Neo4jStore
    mail: MailServer


@dataclass(frozen=True)
class Rolled:
    """What was seen while both were restarted."""

    load: Load
    follower: Follower
    watched: list[Case]
    statuses: list[int]
    answered: list[float]
    leases: list[int]


async def _empty(tx: Transaction) -> None:
    await tx.run("MATCH (n) DETACH DELETE n")


@pytest.fixture(scope="module")
async def hubs(city: City, neo4j_uri: str, kafka_bootstrap: str) -> AsyncIterator[Hubs]:
    async with AsyncExitStack() as parts:
        store = await Neo4jStore.open(neo4j_uri)
        parts.push_async_callback(store.close)
        await store.write(_empty)
        mail = await parts.enter_async_context(mail_server())
        settings = {
            "STORE__ENGINE": "neo4j",
            "STORE__URI": neo4j_uri,
            "STORE__USER": "",
            "EVENTS__BUS": "kafka",
            "EVENTS__KAFKA_BOOTSTRAP": kafka_bootstrap,
            "EVENTS__KAFKA_TOPIC": SystemIds().identifier("rolling-"),
            "SERVER__DRAIN_SECONDS": str(DRAIN_SECONDS),
            "NOTIFIER__KIND": "smtp",
            "NOTIFIER__PORT": str(mail.port),
            "NOTIFIER__SECURITY": "none",
            "NOTIFIER__SENDER": "hub@proofs.example",
        }
        stack = parts.enter_context(ExitStack())
        settings["SEALS__SIGNER_SOCKET"] = str(stack.enter_context(signer(city)))
        named = {f"PROOFHUB_{name}": value for name, value in settings.items()}
        one, other = (stack.enter_context(staged(city.another(free_port(), **named))) for _ in range(2))
        yield Hubs(one, other, stack.enter_context(balanced(one, other)), store, mail)


def calls_of(stage: Stage) -> float:
    """Return how many GraphQL calls a hub has answered since its start."""
    lines = stage.client.get("/metrics").text.splitlines()
    counted = [line for line in lines if line.startswith("proofhub_http_requests_total") and '"/graphql"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in counted)


async def leases_in(store: Neo4jStore) -> int:
    """Return how many processes hold lanes of the outbox."""
    rows = await store.read(
        lambda tx: tx.run(
            "MATCH (l:OutboxLane) WHERE l.holder <> $none RETURN count(DISTINCT l.holder) AS holders", {"none": ""}
        )
    )
    return int(str(rows[0]["holders"]))


async def sooner_or_later(look: Callable[[], bool]) -> None:
    """Return once it is so."""
    await asyncio.to_thread(eventually, lambda: look() or None, 60)


async def restart(hubs: Hubs, stage: Stage, rolled: Rolled) -> None:
    """Tell a hub to stop, wait for its end, start it again, and let some load go by in each of these states."""
    load = rolled.load
    await load.grown(3)
    rolled.answered.append(calls_of(stage))
    stage.process.send_signal(signal.SIGTERM)
    rolled.statuses.append(await asyncio.to_thread(stage.process.wait, 60))
    rolled.leases.append(await leases_in(hubs.store))
    await load.grown(3)
    await asyncio.to_thread(stage.start)
    await sooner_or_later(lambda: stage.client.get("/health/ready").is_success)
    await load.grown(3)


async def watch(department: Department, number: str, seen: list[Case]) -> None:
    async with aclosing(department.watch.changes(department.connection, number)) as changes:
        async for case in changes:
            seen.append(case)


async def roll(hubs: Hubs, department: Department, police: HubConnection, found: Rolled) -> None:
    """Restart both, one after the other, under load, with a subscriber and with somebody who watches a case."""
    case = await department.open(given())
    async with asyncio.TaskGroup() as tasks:
        listening = [
            tasks.create_task(found.follower.run(police)),
            tasks.create_task(watch(department, case.number, found.watched)),
        ]
        await sooner_or_later(lambda: bool(found.follower.cursor and found.watched))
        loading = [tasks.create_task(found.load.run(department.connection)) for _ in range(2)]
        for stage in (hubs.one, hubs.other):
            await restart(hubs, stage, found)
        for task in loading:
            task.cancel()
        await department.withdraw(case)
        await sooner_or_later(lambda: found.watched[-1].state == "WITHDRAWN")
        await sooner_or_later(lambda: set(found.follower.heard) >= set(found.load.opened))
        for task in listening:
            task.cancel()


@pytest.fixture(scope="module")
async def rolled(hubs: Hubs) -> Rolled:
    found = Rolled(Load(), Follower(), [], [], [], [])
    async with (
        speaking(hubs.one, hubs.url, UNIT, Post.OPERATOR) as asks,
        speaking(hubs.one, hubs.url, POLICE, Post.DRAFTER) as answers,
    ):
        await roll(hubs, Department(asks, Subscription()), answers, found)
    return found


@pytest.mark.requirement("I1")
async def test_no_call_fails_while_each_hub_is_restarted_in_turn(rolled: Rolled) -> None:
    assert rolled.load.failed == []
    assert len(rolled.load.opened) >= 18
    assert rolled.statuses == [0, 0]


async def test_both_hubs_answer_and_one_that_ended_holds_no_lease(rolled: Rolled) -> None:
    assert min(rolled.answered) > 0
    assert rolled.leases == [1, 1]


async def test_a_subscriber_misses_nothing_and_hears_nothing_twice(rolled: Rolled) -> None:
    assert rolled.follower.beginnings >= 1
    assert len(rolled.follower.heard) == len(set(rolled.follower.heard))
    assert set(rolled.follower.heard) >= set(rolled.load.opened)


async def test_who_watches_a_case_hears_of_its_end(rolled: Rolled) -> None:
    assert [case.state for case in rolled.watched][-1] == "WITHDRAWN"


async def test_what_is_done_at_one_hub_is_heard_by_who_listens_at_the_other(hubs: Hubs, rolled: Rolled) -> None:
    assert rolled.statuses
    follower = Follower()
    async with speaking(hubs.other, hubs.other.city.url, POLICE, Post.DRAFTER) as connection:
        listening = asyncio.create_task(follower.run(connection))
        await sooner_or_later(lambda: bool(follower.cursor))
        begin = time.perf_counter()
        number = await asyncio.to_thread(open_case, hubs.one)
        await sooner_or_later(lambda: bool(follower.heard))
        listening.cancel()
    assert follower.heard == [number]
    assert time.perf_counter() - begin < 10


async def test_a_websocket_to_the_one_address_hears_and_goes_on_from_its_cursor(hubs: Hubs, rolled: Rolled) -> None:
    assert rolled.statuses
    by = token(hubs.one)
    async with connected(hubs.one, by, at=hubs.url) as listener:
        await listener.say(subscription())
        cursor = (await listener.event())["cursor"]
        number = await asyncio.to_thread(open_case, hubs.other)
        heard = await listener.assigned()
    async with connected(hubs.one, by, at=hubs.url) as listener:
        await listener.say(subscription(after=cursor))
        again = await listener.assigned()
    assert heard["request"]["caseNumber"] == number
    assert again == heard


async def test_a_mailed_link_is_opened_at_one_hub_and_its_form_sent_to_the_other(hubs: Hubs, rolled: Rolled) -> None:
    assert rolled.statuses
    person = {"staffId": "v-1", "name": "张三", "email": "v1@village.example", "posts": ["DRAFTER"]}
    manager = hubs.one.desk("manager-1", POLICE, Post.UNIT_MANAGER)
    said = await asyncio.to_thread(hubs.one.says, manager, REGISTER, unitCode=POLICE, **person)
    assert said["errors"] == []
    await asyncio.to_thread(open_case, hubs.one)
    await sooner_or_later(lambda: bool(hubs.mail.got))
    found = re.search(r"/console/[A-Za-z0-9_-]+", text_of(hubs.mail.got[-1]))
    assert found
    page = await asyncio.to_thread(hubs.one.client.get, found[0])
    shown = {**hidden_fields(page.text), "found": "no", "statement": "户籍档案，按姓名查询"}
    sent: httpx.Response = await asyncio.to_thread(hubs.other.client.post, found[0], data=shown)
    assert (page.status_code, sent.status_code) == (200, 303), sent.text
    assert "您的步骤目前无需办理" in (await asyncio.to_thread(hubs.one.client.get, sent.headers["location"])).text


async def test_who_wrote_at_one_hub_is_answered_with_it_by_the_other_or_is_told(hubs: Hubs, rolled: Rolled) -> None:
    assert rolled.statuses
    number = SystemIds().identifier("B-")
    token = hubs.one.desk("operator-1").token
    body = {"query": OPEN_CASE, "variables": {"input": matter(ITEM, number)}}
    opened = await asyncio.to_thread(hubs.one.post, token, body)
    case, bookmark = opened.json()["data"]["openCase"]["case"], opened.headers[HEADER]
    asked = {"query": READ_CASE, "variables": {"number": case["number"]}}
    said = (bookmark, ahead(bookmark.split(",")[0], 1_000_000), "nonsense")
    answers = [await asyncio.to_thread(hubs.other.post, token, asked, **{HEADER: each}) for each in said]
    assert [answer.status_code for answer in answers] == [200, 503, 400]
    assert answers[0].json()["data"]["case"]["number"] == case["number"]
    assert [answer.json()["code"] for answer in answers[1:]] == ["UNAVAILABLE", "INVALID_INPUT"]
