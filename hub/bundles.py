"""The inbox by bundles: what a unit is asked for one case is looked into by one person, in one go.

A bundle is named by its case, so nothing is stored for it, and no name or number of a citizen makes it up.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from graph_models.casework import RequestState, VerificationRequest
from graph_models.errors import StaleVersionError
from graph_models.request_records import list_bundles, load_requests_of
from graph_models.request_states import Step
from graph_models.store import Transaction
from hub.actors import Actor
from hub.errors import NotFoundError
from hub.events import EventType
from hub.permission import Operation, require
from hub.receipts import Keyed, done_before, keyed, note_done
from hub.request_steps import RequestSteps, StepCall, StepPlan, conflict

OPEN = frozenset({RequestState.RECEIVED, RequestState.CLAIMED, RequestState.DRAFTED, RequestState.REVIEWED})
"""States of what is still to be answered."""
TRIES = 5
"""How often claiming a bundle is tried while others claim parts of it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one unit has to answer for one case, the earliest due first."""

    id: str
    """The case's number."""
    requests: tuple[VerificationRequest, ...]

    @property
    def due_at(self) -> datetime:
        """When the first of them is due; aware, UTC."""
        return self.requests[0].due_at


@dataclass(frozen=True, slots=True)
class ClaimedBundle:
    """What came of claiming a bundle."""

    claimed: tuple[VerificationRequest, ...]
    """By this call."""
    taken: tuple[VerificationRequest, ...]
    """Somebody had claimed these before."""


@dataclass(frozen=True, slots=True)
class Bundles:
    """Lists and claims bundles."""

    steps: RequestSteps

    async def page(self, actor: Actor, unit_code: str, after: tuple[int, str] | None, limit: int) -> tuple[Bundle, ...]:
        """Return a page of a unit's bundles, the earliest due first; ``after`` is (earliest due in ms, id)."""
        require(actor, Operation.READ_INBOX, unit_code)

        async def work(tx: Transaction) -> tuple[Bundle, ...]:
            numbers = await list_bundles(tx, unit_code, OPEN, after, limit)
            found: defaultdict[str, list[VerificationRequest]] = defaultdict(list)
            for request in await load_requests_of(tx, numbers):
                if _is_open_in(request, unit_code):
                    found[request.case_number].append(request)
            return tuple(Bundle(number, _in_order(found[number])) for number in numbers)

        return await self.steps.store.read(work)

    async def claim(self, actor: Actor, bundle_id: str, key: str) -> ClaimedBundle:
        """Claim all of a bundle that nobody has claimed yet, in one transaction.

        Raises:
            NotFoundError: the unit has nothing to answer for that case.
        """
        mutation = keyed(actor, "CLAIM_BUNDLE", key, bundle_id)
        for _ in range(TRIES):
            found = await self._claimed(actor, bundle_id, mutation)
            if found is not None:
                return found
        raise conflict()

    async def _claimed(self, actor: Actor, bundle_id: str, mutation: Keyed) -> ClaimedBundle | None:
        try:
            return await self.steps.store.write(lambda tx: self._claim(tx, actor, bundle_id, mutation))
        except StaleVersionError:  # somebody claimed one of them meanwhile
            return None

    async def _claim(self, tx: Transaction, actor: Actor, bundle_id: str, mutation: Keyed) -> ClaimedBundle:
        before = await done_before(tx, mutation)
        asked = await load_requests_of(tx, [bundle_id])
        if before is not None:
            mine = frozenset(before.split())
            return _sorted_out(actor, asked, mine)
        if not any(_is_open_in(request, actor.unit_code) for request in asked):
            raise _no_bundle()
        require(actor, Operation.CLAIM_REQUEST, actor.unit_code)
        claimed = [await self._claim_one(tx, actor, each) for each in asked if _is_free(each, actor.unit_code)]
        await note_done(tx, mutation, " ".join(each.id for each in claimed), self.steps.clock.now())
        changed = {each.id: each for each in claimed}
        return _sorted_out(actor, tuple(changed.get(each.id, each) for each in asked), frozenset(changed))

    async def _claim_one(self, tx: Transaction, actor: Actor, request: VerificationRequest) -> VerificationRequest:
        return await self.steps.take_in(tx, actor, StepCall(request_id=request.id, key=""), claim_plan(actor), request)


def claim_plan(actor: Actor) -> StepPlan:
    """Return the step by which a drafter takes a request."""
    return StepPlan(
        operation=Operation.CLAIM_REQUEST,
        step=Step.CLAIM,
        event=EventType.REQUEST_CLAIMED,
        change=lambda request: replace(request, drafter=actor.subject),
    )


def _sorted_out(actor: Actor, asked: tuple[VerificationRequest, ...], mine: frozenset[str]) -> ClaimedBundle:
    claimed = [request for request in asked if request.id in mine]
    taken = [each for each in asked if each.id not in mine and _is_open_in(each, actor.unit_code)]
    return ClaimedBundle(_in_order(claimed), _in_order(taken))


def _is_open_in(request: VerificationRequest, unit_code: str) -> bool:
    return request.issuing_unit == unit_code and request.state in OPEN


def _is_free(request: VerificationRequest, unit_code: str) -> bool:
    return request.issuing_unit == unit_code and request.state is RequestState.RECEIVED


def _in_order(requests: list[VerificationRequest]) -> tuple[VerificationRequest, ...]:
    return tuple(sorted(requests, key=lambda request: (request.due_at, request.id)))


def _no_bundle() -> NotFoundError:
    return NotFoundError(
        "this unit has nothing to answer for that case",
        message_zh="本单位没有该办件的待办请求",
        mend="Read the inbox again.",
        field="bundleId",
    )
