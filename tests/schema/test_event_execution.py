"""An event of a subscription is executed to its end, also where its caller goes in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest
from graphql import ExecutionResult, GraphQLSchema, build_schema

from schema.context import RequestContext
from schema.documents import Documents
from schema.event_execution import subscribed
from schema.http_request import GraphQLRequest
from schema.limits import GraphQLLimits

SDL = """
type Query { nothing: String }
type Seen { first: String second: String third: String }
type Subscription { seen: Seen }
"""
QUERY = "subscription S { seen { first second third } }"


class City:
    """Says one thing of three fields, each of which takes as long as it is held."""

    def __init__(self) -> None:
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()
        self.answered: list[str] = []

    def schema(self) -> GraphQLSchema:
        built = build_schema(SDL)
        subscription = built.subscription_type
        assert subscription is not None
        subscription.fields["seen"].subscribe = lambda *_: self._events()
        subscription.fields["seen"].resolve = self._seen
        for name in ("first", "second", "third"):
            cast("Any", built.type_map["Seen"]).fields[name].resolve = self._field
        return built

    async def _events(self) -> AsyncIterator[str]:
        yield "event"

    async def _seen(self, *_: object) -> str:
        self.asked.set()
        await self.go_on.wait()
        return "seen"

    async def _field(self, _: object, info: Any) -> str:
        await asyncio.sleep(0)
        self.answered.append(info.field_name)
        return str(info.field_name)


async def opened(city: City, query: str = QUERY) -> AsyncGenerator[ExecutionResult, None]:
    schema = city.schema()
    prepared = Documents(schema, GraphQLLimits()).prepare(query)
    context = cast("RequestContext", None)
    found = await subscribed(schema, prepared, GraphQLRequest(query, {}, None), context)
    assert not isinstance(found, ExecutionResult), found.errors
    return found


async def test_an_event_is_executed_with_all_its_fields() -> None:
    city = City()
    city.go_on.set()
    async with aclosing(await opened(city)) as results:
        found = [result.data async for result in results]
    assert found == [{"seen": {"first": "first", "second": "second", "third": "third"}}]


async def test_what_has_begun_ends_although_the_caller_goes() -> None:
    city = City()
    results = await opened(city)
    asking = asyncio.ensure_future(anext(results))
    await city.asked.wait()
    asking.cancel()
    city.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await results.aclose()
    assert sorted(city.answered) == ["first", "second", "third"]
