"""Gives each call an id, counts and times it, and logs it without anything personal: no query, no body, no token."""

from __future__ import annotations

import re
import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.clock import Ids, SystemIds

LOG = structlog.get_logger("proofhub.request")
CALLS = Counter("proofhub_http_requests_total", "Calls answered", ["method", "route", "status"])
SECONDS = Histogram("proofhub_http_request_seconds", "Time to answer a call, in seconds", ["route"])
_KNOWN = re.compile(r"^/(graphql|verify|check|proofs|console|catalogue|health|metrics|schema)\b")
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
"""Others are counted as one: a caller may send any word, and each label is kept for ever."""
_GIVEN_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestLog:
    """The outermost layer of the server."""

    def __init__(self, app: ASGIApp, ids: Ids | None = None) -> None:
        self._app = app
        self._ids = ids or SystemIds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and say afterwards what came of it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if _GIVEN_ID.match(given) else self._ids.identifier("Q")
        scope.setdefault("state", {})["request_id"] = name
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, name)
        begin = time.perf_counter()
        try:
            await self._app(scope, receive, answer.send)
        finally:
            _note(scope, name, answer.status, time.perf_counter() - begin)


class _Answer:
    """Remembers the status and adds the id to the answer."""

    def __init__(self, send: Send, name: str) -> None:
        self._send = send
        self._name = name
        self.status = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["x-request-id"] = self._name
        await self._send(message)


def _note(scope: Scope, name: str, status: int, seconds: float) -> None:
    known = _KNOWN.match(scope["path"])
    route = f"/{known[1]}" if known else "other"
    method = scope["method"] if scope["method"] in _METHODS else "other"
    CALLS.labels(method, route, status).inc()
    if not scope["state"].get("streamed"):  # goes on for as long as its caller listens
        SECONDS.labels(route).observe(seconds)
    LOG.info("answered", request=name, method=method, route=route, status=status, ms=round(seconds * 1000, 2))
