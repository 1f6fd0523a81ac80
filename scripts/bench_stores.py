"""Subject: the graph store: opening a case, loading it, saving a request, on each engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

from graph_models.case_records import add_case, add_needs
from graph_models.casework import Applicant, IdentityEvidence
from graph_models.catalogue import ApplicantKind, Measure
from graph_models.request_records import load_request, save_request
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor, Post
from hub.case_files import CaseFile, load_file
from hub.case_input import OpenCase
from hub.clock import SystemClock, SystemIds
from hub.entry.settings import Settings
from hub.entry.wiring import Hub, open_hub
from scripts.bench_city import APPLICANT, REGION, VERIFIED_ITEM
from scripts.bench_harness import Figure, Samples, by_turns_async
from scripts.bench_run import Run

NAMES = ("open a case", "load a case", "save a request")
Part = Callable[[], Awaitable[object]]


def stores(run: Run) -> Iterator[Figure]:
    """Run the same works on the engines by turns."""
    settings = {engine.name: run.settings(engine, store="inside") for engine in run.engines}
    yield from asyncio.run(_measured(run, settings))


async def _measured(run: Run, settings: dict[str, Settings]) -> list[Figure]:
    async with AsyncExitStack() as stack:
        parts: dict[str, dict[str, Part]] = {}
        for engine, own in settings.items():
            hub = await stack.enter_async_context(open_hub(own))
            parts[engine] = await _parts(run, hub)
        figures: list[Figure] = []
        for name in NAMES:
            found = await by_turns_async({engine: parts[engine][name] for engine in settings}, run.plan)
            figures += _figures(name, found)
        return figures


def _figures(name: str, found: dict[str, Samples]) -> Iterator[Figure]:
    first = next(iter(found))
    for engine, samples in found.items():
        peer = None if engine == first else (f"{name}, {first} store", found[first])
        yield samples.figure(f"{name}, {engine} store", peer)


async def _parts(run: Run, hub: Hub) -> dict[str, Part]:
    file = await _opened(run, hub)
    store, ids = hub.store, SystemIds()
    request = file.requests[0]

    async def open_case() -> None:
        number = ids.identifier("C")
        case = replace(file.case, number=number, business_number=number)
        needs = tuple(replace(need, id=f"{number}/{turn}", case_number=number) for turn, need in enumerate(file.needs))

        async def work(tx: Transaction) -> None:
            await add_case(tx, case)
            await add_needs(tx, needs)

        await store.write(work)

    async def save() -> None:
        async def work(tx: Transaction) -> None:
            await save_request(tx, await load_request(tx, request.id))

        await store.write(work)

    return {NAMES[0]: open_case, NAMES[1]: _loading(store, file.case.number), NAMES[2]: save}


def _loading(store: GraphStore, number: str) -> Part:
    async def load() -> CaseFile:
        return await store.read(lambda tx: load_file(tx, number))

    return load


async def _opened(run: Run, hub: Hub) -> CaseFile:
    """Open one case of which a unit is asked for a proof."""
    unit = next(each.code for each in hub.snapshots.current().handlers_of(VERIFIED_ITEM) if each.region == REGION)
    now = SystemClock().now()
    identity = IdentityEvidence(method=Measure.FACE_RECOGNITION, provider="bench", assertion_id="bench-1", at=now)
    applicant = Applicant(kind=ApplicantKind.NATURAL_PERSON, name=APPLICANT["name"], identifier=APPLICANT["identifier"])
    number = f"stores-{now.timestamp():.0f}-{next(run.marks)}"
    given = OpenCase(
        business_number=number, item_code=VERIFIED_ITEM, region=REGION, applicant=applicant, identity=identity
    )
    return await hub.cases.open(Actor("bench", unit, frozenset({Post.OPERATOR})), given)
