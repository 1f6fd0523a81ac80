"""What an answer reads of the store does not grow with its pages, and its catalogue is one and the same throughout."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from graph_models.ladybug_store import LadybugStore
from graph_models.store import Row, T, Transaction, Value, Work
from hub.actors import Actor
from hub.catalogue import SnapshotHolder
from hub.errors import UnavailableError
from schema.context import Loaders, RequestContext
from schema.view import GraphQLEndpoint
from tests.schema.city import DRAFTER, OPERATOR, AsActor, City, case_input, open_city
from tests.schema.test_cases import OPEN

CASES = """query C($first: Int!) { cases(first: $first) { ... on CaseConnection { nodes {
  number item { name } unit { name } plan { clock lines { state proofType { name } } }
  needs { state proofType { name } question { text } } proofs { number kind proofType { name } producer { name } }
  requests { state asker { name } issuer { name } item { name } proofType { name } subject { name }
    form { key } } } } } }"""
INBOX = """query I($first: Int!) { inbox(first: $first) { ... on RequestConnection { nodes {
  state asker { name } issuer { name } item { name } proofType { name } subject { name keys { value } } form { key }
  draft { negative } steps { step } } } } }"""


@dataclass
class CountedTransaction:
    """A transaction of the real store that counts the statements it passes on."""

    inner: Transaction
    statements: list[str]

    async def run(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        self.statements.append(statement)
        return await self.inner.run(statement, parameters)


@dataclass
class CountingStore:
    """The real store; every statement goes through and is counted."""

    inner: LadybugStore
    statements: list[str] = field(default_factory=list)

    async def read(self, work: Work[T]) -> T:
        return await self.inner.read(lambda tx: work(CountedTransaction(tx, self.statements)))

    async def write(self, work: Work[T]) -> T:
        return await self.inner.write(lambda tx: work(CountedTransaction(tx, self.statements)))

    async def migrate(self) -> None:
        await self.inner.migrate()

    async def ping(self) -> None:
        await self.inner.ping()

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class CountedCity:
    """A city with fifty cases, asked through a store that counts."""

    city: City
    counting: CountingStore

    async def count(self, query: str, actor: Actor, first: int) -> int:
        """Return how many statements a page takes."""
        self.counting.statements.clear()
        (found,) = (await self.city.ask(query, actor, first=first)).values()
        assert len(found["nodes"]) == first
        return len(self.counting.statements)


@pytest.fixture(scope="module")
async def counted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CountedCity]:
    async with open_city(tmp_path_factory.mktemp("counted")) as city:
        for number in range(50):
            await city.ask(OPEN, input=case_input(f"N-{number}"))
        counting = CountingStore(city.store)
        snapshots = SnapshotHolder(counting)
        await snapshots.refresh()
        services = replace(
            city.services,
            cases=replace(city.services.cases, store=counting, snapshots=snapshots),
            requests=replace(city.services.requests, store=counting, snapshots=snapshots),
            proofs=replace(city.services.proofs, store=counting),
            snapshots=snapshots,
        )
        transport = httpx.ASGITransport(AsActor(GraphQLEndpoint(services)))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", timeout=60) as client:
            yield CountedCity(replace(city, client=client), counting)


@pytest.mark.parametrize(("query", "actor", "most"), [(CASES, OPERATOR, 10), (INBOX, DRAFTER, 10)])
async def test_a_page_of_fifty_takes_no_more_statements_than_a_page_of_one_or_of_twenty(
    counted: CountedCity, query: str, actor: Actor, most: int
) -> None:
    one, some, fifty = [await counted.count(query, actor, first) for first in (1, 20, 50)]
    assert 0 < one <= some
    assert some == fifty <= most, counted.counting.statements


async def test_one_case_with_all_that_belongs_to_it_takes_a_handful_of_statements(counted: CountedCity) -> None:
    nodes: list[dict[str, Any]] = (await counted.city.ask(CASES, first=1))["cases"]["nodes"]
    counted.counting.statements.clear()
    shown = "number needs { state } requests { state } proofs { number } plan { clock }"
    await counted.city.ask(f'{{ case(number: "{nodes[0]["number"]}") {{ ... on Case {{ {shown} }} }} }}')
    assert 0 < len(counted.counting.statements) <= 5


async def test_an_answer_has_one_catalogue_although_another_is_published_meanwhile(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with open_city(tmp_path_factory.mktemp("one")) as city:
        context = RequestContext(OPERATOR, city.services, "req-1", Loaders(city.services, OPERATOR))
        before = context.catalogue
        await city.publish("第二版")
        assert context.catalogue is before
        assert city.services.snapshots.current().version.number == 2
        assert (await context.catalogue_at(2)).version.title == "第二版"


async def test_before_anything_is_published_the_catalogue_is_not_available(counted: CountedCity) -> None:
    services = replace(counted.city.services, snapshots=SnapshotHolder(counted.counting))
    context = RequestContext(OPERATOR, services, "req-1", Loaders(services, OPERATOR))
    with pytest.raises(UnavailableError):
        _ = context.catalogue
