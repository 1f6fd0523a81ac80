"""The server as a process: what it refuses to start with, what it writes, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import uvicorn
from pydantic import ValidationError

from hub.clock import SystemIds
from hub.entry.development import DevelopmentIssuer, UnsafeSettingError
from hub.entry.development_seals import prepare_development_authority
from hub.entry.serving import _Leaving, _Server, serve
from hub.entry.settings import Settings
from seals.errors import SignerStartError
from tests.hub.entry.door import open_door, settings_in
from tests.hub.office import NOW

LOGS = """
import logging, warnings, structlog
from hub.entry.serving import configure_logs
configure_logs()
structlog.get_logger("a").info("started", unit="海曙分局")
structlog.get_logger("a").debug("too much")
logging.getLogger("a.library").warning("careful, %s", "证明")
logging.getLogger("a.library").info("too much")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("a").exception("failed")
"""


def changed(settings: Settings, room: str, **values: object) -> Settings:
    return settings.model_copy(update={room: getattr(settings, room).model_copy(update=values)})


async def test_a_hub_that_believes_the_development_issuer_does_not_listen_outside(tmp_path: Path) -> None:
    settings = changed(settings_in(tmp_path), "server", host="0.0.0.0")
    with pytest.raises(UnsafeSettingError, match=r"0\.0\.0\.0"):
        await serve(settings)
    assert not settings.store.folder.exists()


async def test_without_the_passphrase_of_the_seals_it_does_not_start_and_lets_go_of_its_store(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    prepare_development_authority(settings, NOW, SystemIds())
    DevelopmentIssuer.open(settings)
    for _ in range(2):
        with pytest.raises(SignerStartError, match="passphrase"):
            await serve(changed(settings, "seals", passphrase=type(settings.seals.passphrase)("")))


@pytest.mark.parametrize(
    "content",
    ["no json", '{"code": "a"}', '[{"code": "a"}]', '[{"code": "a", "url": "http://x.example", "token": "t"}]', "[7]"],
)
async def test_sources_that_cannot_be_used_are_named_by_their_file(tmp_path: Path, content: str) -> None:
    settings = settings_in(tmp_path)
    (tmp_path / "sources.json").write_text(content)
    with pytest.raises(ValueError, match=r"sources\.json is no list of data sources"):
        await serve(settings)


def test_each_line_of_the_log_is_one_object_whoever_writes_it() -> None:
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout == ""
    assert "海曙分局" in done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["started", "careful, 证明", "failed"]
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "ZeroDivisionError" in lines[2]["exception"]


async def test_told_to_stop_it_serves_on_not_ready_until_it_is_told_again(tmp_path: Path) -> None:
    listens = asyncio.Event()
    async with open_door(settings_in(tmp_path)) as door:
        config = uvicorn.Config(door.app, port=0, log_config=None, access_log=False, lifespan="off")
        server = _Server(config, listens.set, _Leaving(door.app, seconds=60))
        serving = asyncio.create_task(server.serve())
        await listens.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            before = await client.get("/health/ready")
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(10):
                while (after := await client.get("/health/ready")).status_code == 200:
                    pass
            live = await client.get("/health/live")
        assert [before.status_code, after.json()["reason"], live.status_code] == [200, "stopping", 200]
        begin = time.perf_counter()
        os.kill(os.getpid(), signal.SIGTERM)
        await serving  # and no signal is raised again: whoever called goes on
        assert time.perf_counter() - begin < 30
        assert door.app.state.streams._stopping.is_set()


@pytest.mark.parametrize("seconds", [-1, 601])
def test_a_drain_without_measure_is_refused(tmp_path: Path, seconds: int) -> None:
    room = settings_in(tmp_path).server
    with pytest.raises(ValidationError, match="drain_seconds"):
        type(room)(drain_seconds=seconds)
