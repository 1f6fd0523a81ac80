"""Passing a request on to the competent unit (转交), once round at most; then the supervisor decides (R16.1).

A unit that had a request does not get it again by passing on, and after ``HOPS`` units somebody above has to look. Such
a wish changes nothing but that the request is escalated: recorded, told to both units and to who supervises the issuing
one. It stays where it is, to be answered there, or until a supervisor assigns it. Parts of the answer that the unit has
asked others for, and that are still open, are withdrawn: who has it now asks for what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from graph_models.case_records import load_case
from graph_models.casework import VerificationRequest
from graph_models.errors import StaleVersionError
from graph_models.journal_records import append_audit, append_events
from graph_models.request_records import save_request
from graph_models.request_states import Step
from graph_models.store import Transaction
from hub.actors import Actor
from hub.answers import STATEMENT_LIMIT
from hub.audit import entry
from hub.errors import EscalatedError, NoCompetentUnitError, WrongStateError
from hub.events import EventType, events_for
from hub.facts import check_text
from hub.parts import Parts, may_not_answer
from hub.permission import Operation, permitted
from hub.published import supervising_units
from hub.request_steps import (
    RequestSteps,
    StepCall,
    StepPlan,
    change_needs,
    conflict,
    gone,
    load_any,
    load_visible,
    wanting,
)

HOPS = 3
"""How many units may pass a request on before the supervisor decides."""


@dataclass(frozen=True, slots=True)
class _Passing:
    """To which unit a request goes, why, and by whose right."""

    operation: Operation
    to_unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rerouting:
    """Passes requests on and assigns them."""

    steps: RequestSteps
    supervisors: tuple[str, ...]

    async def reroute(self, actor: Actor, call: StepCall, to_unit: str, reason: str) -> VerificationRequest:
        """Pass a request on to the unit that is competent, with a reason.

        Raises:
            NoCompetentUnitError: the catalogue does not say that the unit issues this proof type.
            EscalatedError: the unit had it before, or it was passed on too often: now the supervisor decides.
        """
        issuers = await self._issuers_for(call.request_id, reason)
        seed = self.steps.ids.identifier("B")
        passing = _Passing(Operation.REROUTE_REQUEST, to_unit, reason)
        plan = self._plan(actor, passing, lambda request: _rerouted(request, passing, issuers, seed))
        try:
            return await self.steps.take(actor, call, plan)
        except EscalatedError:
            await self._escalate(actor, call, plan, to_unit)
            raise

    async def assign(self, actor: Actor, call: StepCall, to_unit: str, reason: str) -> VerificationRequest:
        """Say as the supervisor which unit answers an escalated request; the one that has it may be that unit.

        Raises:
            NoCompetentUnitError: the catalogue does not say that the unit issues this proof type.
            NotFoundError: there is no such request that is escalated.
        """
        issuers = await self._issuers_for(call.request_id, reason)
        seed = self.steps.ids.identifier("B")
        passing = _Passing(Operation.ASSIGN_REQUEST, to_unit, reason)
        plan = self._plan(actor, passing, lambda request: _assigned(request, actor, to_unit, issuers, seed))
        return await self.steps.take(actor, call, replace(plan, load=load_escalated))

    async def _issuers_for(self, request_id: str, reason: str) -> frozenset[str]:
        """Return who issues what is asked for; a unit that has passed it on, and repeats its call, sees it no more."""
        if not reason.strip():
            raise wanting("reason", "passing on needs a reason", "转交须说明理由")
        check_text("reason", reason, STATEMENT_LIMIT)
        asked = await self.steps.store.read(lambda tx: load_any(tx, request_id))
        case = await self.steps.store.read(lambda tx: load_case(tx, asked.case_number))
        snapshot = await self.steps.snapshots.at(case.catalogue_version)
        issuers = frozenset(found.unit_code for found in snapshot.issuers_of(asked.proof_type_code))
        return issuers if asked.part_of is None else issuers - may_not_answer(case, asked)

    def _plan(
        self, actor: Actor, passing: _Passing, change: Callable[[VerificationRequest], VerificationRequest]
    ) -> StepPlan:
        async def follow(tx: Transaction, changed: VerificationRequest) -> None:
            await change_needs(tx, changed, lambda need: replace(need, issuing_unit=passing.to_unit))
            await Parts(self.steps).withdraw_open(tx, actor, changed)

        return StepPlan(
            operation=passing.operation,
            step=Step.PASS_ON,
            event=EventType.REQUEST_REROUTED,
            change=change,
            remarks=passing.reason,
            also=follow,
            content=(passing.to_unit, passing.reason),
        )

    async def _escalate(self, actor: Actor, call: StepCall, plan: StepPlan, to_unit: str) -> None:
        async def work(tx: Transaction) -> None:
            request = await load_visible(tx, actor, call.request_id)
            if request.escalated_since is None and self._goes_up(actor, call, plan, request):
                await self._escalated(tx, actor, request, to_unit)

        try:
            await self.steps.store.write(work)
        except (StaleVersionError, WrongStateError) as problem:
            raise conflict() from problem

    def _goes_up(self, actor: Actor, call: StepCall, plan: StepPlan, request: VerificationRequest) -> bool:
        """Judge the wish again by the request as it is. Raises ConflictError where it would be passed on now."""
        self.steps.check(actor, call, plan, request)
        try:
            plan.change(request)
        except EscalatedError:
            return True
        raise conflict()

    async def _escalated(self, tx: Transaction, actor: Actor, request: VerificationRequest, to_unit: str) -> None:
        at = self.steps.clock.now()
        await save_request(tx, replace(request, escalated_since=at))
        unit, case, kind = request.issuing_unit, request.case_number, EventType.REQUEST_ESCALATED
        await append_audit(tx, entry(case, actor, kind, request.id, at, unit=unit, to=to_unit))
        above = supervising_units(self.steps.snapshots.current(), unit, self.supervisors)
        told = {unit, request.asking_unit, *above}
        await append_events(tx, events_for(told, kind, request.id, at, case=case, unit=unit, to=to_unit))


async def load_supervised(tx: Transaction, actor: Actor, request_id: str) -> VerificationRequest:
    """Load for a supervisor what is escalated or overdue, and what concerns its own unit."""
    request = await load_any(tx, request_id)
    if request.escalated_since is None and request.overdue_since is None and request.assigned_by is None:
        return await load_visible(tx, actor, request_id)
    return request


async def load_escalated(tx: Transaction, actor: Actor, request_id: str) -> VerificationRequest:
    """Load what waits for a supervisor's decision."""
    request = await load_any(tx, request_id)
    if request.escalated_since is None or not permitted(actor, Operation.ASSIGN_REQUEST):
        raise gone()
    return request


def _rerouted(
    request: VerificationRequest, passing: _Passing, issuers: frozenset[str], seed: str
) -> VerificationRequest:
    to_unit = passing.to_unit
    _check_issuer(request, to_unit, issuers - {request.issuing_unit})
    round_again = to_unit in request.passed_by or len(request.passed_by) >= HOPS
    if round_again or request.assigned_by is not None or request.escalated_since is not None:
        raise EscalatedError(
            "it was with that unit before, passed on too often, or assigned: the supervisor decides",
            message_zh="该请求已在单位间转交或已经指定办理，须由监督部门决定",
            mend="Answer it, or wait for the supervisor's decision; the supervisor has been told.",
            field="toUnit",
        )
    passed_by = (*request.passed_by, request.issuing_unit)
    return _anew(replace(request, remarks=passing.reason, bundle_seed=seed), to_unit, passed_by)


def _assigned(
    request: VerificationRequest, actor: Actor, to_unit: str, issuers: frozenset[str], seed: str
) -> VerificationRequest:
    _check_issuer(request, to_unit, issuers)
    had_it = (*(unit for unit in request.passed_by if unit != request.issuing_unit), request.issuing_unit)
    if to_unit != request.issuing_unit:
        request = replace(request, bundle_seed=seed)
    anew = _anew(request, to_unit, tuple(unit for unit in had_it if unit != to_unit))
    return replace(anew, escalated_since=None, assigned_by=actor.subject)


def _anew(request: VerificationRequest, to_unit: str, passed_by: tuple[str, ...]) -> VerificationRequest:
    """Begin anew in the unit, with nobody's name on it."""
    return replace(
        request,
        issuing_unit=to_unit,
        passed_by=passed_by,
        drafter=None,
        reviewer=None,
        draft=None,
    )


def _check_issuer(request: VerificationRequest, to_unit: str, issuers: frozenset[str]) -> None:
    if to_unit not in issuers:
        raise NoCompetentUnitError(
            f"the catalogue does not say that unit {to_unit} is another one that issues {request.proof_type_code}",
            message_zh="目录中该单位不是可接收转交的出具单位",
            mend="Choose among the issuing units of the proof type in the catalogue.",
            field="toUnit",
        )
