"""The inbox by bundles: what a unit is asked about one applicant is looked into by one person, in one go.

Whatever the case: who looks a citizen up finds all of it at once. A bundle's identifier is random and ends with the
bundle, so that nobody recognises a citizen by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from graph_models.bundle_records import list_bundles, load_bundles
from graph_models.casework import RequestState, VerificationRequest
from graph_models.errors import StaleVersionError
from graph_models.request_records import load_request
from graph_models.request_states import Step
from graph_models.store import Transaction
from hub.actors import Actor
from hub.errors import NotFoundError
from hub.events import EventType
from hub.permission import Operation, require
from hub.receipts import Keyed, done_before, keyed, note_done
from hub.request_steps import RequestSteps, StepCall, StepPlan, conflict

TRIES = 5
"""How often claiming a bundle is tried while others claim parts of it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one unit has to answer about one applicant, the earliest due first."""

    id: str
    """Random; good as long as something of it is open."""
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
            page, place, more = list[Bundle](), after, True
            while more:
                wanted = limit - len(page)
                heads = await list_bundles(tx, unit_code, place, wanted)
                found = await load_bundles(tx, [head.id for head in heads])
                page += [Bundle(head.id, found[head.id]) for head in heads if head.id in found]
                more = len(heads) == wanted and len(page) < limit  # some had nothing open any more
                place = (heads[-1].due_at, heads[-1].id) if heads else place
            return tuple(page)

        return await self.steps.store.read(work)

    async def claim(self, actor: Actor, bundle_id: str, key: str) -> ClaimedBundle:
        """Claim all of a bundle that nobody has claimed yet, in one transaction.

        Raises:
            NotFoundError: the unit has no such bundle, or nothing of it is open any more.
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
        found = (await load_bundles(tx, [bundle_id])).get(bundle_id, ())
        asked = tuple(request for request in found if request.issuing_unit == actor.unit_code)
        if before is not None:
            return _sorted_out(asked, [await load_request(tx, each) for each in before.split()])
        if not asked:
            raise _no_bundle()
        require(actor, Operation.CLAIM_REQUEST, actor.unit_code)
        free = [request for request in asked if request.state is RequestState.RECEIVED]
        claimed = [await self._claim_one(tx, actor, each) for each in free]
        await note_done(tx, mutation, " ".join(each.id for each in claimed), self.steps.clock.now())
        return _sorted_out(asked, claimed)

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


def _sorted_out(asked: tuple[VerificationRequest, ...], claimed: list[VerificationRequest]) -> ClaimedBundle:
    """Tell what was claimed from what others had; what came after the claim is neither."""
    mine = {request.id for request in claimed}
    taken = [each for each in asked if each.id not in mine and each.state is not RequestState.RECEIVED]
    return ClaimedBundle(_in_order(claimed), _in_order(taken))


def _in_order(requests: list[VerificationRequest]) -> tuple[VerificationRequest, ...]:
    return tuple(sorted(requests, key=lambda request: (request.due_at, request.id)))


def _no_bundle() -> NotFoundError:
    return NotFoundError(
        "this unit has no such bundle, or nothing of it is open any more",
        message_zh="本单位没有该组待办请求",
        mend="Read the inbox again.",
        field="bundleId",
    )
