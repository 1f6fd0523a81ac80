"""Two processes of a hub on one database: what a caller wrote at one is there for it at the other, or it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction
from hub.catalogue import SnapshotHolder
from hub.entry.bookmarks import HEADER, HEADER_CHARACTERS, BookmarkHeader, given_in
from hub.errors import InvalidInputError
from tests.hub.entry.door import OPERATOR, Door
from tests.hub.office import publish
from tests.simulators.bookmarks import ahead

needs_neo4j = pytest.mark.services("neo4j")
SECONDS = 1.0


async def _touch(tx: Transaction) -> None:
    await tx.run("MERGE (n:Touched {key: 1}) SET n.times = coalesce(n.times, 0) + 1")


async def _empty(tx: Transaction) -> None:
    await tx.run("MATCH (n) DETACH DELETE n")


class Signed:
    """Stands for ``Authentication``: whoever says so has a token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = "authorization" in Headers(scope=scope)
        scope["state"] = {"actor": OPERATOR if known else None, "request_id": "q-12345678"}
        await self._app(scope, receive, send)


@dataclass
class Process:
    """One process: its store, its catalogue, and calls to it."""

    store: Neo4jStore
    snapshots: SnapshotHolder
    client: httpx.AsyncClient

    async def call(self, path: str, *bookmarks: str, **headers: str) -> httpx.Response:
        more = [(HEADER, bookmark) for bookmark in bookmarks]
        return await self.client.get(path, headers=[("Authorization", "Bearer x"), *headers.items(), *more])

    async def written(self, path: str = "/write") -> str:
        """Write, and return the bookmark that the answer holds."""
        return (await self.call(path)).headers[HEADER]


def _app(store: Neo4jStore, snapshots: SnapshotHolder) -> Starlette:
    async def write(request: Request) -> Response:
        times = int(request.query_params.get("times", 1))
        await asyncio.gather(*(store.write(_touch) for _ in range(times)))
        return PlainTextResponse("written")

    async def read(_: Request) -> Response:
        return PlainTextResponse(str(snapshots.current().version.number))

    layers = [
        Middleware(Signed),
        Middleware(BookmarkHeader, store=store, snapshots=snapshots, seconds=SECONDS),
    ]
    return Starlette(routes=[Route("/write", write), Route("/read", read)], middleware=layers)


@pytest.fixture
async def processes(neo4j_uri: str) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        made = []
        for number in range(2):
            store = await Neo4jStore.open(neo4j_uri)
            stack.push_async_callback(store.close)
            if number == 0:
                await store.write(_empty)
                await store.migrate()
                await publish(store)
            snapshots = SnapshotHolder(store)
            await snapshots.refresh()
            transport = httpx.ASGITransport(_app(store, snapshots))
            client = httpx.AsyncClient(transport=transport, base_url="http://hub.test")
            made.append(Process(store, snapshots, await stack.enter_async_context(client)))
        yield made


@needs_neo4j
async def test_an_answer_to_a_call_that_wrote_holds_what_another_process_takes(processes: list[Process]) -> None:
    one, other = processes
    bookmark = await one.written()
    answers = [await other.call("/read", bookmark) for _ in range(2)]
    assert [(answer.status_code, HEADER in answer.headers) for answer in answers] == [(200, False)] * 2


@needs_neo4j
async def test_a_catalogue_published_at_one_is_in_force_at_the_other_for_who_says_so(processes: list[Process]) -> None:
    one, other = processes
    await publish(one.store, 2)
    stale = await other.call("/read")
    seen = await other.call("/read", await one.written())
    assert (stale.text, seen.text) == ("1", "2")


@needs_neo4j
async def test_a_call_waits_for_a_write_that_is_on_its_way(processes: list[Process]) -> None:
    one, other = processes
    waiting = asyncio.create_task(other.call("/read", ahead(await one.written(), 1)))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    await one.written()
    assert (await waiting).status_code == 200


@needs_neo4j
async def test_what_does_not_arrive_is_told_in_time_with_what_to_do(processes: list[Process]) -> None:
    one, other = processes
    begin = time.perf_counter()
    answer = await other.call("/read", ahead(await one.written(), 1_000_000))
    said = answer.json()
    assert (answer.status_code, said["code"], said["field"]) == (503, "UNAVAILABLE", HEADER)
    assert "Try again" in said["mend"]
    assert time.perf_counter() - begin < SECONDS + 5
    assert (await other.call("/read")).status_code == 200


@needs_neo4j
@pytest.mark.parametrize("said", ["nonsense", "FB:AAAA", "a b", "FB:x,", "<script>", "x" * (HEADER_CHARACTERS + 1)])
async def test_what_is_no_bookmark_is_refused_with_how_to_mend_it(processes: list[Process], said: str) -> None:
    answer = await processes[0].call("/read", said)
    refused = answer.json()
    assert (answer.status_code, refused["code"], refused["field"]) == (400, "INVALID_INPUT", HEADER)
    assert refused["mend"].startswith("Send the header as it came")


@needs_neo4j
async def test_of_a_caller_without_a_token_the_header_is_not_looked_at(processes: list[Process]) -> None:
    answer = await processes[0].client.get("/read", headers={HEADER: "nonsense"})
    assert answer.status_code == 200


@needs_neo4j
async def test_several_bookmarks_are_answered_with_one(processes: list[Process]) -> None:
    one, other = processes
    answer = await other.call("/read", await one.written(), await other.written())
    assert (answer.status_code, answer.headers[HEADER].count(",")) == (200, 0)
    assert (await one.call("/read", answer.headers[HEADER])).status_code == 200


@needs_neo4j
async def test_however_much_a_call_writes_at_once_its_header_is_short(processes: list[Process]) -> None:
    one, other = processes
    bookmark = await one.written("/write?times=40")
    assert len(bookmark) < 1000
    assert (await other.call("/read", bookmark)).status_code == 200


@needs_neo4j
async def test_where_the_database_is_gone_a_call_with_a_bookmark_is_told_so(processes: list[Process]) -> None:
    one, other = processes
    bookmark = await one.written()
    await other.store.close()
    answer = await other.call("/read", bookmark)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (503, "UNAVAILABLE", None)


async def test_a_hub_on_the_embedded_store_says_none_and_looks_at_none(door: Door) -> None:
    headers = {**door.bearer(OPERATOR), HEADER: "nonsense"}
    answer = await door.client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert (answer.status_code, HEADER in answer.headers) == (200, False)


def test_the_header_may_come_in_several_lines() -> None:
    assert given_in(Headers(raw=[(b"proofhub-bookmark", b"a, b"), (b"proofhub-bookmark", b"c")])) == ("a", "b", "c")
    assert given_in(Headers(raw=[])) == ()
    with pytest.raises(InvalidInputError, match=HEADER):
        given_in(Headers(raw=[(b"proofhub-bookmark", b"a,,b")]))
