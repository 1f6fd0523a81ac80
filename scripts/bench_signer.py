"""Subject: the whole signer around the sealing. What its socket and its disk cost, the other levels, and its cores.

Sealing itself is the subject "seals". The disk is what an order takes at a desk in this process, its page made before,
beyond the sealing. The socket is what an order takes longer through the signer process than at that desk, given again:
both then look it up and return the same document, and neither waits for the disk. By the clock on the wall.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import uvloop

from hub.clock import SystemClock
from pki.keystore import KeyAlgorithm
from scripts.bench_harness import PER_SECOND, Figure, Plan, Samples, median, ratio_of
from scripts.bench_run import Run
from scripts.bench_signer_levels import level_figures
from scripts.bench_signer_office import SignerOffice, make_signer_office
from scripts.bench_signer_parts import Part, awaited, by_turns_by_themselves, difference, page_of, timed
from seals.sealing import seal_page
from seals.signer_client import SignerClient
from seals.signer_desk import SigningDesk
from seals.signer_files import flush_folder, write_through

CALLERS = 8
"""Orders under way at a time where the rate is measured."""
_MOST_ROUNDS = 3
"""Most rounds of rates: each proof stays in the spool."""
_KEY = "P-256"
_SEAL, _DESK = "seal a page at B-B, nothing kept", "an order at a desk in this process, its page made before"
_FILE = "one file of the proof's size, written and flushed there"
_AGAIN, _SOCKET = "the order given again at that desk", "the order given again through the socket of the signer"
_PING = "a short question to the signer and its answer (ping)"


def signer_figures(run: Run) -> Iterator[Figure]:
    """Measure the way through the signer, the levels, and orders a second."""
    with tempfile.TemporaryDirectory(dir=run.city.folder) as name:
        place = make_signer_office(Path(name), KeyAlgorithm.P_256)
        yield from uvloop.run(_way(place, run.plan))
        yield from uvloop.run(level_figures(place, _KEY, run.plan))
        yield from uvloop.run(_cores(place, run))


async def _way(place: SignerOffice, plan: Plan) -> list[Figure]:
    async with place.signer(place.settings("way")) as signer:
        with closing(place.desk("desk")) as desk:
            parts = await _Way(place, desk, signer).parts()
            found = await by_turns_by_themselves(parts, replace(plan, calls=plan.calls // 2))
    return list(_way_figures(found))


@dataclass(frozen=True, slots=True)
class _Way:
    """One order on its way, from the bare sealing to the answer out of another process."""

    place: SignerOffice
    desk: SigningDesk
    signer: SignerClient

    async def parts(self) -> dict[str, Part]:
        (page, content), clock, seal = page_of(self.place), SystemClock(), self.place.office.seal
        sealed = seal_page(page, content.endorsement, seal, clock.now())
        files = (self.place.folder / "files" / str(number) for number in itertools.count())
        (self.place.folder / "files").mkdir()
        known = self.place.order()
        self.desk.seal(known)
        await self.signer.seal(known)
        return {
            _SEAL: timed(lambda: seal_page(page, content.endorsement, seal, clock.now())),
            _DESK: self._at_the_desk,
            _FILE: timed(lambda: _keep(next(files), sealed)),
            _AGAIN: timed(lambda: self.desk.seal(known)),
            _SOCKET: partial(awaited, lambda: self.signer.seal(known)),
            _PING: partial(awaited, self.signer.ping),
        }

    async def _at_the_desk(self) -> float:
        order = self.place.order()
        made = self.desk.make_page(order.content)
        begin = time.perf_counter()
        self.desk.seal(order, made)
        return time.perf_counter() - begin


def _way_figures(found: Mapping[str, Samples]) -> Iterator[Figure]:
    name = f"signer, {_KEY}: {{}}".format
    seal, desk, again = found[_SEAL], found[_DESK], found[_AGAIN]
    yield seal.figure(name(_SEAL))
    yield desk.figure(name(_DESK), (name(_SEAL), seal))
    yield difference(name("of that, checks, spool, log and count on the disk (difference)"), desk, seal)
    yield found[_FILE].figure(name(_FILE))
    yield again.figure(name(_AGAIN))
    yield found[_SOCKET].figure(name(_SOCKET), (name(_AGAIN), again))
    yield difference(name("of that, the socket: order in, sealed document out (difference)"), found[_SOCKET], again)
    yield found[_PING].figure(name(_PING))


async def _cores(place: SignerOffice, run: Run) -> list[Figure]:
    """Let several callers order at a time, of a signer with one worker and of one with a worker for each core."""
    cores = len(os.sched_getaffinity(0))
    async with AsyncExitStack() as stack:
        signers = [
            await stack.enter_async_context(place.signer(place.settings(f"rate-{workers}", workers)))
            for workers in (1, cores)
        ]
        for signer in signers:
            await _rate(place, signer, run.seconds / 4)
        rounds = [
            [await _rate(place, signer, run.seconds) for signer in signers]
            for _ in range(min(run.plan.rounds, _MOST_ROUNDS))
        ]
    return _rate_figures(cores, list(zip(*rounds, strict=True)))


def _rate_figures(cores: int, found: Sequence[Sequence[float]]) -> list[Figure]:
    one, many = found
    name = f"signer, {_KEY}: proofs a second, page and disk included, {CALLERS} callers, {{}}".format
    first = name("1 worker")
    return [
        Figure(first, PER_SECOND, median(one)),
        Figure(name(f"{cores} workers"), PER_SECOND, median(many), None, ratio_of(many, one), first),
    ]


async def _rate(place: SignerOffice, signer: SignerClient, seconds: float) -> float:
    """Return how many orders a second were sealed within so many seconds."""
    begin, sealed = time.perf_counter(), 0

    async def caller() -> None:
        nonlocal sealed
        while time.perf_counter() - begin < seconds:
            await signer.seal(place.order())
            sealed += 1

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return sealed / (time.perf_counter() - begin)


def _keep(path: Path, data: bytes) -> None:
    write_through(path, data)
    flush_folder(path.parent)
