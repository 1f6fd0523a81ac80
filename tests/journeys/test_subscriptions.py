"""Subscriptions to served hubs: soon, resumable at another hub, bounded whatever a subscriber does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction
from hub.actors import Post
from scripts.demonstration.city import City
from scripts.demonstration.processes import free_port
from scripts.demonstration.story import UNIT
from tests.journeys.stage import Stage, eventually, signer, staged
from tests.journeys.subscribers import (
    ASSIGNED,
    connected,
    narrow,
    open_case,
    streaming,
    subscription,
    token,
)

pytestmark = pytest.mark.services("neo4j")
Pair = tuple[Stage, Stage]
BOUNDS = {"WRITE_SECONDS": "0.5", "PING_SECONDS": "0.5", "SUBSCRIPTIONS": "5", "INIT_SECONDS": "1"}


async def _empty(tx: Transaction) -> None:
    await tx.run("MATCH (n) DETACH DELETE n")


@pytest.fixture(scope="module")
async def pair(city: City, neo4j_uri: str) -> AsyncIterator[Pair]:
    """Two hubs on one Neo4j, which give subscribers little time."""
    store = await Neo4jStore.open(neo4j_uri)
    await store.write(_empty)
    await store.close()
    settings = {"PROOFHUB_STORE__ENGINE": "neo4j", "PROOFHUB_STORE__URI": neo4j_uri, "PROOFHUB_STORE__USER": ""}
    settings |= {f"PROOFHUB_SUBSCRIPTIONS__{name}": value for name, value in BOUNDS.items()}
    with ExitStack() as stack:
        settings["PROOFHUB_SEALS__SIGNER_SOCKET"] = str(stack.enter_context(signer(city)))
        first, second = (stack.enter_context(staged(city.another(free_port(), **settings))) for _ in range(2))
        yield first, second


async def test_what_is_opened_at_one_hub_is_heard_at_both_within_about_a_second(pair: Pair) -> None:
    one, other = pair
    async with connected(one, token(one)) as near, connected(other, token(other)) as far:
        for listener in (near, far):
            await listener.say(subscription())
            assert (await listener.event())["event"] == "subscribed"
        number = await asyncio.to_thread(open_case, one)
        begin = time.perf_counter()
        for listener in (near, far):
            assert (await listener.event())["request"]["caseNumber"] == number
        assert time.perf_counter() - begin < 2


async def test_who_was_cut_off_goes_on_at_another_hub_and_by_the_other_transport(pair: Pair) -> None:
    one, other = pair
    async with connected(one, token(one)) as listener:
        await listener.say(subscription())
        cursor = (await listener.event())["cursor"]
        listener.connection.transport.abort()
    numbers = [await asyncio.to_thread(open_case, stage) for stage in (one, other, one)]
    async with connected(other, token(other)) as listener:
        await listener.say(subscription(after=cursor))
        seen = [await listener.event() for _ in range(2)]
    async with streaming(one, token(one), seen[-1]["cursor"]) as events:
        name, data = await anext(events)
        assert name == "next"
        seen.append(data["data"]["requestAssigned"])
    assert [each["request"]["caseNumber"] for each in seen] == numbers


async def test_events_are_streamed_by_http_as_they_happen(pair: Pair) -> None:
    one, _ = pair
    async with streaming(one, token(one)) as events:
        assert (await anext(events))[1]["data"]["requestAssigned"]["event"] == "subscribed"
        number = await asyncio.to_thread(open_case, one)
        assert (await anext(events))[1]["data"]["requestAssigned"]["request"]["caseNumber"] == number


async def test_another_units_inbox_is_refused(pair: Pair) -> None:
    one, _ = pair
    async with connected(one, token(one, UNIT)) as listener:
        await listener.say(subscription())
        message = await listener.hear()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_PERMITTED")
    async with streaming(one, token(one, UNIT)) as events:
        assert [name async for name, _ in events] == ["next", "complete"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", 4400),
        (b"\x00", 4400),
        ({"type": "hello"}, 4400),
        (subscription(), 4401),
        ({"type": "connection_init", "payload": {"authorization": "Bearer x.y.z"}}, 4403),
        ({"type": "connection_init", "payload": {"x": "x" * (1 << 20)}}, 1009),
        (None, 4408),
    ],
)
async def test_whoever_begins_wrongly_is_closed_and_the_hub_serves_on(pair: Pair, said: Any, code: int) -> None:
    one, _ = pair
    async with connected(one) as listener:
        if said is not None:
            await listener.connection.send(json.dumps(said) if isinstance(said, dict) else said)
        assert (await listener.closed())[0] == code
    assert one.client.get("/health/ready").status_code == 200


async def test_a_wrong_token_in_the_header_is_refused_by_both_transports(pair: Pair) -> None:
    one, _ = pair
    async with connected(one, additional_headers={"Authorization": "Bearer x.y.z"}) as listener:
        await listener.say({"type": "connection_init"})
        assert (await listener.closed())[0] == 4403
    refused = one.post("x.y.z", {"query": ASSIGNED}, Accept="text/event-stream")
    assert refused.status_code == 401


async def test_the_subscription_ends_with_its_token(pair: Pair) -> None:
    one, _ = pair
    async with connected(one, token(one, seconds=2)) as listener, streaming(one, token(one, seconds=2)) as events:
        await listener.say(subscription())
        assert await listener.closed() == (4403, "the token has expired")
        heard = [(name, data) async for name, data in events]
    assert [name for name, _ in heard] == ["next", "next", "complete"]
    assert heard[1][1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_queries_are_refused_and_a_flood_of_subscriptions_too(pair: Pair) -> None:
    one, _ = pair
    async with connected(one, token(one)) as listener:
        await listener.say(subscription("q", query="{ __typename }"))
        assert (await listener.hear())["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_ONLY"
        for number in range(200):
            await listener.say(subscription(str(number)))
        kinds = [(await listener.hear())["type"] for _ in range(200)]
        assert kinds.count("next") == 5
        assert kinds.count("error") == 195


async def test_who_does_not_read_is_cut_off_in_time_and_others_hear_on(pair: Pair) -> None:
    one, _ = pair
    bad = "subscription { " + " ".join(f"nothing{number}" for number in range(20)) + " }"
    async with connected(one, token(one)) as well:
        await well.say(subscription())
        assert (await well.event())["event"] == "subscribed"
        async with connected(one, token(one), sock=narrow(one), max_queue=1) as listener:
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                for name in range(100_000):  # each is answered, until nobody takes the answers
                    await asyncio.wait_for(listener.say(subscription(str(name), query=bad)), 3)
            await asyncio.to_thread(eventually, lambda: True if '"code": 4410' in one.log() else None)
            assert (await listener.closed())[0] in (1006, 4410)
        number = await asyncio.to_thread(open_case, one)
        assert (await well.event())["request"]["caseNumber"] == number


async def test_a_hub_that_is_restarted_sends_its_subscribers_to_the_other_and_nothing_is_missed(pair: Pair) -> None:
    one, other = pair
    async with connected(one, token(one)) as listener, streaming(one, token(one)) as events:
        await listener.say(subscription())
        cursor = (await listener.event())["cursor"]
        assert (await anext(events))[0] == "next"
        begin = time.perf_counter()
        one.process.send_signal(signal.SIGTERM)
        assert (await listener.closed())[0] == 1012
        assert [name async for name, _ in events] == []
        assert await asyncio.to_thread(one.process.wait, 30) in (0, -signal.SIGTERM)
        assert time.perf_counter() - begin < 10
    number = await asyncio.to_thread(open_case, other)
    async with connected(other, token(other, post=Post.UNIT_MANAGER)) as listener:
        await listener.say(subscription(after=cursor))
        assert (await listener.event())["request"]["caseNumber"] == number
