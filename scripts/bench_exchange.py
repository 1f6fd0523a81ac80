"""Subject: the exchange: from request to delivered, and what inboxes, transitions and deadlines cost in a full store.

A Neo4j of its own is filled step by step; at each step the same parts are measured, and each figure says how much it
has grown since the first step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog

from graph_models.catalogue import ApplicantKind
from hub.actors import Post
from hub.client.operations import INBOX
from hub.client.worker import WorkerRule
from hub.clock import SystemClock
from hub.entry.settings import Settings
from hub.entry.wiring import Hub, open_hub
from scripts.bench_city import ASKED_ITEM, REGION, VERIFIED_ITEM, Engine, served
from scripts.bench_exchange_deadlines import deadline_figures
from scripts.bench_exchange_delivered import TOGETHER, Route, delivered, delivered_per_minute
from scripts.bench_exchange_load import fill
from scripts.bench_exchange_pages import Desk
from scripts.bench_exchange_records import Crowd, Kind
from scripts.bench_harness import PER_MINUTE, TIMES, Figure, Plan, Samples, by_turns_of_async, percentile
from scripts.bench_questions import body
from scripts.bench_run import Run, ServedHub
from scripts.sample_units import unit_rows
from scripts.service_neo4j import Size, start_neo4j
from scripts.service_process import free_ports

LARGE = Size(heap="2g", page_cache="3g", jvm=("-Xms2g", "-XX:+UseG1GC"))
"""What a server needs for a million requests."""
BIG_UNIT = "330203-GA"
X_ROAD = 50
"""Requests a minute that X-Road's sizing guide gives for a security server of 2 cores and 4 GB."""
WORKER = WorkerRule(concurrency=16)
"""As `proofhub worker --concurrency 16`."""
QUICK_LOOK = WorkerRule(concurrency=16, pause_seconds=0.05)
"""Shows what is left of the time where a worker does not wait."""
MANY = WorkerRule(concurrency=32, pause_seconds=0.3)
"""For a unit that is asked so much that there is always something in its inbox."""
_HTTP = "inbox page, big unit, GraphQL over HTTP"
_YOUNG = 10
"""So much longer a server and a database that have just started are warmed up."""


@dataclass(slots=True)
class Store:
    """A store that is filled step by step."""

    run: Run
    engine: Engine
    settings: Settings
    crowd: Crowd
    cases: int = 0

    @property
    def requests(self) -> int:
        """How many there are."""
        return self.cases * self.crowd.requests

    async def grow(self, hub: Hub, requests: int) -> None:
        """Fill it up to so many requests."""
        cases = requests // self.crowd.requests
        await fill(hub.store, self.crowd, self.cases, cases)
        self.cases = cases


def exchange(run: Run) -> Iterator[Figure]:
    """Measure whole exchanges on each engine, then what grows on a Neo4j of its own."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    for engine in run.engines:
        yield from _whole(run, engine, f"{engine.name} store")
    with _neo4j() as engine:
        store = _store(run, engine)
        found: list[dict[str, Samples]] = []
        for size in run.sizes:
            found.append(asyncio.run(_measured(store, size)) | {_HTTP: _over_http(store)})
            yield from _grown(run.sizes[: len(found)], found)
        yield from _growth(run.sizes, found)
        yield from _whole(run, engine, f"Neo4j store with {run.sizes[-1]:,} requests", "filled")
        yield from asyncio.run(_deadlines(store, run.sizes[-1]))


@contextmanager
def _neo4j() -> Iterator[Engine]:
    service = start_neo4j(size=LARGE)
    try:
        service.wait_until_ready()
        yield Engine("filled", service.address)
    finally:
        service.stop()


def _store(run: Run, engine: Engine) -> Store:
    units = [BIG_UNIT, *(code for row in unit_rows() if (code := str(row["code"])) != BIG_UNIT)]
    settings = run.settings(engine, store="filled")
    kind = Kind(run.handler_of(settings, VERIFIED_ITEM), VERIFIED_ITEM, "GA-WFZ", REGION)
    return Store(run, engine, settings, Crowd(tuple(units), kind, SystemClock().now(), open_of_hundred=10))


async def _measured(store: Store, size: int) -> dict[str, Samples]:
    async with open_hub(store.settings) as hub:
        await store.grow(hub, size)
        plan = store.run.plan
        desk = Desk(hub, store.crowd, store.run.marks)
        return await by_turns_of_async(desk.parts(), Plan(plan.rounds, plan.calls * 2, plan.warm_up))


def _over_http(store: Store) -> Samples:
    """Ask a served hub for the first page of the big inbox, one question at a time."""
    run, (port,) = store.run, free_ports(1)
    settings = run.city.settings(store.engine, port, "filled")
    token = run.city.token(settings, BIG_UNIT, Post.DRAFTER)
    with served(run.city, settings, "filled"):
        hub = ServedHub(port, token)

        def page(calls: int) -> tuple[float, ...]:
            bodies = [body(INBOX.text, {"first": 50}, next(run.marks)) for _ in range(calls)]
            return hub.ask(bodies, expect='"nodes":[{', connections=1, seconds=120).latencies

        page(run.plan.warm_up * _YOUNG)
        return Samples(tuple(page(run.plan.calls * 2) for _ in range(run.plan.rounds)))


def _grown(sizes: Sequence[int], found: Sequence[dict[str, Samples]]) -> Iterator[Figure]:
    """Return the figures of the last step, each against the first one."""
    for name, samples in found[-1].items():
        first = f"{name}, {sizes[0]:,} requests"
        yield samples.figure(f"{name}, {sizes[-1]:,} requests", (first, found[0][name]) if len(sizes) > 1 else None)


def _growth(sizes: Sequence[int], found: Sequence[dict[str, Samples]]) -> Iterator[Figure]:
    """Return how many times the p99 of the last step is that of the first."""
    for name, samples in found[-1].items():
        times = percentile(samples.all, 0.99) / percentile(found[0][name].all, 0.99)
        yield Figure(f"{name}: p99 at {sizes[-1]:,} requests, of that at {sizes[0]:,}", TIMES, times)


def _whole(run: Run, engine: Engine, name: str, keys: str = "delivered") -> Iterator[Figure]:
    """Measure whole exchanges; ``keys`` names the folder with the keys of the seals that the store knows."""
    (port,) = free_ports(1)
    settings = run.settings(engine, store=keys, port=port)
    route = _route(run, settings, port)
    with served(run.city, settings, f"delivered-{engine.name}"):
        for rule, how in ((WORKER, "is told of what comes"), (QUICK_LOOK, "looks all the time")):
            seconds = asyncio.run(delivered(route, rule, run.plan.calls))
            title = f"request to delivered, {name}, a worker that {how}"
            yield Samples((seconds,)).figure(title)
        rate = asyncio.run(delivered_per_minute(route, MANY, 5 * run.seconds, run.plan.rounds))
    title = f"requests opened, answered, sealed and delivered, {TOGETHER} waiting at a time, {name}"
    yield Figure(title, PER_MINUTE, rate, None, rate / X_ROAD, f"X-Road's sizing guide: {X_ROAD} a minute on 2 cores")


def _route(run: Run, settings: Settings, port: int) -> Route:
    asking = run.handler_of(settings, ASKED_ITEM)

    async def issuing() -> str:
        async with open_hub(settings) as hub:
            plan = hub.cases.plan(ASKED_ITEM, REGION, ApplicantKind.NATURAL_PERSON, asking, {})
            return next(line.issuing_unit for line in plan.lines if line.issuing_unit)

    return Route(run.city, settings, port, asking, asyncio.run(issuing()))


async def _deadlines(store: Store, requests: int) -> list[Figure]:
    """Fill in as many requests again, all of them open, and let limits pass."""
    crowd = replace(store.crowd, now=SystemClock().now(), open_of_hundred=100, requests=20, seed=2)
    async with open_hub(store.settings) as hub:
        await fill(hub.store, crowd, 0, requests // crowd.requests)
        return await deadline_figures(hub, crowd, f"{requests:,} more requests open", store.run.plan.rounds)
