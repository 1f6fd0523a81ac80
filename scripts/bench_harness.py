"""What a measurement is: samples in interleaved rounds, their median and p99, and the ratio to a peer of the same run.

Two things are compared by turns (a round of one, a round of the other, again), so that a machine that slows down in
between slows both. The ratio is the median of the rounds' quotients.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

MILLISECONDS = "ms"
PER_SECOND = "/s"
PER_MINUTE = "/min"
TIMES = "times"
"""Unit of a ratio that is a figure of its own."""

TimedPart = Callable[[int], tuple[float, ...]]
"""Makes so many calls and says what each took, in seconds."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure."""

    name: str
    unit: str
    median: float
    p99: float | None = None
    ratio: float | None = None
    """This figure's median divided by the peer's."""
    against: str | None = None
    """Name of the peer, measured in the same run."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int = 5
    calls: int = 20
    """Calls of each part in a round."""
    warm_up: int = 10
    """Calls of each part beforehand, not counted."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What the calls of one part took, in seconds, round by round."""

    rounds: tuple[tuple[float, ...], ...]

    @property
    def all(self) -> tuple[float, ...]:
        """Return the seconds of all rounds."""
        return tuple(seconds for each in self.rounds for seconds in each)

    def figure(self, name: str, against: tuple[str, Samples] | None = None) -> Figure:
        """Return the figure in milliseconds; ``against`` is the peer's name and samples."""
        ratio = None if against is None else ratio_of(self.medians(), against[1].medians())
        peer = None if against is None else against[0]
        return Figure(name, MILLISECONDS, median(self.all) * 1000, percentile(self.all, 0.99) * 1000, ratio, peer)

    def medians(self) -> tuple[float, ...]:
        """Return the median of each round, in seconds."""
        return tuple(median(each) for each in self.rounds)


def median(values: Iterable[float]) -> float:
    """Return the median. Raises statistics.StatisticsError where there is nothing."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratio_of(ours: Sequence[float], peer: Sequence[float]) -> float:
    """Return the median of the rounds' quotients."""
    return median(mine / theirs for mine, theirs in zip(ours, peer, strict=True))


def by_turns(parts: Mapping[str, Callable[[], object]], plan: Plan) -> dict[str, Samples]:
    """Time each part by turns: a round of the first, of the second …, then all again."""
    return by_turns_of({name: partial(_timed, call) for name, call in parts.items()}, plan)


def by_turns_of(parts: Mapping[str, TimedPart], plan: Plan) -> dict[str, Samples]:
    """Do as `by_turns` with parts that time themselves: another program, for one."""
    for part in parts.values():
        part(plan.warm_up)
    rounds = [{name: part(plan.calls) for name, part in parts.items()} for _ in range(plan.rounds)]
    return {name: Samples(tuple(each[name] for each in rounds)) for name in parts}


async def by_turns_async(parts: Mapping[str, Callable[[], Awaitable[object]]], plan: Plan) -> dict[str, Samples]:
    """Do as `by_turns` with parts that are awaited, one after another."""
    return await by_turns_of_async({name: partial(_awaited, call) for name, call in parts.items()}, plan)


async def by_turns_of_async(
    parts: Mapping[str, Callable[[int], Awaitable[tuple[float, ...]]]], plan: Plan
) -> dict[str, Samples]:
    """Do as `by_turns_of` with parts that are awaited."""
    for part in parts.values():
        await part(plan.warm_up)
    rounds = [{name: await part(plan.calls) for name, part in parts.items()} for _ in range(plan.rounds)]
    return {name: Samples(tuple(each[name] for each in rounds)) for name in parts}


def _timed(call: Callable[[], object], calls: int) -> tuple[float, ...]:
    seconds = []
    for _ in range(calls):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return tuple(seconds)


async def _awaited(call: Callable[[], Awaitable[object]], calls: int) -> tuple[float, ...]:
    seconds = []
    for _ in range(calls):
        begin = time.perf_counter()
        await call()
        seconds.append(time.perf_counter() - begin)
    return tuple(seconds)
