"""The GraphQL endpoint: HTTP in, one operation, HTTP out (specification "GraphQL over HTTP").

A question about the catalogue that was asked before is answered from memory without looking into its body. Everything
else is parsed and validated once for each document text, and executed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

import orjson
from graphql import GraphQLError
from starlette.types import Receive, Scope, Send

from hub.actors import Actor
from hub.errors import UnavailableError
from schema.answer_cache import Answer, AnswerCache, may_be_kept
from schema.context import Loaders, RequestContext, Services
from schema.documents import Documents, InvalidDocumentError
from schema.errors import UNAVAILABLE, RequestRefusedError
from schema.event_stream import EventStream
from schema.execution import is_refused, run, shown
from schema.explorer import explorer_page
from schema.http_request import (
    EVENTS,
    GRAPHQL_RESPONSE,
    JSON,
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
from schema.limits import GraphQLLimits
from schema.schema import core_schema
from schema.sockets import GraphQLSocket
from schema.streams import SSE, StreamEndedError, StreamLimits, Streams

FULL_SECONDS = 5
"""How soon it is worth the while to ask again for a stream where there are as many as there may be."""
_NONE_PUBLISHED = 0
"""Stands for the catalogue's version while nothing is published; nothing is kept under it."""


class GraphQLEndpoint:
    """An ASGI application for one address; whoever calls it has put ``actor`` and ``request_id`` into the state.

    The state may hold ``token_until``: the loop's time, in seconds, up to which the actor's token is good.
    """

    def __init__(
        self,
        services: Services,
        limits: GraphQLLimits | None = None,
        streams: StreamLimits | None = None,
        *,
        graphiql: bool = False,
    ) -> None:
        """Take the services, the limits of documents and of streams, and whether browsers get the explorer page."""
        self._services = services
        self._limits = limits or GraphQLLimits()
        self._graphiql = graphiql
        self._documents = Documents(core_schema(), self._limits)
        self._answers = AnswerCache(self._limits)
        self.streams = Streams(services, self._documents, self._limits, streams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await GraphQLSocket(self.streams, scope, receive, send).serve()
            return
        accepted = header(scope, b"accept")
        kind = media_type(accepted)
        try:
            if takes_events(accepted):
                await self._stream(scope, receive, send)
                return
            answer = self._page(scope, accepted) or await self._answer(scope, receive, kind)
        except RequestRefusedError as refused:
            answer = _refusal(refused, kind or JSON)
        await _send(answer, send)

    def _page(self, scope: Scope, accepted: bytes) -> Answer | None:
        """Return the explorer page, where it is served and a browser asks for it."""
        asked = scope["method"] == "GET" and takes_html(accepted) and b"query=" not in scope["query_string"]
        return explorer_page() if self._graphiql and asked else None

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with server-sent events."""
        state, actor = scope["state"], _actor(scope)
        if scope["method"] != "POST":
            raise RequestRefusedError(405, "METHOD_NOT_ALLOWED", "subscriptions need POST")
        request = request_of_body(await self._question(scope, receive))
        state["streamed"] = True
        with ExitStack() as seat:
            try:
                seat.enter_context(self.streams.seats.connection(SSE))
                seat.enter_context(self.streams.seats.of(actor))
            except StreamEndedError as full:
                raise RequestRefusedError(429, "TOO_MANY_STREAMS", full.reason, FULL_SECONDS) from None
            results = self.streams.results(request, actor, str(state.get("request_id", "")))
            await EventStream(self.streams, receive, send).serve(results, state.get("token_until"))

    async def _answer(self, scope: Scope, receive: Receive, kind: str | None) -> Answer:
        state, actor = scope.get("state", {}), _actor(scope)
        if kind is None:
            raise RequestRefusedError(406, "NOT_ACCEPTABLE", f"answers are {GRAPHQL_RESPONSE} or {JSON}")
        question = await self._question(scope, receive)
        version = self._version()
        kept = self._answers.find(version, (question, kind))
        if kept is not None:
            return kept
        request = request_of_body(question) if scope["method"] == "POST" else request_of_address(question[1:])
        context = RequestContext(
            actor, self._services, str(state.get("request_id", "")), Loaders(self._services, actor)
        )
        return await self._execute(request, context, scope["method"], (question, kind))

    async def _question(self, scope: Scope, receive: Receive) -> bytes:
        if scope["method"] == "GET":
            return b"?" + bytes(scope["query_string"])  # never equal to a body
        if scope["method"] != "POST":
            raise RequestRefusedError(405, "METHOD_NOT_ALLOWED", "use POST, or GET for queries")
        if not is_json(header(scope, b"content-type")):
            raise RequestRefusedError(415, "UNSUPPORTED_MEDIA_TYPE", f"send {JSON} in UTF-8")
        body = await read_body(scope, receive, self._limits.body_bytes, self._limits.body_seconds)
        _check_token(scope)
        return body

    async def _execute(
        self, request: GraphQLRequest, context: RequestContext, method: str, question: tuple[bytes, str]
    ) -> Answer:
        kind = question[1]
        try:
            prepared = self._documents.prepare(request.query)
            operation = prepared.operation(request.operation_name)
        except InvalidDocumentError as invalid:
            return _request_error(invalid.errors, invalid.code, kind)
        if operation.node.operation.value == "subscription":
            raise RequestRefusedError(400, "STREAM_NEEDED", f"subscriptions need a WebSocket, or Accept: {EVENTS}")
        if method == "GET" and operation.node.operation.value != "query":
            raise RequestRefusedError(405, "METHOD_NOT_ALLOWED", "mutations need POST")
        if operation.cost(request.variables) > self._limits.cost:
            raise RequestRefusedError(400, "COST_LIMIT", f"its pages can hold more than {self._limits.cost} entries")
        version, unavailable = self._version(), list[int]()
        UNAVAILABLE.set(unavailable)
        result = await run(core_schema(), prepared, request, context)
        if result.errors and is_refused(result):
            return _request_error(result.errors, "BAD_VARIABLES", kind)
        body: dict[str, object] = {"data": result.data}
        if result.errors:
            body = {"errors": [shown(error, context.request_id) for error in result.errors], **body}
        answer = Answer(200, kind, orjson.dumps(body), _again_after(max(unavailable, default=None)))
        if not result.errors and version != _NONE_PUBLISHED and version == self._version() and may_be_kept(operation):
            self._answers.keep(version, question, answer)
        return answer

    def _version(self) -> int:
        try:
            return self._services.snapshots.current().version.number
        except UnavailableError:
            return _NONE_PUBLISHED


def _actor(scope: Scope) -> Actor:
    actor: Actor | None = scope.get("state", {}).get("actor")
    if actor is None:
        raise RequestRefusedError(401, "UNAUTHENTICATED", "send a valid bearer token")
    return actor


def _check_token(scope: Scope) -> None:
    """Refuse a call whose token ended while its body was held back."""
    until = scope.get("state", {}).get("token_until")
    if until is not None and until <= asyncio.get_running_loop().time():
        raise RequestRefusedError(401, "UNAUTHENTICATED", "the token has expired")


def _request_error(errors: Sequence[GraphQLError], code: str, kind: str) -> Answer:
    """Nothing was executed: no ``data``, and status 400 where the media type lets the status speak."""
    listed = [{**error.formatted, "extensions": {"code": code}} for error in errors]
    return Answer(400 if kind == GRAPHQL_RESPONSE else 200, kind, orjson.dumps({"errors": listed}))


def _refusal(refused: RequestRefusedError, kind: str) -> Answer:
    more: dict[int, tuple[tuple[bytes, bytes], ...]] = {
        401: ((b"www-authenticate", b"Bearer"),),
        405: ((b"allow", b"GET, POST"),),
        408: ((b"connection", b"close"),),  # RFC 9110, 15.5.9
    }
    error = {"message": refused.message, "extensions": {"code": refused.code}}
    headers = (*more.get(refused.status, ()), *_again_after(refused.retry_seconds))
    return Answer(refused.status, kind, orjson.dumps({"errors": [error]}), headers)


def _again_after(seconds: int | None) -> tuple[tuple[bytes, bytes], ...]:
    """Return the header that says when to ask again (RFC 9110, 10.2.3), if that is known."""
    return () if seconds is None else ((b"retry-after", str(seconds).encode()),)


async def _send(answer: Answer, send: Send) -> None:
    kind = answer.media_type if "charset" in answer.media_type else f"{answer.media_type}; charset=utf-8"
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
