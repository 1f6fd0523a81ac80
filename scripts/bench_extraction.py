"""Subject: whole extractions. GraphQL in, sealed PDF committed, over loopback to a served hub, registers apart."""

from __future__ import annotations

from collections.abc import Iterator

from hub.clock import SystemClock
from scripts.bench_city import ITEM
from scripts.bench_harness import PER_SECOND, Figure, Samples, median, ratio_of
from scripts.bench_questions import open_case
from scripts.bench_run import Run, ServedHub

TOGETHER = 8
"""Callers at a time where the rate is measured."""
_OPENED = '"case":{'
_MET = '"state":"MET"'


def extractions(run: Run) -> Iterator[Figure]:
    """Open cases that need exactly one shared proof: one caller at a time, then several."""
    with run.hubs(ITEM) as hubs:
        for hub in hubs.values():
            # A young database may take longer than opening waits for an extraction.
            hub.ask(_cases(run, run.plan.warm_up), expect=_OPENED, connections=1, seconds=60)
        alone: dict[str, list[tuple[float, ...]]] = {name: [] for name in hubs}
        rates: dict[str, list[float]] = {name: [] for name in hubs}
        for _ in range(run.plan.rounds):
            for name, hub in hubs.items():
                alone[name].append(_alone(run, hub))
                rates[name].append(_together(run, hub))
    yield from _figures({name: Samples(tuple(rounds)) for name, rounds in alone.items()}, rates)


def _figures(alone: dict[str, Samples], rates: dict[str, list[float]]) -> Iterator[Figure]:
    first = next(iter(alone))
    for name, samples in alone.items():
        peer = None if name == first else (_title(first), alone[first])
        yield samples.figure(_title(name), peer)
    for name, rounds in rates.items():
        other = name != first
        title = f"extractions, {name} store, {TOGETHER} callers"
        against = f"extractions, {first} store, {TOGETHER} callers" if other else None
        ratio = ratio_of(rounds, rates[first]) if other else None
        yield Figure(title, PER_SECOND, median(rounds), None, ratio, against)


def _title(engine: str) -> str:
    return f"extraction, {engine} store, P-256 seal (openCase to committed proof)"


def _alone(run: Run, hub: ServedHub) -> tuple[float, ...]:
    return hub.ask(_cases(run, run.plan.calls), expect=_MET, connections=1, seconds=60).latencies


def _together(run: Run, hub: ServedHub) -> float:
    bodies = _cases(run, int(400 * run.seconds))
    return hub.ask(bodies, expect=_OPENED, connections=TOGETHER, seconds=run.seconds).rate


def _cases(run: Run, count: int) -> list[str]:
    now = SystemClock().now()
    return [open_case(ITEM, f"bench-{now.timestamp():.0f}-{next(run.marks)}", now) for _ in range(count)]
