"""Subject: making a page, sealing it and verifying it, next to the bare signature, plain pyHanko and EU DSS.

Sealing is measured inside the signer at PAdES B-B, with the endorsement and the visible seal, on a page that was
rendered before, everything on one core by turns; then with as many processes as there are cores.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

from pki.keystore import KeyAlgorithm
from scripts.bench_dss import DssPeer, dss_peer
from scripts.bench_harness import PER_SECOND, Figure, by_turns
from scripts.bench_run import Run
from scripts.bench_seal_office import SealOffice, content_of, make_office
from scripts.bench_seal_parts import SealBench
from scripts.bench_seal_worker import seal_workers
from scripts.service_programs import missing_programs
from seals.page import render_page
from seals.page_changes import read_changes

ALGORITHMS = {
    "P-256": KeyAlgorithm.P_256,
    "RSA-2048": KeyAlgorithm.RSA_2048,
    "RSA-3072": KeyAlgorithm.RSA_3072,
}


def seal_figures(run: Run) -> Iterator[Figure]:
    """Make pages, then seal and verify with each kind of key."""
    with _one_core():
        yield from _pages(run)
    for key, algorithm in ALGORITHMS.items():
        with tempfile.TemporaryDirectory(dir=run.city.folder) as name:
            folder = Path(name)
            office = make_office(folder, algorithm)
            with _one_core(), _dss(folder, office) as dss:
                yield from SealBench(run.plan, key, office, folder, dss).figures()
            yield from _cores(run, key, folder)


def _pages(run: Run) -> Iterator[Figure]:
    contents = (content_of(turn) for turn in itertools.count())
    page = render_page(content_of(0))
    parts: dict[str, Callable[[], object]] = {
        "make a page (A4, four facts, QR code), each another": lambda: render_page(next(contents)),
        "of that: work out what a seal changes in it": lambda: read_changes(page.pdf, page.seal_box),
    }
    for name, samples in by_turns(parts, run.plan).items():
        yield samples.figure(name)


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process, and those that it starts, on one core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _dss(folder: Path, office: SealOffice) -> AbstractContextManager[DssPeer | None]:
    """Start EU DSS where Java and Maven are there."""
    if missing := missing_programs(["dss"]):
        print(f"EU DSS is left out: {', '.join(missing)} not found on PATH", flush=True)
        return nullcontext()
    place = folder / "dss"
    place.mkdir()
    return dss_peer(place, office, render_page(content_of(0)))


def _cores(run: Run, key: str, folder: Path) -> Iterator[Figure]:
    """Seal in one process and in one for each core, by turns."""
    cores = sorted(os.sched_getaffinity(0))
    with seal_workers(folder, cores) as workers:
        measure = partial(workers.rate, seconds=run.seconds)
        measure(len(cores))
        rounds = [(measure(1), measure(len(cores))) for _ in range(run.plan.rounds)]
    one, all_cores = zip(*rounds, strict=True)
    name = f"seals a second, {key}: one process"
    gain = statistics.median(many / single for single, many in rounds)
    yield Figure(name, PER_SECOND, statistics.median(one))
    yield Figure(
        f"seals a second, {key}: {len(cores)} processes",
        PER_SECOND,
        statistics.median(all_cores),
        ratio=gain,
        against=name,
    )
