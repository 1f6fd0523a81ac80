"""What every subject gets: the city, the engines that are there, and how much is to be measured."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub.actors import Post
from hub.entry.settings import Settings
from hub.entry.wiring import open_hub
from scripts.bench_city import EMBEDDED, REGION, City, Engine, publish, served
from scripts.bench_harness import Plan
from scripts.bench_load import LoadOrder, LoadResult, load
from scripts.service_process import free_ports


@dataclass(frozen=True, slots=True)
class ServedHub:
    """A hub in a process of its own."""

    port: int
    token: str

    def ask(
        self, bodies: list[str], path: str = "/graphql", expect: str = "", **more: int | float | bool
    ) -> LoadResult:
        """Ask it with the load generator; ``more`` are fields of its order. Raises LoadError."""
        return load(
            LoadOrder(port=self.port, token=self.token, path=path, bodies=bodies, expect=expect, **more)  # type: ignore[arg-type]  # the record checks its fields
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the bench."""

    city: City
    engines: tuple[Engine, ...]
    plan: Plan
    seconds: float
    """How long one round of a load takes."""
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    """How many requests there are, step by step, in a store that is filled."""
    marks: Iterator[int] = field(default_factory=itertools.count)
    """Numbers that make a request one that was never asked before."""

    @property
    def sample(self) -> Path:
        """The sample catalogue's workbook."""
        return self.city.folder / "sample" / "sample.xlsx"

    def settings(self, engine: Engine, *, store: str, port: int = 0) -> Settings:
        """Return settings of a hub in whose store the sample is published."""
        settings = self.city.settings(engine, port, store)
        asyncio.run(publish(settings, self.sample.read_bytes()))
        return settings

    def handler_of(self, settings: Settings, item: str) -> str:
        """Return the unit that handles the item in the region that is measured."""

        async def find() -> str:
            async with open_hub(settings) as hub:
                return next(u.code for u in hub.snapshots.current().handlers_of(item) if u.region == REGION)

        return asyncio.run(find())

    @contextmanager
    def hubs(self, item: str) -> Iterator[dict[str, ServedHub]]:
        """Serve one hub on each engine; their tokens are of an operator of the unit that handles the item."""
        with ExitStack() as stack:
            found: dict[str, ServedHub] = {}
            for engine in self.engines:
                found[engine.name] = stack.enter_context(self.hub(engine, item))
            yield found

    @contextmanager
    def hub(self, engine: Engine = EMBEDDED, item: str = "NB0100") -> Iterator[ServedHub]:
        """Serve a hub on one engine."""
        settings = self.settings(engine, store="served", port=free_ports(1)[0])
        unit = self.handler_of(settings, item)
        with served(self.city, settings, engine.name) as port:
            yield ServedHub(port, self.city.token(settings, unit, Post.OPERATOR))
