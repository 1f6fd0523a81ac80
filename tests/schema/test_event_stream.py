"""Server-sent events: one subscription to an answer, errors in the stream, an end that tells whether to ask again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schema.relay import write_cursor
from schema.streams import StreamLimits
from schema.view import GraphQLEndpoint
from tests.schema.city import DRAFTER, City
from tests.schema.streaming import Events, listening
from tests.schema.test_request_mutations import received
from tests.schema.test_subscriptions import ASSIGNED, gone


async def streamed(events: Events) -> dict[str, Any]:
    """Return what the next event says of its one field."""
    name, data = await events.hear()
    assert name == "next"
    said: dict[str, Any] = next(iter(data["data"].values()))
    return said


async def test_events_come_as_they_happen_and_are_resumed_from_a_cursor(city: City) -> None:
    async with listening(city.endpoint, DRAFTER, ASSIGNED, unit="GA-HS") as events:
        assert events.head["status"] == 200
        assert dict(events.head["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert (await streamed(events))["event"] == "subscribed"
        requests = [await received(city, f"SSE-1-{one}") for one in range(3)]
        seen = [await streamed(events)]
    async with listening(city.endpoint, DRAFTER, ASSIGNED, unit="GA-HS", after=seen[0]["cursor"]) as events:
        seen += [await streamed(events), await streamed(events)]
    assert [each["request"]["id"] for each in seen] == requests


@pytest.mark.parametrize(
    ("document", "unit", "code"),
    [
        ("subscription { nothing }", "GA-HS", "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename }", "GA-HS", "SUBSCRIPTION_ONLY"),
        (ASSIGNED, "JY", "NOT_PERMITTED"),
    ],
)
async def test_what_is_refused_is_said_in_the_stream(city: City, document: str, unit: str, code: str) -> None:
    async with listening(city.endpoint, DRAFTER, document, unit=unit) as events:
        assert events.head["status"] == 200
        name, data = await events.hear()
        assert (name, data["errors"][0]["extensions"]["code"]) == ("next", code)
        assert await events.hear() == ("complete", None)
        assert await events.hear() == ("end", None)


async def test_a_cursor_that_is_too_old_is_said_with_how_to_go_on(city: City) -> None:
    request = await received(city, "SSE-OLD")
    await gone(city)
    after = write_cursor("events", ("GA-HS", 0))
    async with listening(city.endpoint, DRAFTER, ASSIGNED, unit="GA-HS", after=after) as events:
        _, data = await events.hear()
        (error,) = data["errors"]
        assert error["extensions"]["code"] == "EVENTS_GONE"
        assert "without a cursor" in error["extensions"]["mend"]
        assert (await events.hear())[0] == "complete"
    async with listening(city.endpoint, DRAFTER, ASSIGNED, unit="GA-HS") as events:
        assert (await streamed(events))["event"] == "subscribed"
        then = await received(city, "SSE-NEW")
        assert (await streamed(events))["request"]["id"] == then != request


async def test_who_has_no_token_or_sends_no_request_gets_a_status(city: City) -> None:
    async with listening(city.endpoint, None, ASSIGNED) as events:
        assert events.head["status"] == 401
    async with listening(city.endpoint, DRAFTER, "") as events:
        assert events.head["status"] == 400
    answer = await city.client.get("/graphql?query={x}", headers={"accept": "text/event-stream", "x-actor": "staff-1"})
    assert answer.status_code == 405


async def test_a_subscription_without_a_stream_is_refused(city: City) -> None:
    answer = await city.post({"query": ASSIGNED, "variables": {"unit": "GA-HS"}}, DRAFTER)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "STREAM_NEEDED")


async def test_the_stream_ends_with_the_token_and_says_so(city: City) -> None:
    async with listening(city.endpoint, DRAFTER, ASSIGNED, seconds=0.2, unit="GA-HS") as events:
        assert (await streamed(events))["event"] == "subscribed"
        name, data = await events.hear()
        assert (name, data["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert [(await events.hear())[0] for _ in range(2)] == ["complete", "end"]


async def test_a_hub_that_stops_ends_it_without_complete(city: City) -> None:
    app = GraphQLEndpoint(city.services)
    async with listening(app, DRAFTER, ASSIGNED, unit="GA-HS") as events:
        await streamed(events)
        app.streams.stop()
        assert await events.hear() == ("end", None)


async def test_streams_of_an_actor_are_bounded_and_who_goes_away_leaves_nothing_behind(city: City) -> None:
    app = GraphQLEndpoint(city.services, None, StreamLimits(connections_per_actor=1))
    async with listening(app, DRAFTER, ASSIGNED, unit="GA-HS") as events:
        await streamed(events)
        async with listening(app, DRAFTER, ASSIGNED, unit="GA-HS") as second:
            assert second.head["status"] == 429
            assert dict(second.head["headers"])[b"retry-after"] == b"5"
        await events.leave()
        await asyncio.wait_for(events.task, 10)
    assert app.streams.seats.taken == 0


async def test_who_does_not_read_is_cut_off(city: City) -> None:
    app = GraphQLEndpoint(city.services, None, StreamLimits(write_seconds=0.05, ping_seconds=0.01))
    async with listening(app, DRAFTER, ASSIGNED, unit="GA-HS") as events:
        events.line.reading.clear()
        await asyncio.wait_for(asyncio.shield(events.task), 10)
    assert app.streams.seats.taken == 0


async def test_something_is_sent_where_nothing_happens(city: City) -> None:
    app = GraphQLEndpoint(city.services, None, StreamLimits(ping_seconds=0.01))
    async with listening(app, DRAFTER, ASSIGNED, unit="GA-HS") as events:
        bodies = [(await events.line.next())["body"] for _ in range(3)]
    assert b":\n\n" in bodies
