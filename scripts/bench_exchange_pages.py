"""What is measured on a filled store: pages of an inbox, of bundles and of cases, and one transition."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from graph_models.casework import OPEN_STATES, RequestState, VerificationRequest
from graph_models.rows import milliseconds
from hub.actors import Actor, Post
from hub.entry.wiring import Hub
from hub.requests import StepCall
from scripts.bench_exchange_records import Crowd

PAGE = 51
"""A page of 50 and the one behind it, as GraphQL asks for them."""
ENDED = frozenset({RequestState.DELIVERED})
CLAIM = "claim"
Part = Callable[[int], Awaitable[tuple[float, ...]]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Whoever looks into inboxes of a filled store, and takes requests of them."""

    hub: Hub
    crowd: Crowd
    marks: Iterator[int]

    def parts(self) -> dict[str, Part]:
        """Return each part by the name of its figure."""
        big, other = _drafter(self.crowd.units[0]), _drafter(self.crowd.units[-1])
        operator = Actor("operator-1", self.crowd.kind.asking_unit, frozenset({Post.OPERATOR}))
        deep = (milliseconds(self.crowd.now + timedelta(hours=23)), "")
        inbox, bundles = self.hub.requests.inbox, self.hub.requests.bundles
        return {
            "inbox page, big unit": _timed(lambda: inbox(big, OPEN_STATES, None, PAGE)),
            "inbox page three quarters down, big unit": _timed(lambda: inbox(big, OPEN_STATES, deep, PAGE)),
            "inbox page, any other unit": _timed(lambda: inbox(other, OPEN_STATES, None, PAGE)),
            "page of what was delivered, big unit": _timed(lambda: inbox(big, ENDED, None, PAGE)),
            "page of bundles, big unit": _timed(lambda: bundles.page(big, big.unit_code, None, PAGE)),
            "page of cases, asking unit": _timed(lambda: self.hub.cases.page(operator, None, None, PAGE)),
            CLAIM: self._claims,
        }

    async def _claims(self, calls: int) -> tuple[float, ...]:
        """Claim requests in the middle of the big inbox, each once, and give them back, which is not timed."""
        actor = _drafter(self.crowd.units[0])
        middle = (milliseconds(self.crowd.now + timedelta(hours=22)), "")
        received = frozenset({RequestState.RECEIVED})
        found = await self.hub.requests.inbox(actor, received, middle, calls)
        seconds = []
        for request in found:
            begin = time.perf_counter()
            await self.hub.requests.claim(actor, self._call(request))
            seconds.append(time.perf_counter() - begin)
        for request in found:
            await self.hub.requests.release(actor, self._call(request))
        return tuple(seconds)

    def _call(self, request: VerificationRequest) -> StepCall:
        return StepCall(request_id=request.id, key=f"{self.crowd.now.timestamp()}-{next(self.marks)}")


def _drafter(unit: str) -> Actor:
    return Actor("drafter-9", unit, frozenset({Post.DRAFTER}))


def _timed(call: Callable[[], Awaitable[object]]) -> Part:
    async def part(calls: int) -> tuple[float, ...]:
        seconds = []
        for _ in range(calls):
            begin = time.perf_counter()
            await call()
            seconds.append(time.perf_counter() - begin)
        return tuple(seconds)

    return part
