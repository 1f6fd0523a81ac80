"""Whether a balancer may send calls here: not before the hub can answer, and no more once it was told to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_models.errors import StoreError
from graph_models.store import GraphStore
from hub.catalogue import SnapshotHolder
from hub.errors import HubError

STORE_SECONDS = 2.0
"""For how long the store may take to answer."""


@dataclass(slots=True)
class Readiness:
    """What ``/health/ready`` says of one process."""

    store: GraphStore
    snapshots: SnapshotHolder
    leaving: bool = False

    def leave(self) -> None:
        """Say from now on that no calls are to be sent here."""
        self.leaving = True

    async def answer(self, _: Request) -> Response:
        """Ready means: not told to stop, the store answers, and a catalogue is published."""
        if self.leaving:
            return _not_ready("stopping")
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self.store.ping()
            number = self.snapshots.current().version.number
        except (StoreError, HubError, TimeoutError) as problem:
            return _not_ready(type(problem).__name__)
        return JSONResponse({"ready": True, "catalogueVersion": number})


class Farewell:
    """Keeps no caller's connection once the process was told to stop: its next call opens one, and elsewhere."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        self._app = app
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and self._readiness.leaving:
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self._app(scope, receive, send_last if scope["type"] == "http" else send)


def _not_ready(reason: str) -> Response:
    return JSONResponse({"ready": False, "reason": reason}, status_code=503)
