"""The signer that a hub starts for itself where the settings name none: the same process, as the hub's child.

It gets its settings through a pipe and ends when that pipe does, so also when the hub is killed. When it dies it is
started again; orders under way wait meanwhile.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson
import structlog

from hub.entry.settings import SealSettings
from seals.errors import SignerStartError
from seals.judge_frames import frame
from seals.signer_client import SignerClient

LOG = structlog.get_logger("proofhub.signer")

_COMMAND = (sys.executable, "-m", "hub.entry.signer_host")
_LEAST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
"""Seconds before a signer that died is started again."""
_GRACE_SECONDS = 20.0


@asynccontextmanager
async def embedded_signer(settings: SealSettings) -> AsyncIterator[SignerClient]:
    """Run a signer of the hub's own while it lasts; give the way to it.

    Raises:
        SignerStartError: it cannot start; says why.
    """
    with tempfile.TemporaryDirectory(prefix="proofhub-") as place:  # short: a socket's path is
        child = _Child(settings.model_copy(update={"signer_socket": Path(place) / "signer"}))
        await child.start()
        watch = asyncio.create_task(child.watch())
        client = SignerClient(Path(place) / "signer")
        try:
            yield client
            await client.close()
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await child.end()


class _Child:
    """The process, and another one in its place when it dies."""

    def __init__(self, settings: SealSettings) -> None:
        secret = settings.passphrase.get_secret_value()
        self._told = frame(orjson.dumps(settings.model_dump(mode="json") | {"passphrase": secret}))
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens. Raises SignerStartError."""
        process = await asyncio.create_subprocess_exec(
            *_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._process = process
        if process.stdin is None or process.stdout is None:
            raise SignerStartError("the signer has no pipes")
        with suppress(ConnectionError):
            process.stdin.write(self._told)
            await process.stdin.drain()
        said = await process.stdout.readline()
        answer = orjson.loads(said) if said else {"error": "the signer ended at its start; its log says why"}
        if "error" in answer:
            await self.end()
            raise SignerStartError(answer["error"])

    async def watch(self) -> None:
        """Start another one whenever it dies; runs until cancelled."""
        pause = _LEAST_PAUSE
        while True:
            if self._process is not None:
                LOG.error("signer.ended", status=await self._process.wait())
            await asyncio.sleep(pause)
            try:
                await self.start()
                pause = _LEAST_PAUSE
            except (SignerStartError, OSError) as problem:
                LOG.error("signer.not_started", reason=str(problem))
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def end(self) -> None:
        """Close its pipe and let it finish what it has begun."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
