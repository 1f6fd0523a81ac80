"""Verification requests (协助核实请求): claim, draft, review, seal, release, pass on, withdraw (Art. 14, 16, 17).

Each step is one transaction: permission, the request's state, the people, the version, then state, audit, events and
receipt together. "No such record" is an answer like any other; there is no refusing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from graph_models.case_records import load_case, load_cases, load_need
from graph_models.casework import (
    Case,
    DraftAnswer,
    IssuingIntent,
    Need,
    NeedState,
    RequestState,
    VerificationRequest,
)
from graph_models.catalogue import FactField
from graph_models.request_records import list_inbox, load_requests_of
from graph_models.request_states import Step
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.answer_parts import form_of, has_asked, parts_of
from hub.answers import STATEMENT_LIMIT, check_answer, check_part, order_of_answer
from hub.bundles import Bundles, claim_plan
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, today_in_city
from hub.deadlines import has_passed, sealed_at, within_target
from hub.errors import ConflictError
from hub.events import EventType
from hub.facts import RequestSubject, check_text, request_subject
from hub.parts import AskedPart, Parts, WholeAndPart
from hub.permission import Operation, permitted, require
from hub.proofs import ProofService
from hub.published import proof_type_of
from hub.request_steps import RequestSteps, StepCall, StepPlan, change_needs, gone, load_visible, wanting
from hub.rerouting import Rerouting, load_supervised

__all__ = ["AskedPart", "RequestMatter", "RequestService", "StepCall", "WholeAndPart"]


@dataclass(frozen=True, slots=True)
class RequestMatter:
    """What a request is about: the catalogue of its case, and its subject (None where the posts do not allow it)."""

    snapshot: CatalogueSnapshot
    subject: RequestSubject | None
    form: tuple[FactField, ...]
    """The facts that the unit itself fills in."""
    parts: tuple[VerificationRequest, ...]
    """What it has asked other units for; for itself alone."""


@dataclass(frozen=True, slots=True)
class RequestService:
    """What issuing units and askers do with requests."""

    store: GraphStore
    snapshots: SnapshotHolder
    proofs: ProofService
    clock: Clock
    supervisors: tuple[str, ...] = ()
    """Units that are told of what is escalated, beside those that the catalogue puts above the issuing unit."""

    @property
    def steps(self) -> RequestSteps:
        """What takes one step."""
        return RequestSteps(self.store, self.snapshots, self.clock, self.proofs.ids)

    @property
    def parts(self) -> Parts:
        """What asks other units for parts of an answer."""
        return Parts(self.steps)

    @property
    def bundles(self) -> Bundles:
        """The inbox by bundles."""
        return Bundles(self.steps)

    @property
    def _rerouting(self) -> Rerouting:
        return Rerouting(self.steps, self.supervisors)

    async def read(self, actor: Actor, request_id: str) -> VerificationRequest:
        """Return a request of the actor's unit, asked of it or by it; to the supervisor one that is escalated.

        Raises:
            NotFoundError: it is not there for the actor.
        """
        if permitted(actor, Operation.ASSIGN_REQUEST):
            return await self.store.read(lambda tx: load_supervised(tx, actor, request_id))
        require(actor, Operation.READ_REQUEST, actor.unit_code)
        return await self.store.read(lambda tx: load_visible(tx, actor, request_id))

    async def inbox(
        self,
        actor: Actor,
        states: frozenset[RequestState],
        after: tuple[int, str] | None,
        limit: int,
        *,
        overdue: bool = False,
    ) -> tuple[VerificationRequest, ...]:
        """Return a page of what the actor's unit was asked, the earliest due first; ``after`` is (due ms, id).

        With ``overdue`` only what was due by now.
        """
        require(actor, Operation.READ_INBOX, actor.unit_code)
        due_by = self.clock.now() if overdue else None
        return await self.store.read(lambda tx: list_inbox(tx, actor.unit_code, states, after, limit, due_by=due_by))

    def has_passed(self, request: VerificationRequest, limit: datetime | None) -> bool:
        """Tell whether a limit passed before the request was sealed, or has passed and it is not sealed yet."""
        return has_passed(limit, sealed_at(request), self.clock.now())

    def within_target(self, request: VerificationRequest) -> bool | None:
        """Tell whether the proof was delivered by the target; None while there is time."""
        return within_target(request, self.clock.now())

    async def matters_of(self, actor: Actor, requests: tuple[VerificationRequest, ...]) -> tuple[RequestMatter, ...]:
        """Return what each is about, to who has just passed it on without its subject. Raises NotFoundError."""
        unit, outside = actor.unit_code, not permitted(actor, Operation.ASSIGN_REQUEST)
        if outside and any(unit not in (each.issuing_unit, each.asking_unit, *each.passed_by) for each in requests):
            raise gone()
        numbers = [request.case_number for request in requests]
        cases = {case.number: case for case in await self.store.read(lambda tx: load_cases(tx, numbers))}
        shown = permitted(actor, Operation.READ_INBOX) or permitted(actor, Operation.READ_CASE)
        seen = {each.id: shown and unit in (each.issuing_unit, each.asking_unit) for each in requests}
        with_parts = [each.case_number for each in requests if has_asked(each)]
        asked = await self.store.read(lambda tx: load_requests_of(tx, with_parts)) if with_parts else ()
        found = [
            await self._matter(cases[each.case_number], each, parts_of(each, asked), shown=seen[each.id])
            for each in requests
        ]
        own = [each.issuing_unit == unit for each in requests]
        return tuple(matter if mine else replace(matter, parts=()) for matter, mine in zip(found, own, strict=True))

    async def _matter(
        self, case: Case, request: VerificationRequest, parts: tuple[VerificationRequest, ...], *, shown: bool
    ) -> RequestMatter:
        snapshot = await self.snapshots.at(case.catalogue_version)
        proof_type = proof_type_of(snapshot, request.proof_type_code)
        subject = request_subject(proof_type, case.applicant, dict(case.subject)) if shown else None
        return RequestMatter(snapshot, subject, form_of(proof_type, request, parts), parts)

    async def claim(self, actor: Actor, call: StepCall) -> VerificationRequest:
        """Take a request to look into it; the claimer is its drafter."""
        return await self.steps.take(actor, call, claim_plan(actor))

    async def release(self, actor: Actor, call: StepCall) -> VerificationRequest:
        """Give a claimed request back to the unit's inbox."""
        plan = StepPlan(
            operation=Operation.CLAIM_REQUEST,
            step=Step.RELEASE,
            event=EventType.REQUEST_RELEASED,
            change=lambda request: replace(request, drafter=None, draft=None),
        )
        return await self.steps.take(actor, call, plan)

    async def draft(self, actor: Actor, call: StepCall, answer: DraftAnswer) -> VerificationRequest:
        """Draft the answer: the facts, or that there is no such record and where it was looked for.

        Raises:
            InvalidInputError: the facts are not those that the unit itself is to say, or a negative answer lacks its
                statement.
        """
        plan = StepPlan(
            operation=Operation.DRAFT_ANSWER,
            step=Step.DRAFT,
            event=EventType.REQUEST_DRAFTED,
            change=lambda found: replace(_drafter_only(found, actor), draft=answer, remarks=None),
            content=(answer.negative, repr(answer.facts), answer.statement),
        )
        seen = await self.steps.seen(actor, call, plan)
        request = seen.request
        if seen.done:  # what is asked for may have changed since
            return request
        form = form_of(proof_type_of(seen.snapshot, request.proof_type_code), request, seen.parts)
        check_answer(seen.snapshot, request.proof_type_code, answer, today_in_city(self.clock), form)
        check_part(request, answer)
        return await self.steps.take(actor, call, plan)

    async def review(self, actor: Actor, call: StepCall, *, approve: bool, remarks: str | None) -> VerificationRequest:
        """Approve a draft, or return it to its drafter with remarks."""
        if not approve and not (remarks or "").strip():
            raise wanting("remarks", "a returned draft needs remarks", "退回时须说明意见")
        check_text("remarks", remarks or "", STATEMENT_LIMIT)
        plan = StepPlan(
            operation=Operation.REVIEW_ANSWER,
            step=Step.APPROVE if approve else Step.RETURN,
            event=EventType.REQUEST_REVIEWED if approve else EventType.REQUEST_RETURNED,
            change=lambda found: (
                replace(found, reviewer=actor.subject) if approve else replace(found, remarks=remarks, reviewer=None)
            ),
            remarks=remarks,
            content=(approve, remarks),
        )
        return await self.steps.take(actor, call, plan)

    async def seal(self, actor: Actor, call: StepCall) -> VerificationRequest:
        """Confirm the seal: with the confirmation the issuing is intended, then the proof is made and delivered.

        Where the signer cannot be reached the request stays SEALED and the hub finishes it by itself. A part makes no
        proof of its own; what was found is in the whole from then on.

        Raises:
            WrongStateError: a part of the answer is open, or brought no record of what the proof needs.
            SealRefusedError: the unit may not use the seal for this; nothing was changed, and the attempt is recorded.
        """
        intents: list[IssuingIntent] = []

        async def intend_too(tx: Transaction, request: VerificationRequest) -> None:
            intents[:] = [await self._intend(tx, actor, request, seen.snapshot)]

        plan = StepPlan(
            operation=Operation.SEAL_ANSWER,
            step=Step.SEAL,
            event=EventType.REQUEST_SEALED,
            change=lambda request: replace(request, seal_keeper=actor.subject),
            also=intend_too,
        )
        seen = await self.steps.seen(actor, call, plan)
        if seen.request.part_of is not None:
            return await self.parts.answer(actor, call)
        async with self.proofs.usage.watched(actor):
            await self.steps.take(actor, call, plan)
        for intent in intents:
            await self.proofs.finish_or_leave(intent)
        return await self.read(actor, call.request_id)

    async def reroute(self, actor: Actor, call: StepCall, to_unit: str, reason: str) -> VerificationRequest:
        """Pass a request on to the unit that is competent, with a reason; a loop goes to the supervisor."""
        return await self._rerouting.reroute(actor, call, to_unit, reason)

    async def assign(self, actor: Actor, call: StepCall, to_unit: str, reason: str) -> VerificationRequest:
        """Say as the supervisor which unit answers a request that was escalated."""
        return await self._rerouting.assign(actor, call, to_unit, reason)

    async def withdraw(self, actor: Actor, call: StepCall, reason: str) -> VerificationRequest:
        """Withdraw a request of the actor's own unit before it is sealed; what is open of its parts ends with it."""
        check_text("reason", reason, STATEMENT_LIMIT)
        part = (await self.read(actor, call.request_id)).part_of is not None

        async def follow(tx: Transaction, changed: VerificationRequest) -> None:
            await change_needs(tx, changed, _withdrawn_need)
            await self.parts.withdraw_open(tx, actor, changed)

        plan = StepPlan(
            operation=Operation.WITHDRAW_PART if part else Operation.WITHDRAW_REQUEST,
            step=Step.WITHDRAW,
            event=EventType.REQUEST_WITHDRAWN,
            change=lambda found: replace(found, remarks=reason),
            remarks=reason,
            also=follow,
            content=(reason,),
        )
        return await self.steps.take(actor, call, plan)

    async def _intend(
        self, tx: Transaction, actor: Actor, request: VerificationRequest, snapshot: CatalogueSnapshot
    ) -> IssuingIntent:
        case = await load_case(tx, request.case_number)
        need = await load_need(tx, request.need_id)
        asked = await load_requests_of(tx, [case.number]) if has_asked(request) else ()
        parts = parts_of(request, asked)
        order = order_of_answer(snapshot, case, need, request, today_in_city(self.clock), parts=parts)
        return await self.proofs.record_intent(tx, self.proofs.intend(order), actor)


def _drafter_only(request: VerificationRequest, actor: Actor) -> VerificationRequest:
    if request.drafter != actor.subject:
        raise ConflictError(
            "another person claimed this request",
            message_zh="该请求已由他人领取",
            mend="Ask that person to release it, then claim it.",
        )
    return request


def _withdrawn_need(need: Need) -> Need:
    return replace(need, state=NeedState.WITHDRAWN, expected_at=None)
