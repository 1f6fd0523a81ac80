"""Load for a fault run: a department that opens cases through both hubs, and units that answer by machine.

What is accepted is what a hub has answered. A call that got no answer is asked again, with the same content, of the
other hub.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from hub.actors import Post
from hub.client.connection import ClientLimits, HubConnection
from hub.client.department import Department, Polling
from hub.client.errors import ClientError, StillWaitingError, UnavailableError
from hub.client.handling import Found, Handling
from hub.client.inputs import Applicant, Identity, OpenCase
from hub.client.issuing import Answer, IssuingUnit
from hub.client.records import Case, FactField, Need, VerificationRequest
from hub.client.words import ApplicantKind, FactKind, Measure, NeedState
from hub.client.worker import Worker, WorkerRule
from hub.clock import SystemClock, SystemIds
from scripts.demonstration.city import City
from scripts.demonstration.story import APPLICANT, FINDINGS, ITEM, REGION, UNIT
from scripts.soak_checks import Accepted

T = TypeVar("T")
LIMITS = ClientLimits(total_seconds=30, connect_seconds=2, longest_pause_seconds=2)
_MOST_OPEN = 16
"""So many cases are carried through at a time; while more would be, none is opened."""
_PATIENCE, _PAUSE_SECONDS = 60.0, 0.5
_COMING = {NeedState.PENDING, NeedState.REQUESTED}


@dataclass
class Book:
    """What the department has seen."""

    accepted: dict[str, Accepted] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    """Refusals of what was right, and answers that were none."""
    repeats: int = 0
    """Calls that got no answer and were asked again."""
    skipped: int = 0
    """Cases that were due and not opened, because too many were waiting."""

    def enter(self, case: Case) -> None:
        """Note that a case was accepted; asked twice it is the same one, with the same proofs to come."""
        found = Accepted(case.number, case.business_number, frozenset(_brought(case.needs)))
        known = self.accepted.setdefault(case.number, found)
        if known != found:
            self.refused.append(f"case {case.number} was answered as another one when it was asked again")


@dataclass
class Load:
    """One department at both hubs."""

    departments: Sequence[Department]
    book: Book = field(default_factory=Book)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, cases_per_second: float, stop: asyncio.Event) -> None:
        """Open cases at an even rate until told to stop; each is waited for and closed."""
        began = time.monotonic()
        for number in itertools.count(1):
            if len(self._under_way) < _MOST_OPEN:
                task = asyncio.create_task(self._carry_out(number))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            else:
                self.book.skipped += 1
            try:
                async with asyncio.timeout(max(began + number / cases_per_second - time.monotonic(), 0.001)):
                    await stop.wait()
                    return
            except TimeoutError:
                continue

    async def units(self) -> list[str]:
        """Return the units that may be asked for a case's proofs."""
        plan = await self.departments[0].plan(ITEM, REGION, ApplicantKind(APPLICANT["kind"]))
        return sorted({line.issuing_unit for line in plan.lines if line.issuing_unit})

    async def drain(self, seconds: float) -> int:
        """Wait for the cases under way; return how many were not carried through in time."""
        if not self._under_way:
            return 0
        _, late = await asyncio.wait(tuple(self._under_way), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def probe(self, hub: int) -> str:
        """Open a case at one hub; return its number once it is complete there, however long that takes."""
        given = new_case()
        case = await self._persist(hub, lambda department: department.open(given), only=True)
        self.book.enter(case)
        await self._persist(hub, lambda department: department.wait_for(case, _PATIENCE), only=True)
        self.book.completed.add(case.number)
        return case.number

    async def _carry_out(self, number: int) -> None:
        given = new_case()
        try:
            case = await self._persist(number, lambda department: department.open(given))
            self.book.enter(case)
            whole = await self._persist(number, lambda department: department.wait_for(case, _PATIENCE))
            await self._persist(number, lambda department: department.close(whole))
            self.book.completed.add(case.number)
        except ClientError as problem:
            self.book.refused.append(str(problem))

    async def _persist(self, first: int, call: Callable[[Department], Awaitable[T]], *, only: bool = False) -> T:
        """Ask one hub and, while there is no answer, the next one (``only``: the same) until there is."""
        for attempt in itertools.count(first):
            department = self.departments[(first if only else attempt) % len(self.departments)]
            try:
                return await call(department)
            except (UnavailableError, StillWaitingError):
                self.book.repeats += 1
                await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError("the attempts have no end")


def new_case() -> OpenCase:
    """Return a case of which three proofs are shared data and one is asked of the police."""
    ids = SystemIds()
    return OpenCase(
        business_number=ids.identifier("SOAK-"),
        item_code=ITEM,
        region=REGION,
        applicant=Applicant(
            kind=ApplicantKind(APPLICANT["kind"]), name=APPLICANT["name"], identifier=APPLICANT["identifier"]
        ),
        identity=Identity(
            method=Measure.FACE_RECOGNITION,
            provider="window-1",
            assertion_id=ids.identifier("A"),
            at=SystemClock().now(),
        ),
    )


async def answer(request: VerificationRequest) -> Found:
    """Answer whatever is asked, as a unit's database would."""
    return Answer({entry.key: _fact(entry) for entry in request.form})


@asynccontextmanager
async def department(city: City, urls: Sequence[str]) -> AsyncIterator[Load]:
    """Give the education bureau's load, with a connection to each hub."""
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(_connection(city, url, "operator-1", UNIT, Post.OPERATOR)) for url in urls
        ]
        yield Load([Department(each, Polling(0.5, 3.0)) for each in connections])


@asynccontextmanager
async def workers(city: City, urls: Sequence[str], units: Sequence[str]) -> AsyncIterator[None]:
    """Answer for units by machine from request to seal, with a worker of each unit at each hub."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        tasks = [
            asyncio.create_task((await _worker(stack, city, url, unit, f"worker-{place}")).run(stop))
            for unit in units
            for place, url in enumerate(urls)
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)


async def _worker(stack: AsyncExitStack, city: City, url: str, unit: str, name: str) -> Worker:
    people = (("auto-1", Post.DRAFTER), ("auto-2", Post.REVIEWER), ("auto-3", Post.SEAL_KEEPER))
    drafter, reviewer, sealer = [
        IssuingUnit(await stack.enter_async_context(_connection(city, url, subject, unit, post)), name)
        for subject, post in people
    ]
    rule = WorkerRule(unit=unit, concurrency=4, pause_seconds=1.0)
    return Worker(drafter, Handling(answer), rule, reviewer, sealer)


def _connection(city: City, url: str, subject: str, unit: str, post: Post) -> HubConnection:
    token = city.token(subject, unit, post)

    async def give() -> str:
        return token

    return HubConnection(url, give, LIMITS)


def _brought(needs: Sequence[Need]) -> set[str]:
    """Return the types of the proofs that are there or come; identity is met without one."""
    return {need.proof_type_code for need in needs if need.proof_number or need.state in _COMING}


def _fact(entry: FactField) -> str:
    known = {"name": APPLICANT["name"], "id_number": APPLICANT["identifier"], "valid_until": "2099-12-31", **FINDINGS}
    return known.get(entry.key, "2020-09-01" if entry.kind == FactKind.DATE else "示例")
