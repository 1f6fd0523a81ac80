"""Kills a signer and its workers at random, and says what must hold of log and spool afterwards."""

from __future__ import annotations

import asyncio
import os
import random  # noqa: TID251  # the seed is printed, and given again by PROOFHUB_TEST_SEED
import signal
from contextlib import suppress
from pathlib import Path

from seals.errors import SignerUnavailableError
from seals.signer_client import SignerClient
from seals.signer_log import verify_logs
from seals.signer_spool import Spool
from tests.seals.signer_host import RunningSigner


def thrown_dice() -> random.Random:
    """Return the dice of this run; their seed is printed."""
    seed = os.environ.get("PROOFHUB_TEST_SEED") or os.urandom(8).hex()
    print(f"PROOFHUB_TEST_SEED={seed}")
    return random.Random(seed)


async def kill_at_random(running: RunningSigner, dice: random.Random, done: asyncio.Event) -> None:
    """Kill a worker or the whole signer, again and again, until the load is done."""
    kills, client = {"worker": 0, "signer": 0}, SignerClient(running.socket, patience_seconds=5)
    while not done.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), dice.uniform(0.05, 1.2))
        if dice.random() < 0.7:
            with suppress(ProcessLookupError, SignerUnavailableError):
                os.kill(await client.ping(), signal.SIGKILL)
                kills["worker"] += 1
        else:
            await running.kill()
            assert await running.start() == "started"
            kills["signer"] += 1
    print(kills)


async def restart(running: RunningSigner) -> None:
    """End the signer in good order and start it: it settles what dead workers left."""
    await running.end()
    assert await running.start() == "started"


def sealed_documents(folder: Path) -> dict[str, str]:
    """Return the digest of each sealed document by proof number, after seeing that log and spool agree one to one."""
    spool = Spool(folder / "spool")
    assert not spool.unsettled()
    kept = {key: spool.find(key) for key in spool}
    entries = [entry for file in verify_logs(folder / "log") for entry in file.entries]
    sealed = {(entry["key"], entry["document_sha256"]) for entry in entries if entry["operation"] == "sealed"}
    assert sealed == {(key, document.sha256) for key, document in kept.items() if document is not None}
    return {entry["proof"]: entry["document_sha256"] for entry in entries if entry["operation"] == "sealed"}
