"""The HTTP server: who calls, how much they may send, and which room answers."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from graph_models.errors import GraphModelsError, StoreError
from hub.entry.callers import caller
from hub.entry.console_pages import console_routes
from hub.entry.event_pages import EventDoor, event_routes
from hub.entry.pages import PublicPages, page_routes
from hub.entry.pki_pages import pki_routes
from hub.entry.problems import on_error, on_hub_error, on_store_error, orjson_answer
from hub.entry.request_log import RequestLog
from hub.entry.settings import Settings
from hub.entry.tokens import TokenVerifier, bearer
from hub.entry.uploads import limited_body
from hub.entry.wiring import Hub
from hub.errors import HubError, UnauthenticatedError
from schema.context import Services
from schema.limits import GraphQLLimits
from schema.schema import print_sdl
from schema.streams import StreamLimits
from schema.view import GraphQLEndpoint


def make_app(hub: Hub, settings: Settings) -> Starlette:
    """Return the server of an opened hub; its state holds the ``streams`` of its subscribers."""
    graphql = GraphQLEndpoint(
        _services(hub), _limits(settings), _stream_limits(settings), graphiql=settings.server.graphiql
    )
    app = Starlette(
        routes=[
            *_Door(hub, settings).routes(graphql),
            *page_routes(_public(hub, settings)),
            *pki_routes(hub.pki),
            *event_routes(EventDoor(hub.replay)),
            *console_routes(hub.telling.console, hub.telling.console.clock),
        ],
        middleware=[Middleware(RequestLog), Middleware(Authentication, tokens=hub.tokens)],
        exception_handlers={HubError: on_hub_error, GraphModelsError: on_store_error, Exception: on_error},
    )
    app.state.streams = graphql.streams
    return app


@dataclass(frozen=True, slots=True)
class _Door:
    """Hands each call to the room that answers it."""

    hub: Hub
    settings: Settings

    def routes(self, graphql: GraphQLEndpoint) -> list[BaseRoute]:
        """Return what the server answers, beside the public pages."""
        return [
            Route("/health/live", _live),
            Route("/health/ready", self._ready),
            Route("/metrics", _metrics),
            Route("/schema.graphql", _sdl),
            Route("/proofs/{number}.pdf", self._document),
            Route("/catalogue/import", self._import, methods=["POST"]),
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
        ]

    async def _ready(self, _: Request) -> Response:
        """Ready means: the store answers and a catalogue is published."""
        try:
            await self.hub.store.ping()
            number = self.hub.snapshots.current().version.number
        except (StoreError, HubError) as problem:
            return JSONResponse({"ready": False, "reason": type(problem).__name__}, status_code=503)
        return JSONResponse({"ready": True, "catalogueVersion": number})

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
                state |= {"actor": admitted.actor, "token_seconds": admitted.seconds}
            else:
                state["actor"] = None
        await self._app(scope, receive, send)


async def _live(_: Request) -> Response:
    return JSONResponse({"live": True})


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


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
    )


def _limits(settings: Settings) -> GraphQLLimits:
    return GraphQLLimits(body_bytes=settings.server.body_bytes)


def _stream_limits(settings: Settings) -> StreamLimits:
    return StreamLimits(**settings.subscriptions.model_dump())


def _public(hub: Hub, settings: Settings) -> PublicPages:
    return PublicPages(
        proofs=hub.proofs,
        verifier=hub.verifier,
        snapshots=hub.snapshots,
        upload_bytes=settings.server.upload_bytes,
    )
