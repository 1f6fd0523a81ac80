"""graphql-transport-ws: whatever a caller does, the connection is bounded and ends with a code that says why."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from schema.limits import GraphQLLimits
from schema.streams import StreamLimits
from schema.view import GraphQLEndpoint
from tests.schema.city import DRAFTER, OPERATOR, REVIEWER, STRANGER, City, open_city
from tests.schema.streaming import acknowledged, connected, listening
from tests.schema.test_request_mutations import received
from tests.schema.test_subscriptions import ASSIGNED, heard

INIT = {"type": "connection_init", "payload": {"authorization": f"Bearer {DRAFTER.subject}"}}
FIELDS = "\n".join(f"a{one}: event" for one in range(31))


def endpoint(city: City, **limits: Any) -> GraphQLEndpoint:
    return GraphQLEndpoint(city.services, None, StreamLimits(**limits))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", 4400),
        ("[]", 4400),
        ("{", 4400),
        ("[" * 100_000, 4400),
        ({"type": 1}, 4400),
        ({"payload": {}}, 4400),
        ({"type": "start"}, 4400),
        ({"type": "connection_init", "payload": "x"}, 4400),
        ({"type": "subscribe", "id": "1", "payload": {"query": ASSIGNED}}, 4401),
        ({"type": "connection_init"}, 4403),
        ({"type": "connection_init", "payload": {"authorization": "Bearer nobody"}}, 4403),
        ({"type": "connection_init", "payload": {"authorization": ["Bearer", "staff-1"]}}, 4403),
        ({"type": "connection_init", "payload": {"x": "a" * (1 << 20)}}, 1009),
    ],
)
async def test_whoever_begins_wrongly_is_closed_with_the_protocols_code(city: City, said: Any, code: int) -> None:
    async with connected(city.endpoint) as socket:
        await socket.say(said)
        assert (await socket.closed())[0] == code
        await socket.task


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (INIT, 4429),
        ({"type": "next", "id": "1", "payload": {}}, 4400),
        ({"type": "subscribe", "payload": {"query": ASSIGNED}}, 4400),
        ({"type": "subscribe", "id": "", "payload": {"query": ASSIGNED}}, 4400),
        ({"type": "subscribe", "id": "x" * 129, "payload": {"query": ASSIGNED}}, 4400),
        ({"type": "subscribe", "id": "1"}, 4400),
        ({"type": "subscribe", "id": "1", "payload": {"query": 7}}, 4400),
        ({"type": "subscribe", "id": "1", "payload": {"query": ASSIGNED, "variables": []}}, 4400),
        ({"type": "complete"}, 4400),
    ],
)
async def test_whoever_goes_on_wrongly_is_closed_too(city: City, said: Any, code: int) -> None:
    async with acknowledged(city.endpoint, DRAFTER) as socket:
        await socket.say(said)
        assert (await socket.closed())[0] == code


async def test_the_token_may_come_with_the_handshake_and_the_first_message_goes_before_it(city: City) -> None:
    async with connected(city.endpoint, token=DRAFTER.subject) as socket:
        await socket.say({"type": "connection_init"})
        assert await socket.hear() == {"type": "connection_ack"}
    async with connected(city.endpoint, token="nobody") as socket:
        await socket.say(INIT)
        assert await socket.hear() == {"type": "connection_ack"}


async def test_another_protocol_is_not_spoken_and_bytes_are_no_message(city: City) -> None:
    async with connected(city.endpoint, protocol="graphql-ws") as socket:
        assert (await socket.closed())[0] == 4406
    async with connected(city.endpoint) as socket:
        await socket.line.said.put({"type": "websocket.receive", "bytes": json.dumps(INIT).encode()})
        assert (await socket.closed())[0] == 4400


async def test_who_does_not_say_who_it_is_is_closed_in_time(city: City) -> None:
    async with connected(endpoint(city, init_seconds=0.01)) as socket:
        assert (await socket.closed())[0] == 4408


async def test_the_subscription_ends_with_the_token(city: City) -> None:
    async with acknowledged(city.endpoint, DRAFTER, seconds=0.2) as socket:
        await socket.subscribe("1", ASSIGNED, unit="GA-HS")
        assert (await heard(socket))["event"] == "subscribed"
        assert await socket.closed() == (4403, "the token has expired")


async def test_pings_are_answered_and_sent(city: City) -> None:
    async with acknowledged(endpoint(city, ping_seconds=0.01), DRAFTER) as socket:
        assert await socket.hear() == {"type": "ping"}
        await socket.say({"type": "pong"})
        await socket.say({"type": "ping", "payload": {"x": 1}})
        while (message := await socket.hear()) != {"type": "pong"}:
            assert message == {"type": "ping"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ __typename }", "SUBSCRIPTION_ONLY"),
        ('mutation { claimRequest(input: {requestId: "R1", key: "k"}) { errors { code } } }', "SUBSCRIPTION_ONLY"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (
            'subscription { requestAssigned(unitCode: "U") { at } deadlineApproaching(unitCode: "U") { at } }',
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (f'subscription {{ requestAssigned(unitCode: "GA-HS") {{ {FIELDS} }} }}', "ALIAS_LIMIT"),
        (f"subscription {{ {'a { ' * 70} x {'} ' * 70} }}", "DEPTH_LIMIT"),
        ("subscription S($unit: String!) { requestAssigned(unitCode: $unit) { event } }", "BAD_REQUEST"),
        (f'subscription {{ requestAssigned(unitCode: "{"x" * 40_000}") {{ event }} }}', "DOCUMENT_TOO_LONG"),
    ],
)
async def test_documents_are_held_to_the_limits_and_only_subscriptions_are_taken(
    city: City, document: str, code: str
) -> None:
    async with acknowledged(city.endpoint, DRAFTER) as socket:
        await socket.subscribe("1", document)
        message = await socket.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        await socket.subscribe("1", ASSIGNED, unit="GA-HS")  # the name is free again
        assert (await heard(socket))["event"] == "subscribed"


async def test_the_cost_of_pages_is_bounded(city: City) -> None:
    pages = "request { issuer { issues(first: 100) { nodes { __typename } } } }"
    tight = GraphQLEndpoint(city.services, GraphQLLimits(cost=50))
    async with acknowledged(tight, DRAFTER) as socket:
        await socket.subscribe("1", f'subscription {{ requestAssigned(unitCode: "GA-HS") {{ {pages} }} }}')
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "COST_LIMIT"


async def test_a_name_in_use_is_not_taken_again_and_a_completed_one_is_free(city: City) -> None:
    async with acknowledged(city.endpoint, DRAFTER) as socket:
        for _ in range(3):
            await socket.subscribe("1", ASSIGNED, unit="GA-HS")
            assert (await heard(socket))["event"] == "subscribed"
            await socket.say({"type": "complete", "id": "1"})
        await socket.subscribe("1", ASSIGNED, unit="GA-HS")
        await socket.subscribe("1", ASSIGNED, unit="GA-HS")
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")


async def test_what_is_completed_before_it_began_leaves_no_name_behind(city: City) -> None:
    async with acknowledged(endpoint(city, subscriptions=3), DRAFTER) as socket:
        for one in range(10):
            await socket.subscribe(str(one), ASSIGNED, unit="GA-HS")
            await socket.say({"type": "complete", "id": str(one)})
        await socket.subscribe("last", ASSIGNED, unit="GA-HS")
        while (message := await socket.hear())["id"] != "last":
            assert message["type"] == "next"
        assert message["type"] == "next"


async def test_a_flood_of_subscriptions_is_refused_and_what_runs_goes_on(city: City) -> None:
    async with acknowledged(endpoint(city, subscriptions=3), DRAFTER) as socket:
        for one in range(50):
            await socket.subscribe(str(one), ASSIGNED, unit="GA-HS")
        messages = [await socket.hear() for _ in range(50)]
        refused = [message for message in messages if message["type"] == "error"]
        assert {message["payload"][0]["extensions"]["code"] for message in refused} == {"TOO_MANY_SUBSCRIPTIONS"}
        assert sorted(message["id"] for message in messages if message["type"] == "next") == ["0", "1", "2"]


async def test_connections_are_bounded_for_each_actor_and_for_all(city: City) -> None:
    app = endpoint(city, connections=3, connections_per_actor=1)
    async with acknowledged(app, DRAFTER), acknowledged(app, OPERATOR):
        async with connected(app) as second:
            await second.say(INIT)
            assert await second.closed() == (1013, "this caller has as many connections as it may")
        async with acknowledged(app, STRANGER), connected(app, token=REVIEWER.subject) as fourth:
            await fourth.say({"type": "connection_init"})
            assert await fourth.closed() == (1013, "the hub has as many subscribers as it takes")
    assert app.streams.seats.taken == 0
    async with acknowledged(app, DRAFTER):
        assert app.streams.seats.taken == 1


async def test_who_does_not_say_who_it_is_takes_no_seat_from_those_who_do(city: City) -> None:
    app = endpoint(city, connections=2, introducing=2)
    async with connected(app) as first, connected(app) as second:
        assert app.streams.seats.taken == 0
        async with listening(app, DRAFTER, ASSIGNED, unit="GA-HS") as events:
            assert events.head["status"] == 200
        async with connected(app) as third:
            assert (await third.closed())[0] == 1013
        await first.say(INIT)
        assert await first.hear() == {"type": "connection_ack"}
        async with acknowledged(app, OPERATOR):
            await second.say(INIT)
            assert (await second.closed())[1] == "the hub has as many subscribers as it takes"


async def test_the_token_ends_also_for_who_does_not_read_that_it_may_begin(city: City) -> None:
    async with connected(city.endpoint, token=f"{DRAFTER.subject}/0.05") as socket:
        socket.line.reading.clear()
        await socket.say({"type": "connection_init"})
        asyncio.get_running_loop().call_later(0.2, socket.line.reading.set)
        assert (await socket.line.next())["code"] == 4403


async def test_who_does_not_read_is_cut_off_and_nothing_waits_for_it(city: City) -> None:
    app = endpoint(city, write_seconds=0.05, ping_seconds=0.01)
    async with acknowledged(app, DRAFTER) as socket:
        socket.line.reading.clear()
        await asyncio.wait_for(asyncio.shield(socket.task), 10)
    assert app.streams.seats.taken == 0


async def test_who_reads_again_while_it_is_cut_off_learns_why(city: City) -> None:
    async with acknowledged(endpoint(city, write_seconds=0.3, ping_seconds=0.01), DRAFTER) as socket:
        socket.line.reading.clear()
        asyncio.get_running_loop().call_later(0.45, socket.line.reading.set)
        assert await socket.closed() == (4410, "the caller does not read")


async def test_a_hub_that_stops_sends_its_subscribers_elsewhere(city: City) -> None:
    app = endpoint(city)
    async with acknowledged(app, DRAFTER) as socket:
        app.streams.stop()
        assert (await socket.closed())[0] == 1012
        await socket.task


async def test_a_caller_that_goes_away_leaves_nothing_behind(city: City) -> None:
    app = endpoint(city)
    async with acknowledged(app, DRAFTER) as socket:
        await socket.subscribe("1", ASSIGNED, unit="GA-HS")
        await heard(socket)
        await socket.line.said.put({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(socket.task, 10)
        assert socket.line.heard.empty()
    assert app.streams.seats.taken == 0


async def test_what_nobody_expected_is_an_id_and_no_more(tmp_path: Path) -> None:
    async with open_city(tmp_path) as city, acknowledged(city.endpoint, DRAFTER) as socket:
        await socket.subscribe("1", ASSIGNED, unit="GA-HS")
        first = await heard(socket)
        await socket.say({"type": "complete", "id": "1"})
        await received(city, "SOCKET-1")
        await city.store.write(lambda tx: tx.run("MATCH (e:OutboxEvent) SET e.record = '王小明'"))
        await socket.subscribe("2", ASSIGNED, unit="GA-HS", after=first["cursor"])
        message = await socket.hear()
        assert (message["type"], message["id"]) == ("error", "2")
        (error,) = message["payload"]
        assert (error["message"], error["extensions"]) == ("internal error", {"code": "INTERNAL", "id": "req-1"})
