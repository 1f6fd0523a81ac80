"""One fault run: load, faults in turn, each followed by its recovery, then quiet, and what was found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from graph_models.casework import IntentState
from graph_models.neo4j_store import Neo4jStore
from scripts.soak_checks import Evidence, failures, intents_of
from scripts.soak_events import Watcher, watching
from scripts.soak_evidence import Stored, documents_in, read_all, wait_until_quiet
from scripts.soak_load import Load, department, workers
from scripts.soak_plan import Fault
from scripts.soak_stage import Stage

RECOVERY_SECONDS = 180.0
"""What is not as before so long after a fault has not recovered."""
DRAIN_SECONDS = 180.0
_BETWEEN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does."""

    faults: Iterator[Fault]
    """In this order; the run ends with them or with its time."""
    seconds: float
    cases_per_second: float = 1.0
    away_seconds: float = 8.0
    """How long a network is away: longer than the lease of a lane."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long it took from a kill, or from a network's return, until all was as before."""

    fault: Fault
    began: float
    """Seconds after the run's begin."""
    seconds: Mapping[str, float | None]
    """``back``: until what was killed answers; ``hub-a``, ``hub-b``: until a case opened there since is complete;
    ``events``: until both came to a consumer. None where that did not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run has shown."""

    seconds: float
    recoveries: Sequence[Recovery]
    counts: Mapping[str, int]
    failures: Sequence[str]


@dataclass
class Run:
    """A run on a stage; ``say`` is told what happens."""

    stage: Stage
    plan: Plan
    say: Callable[[str], None]
    _recoveries: list[Recovery] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    async def carry_out(self) -> Outcome:
        """Carry it out to the end."""
        stage, stop = self.stage, asyncio.Event()
        async with AsyncExitStack() as stack:
            watcher = await stack.enter_async_context(watching(stage.broker.address, stage.topic))
            load = await stack.enter_async_context(department(stage.city, stage.urls))
            await stack.enter_async_context(workers(stage.city, stage.urls, await load.units()))
            loading = asyncio.create_task(load.run(self.plan.cases_per_second, stop))
            await self._break(load, watcher)
            stop.set()
            await loading
            self.say("the load has ended; waiting until all is done")
            left = {"cases": await load.drain(DRAIN_SECONDS)}
            store = await Neo4jStore.open(stage.database.address)
            stack.push_async_callback(store.close)
            left |= await wait_until_quiet(store, DRAIN_SECONDS)
            stored = await read_all(store)
            await watcher.wait_for(stored.last_events, DRAIN_SECONDS)
            return self._outcome(load, watcher, stored, left)

    async def _break(self, load: Load, watcher: Watcher) -> None:
        """Do one fault after the other until the time or the faults are over."""
        for fault in self.plan.faults:
            if time.monotonic() - self._began > self.plan.seconds:
                return
            await asyncio.sleep(_BETWEEN_SECONDS)
            since = began = time.monotonic()
            await self.stage.begin(fault)
            if not fault.kills:
                await asyncio.sleep(self.plan.away_seconds)
                since = time.monotonic()
            back, first, second = await asyncio.gather(
                self._ended(fault, since),
                _recovered(load, watcher, 0, since),
                _recovered(load, watcher, 1, since),
            )
            events = None if first[1] is None or second[1] is None else max(first[1], second[1])
            found = {"hub-a": first[0], "hub-b": second[0], "events": events}
            if fault.kills:
                found = {"back": back, **found}
            self._recoveries.append(Recovery(fault, began - self._began, found))
            self.say(f"{fault}: " + ", ".join(f"{name} {_said(one)}" for name, one in found.items()))

    async def _ended(self, fault: Fault, since: float) -> float:
        await self.stage.end(fault)
        return time.monotonic() - since

    def _outcome(self, load: Load, watcher: Watcher, stored: Stored, left: Mapping[str, int]) -> Outcome:
        book = load.book
        documents = documents_in(Path(self.stage.city.settings.documents.folder))
        evidence = stored.evidence(tuple(book.accepted.values()), watcher.sightings, documents)
        wrong = [
            *(f"after {each.fault} no recovery of {name}" for each in self._recoveries for name in _missing(each)),
            *(f"{count} {name} were still under way at the end" for name, count in left.items() if count),
            *book.refused,
            *failures(evidence),
        ]
        return Outcome(
            seconds=time.monotonic() - self._began,
            recoveries=tuple(self._recoveries),
            counts=_counts(load, watcher, stored, evidence),
            failures=wrong,
        )


async def _recovered(load: Load, watcher: Watcher, hub: int, since: float) -> tuple[float | None, float | None]:
    """Return after how long a new case was complete at a hub, and had come to the consumer."""
    complete: float | None = None
    try:
        async with asyncio.timeout(RECOVERY_SECONDS):
            number = await load.probe(hub)
            complete = time.monotonic() - since
            await watcher.wait_for_subject(number)
    except TimeoutError:
        return complete, None
    return complete, time.monotonic() - since


def _counts(load: Load, watcher: Watcher, stored: Stored, evidence: Evidence) -> dict[str, int]:
    book = load.book
    return {
        "cases accepted": len(book.accepted),
        "cases in the store": len(stored.cases),
        "cases completed": len(book.completed),
        "calls given up and asked of the other hub": book.repeats,
        "cases not opened (too many waiting)": book.skipped,
        "verification requests": len(stored.requests),
        "proofs": len(stored.proofs),
        "issuings voided": len(intents_of(stored.intents, IntentState.VOID)),
        "events": sum(stored.last_events.values()),
        "events seen again": watcher.repeats,
        "audit entries": sum(map(len, evidence.audit.values())),
        "audit chains": len(stored.heads),
    }


def _missing(recovery: Recovery) -> list[str]:
    return [name for name, seconds in recovery.seconds.items() if seconds is None]


def _said(seconds: float | None) -> str:
    return "not recovered" if seconds is None else f"{seconds:.1f} s"
