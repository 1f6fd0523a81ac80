"""Parts of the signer's measurements, each timing itself by the clock on the wall, without what it prepared."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from scripts.bench_harness import MILLISECONDS, Figure, Plan, Samples, by_turns_of_async, median
from scripts.bench_signer_office import SignerOffice
from seals.page import RenderedPage, render_page
from seals.page_content import PageContent

Part = Callable[[], Awaitable[float]]
"""Does its work once and says how many seconds it took."""


async def by_turns_by_themselves(parts: Mapping[str, Part], plan: Plan) -> dict[str, Samples]:
    """Do as `bench_harness.by_turns_async` with parts that time themselves, a call at a time."""
    return await by_turns_of_async({name: partial(_calls, part) for name, part in parts.items()}, plan)


async def _calls(part: Part, calls: int) -> tuple[float, ...]:
    return tuple([await part() for _ in range(calls)])


def timed(work: Callable[[], object]) -> Part:
    """Return a part that does something here and now."""

    async def timed() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    return timed


async def awaited(work: Callable[[], Awaitable[object]]) -> float:
    """Time something that is awaited."""
    begin = time.perf_counter()
    await work()
    return time.perf_counter() - begin


def difference(name: str, whole: Samples, part: Samples) -> Figure:
    """Return how much longer the whole takes, by the medians of each round."""
    rounds = [all_of_it - some for all_of_it, some in zip(whole.medians(), part.medians(), strict=True)]
    return Figure(name, MILLISECONDS, median(rounds) * 1000)


def page_of(place: SignerOffice) -> tuple[RenderedPage, PageContent]:
    """Return the page of the next order."""
    content = place.order().content
    return render_page(content), content
