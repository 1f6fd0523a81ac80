"""From request to delivered: a department opens cases, an automatic worker answers, reviews and seals, a hub between.

Both are in this process and speak to a served hub over loopback; so the two cores do the work of all sides. When a
proof was delivered is the hub's time in the request's own record.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from hub.actors import Post
from hub.client.connection import HubConnection
from hub.client.department import Department
from hub.client.handling import Found, Handling
from hub.client.inputs import Applicant, Identity, OpenCase
from hub.client.issuing import Answer, IssuingUnit
from hub.client.records import FactField, VerificationRequest
from hub.client.words import ApplicantKind, FactKind, Measure, Step
from hub.client.worker import Worker, WorkerRule
from hub.clock import SystemClock, SystemIds
from hub.entry.settings import Settings
from hub.identifiers import identity_check_digit
from scripts.bench_city import APPLICANT, ASKED_ITEM, REGION, City
from scripts.bench_harness import median

TOGETHER = 96
"""So many cases wait for their proof at a time where the rate is measured."""
_LOOKS, _LOOK_SECONDS = 12, 10.0
"""So often, and in such pauses, a case is asked for of which nothing is heard."""


class NotDeliveredError(Exception):
    """A case did not get its proof in time."""


@dataclass(frozen=True, slots=True)
class Route:
    """Between whom requests go."""

    city: City
    settings: Settings
    port: int
    asking: str
    issuing: str

    def connection(self, subject: str, unit: str, post: Post) -> HubConnection:
        """Return a connection to the hub with a token of its own."""
        token = self.city.token(self.settings, unit, post, subject=subject)

        async def give() -> str:
            return token

        return HubConnection(f"http://127.0.0.1:{self.port}", give)


@dataclass(slots=True)
class Deliveries:
    """What the sealing side has seen: the case's number -> when its proof was delivered."""

    at: dict[str, datetime] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note(self, request: VerificationRequest) -> None:
        """Note that a request was sealed, and delivered if it was."""
        delivered = [each.at for each in request.steps if each.step == Step.DELIVER]
        async with self.changed:
            if delivered:
                self.at[request.case_number] = delivered[-1]
            self.changed.notify_all()

    async def wait_for(self, number: str, seconds: float) -> datetime | None:
        """Return when the case's proof was delivered; None where nothing of it was seen within the time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(lambda: number in self.at)
        return self.at.get(number)


@dataclass(frozen=True, slots=True)
class Sealer(IssuingUnit):
    """A seal keeper's program that tells of what it sealed."""

    deliveries: Deliveries = field(default_factory=Deliveries)

    async def seal(self, request: VerificationRequest) -> VerificationRequest:
        """Seal as any other does."""
        sealed = await IssuingUnit.seal(self, request)
        await self.deliveries.note(sealed)
        return sealed


@dataclass(frozen=True, slots=True)
class Exchange:
    """A department and a worker at one hub."""

    department: Department
    deliveries: Deliveries

    async def alone(self, cases: int) -> tuple[float, ...]:
        """Carry cases one after another; return the seconds from the answer of openCase to the delivery of each."""
        return tuple([await self._carry() for _ in range(cases)])

    async def together(self, seconds: float) -> float:
        """Keep many cases waiting for so long; return how many a second were delivered."""
        begin = time.monotonic()
        counts = await asyncio.gather(*(self._carry_on(begin + seconds) for _ in range(TOGETHER)))
        return sum(counts) / (time.monotonic() - begin)

    async def _carry_on(self, until: float) -> int:
        count = 0
        while time.monotonic() < until:
            await self._carry()
            count += 1
        return count

    async def _carry(self) -> float:
        case = await self.department.open(_case())
        answered = SystemClock().now()
        return (await self._delivered(case.number) - answered).total_seconds()

    async def _delivered(self, number: str) -> datetime:
        """Return when a case's proof was delivered; now and then the hub is asked, should it have finished by itself.

        Raises:
            NotDeliveredError: there is none in time.
        """
        for _ in range(_LOOKS):
            if seen := await self.deliveries.wait_for(number, _LOOK_SECONDS):
                return seen
            case = await self.department.read(number)
            if case.proofs:
                return SystemClock().now()
        states = ", ".join(f"{need.state}: {need.reason}" for need in case.needs)
        raise NotDeliveredError(f"case {number} has no proof after {_LOOKS * _LOOK_SECONDS} s ({states})")


@asynccontextmanager
async def exchange_of(route: Route, rule: WorkerRule) -> AsyncIterator[Exchange]:
    """Give a department, with a worker that answers beside it."""
    stop, deliveries = asyncio.Event(), Deliveries()
    async with AsyncExitStack() as stack:

        async def connected(subject: str, unit: str, post: Post) -> HubConnection:
            return await stack.enter_async_context(route.connection(subject, unit, post))

        drafter = IssuingUnit(await connected("auto-1", route.issuing, Post.DRAFTER))
        reviewer = IssuingUnit(await connected("auto-2", route.issuing, Post.REVIEWER))
        sealer = Sealer(await connected("auto-3", route.issuing, Post.SEAL_KEEPER), deliveries=deliveries)
        department = Department(await connected("operator-1", route.asking, Post.OPERATOR))
        work = asyncio.create_task(Worker(drafter, Handling(_answer), rule, reviewer, sealer).run(stop))
        try:
            yield Exchange(department, deliveries)
        finally:
            stop.set()
            await work


async def delivered(route: Route, rule: WorkerRule, cases: int) -> tuple[float, ...]:
    """Return the seconds from request to delivered of cases one after another."""
    async with exchange_of(route, rule) as found:
        await found.alone(2)
        return await found.alone(cases)


async def delivered_per_minute(route: Route, rule: WorkerRule, seconds: float, rounds: int) -> float:
    """Return how many requests a minute go from opened to delivered while as many as may wait do so."""
    async with exchange_of(route, rule) as found:
        await found.together(seconds / 2)
        return 60 * median([await found.together(seconds) for _ in range(rounds)])


async def _answer(request: VerificationRequest) -> Found:
    known = {each.key: each.value for each in request.subject.keys} if request.subject else {}
    return Answer({entry.key: known.get(entry.key) or _fact(entry) for entry in request.form})


def _fact(entry: FactField) -> str:
    return "2099-12-31" if entry.kind == FactKind.DATE else "示例"


def _case() -> OpenCase:
    """Return a case of somebody of whom there is no other one, so that each is a bundle of its own."""
    ids, kind = SystemIds(), ApplicantKind(APPLICANT["kind"])
    person = f"330203{1950 + ids.serial_number() % 50}0101{ids.serial_number() % 1000:03}"
    return OpenCase(
        business_number=ids.identifier("EXCHANGE-"),
        item_code=ASKED_ITEM,
        region=REGION,
        applicant=Applicant(kind=kind, name="示例某", identifier=person + identity_check_digit(person)),
        identity=Identity(
            method=Measure.FACE_RECOGNITION,
            provider="bench",
            assertion_id=ids.identifier("A"),
            at=SystemClock().now(),
        ),
    )
