"""Requests out of HTTP: what is malformed is refused unparsed, and no body is read beyond its limit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive

from schema.errors import RequestRefusedError
from schema.http_request import (
    GraphQLRequest,
    header,
    is_json,
    media_type,
    read_body,
    request_of_address,
    request_of_body,
    takes_events,
    takes_html,
)

SECONDS = 5.0


def received(chunks: Sequence[bytes], *, then_gone: bool = False) -> tuple[Receive, list[Message]]:
    """Return how a server hands over the chunks, and what was not taken of them yet."""
    waiting: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if then_gone:
        waiting.append({"type": "http.disconnect"})
    elif waiting:
        waiting[-1]["more_body"] = False

    async def receive() -> Message:
        return waiting.pop(0)

    return receive, waiting


def code_of(address: bytes) -> str:
    with pytest.raises(RequestRefusedError) as refused:
        request_of_address(address)
    assert refused.value.status == 400
    return refused.value.code


async def test_a_body_comes_in_one_piece_or_in_many() -> None:
    for chunks in ([b"abcd"], [b"ab", b"", b"cd"], [b""]):
        receive, _ = received(chunks)
        assert await read_body({"headers": []}, receive, 4, SECONDS) == b"".join(chunks)


async def test_a_body_that_says_it_is_too_long_is_not_read_at_all() -> None:
    receive, waiting = received([b"abcde"])
    with pytest.raises(RequestRefusedError) as refused:
        await read_body({"headers": [(b"content-length", b"5")]}, receive, 4, SECONDS)
    assert (refused.value.status, refused.value.code, len(waiting)) == (413, "BODY_TOO_LARGE", 1)


@pytest.mark.parametrize("stated", [[], [(b"content-length", b"2")], [(b"content-length", b"-1")]])
async def test_a_body_that_is_longer_than_it_says_is_read_no_further(stated: list[tuple[bytes, bytes]]) -> None:
    receive, waiting = received([b"abc", b"de", b"f" * 1000])
    with pytest.raises(RequestRefusedError) as refused:
        await read_body({"headers": stated}, receive, 4, SECONDS)
    assert (refused.value.status, len(waiting)) == (413, 1)


async def test_a_caller_who_leaves_in_the_middle_has_asked_nothing() -> None:
    receive, _ = received([b"ab"], then_gone=True)
    with pytest.raises(RequestRefusedError) as refused:
        await read_body({"headers": []}, receive, 4, SECONDS)
    assert refused.value.code == "DISCONNECTED"


async def test_a_body_that_is_held_back_is_waited_for_no_longer_than_it_may_take() -> None:
    held_back: asyncio.Queue[Message] = asyncio.Queue()
    held_back.put_nowait({"type": "http.request", "body": b"a", "more_body": True})
    with pytest.raises(RequestRefusedError) as refused:
        await read_body({"headers": []}, held_back.get, 4, 0.01)
    assert (refused.value.status, refused.value.code) == (408, "BODY_TOO_SLOW")
    assert held_back.empty()


def test_an_address_holds_a_request_with_variables_as_json() -> None:
    found = request_of_address(b"query=%7Ba%7D&variables=%7B%22n%22%3A7%7D&operationName=A&extensions=%7B%7D")
    assert found == GraphQLRequest("{a}", {"n": 7}, "A")
    assert request_of_address(b"query=%7Ba%7D&variables=&operationName=") == GraphQLRequest("{a}", {}, None)


@pytest.mark.parametrize(
    "address",
    [
        b"",
        b"query=",
        b"query=%ff",
        b"query=\xe4\xbd\xa0",
        b"query=a&variables=%7B",
        b"query=a&variables=7",
        b"query=a&extensions=%5B",
        b"query=a&extensions=7",
        b"query=a&" + b"&".join(b"x%d=1" % number for number in range(20)),
    ],
)
def test_a_malformed_address_is_refused(address: bytes) -> None:
    assert code_of(address) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": 7}',
        b'{"query": "a", "variables": "{}"}',
        b'{"query": "a", "operationName": 7}',
        b'{"query": "a", "extensions": []}',
        b'{"query": null}',
        b"{}",
        b"null",
    ],
)
def test_a_body_of_other_types_is_refused(body: bytes) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        request_of_body(body)
    assert (refused.value.status, refused.value.code) == (400, "BAD_REQUEST")


def test_nulls_are_as_good_as_nothing() -> None:
    body = b'{"query": "{a}", "variables": null, "operationName": null, "extensions": null}'
    assert request_of_body(body) == GraphQLRequest("{a}", {}, None)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_they_are_a_request_or_refused(data: bytes) -> None:
    for read in (request_of_body, request_of_address):
        with contextlib.suppress(RequestRefusedError):
            assert read(data).query


@given(st.binary(max_size=80))
def test_whatever_a_header_says_it_is_understood_or_taken_for_nothing(value: bytes) -> None:
    assert media_type(value) in (None, "application/json", "application/graphql-response+json")
    assert isinstance(takes_html(value), bool)
    assert isinstance(is_json(value), bool)


def test_a_header_that_is_not_there_is_empty() -> None:
    assert header({"headers": [(b"accept", b"x")]}, b"accept") == b"x"
    assert header({"headers": []}, b"accept") == b""


@pytest.mark.parametrize(
    ("accept", "wanted"), [(b"text/html", True), (b"text/html;q=0", False), (b"*/*", False), (b"", False)]
)
def test_only_who_names_pages_gets_one(accept: bytes, wanted: bool) -> None:
    assert takes_html(accept) is wanted


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (b"text/event-stream", True),
        (b"application/json;q=0.5, text/event-stream", True),
        (b"application/json, text/event-stream", False),
        (b"application/graphql-response+json, text/event-stream;q=0.9", False),
        (b"*/*", False),
        (b"text/event-stream;q=0", False),
    ],
)
def test_events_are_sent_to_who_wants_them_more_than_json(accept: bytes, wanted: bool) -> None:
    assert takes_events(accept) is wanted
