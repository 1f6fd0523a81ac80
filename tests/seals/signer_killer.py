"""Kills a signer, its workers and what else a test names, at random, and says what must hold of log and spool then."""

from __future__ import annotations

import asyncio
import os
import random  # noqa: TID251  # the seed is printed, and given again by PROOFHUB_TEST_SEED
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from seals.errors import SignerUnavailableError
from seals.signer_client import SignerClient
from seals.signer_spool import Spool
from tests.seals.signer_host import RunningSigner
from tests.seals.signer_logs import entries_of

Blow = Callable[[], Awaitable[bool]]
"""Kills something; tells whether it was there to be killed."""
WORKER, SIGNER = "worker", "signer"


def thrown_dice() -> random.Random:
    """Return the dice of this run; their seed is printed."""
    seed = os.environ.get("PROOFHUB_TEST_SEED") or os.urandom(8).hex()
    print(f"PROOFHUB_TEST_SEED={seed}")
    return random.Random(seed)


async def kill_at_random(running: RunningSigner, dice: random.Random, done: asyncio.Event) -> None:
    """Kill a worker or the whole signer, again and again, until the load is done."""
    blows = signer_blows(running)
    while not done.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), dice.uniform(0.05, 1.2))
        (name,) = dice.choices([WORKER, SIGNER], [0.7, 0.3])
        await blows[name]()


async def kill_each(blows: Mapping[str, Blow], dice: random.Random, times: int) -> Counter[str]:
    """Kill now this and now that at random until each was killed so often; return how often."""
    kills: Counter[str] = Counter()
    while left := [name for name in blows if kills[name] < times]:
        await asyncio.sleep(dice.uniform(0.05, 1.0))
        name = dice.choice([*left, *blows])
        kills[name] += await blows[name]()
    return kills


def signer_blows(running: RunningSigner) -> dict[str, Blow]:
    return {WORKER: lambda: _kill_a_worker(running), SIGNER: lambda: _kill_and_start(running)}


async def _kill_a_worker(running: RunningSigner) -> bool:
    """Kill the worker that answers first, if one does."""
    try:
        pid = await SignerClient(running.socket, patience_seconds=1, answer_seconds=0.5).ping()
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, SignerUnavailableError):
        return False
    return True


async def _kill_and_start(running: RunningSigner) -> bool:
    """Kill the whole signer, then start it as often as it takes until it finds its keys."""
    await running.kill()
    while await running.start() != "started":
        await running.end()
    return True


async def restart(running: RunningSigner) -> None:
    """End the signer in good order and start it: it settles what dead workers left."""
    await running.end()
    assert await running.start() == "started"


def sealed_documents(folder: Path) -> dict[str, str]:
    """Return the digest of each sealed document by proof number, after seeing that log and spool agree one to one."""
    spool = Spool(folder / "spool")
    assert not spool.unsettled()
    kept = {key: spool.find(key) for key in spool}
    entries = [entry for entry in entries_of(folder / "log") if entry["operation"] == "sealed"]
    logged = sorted((entry["key"], entry["document_sha256"]) for entry in entries)
    assert logged == sorted((key, document.sha256) for key, document in kept.items() if document is not None)
    return {entry["proof"]: entry["document_sha256"] for entry in entries}
