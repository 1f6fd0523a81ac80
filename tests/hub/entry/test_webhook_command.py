"""`proofhub webhook` at a running hub: registered, listed, paused, resumed, delivered again, and refused in a line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from hub.actors import Actor, Post
from hub.entry.command import app
from hub.entry.settings import WebhookSettings
from tests.hub.entry.door import Door, open_door, settings_in
from tests.hub.webhook_posts import KEY

MANAGER = Actor("man-1", "JY", frozenset({Post.UNIT_MANAGER}))
ADDRESS = "http://127.0.0.1:9/events"


@dataclass(frozen=True)
class Desk:
    """The command as a unit's manager uses it."""

    door: Door
    url: str

    async def webhook(self, *arguments: str, actor: Actor = MANAGER) -> tuple[int, str, str]:
        """Run the command; return its exit status, what it prints and what it complains of."""
        where = {"COLUMNS": "200", "PROOFHUB_URL": self.url, "PROOFHUB_TOKEN": self.door.token(actor)}
        done = await asyncio.to_thread(CliRunner().invoke, app, ("webhook", *arguments), env=where)
        said = [line for line in done.stdout.splitlines() if "[info" not in line]  # the server logs in this process too
        return done.exit_code, "\n".join(said), done.stderr


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    given = WebhookSettings(keys=(KEY,), loopback=True, ports=())
    settings = settings_in(tmp_path).model_copy(update={"webhooks": given})
    async with open_door(settings, published=False) as door:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = uvicorn.Server(uvicorn.Config(door.app, log_level="error", lifespan="off"))
            serving = asyncio.create_task(server.serve([listening]))
            yield Desk(door, f"http://127.0.0.1:{listening.getsockname()[1]}")
            server.should_exit = True
            await serving


async def test_a_webhook_is_registered_listed_paused_resumed_and_delivered_again(desk: Desk) -> None:
    status, said, _ = await desk.webhook("register", ADDRESS, "--type", "case.opened", "--key", "k")
    assert (status, "secret: whsec_" in said) == (0, True)
    assert await desk.webhook("register", ADDRESS, "--type", "case.opened", "--key", "k") == (0, said, "")
    identifier = next(word for word in said.split() if word.startswith("WH"))
    for arguments, state in (
        (("list",), "ACTIVE"),
        (("pause", identifier), "PAUSED (MANAGER)"),
        (("resume", identifier), "ACTIVE"),
        (("redeliver", identifier, "--after", "0"), "ACTIVE"),
        (("list",), ADDRESS),
    ):
        status, said, _ = await desk.webhook(*arguments)
        assert (status, identifier in said, state in said, "secret" in said) == (0, True, True, False)


async def test_what_the_hub_refuses_is_said_in_a_line(desk: Desk) -> None:
    operator = Actor("op-1", "JY", frozenset({Post.OPERATOR}))
    for arguments, actor, reason in (
        (("register", "https://10.0.0.1/"), MANAGER, "may not be reached"),
        (("pause", "WH-none"), MANAGER, "no such webhook"),
        (("redeliver", "WH-none"), MANAGER, "either a cursor or one event"),
        (("list",), operator, "UNIT_MANAGER"),
    ):
        status, _, said = await desk.webhook(*arguments, actor=actor)
        assert (status, reason in said) == (1, True), said
