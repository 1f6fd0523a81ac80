"""Subject: routing, the pure function, on the sample catalogue at the city's real size."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

from graph_models.catalogue import ApplicantKind
from graph_models.snapshot import CatalogueSnapshot
from hub.entry.settings import Settings
from hub.entry.wiring import open_hub
from hub.routing import RoutingInput, route_item
from scripts.bench_city import EMBEDDED, REGION
from scripts.bench_harness import PER_SECOND, Figure, Plan, by_turns
from scripts.bench_run import Run


def routes(run: Run) -> Iterator[Figure]:
    """Route every item of the catalogue, one after another."""
    snapshot = asyncio.run(_snapshot(run.settings(EMBEDDED, store="inside")))
    inputs = itertools.cycle(_inputs(snapshot))
    name = "route of one item (pure, all items in turn)"
    samples = by_turns({name: lambda: route_item(snapshot, next(inputs))}, Plan(run.plan.rounds, 2000, 500))[name]
    yield samples.figure(name)
    yield Figure("routes, one core", PER_SECOND, len(samples.all) / sum(samples.all))


def _inputs(snapshot: CatalogueSnapshot) -> list[RoutingInput]:
    return [
        RoutingInput(item_code=item.code, region=REGION, applicant_kind=kind, handling_unit=item.unit_code)
        for item in snapshot.items
        for kind in (ApplicantKind.NATURAL_PERSON,)
        if kind in item.applicant_kinds
    ]


async def _snapshot(settings: Settings) -> CatalogueSnapshot:
    async with open_hub(settings) as hub:
        return hub.snapshots.current()
