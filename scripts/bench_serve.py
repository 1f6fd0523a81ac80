"""Serves a hub as `proofhub serve` does, with two peers beside it in the same server, behind the same layers.

``/bench/precomputed`` answers bytes that were put there before, ``/bench/strawberry`` the same types by Strawberry's
own ASGI application with nothing of ours in between.
"""

from __future__ import annotations

import gc

import strawberry
import uvicorn
import uvloop
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from hub.entry.app import make_app
from hub.entry.serving import configure_logs
from hub.entry.settings import Settings
from hub.entry.wiring import Hub, open_hub
from schema.context import Loaders, RequestContext, Services
from schema.errors import PROBLEMS
from schema.scalars import SCALARS
from schema.schema import Mutation, Query


class PlainStrawberry(GraphQL[RequestContext, None]):
    """Strawberry's application; it is told who calls and where the services are, no more."""

    def __init__(self, services: Services) -> None:
        schema = strawberry.Schema(
            query=Query,
            mutation=Mutation,
            types=list(PROBLEMS.values()),
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        super().__init__(schema)
        self._services = services

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> RequestContext:
        """Return the same context as the hub's own endpoint gives."""
        actor = request.state.actor
        return RequestContext(actor, self._services, "", Loaders(self._services, actor))


class Precomputed:
    """Answers a body with bytes that are there already."""

    def __init__(self) -> None:
        self._bytes = b""

    async def __call__(self, request: Request) -> Response:
        """PUT keeps the body; POST reads the body, as GraphQL has to, and answers what was kept."""
        body = await request.body()
        if request.method == "PUT":
            self._bytes = body
        return Response(self._bytes, media_type="application/json")


async def serve(settings: Settings) -> None:
    """Serve until told to stop, with the settings of the server that `proofhub serve` takes."""
    async with open_hub(settings) as hub, hub.background.running():
        gc.collect()
        gc.freeze()
        app = make_app(hub, settings)
        app.router.routes.append(Route("/bench/precomputed", Precomputed().__call__, methods=["PUT", "POST"]))
        app.router.routes.append(Mount("/bench/strawberry", PlainStrawberry(_services(hub))))
        config = uvicorn.Config(
            app,
            host=settings.server.host,
            port=settings.server.port,
            log_config=None,
            access_log=False,
            server_header=False,
        )
        await uvicorn.Server(config).serve()


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


def main() -> None:
    """Take the settings from the environment and serve."""
    configure_logs()
    uvloop.run(serve(Settings()))


if __name__ == "__main__":
    main()
