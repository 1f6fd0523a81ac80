"""The HTTP server: who calls, how much they may send, and which room answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from graph_models.errors import GraphModelsError
from graph_models.store import MemberStore
from hub.entry.bookmarks import BookmarkHeader
from hub.entry.callers import caller
from hub.entry.console_pages import console_routes
from hub.entry.event_pages import EventDoor, event_routes
from hub.entry.exchange_metrics import StreamCollector
from hub.entry.pages import PublicPages, page_routes
from hub.entry.pki_pages import pki_routes
from hub.entry.problems import on_error, on_hub_error, on_store_error, orjson_answer
from hub.entry.readiness import Farewell, Readiness
from hub.entry.request_log import RequestLog
from hub.entry.settings import Settings
from hub.entry.tokens import TokenVerifier, bearer
from hub.entry.uploads import limited_body
from hub.entry.wiring import Hub
from hub.errors import HubError, UnauthenticatedError
from schema.context import Services
from schema.limits import GraphQLLimits
from schema.schema import print_sdl
from schema.streams import StreamLimits, Streams
from schema.view import GraphQLEndpoint


def make_app(hub: Hub, settings: Settings) -> Starlette:
    """Return the server of an opened hub; its state holds the ``streams`` of its subscribers and its ``readiness``."""
    readiness = Readiness(hub.store, hub.snapshots)
    graphql = GraphQLEndpoint(
        _services(hub), _limits(settings), _stream_limits(settings), graphiql=settings.server.graphiql
    )
    app = Starlette(
        routes=[
            *_Door(hub, settings, readiness).routes(graphql),
            *page_routes(_public(hub, settings)),
            *pki_routes(hub.pki),
            *event_routes(EventDoor(hub.replay, hub.statistics)),
            *console_routes(hub.telling.console, hub.telling.console.clock),
        ],
        middleware=_layers(hub, settings, readiness),
        exception_handlers={HubError: on_hub_error, GraphModelsError: on_store_error, Exception: on_error},
    )
    app.state.streams, app.state.readiness = graphql.streams, readiness
    return app


@dataclass(frozen=True, slots=True)
class _Door:
    """Hands each call to the room that answers it."""

    hub: Hub
    settings: Settings
    readiness: Readiness

    def routes(self, graphql: GraphQLEndpoint) -> list[BaseRoute]:
        """Return what the server answers, beside the public pages."""
        return [
            Route("/health/live", _live),
            Route("/health/ready", self.readiness.answer),
            Route("/metrics", _metrics_of(graphql.streams)),
            Route("/schema.graphql", _sdl),
            Route("/proofs/{number}.pdf", self._document),
            Route("/catalogue/import", self._import, methods=["POST"]),
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
        ]

    async def _document(self, request: Request) -> Response:
        number = request.path_params["number"]
        pdf = await self.hub.proofs.document(caller(request), number)
        disposition = f'attachment; filename="{number}.pdf"'
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
        return Response(pdf, media_type="application/pdf", headers=headers)

    async def _import(self, request: Request) -> Response:
        actor = caller(request)
        data = await limited_body(request, self.settings.server.upload_bytes)
        query = request.query_params
        made = await self.hub.catalogue.import_file(actor, data, query.get("filename", ""), query.get("title", ""))
        return orjson_answer(made, 201)


class Authentication:
    """Puts the actor of a valid bearer token beside the request; None where there is no token."""

    def __init__(self, app: ASGIApp, tokens: TokenVerifier) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through with its actor, or answer 401."""
        if scope["type"] in ("http", "websocket"):
            token, state = bearer(Headers(scope=scope).get("authorization")), scope.setdefault("state", {})
            if scope["type"] == "websocket":
                state |= {"token": token, "admit": self._tokens.admit}  # its first message may hold one, too
            elif token:
                try:
                    admitted = self._tokens.admit(token)
                except UnauthenticatedError as problem:
                    answer = await on_hub_error(Request(scope), problem)
                    await answer(scope, receive, send)
                    return
                until = asyncio.get_running_loop().time() + admitted.seconds
                state |= {"actor": admitted.actor, "token_until": until}
            else:
                state["actor"] = None
        await self._app(scope, receive, send)


def _layers(hub: Hub, settings: Settings, readiness: Readiness) -> list[Middleware]:
    """Return what a call passes on its way to a route, the outermost first."""
    layers = [
        Middleware(Farewell, readiness=readiness),
        Middleware(RequestLog),
        Middleware(Authentication, tokens=hub.tokens),
    ]
    if isinstance(hub.store, MemberStore):
        seconds = settings.store.bookmark_seconds
        layers.append(Middleware(BookmarkHeader, store=hub.store, snapshots=hub.snapshots, seconds=seconds))
    return layers


async def _live(_: Request) -> Response:
    return JSONResponse({"live": True})


def _metrics_of(streams: Streams) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers with the metrics of this process, those of its subscribers as they are now."""
    subscribers = CollectorRegistry()
    subscribers.register(StreamCollector(streams))

    async def metrics(_: Request) -> Response:
        return Response(generate_latest() + generate_latest(subscribers), media_type=CONTENT_TYPE_LATEST)

    return metrics


async def _sdl(_: Request) -> Response:
    return PlainTextResponse(print_sdl())


def _services(hub: Hub) -> Services:
    return Services(
        cases=hub.cases,
        requests=hub.requests,
        snapshots=hub.snapshots,
        catalogue=hub.catalogue,
        proofs=hub.proofs,
        verifier=hub.verifier,
        seals=hub.seals,
        grants=hub.grants,
        seal_book=hub.seal_book,
        archive=hub.archive,
        watching=hub.watching,
        webhooks=hub.webhooks,
        contacts=hub.telling.contacts,
        statistics=hub.statistics,
    )


def _limits(settings: Settings) -> GraphQLLimits:
    return GraphQLLimits(body_bytes=settings.server.body_bytes, body_seconds=settings.server.body_seconds)


def _stream_limits(settings: Settings) -> StreamLimits:
    return StreamLimits(**settings.subscriptions.model_dump())


def _public(hub: Hub, settings: Settings) -> PublicPages:
    return PublicPages(
        proofs=hub.proofs,
        verifier=hub.verifier,
        snapshots=hub.snapshots,
        upload_bytes=settings.server.upload_bytes,
    )
