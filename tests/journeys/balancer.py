"""HAProxy before two hubs, with the file that is shipped; and departments that speak to the one address."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.actors import Post
from hub.client.connection import ClientLimits, HubConnection
from hub.client.department import Department
from hub.client.errors import ClientError, UnavailableError
from scripts.demonstration.processes import free_port
from scripts.demonstration.story import UNIT
from scripts.service_process import listens
from tests.journeys.stage import Stage, eventually
from tests.journeys.subscribers import ASSIGNED, POLICE
from tests.journeys.workers import given

CONFIGURATION = Path(__file__).parents[2] / "docs" / "examples" / "haproxy.cfg"
ONCE = ClientLimits(attempts=1)
"""A call that fails is seen to fail: nothing is asked again."""
NO_RETRIES = {"PROOFHUB_RETRIES": "0"}
"""Nor by HAProxy, which otherwise goes to the other hub where one takes no connection."""


@contextmanager
def balanced(one: Stage, other: Stage) -> Iterator[str]:
    """Run HAProxy before the hubs; give its address."""
    port = free_port()
    ports = {"A": one.city.settings.server.port, "B": other.city.settings.server.port, "ADDRESS": port}
    places = {f"PROOFHUB_{name}": f"127.0.0.1:{number}" for name, number in ports.items()} | NO_RETRIES
    with (one.city.place.folder / "haproxy.log").open("ab") as log:
        command = ["haproxy", "-db", "-f", str(CONFIGURATION)]
        process = subprocess.Popen(command, env=os.environ | places, stdout=log, stderr=log)
    try:
        eventually(lambda: listens(port) or process.poll() is not None or None)
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@asynccontextmanager
async def speaking(stage: Stage, url: str, unit: str, *posts: Post) -> AsyncIterator[HubConnection]:
    """Give a connection of somebody to an address."""

    async def token() -> str:
        return stage.city.token("operator-1", unit, *posts)

    async with HubConnection(url, token, ONCE) as connection:
        yield connection


@dataclass
class Load:
    """A department that opens cases one after another and reads each, and what came of it."""

    opened: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    async def run(self, connection: HubConnection) -> None:
        department = Department(connection)
        while True:
            try:
                case = await department.open(given())
                self.opened.append(case.number)
                assert (await department.read(case.number)).number == case.number
            except ClientError as problem:
                self.failed.append(repr(problem))

    async def grown(self, by: int) -> None:
        """Return once so many more cases were opened."""
        wanted = len(self.opened) + by
        await asyncio.to_thread(eventually, lambda: len(self.opened) >= wanted or None, 90)


@dataclass
class Follower:
    """The police's program that hears of each request, and goes on from its cursor where it was cut off."""

    cursor: str | None = None
    heard: list[str] = field(default_factory=list)
    beginnings: int = 0

    async def run(self, connection: HubConnection) -> None:
        while True:
            try:
                await self._listen(connection)
            except UnavailableError:
                self.beginnings += 1

    async def _listen(self, connection: HubConnection) -> None:
        asked = {"unit": POLICE, "after": self.cursor}
        async with aclosing(connection.listen(ASSIGNED, asked)) as results:
            async for data in results:
                message: dict[str, Any] = data["requestAssigned"]
                self.cursor = message["cursor"]
                if message["request"] is not None:
                    self.heard.append(message["request"]["caseNumber"])


__all__ = ["POLICE", "UNIT", "Follower", "Load", "balanced", "speaking"]
