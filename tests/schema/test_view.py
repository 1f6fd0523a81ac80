"""GraphQL over HTTP: media types, refusals, what is masked, and what is never executed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from graph_models.store import Transaction
from schema.http_request import GRAPHQL_RESPONSE, JSON, is_json, media_type
from schema.limits import GraphQLLimits
from schema.view import GraphQLEndpoint
from tests.schema.city import DRAFTER, City, open_city
from tests.schema.streaming import Line, served
from tests.schema.test_subscriptions import ASSIGNED

SPOILT = "330203199001011234"

VERSION = "{ catalogueVersion { ... on CatalogueVersion { number } } }"


def code_of(answer: Any) -> str:
    body = answer.json()
    assert "data" not in body
    code: str = body["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (b"", JSON),
        (b"*/*", JSON),
        (b"application/*", JSON),
        (b"application/graphql-response+json", GRAPHQL_RESPONSE),
        (b"application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE),
        (b"application/json, application/graphql-response+json;q=0.9", JSON),
        (b"application/json;q=0, text/html", None),
        (b"text/plain;q=nonsense", None),
    ],
)
def test_the_media_type_is_negotiated(accept: bytes, wanted: str | None) -> None:
    assert media_type(accept) == wanted


def test_a_body_is_json_in_utf_8_or_nothing() -> None:
    assert is_json(b'application/json; charset="UTF-8"')
    assert not is_json(b"application/json; charset=gbk")
    assert not is_json(b"text/plain")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"query": "{ no }"', 400, "BAD_REQUEST"),
        (b'[{"query": "{ __typename }"}]', 400, "BATCH_UNSUPPORTED"),
        (b'"query"', 400, "BAD_REQUEST"),
        (b"\xff\xfe", 400, "BAD_REQUEST"),
        (b"[" * 100_000, 400, "BAD_REQUEST"),
        (b"", 400, "BAD_REQUEST"),
        ({"query": ""}, 400, "BAD_REQUEST"),
        ({"query": "{ __typename }", "variables": [1]}, 400, "BAD_REQUEST"),
        ({"query": "{ a"}, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ noSuchField }"}, 400, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ unit(code: 7) { __typename } }"}, 400, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A($c: String!) { unit(code: $c) { __typename } }"}, 400, "BAD_VARIABLES"),
        ({"query": "query A { __typename } query B { __typename }"}, 400, "NO_OPERATION"),
        ({"query": "query A { __typename }", "operationName": "C"}, 400, "NO_OPERATION"),
        ({"query": "fragment F on Query { __typename }"}, 400, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_wrong_request_is_refused_with_a_code_and_no_data(
    city: City, body: Any, status: int, code: str
) -> None:
    answer = await city.post(body, accept=GRAPHQL_RESPONSE)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.headers["content-type"] == f"{GRAPHQL_RESPONSE}; charset=utf-8"


async def test_without_a_token_there_is_no_answer(city: City) -> None:
    answer = await city.post({"query": VERSION}, actor=None)
    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_kept_answer_needs_a_token_too(city: City) -> None:
    assert (await city.post({"query": VERSION})).status_code == 200
    assert (await city.post({"query": VERSION}, actor=None)).status_code == 401


def held_back(line: Line, query: str, **variables: str) -> bytes:
    """Send a body but for its last byte, which is returned."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    line.said.put_nowait({"type": "http.request", "body": body[:-1], "more_body": True})
    return body[-1:]


def post(accept: str, until: float) -> dict[str, Any]:
    """Return the scope of a call whose token is good until the moment of the loop."""
    headers = [(b"accept", accept.encode()), (b"content-type", b"application/json")]
    state = {"actor": DRAFTER, "token_until": until, "request_id": "req-1"}
    return {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": headers,
        "state": state,
    }


@pytest.mark.parametrize(("accept", "query"), [("text/event-stream", ASSIGNED), (JSON, VERSION)])
async def test_a_body_that_is_held_back_does_not_outlast_the_token(city: City, accept: str, query: str) -> None:
    loop, line = asyncio.get_running_loop(), Line()
    until, last = loop.time() + 0.05, held_back(line, query, unit="GA-HS")
    loop.call_at(until, line.said.put_nowait, {"type": "http.request", "body": last})
    async with served(city.endpoint, post(accept, until), line):
        head, body = await line.next(), await line.next()
    assert (head["status"], dict(head["headers"])[b"www-authenticate"]) == (401, b"Bearer")
    assert json.loads(body["body"])["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_body_that_does_not_come_is_waited_for_only_so_long(city: City) -> None:
    loop, line = asyncio.get_running_loop(), Line()
    held_back(line, VERSION)
    slow = GraphQLEndpoint(city.services, GraphQLLimits(body_seconds=0.01))
    async with served(slow, post(JSON, loop.time() + 60), line):
        head, body = await line.next(), await line.next()
    assert (head["status"], dict(head["headers"])[b"connection"]) == (408, b"close")
    assert json.loads(body["body"])["errors"][0]["extensions"]["code"] == "BODY_TOO_SLOW"


async def test_methods_types_and_sizes_are_bounded(tmp_path: Path) -> None:
    async with open_city(tmp_path, GraphQLLimits(body_bytes=1000)) as city:
        named = {"x-actor": "op-1"}
        large = await city.post({"query": VERSION, "extensions": {"more": "x" * 1000}})
        assert (large.status_code, code_of(large)) == (413, "BODY_TOO_LARGE")
        text = await city.client.post("/graphql", headers={**named, "content-type": "text/plain"}, content=VERSION)
        assert (text.status_code, code_of(text)) == (415, "UNSUPPORTED_MEDIA_TYPE")
        other = await city.client.put("/graphql", headers=named)
        assert (other.status_code, other.headers["allow"]) == (405, "GET, POST")
        strange = await city.post({"query": VERSION}, accept="image/png")
        assert (strange.status_code, code_of(strange)) == (406, "NOT_ACCEPTABLE")


async def test_get_takes_queries_and_refuses_mutations(city: City) -> None:
    named = {"x-actor": "op-1"}
    query = "query U($code: String!) { unit(code: $code) { ... on Unit { name } } }"
    found = await city.client.get("/graphql", headers=named, params={"query": query, "variables": '{"code": "GA"}'})
    assert found.json() == {"data": {"unit": {"name": "宁波市公安局"}}}
    mutation = 'mutation { closeCase(input: {number: "C", key: "k"}) { case { state } } }'
    refused = await city.client.get("/graphql", headers=named, params={"query": mutation})
    assert (refused.status_code, code_of(refused)) == (405, "METHOD_NOT_ALLOWED")
    malformed = await city.client.get("/graphql", headers=named, params={"query": query, "variables": "{"})
    assert (malformed.status_code, code_of(malformed)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{a" * 10_000 + "}" * 10_000, "GRAPHQL_PARSE_FAILED"),
        ("{a\n  " * 10_000 + "}" * 10_000, "DOCUMENT_TOO_LONG"),
        ("{a" * 100 + "}" * 100, "DEPTH_LIMIT"),
        ("{" + "...{" * 100 + "__typename" + "}" * 101, "DEPTH_LIMIT"),
        ("{ unit(code: " + "[" * 900 + "]" * 900 + ") { __typename } }", "GRAPHQL_PARSE_FAILED"),
        ("{" + "__typename " * 1_500 + "}", "FIELD_LIMIT"),
        ("{" + "a " * 2_500 + "}", "GRAPHQL_PARSE_FAILED"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(40)) + "}", "ALIAS_LIMIT"),
    ],
)
async def test_a_query_made_to_hurt_is_refused_and_the_next_one_answered(city: City, query: str, code: str) -> None:
    answer = await city.post({"query": query}, accept=GRAPHQL_RESPONSE)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert len(answer.content) < 5_000
    assert (await city.post({"query": VERSION})).status_code == 200


async def test_what_fails_unexpectedly_is_an_id_and_says_nothing_personal_in_the_log(tmp_path: Path) -> None:
    async with open_city(tmp_path) as city:
        await city.store.write(_spoil)
        with capture_logs() as logs:
            answer = await city.post({"query": f'{{ case(number: "{SPOILT}") {{ __typename }} }}'})
    assert answer.json()["errors"][0]["message"] == "internal error"
    assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL", "id": "req-1"}
    assert [(line["event"], line["request_id"], line["path"]) for line in logs] == [("graphql.failed", "req-1", "case")]
    assert SPOILT not in str(logs)


async def _spoil(tx: Transaction) -> None:
    """Leave a record that no version of the hub writes."""
    await tx.run("CREATE (:CaseFile {number: $number, record: 'nonsense'})", {"number": SPOILT})


async def test_pages_within_pages_are_refused_by_their_cost(city: City) -> None:
    within = "{ ... on ServiceItemConnection { nodes { handlers(first: 100) { nodes { code } } } } }"
    answer = await city.post({"query": f"{{ serviceItems(first: 100) {within} }}"}, accept=GRAPHQL_RESPONSE)
    assert (answer.status_code, code_of(answer)) == (400, "COST_LIMIT")


async def test_a_browser_gets_the_explorer_which_loads_nothing_from_elsewhere(city: City) -> None:
    page = await city.client.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "://" not in page.text
