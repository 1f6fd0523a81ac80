"""A whole hub served over HTTP on loopback in the tests' own loop, and programs of units that speak to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from hub.actors import Actor, Post
from hub.client.connection import ClientLimits, HubConnection
from hub.client.department import Department, Polling
from hub.client.inputs import OpenCase
from hub.client.issuing import IssuingUnit
from hub.client.records import Case, VerificationRequest
from tests.hub.catalogue_authority import JUSTICE
from tests.hub.catalogue_tables import workbook_of
from tests.hub.entry.door import Door, door_with_register
from tests.schema.city import case_input, city_catalogue

ISSUER = "GA-HS"
"""It issues WFZ, which NB0001 needs beside shared data, and JH for Haishu, which NB0002 needs."""
SECONDS = 30.0


async def a_token() -> str:
    """Give a token for a hub that does not look at it."""
    return "a.b.c"


class _Server(uvicorn.Server):
    """Leaves the signals to pytest."""

    def capture_signals(self) -> Any:
        return nullcontext()


@dataclass
class Served:
    """A hub, its address, and connections to it that are closed with it."""

    door: Door
    url: str
    stack: AsyncExitStack
    numbers: int = 0

    def connection(self, subject: str, unit: str, *posts: Post, limits: ClientLimits | None = None) -> HubConnection:
        actor = Actor(subject, unit, frozenset(posts))

        async def token() -> str:
            return self.door.token(actor)

        made = HubConnection(self.url, token, limits)
        self.stack.push_async_exit(made)
        return made

    def department(self, subject: str = "op-1", unit: str = "JY") -> Department:
        return Department(self.connection(subject, unit, Post.OPERATOR), Polling(0.02, 0.1))

    def unit(self, subject: str, *posts: Post, unit: str = ISSUER, name: str = "client") -> IssuingUnit:
        return IssuingUnit(self.connection(subject, unit, *posts), name)

    def drafter(self, subject: str = "drafter-1", name: str = "client") -> IssuingUnit:
        return self.unit(subject, Post.DRAFTER, name=name)

    def matter(self, number: str | None = None, **more: Any) -> OpenCase:
        """Return what an operator says who opens a case."""
        self.numbers += 1
        return OpenCase.model_validate(case_input(number or f"C-{self.numbers}", **more))

    async def asked(self, item: str = "NB0001") -> tuple[Case, VerificationRequest]:
        """Open a case and return it with the request that it made."""
        given = {"answers": [{"proofTypeCode": "JH", "region": "330203"}]} if item != "NB0001" else {}
        case = await self.department().open(self.matter(itemCode=item, **given))
        (asked,) = (need.request_id for need in case.needs if need.request_id)
        return case, await self.drafter().read(asked)


@asynccontextmanager
async def serve(folder: Path) -> AsyncIterator[Served]:
    """Serve a hub whose register knows everybody, under a catalogue that also asks questions."""
    async with door_with_register(folder) as door, AsyncExitStack() as stack:
        await door.hub.catalogue.import_file(JUSTICE, workbook_of(city_catalogue()), "b.xlsx", "第二版")
        await door.hub.catalogue.publish(JUSTICE)
        listening = socket.create_server(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(door.app, log_config=None, access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield Served(door, f"http://127.0.0.1:{listening.getsockname()[1]}", stack)
        finally:
            await stack.aclose()
            server.should_exit = True
            await serving
