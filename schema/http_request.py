"""Reads a GraphQL request out of HTTP, as the specification "GraphQL over HTTP" says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs

import orjson
from starlette.types import Message, Receive, Scope

from schema.errors import RequestRefusedError

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
HTML = "text/html"
EVENTS = "text/event-stream"
_PARAMETERS = 10
"""Most parameters of an address."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a caller asks."""

    query: str
    variables: dict[str, object]
    operation_name: str | None


def header(scope: Scope, name: bytes) -> bytes:
    """Return a header's value, b"" where it is not there."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


@lru_cache(maxsize=256)
def media_type(accept: bytes) -> str | None:
    """Return the media type in which to answer, or None where the caller takes neither.

    Where nothing is said, or anything is taken, it is application/json; of two taken equally, the newer one.
    """
    if not accept.strip():
        return JSON
    wanted = dict(_weights(accept))
    any_type = wanted.get("*/*", 0.0)
    json = wanted.get(JSON, wanted.get("application/*", any_type))
    response = wanted.get(GRAPHQL_RESPONSE, 0.0)
    if max(json, response) <= 0:
        return None
    return GRAPHQL_RESPONSE if response >= json else JSON


@lru_cache(maxsize=256)
def takes_html(accept: bytes) -> bool:
    """Tell whether the caller is a browser that asks for a page."""
    return dict(_weights(accept)).get(HTML, 0.0) > 0


@lru_cache(maxsize=256)
def takes_events(accept: bytes) -> bool:
    """Tell whether the caller asks for server-sent events, and for JSON less or not at all."""
    wanted = dict(_weights(accept))
    return wanted.get(EVENTS, 0.0) > max(wanted.get(JSON, 0.0), wanted.get(GRAPHQL_RESPONSE, 0.0))


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Tell whether a body is JSON in UTF-8."""
    kind, *parameters = (part.strip().lower() for part in content_type.decode("latin-1").split(";"))
    charsets = [
        value.strip('"') for name, _, value in (each.partition("=") for each in parameters) if name == "charset"
    ]
    return kind == JSON and all(charset in ("utf-8", "utf8") for charset in charsets)


async def read_body(scope: Scope, receive: Receive, limit: int, seconds: float) -> bytes:
    """Return the body of a request.

    Raises:
        RequestRefusedError: it has more bytes than the limit, takes longer than the seconds, or the caller went away.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _whole(scope, receive, limit)
    except TimeoutError:
        raise RequestRefusedError(408, "BODY_TOO_SLOW", f"the body took longer than {seconds:g} s") from None


async def _whole(scope: Scope, receive: Receive, limit: int) -> bytes:
    length = header(scope, b"content-length")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestRefusedError(400, "DISCONNECTED", "the caller went away")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def request_of_body(body: bytes) -> GraphQLRequest:
    """Return the request of a JSON body. Raises RequestRefusedError where it is malformed."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise _bad("the body is no JSON") from problem
    if isinstance(given, list):
        raise RequestRefusedError(400, "BATCH_UNSUPPORTED", "batches are not taken: send one operation in one request")
    if not isinstance(given, dict):
        raise _bad("the body is no JSON object")
    return request_of(given)


def request_of_address(query_string: bytes) -> GraphQLRequest:
    """Return the request of an address's parameters. Raises RequestRefusedError where they are malformed."""
    try:
        found = parse_qs(
            query_string.decode("ascii"), keep_blank_values=True, max_num_fields=_PARAMETERS, errors="strict"
        )
    except ValueError as problem:
        raise _bad("the address's parameters are malformed") from problem
    given: dict[str, object] = {name: values[-1] for name, values in found.items()}
    for name in ("variables", "extensions"):
        text = given.get(name)
        if isinstance(text, str):
            given[name] = _json_of(name, text)
    return request_of(given)


def request_of(given: dict[str, object]) -> GraphQLRequest:
    """Return the request of an object. Raises RequestRefusedError where it is malformed."""
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query:
        raise _bad("`query` must be a text")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` must be an object or null")
    if name is not None and not isinstance(name, str):
        raise _bad("`operationName` must be a text or null")
    if not isinstance(given.get("extensions"), dict | None):
        raise _bad("`extensions` must be an object or null")
    return GraphQLRequest(query, variables or {}, name or None)


def _json_of(name: str, text: str) -> object:
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError as problem:
        raise _bad(f"`{name}` is no JSON") from problem


def _weights(accept: bytes) -> list[tuple[str, float]]:
    weights = []
    for entry in accept.decode("latin-1").lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            weights.append((kind, float(quality)))
        except ValueError:
            weights.append((kind, 0.0))
    return weights


def _bad(message: str) -> RequestRefusedError:
    return RequestRefusedError(400, "BAD_REQUEST", message)


def _too_large(limit: int) -> RequestRefusedError:
    return RequestRefusedError(413, "BODY_TOO_LARGE", f"the body has more than {limit} bytes")
