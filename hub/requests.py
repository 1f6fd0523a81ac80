"""Verification requests (协助核实请求): claim, draft, review, seal, release, pass on, withdraw (Art. 14, 16, 17).

Each step is one transaction: permission, the request's state, the people, the version, then state, audit, events and
receipt together. "No such record" is an answer like any other; there is no refusing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from graph_models.case_records import load_case, load_cases, load_need, load_needs, save_need
from graph_models.casework import (
    Case,
    DraftAnswer,
    IssuingIntent,
    Need,
    NeedState,
    RequestState,
    RequestStep,
    VerificationRequest,
)
from graph_models.errors import IllegalStepError, RecordNotFoundError, StaleVersionError
from graph_models.journal_records import append_audit, append_events
from graph_models.request_records import list_inbox, load_request, save_request
from graph_models.request_states import Step, next_state, person_conflict
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.answers import check_answer, order_of_answer
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, today_in_city
from hub.deadlines import has_passed
from hub.errors import (
    ConflictError,
    InvalidInputError,
    NoCompetentUnitError,
    NotFoundError,
    SamePersonError,
    WrongStateError,
)
from hub.events import EventType, events_for
from hub.facts import RequestSubject, request_subject
from hub.permission import Operation, permitted, require
from hub.proofs import ProofService
from hub.published import proof_type_of
from hub.receipts import done_before, keyed, note_done

Change = Callable[[VerificationRequest], VerificationRequest]
Also = Callable[[Transaction, VerificationRequest], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCall:
    """Which request a caller steps on, under which key, and which version it saw (None: whichever is there)."""

    request_id: str
    key: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RequestMatter:
    """What a request is about: the catalogue of its case, and its subject (None where the posts do not allow it)."""

    snapshot: CatalogueSnapshot
    subject: RequestSubject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One step as a row: who may, which step it is, what is told, what changes."""

    operation: Operation
    step: Step
    event: EventType
    change: Change
    remarks: str | None = None
    also: Also | None = None
    content: tuple[str | int | bool | None, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class RequestService:
    """What issuing units and askers do with requests."""

    store: GraphStore
    snapshots: SnapshotHolder
    proofs: ProofService
    clock: Clock

    async def read(self, actor: Actor, request_id: str) -> VerificationRequest:
        """Return a request of the actor's unit, asked of it or by it. Raises NotFoundError otherwise."""
        require(actor, Operation.READ_REQUEST, actor.unit_code)
        return await self.store.read(lambda tx: _load_visible(tx, actor, request_id))

    async def inbox(
        self, actor: Actor, states: frozenset[RequestState], after: tuple[int, str] | None, limit: int
    ) -> tuple[VerificationRequest, ...]:
        """Return a page of what the actor's unit was asked, the earliest due first; ``after`` is (due ms, id)."""
        require(actor, Operation.READ_INBOX, actor.unit_code)
        return await self.store.read(lambda tx: list_inbox(tx, actor.unit_code, states, after, limit))

    def has_passed(self, request: VerificationRequest, limit: datetime | None) -> bool:
        """Tell whether a limit passed before the request was sealed, or has passed and it is not sealed yet."""
        sealed = [step.at for step in request.steps if step.step == Step.SEAL]
        return has_passed(limit, sealed[-1] if sealed else None, self.clock.now())

    async def matters_of(self, actor: Actor, requests: tuple[VerificationRequest, ...]) -> tuple[RequestMatter, ...]:
        """Return what each is about, to who has just passed it on without its subject. Raises NotFoundError."""
        unit = actor.unit_code
        if any(unit not in (each.issuing_unit, each.asking_unit, *each.passed_by) for each in requests):
            raise _gone()
        numbers = [request.case_number for request in requests]
        cases = {case.number: case for case in await self.store.read(lambda tx: load_cases(tx, numbers))}
        shown = permitted(actor, Operation.READ_INBOX) or permitted(actor, Operation.READ_CASE)
        seen = {each.id: shown and unit not in each.passed_by for each in requests}
        return tuple([await self._matter(cases[each.case_number], each, shown=seen[each.id]) for each in requests])

    async def _matter(self, case: Case, request: VerificationRequest, *, shown: bool) -> RequestMatter:
        snapshot = await self.snapshots.at(case.catalogue_version)
        if not shown:
            return RequestMatter(snapshot, None)
        proof_type = proof_type_of(snapshot, request.proof_type_code)
        return RequestMatter(snapshot, request_subject(proof_type, case.applicant, dict(case.subject)))

    async def claim(self, actor: Actor, call: StepCall) -> VerificationRequest:
        """Take a request to look into it; the claimer is its drafter."""
        plan = _Plan(
            operation=Operation.CLAIM_REQUEST,
            step=Step.CLAIM,
            event=EventType.REQUEST_CLAIMED,
            change=lambda request: replace(request, drafter=actor.subject),
        )
        return await self._step(actor, call, plan)

    async def release(self, actor: Actor, call: StepCall) -> VerificationRequest:
        """Give a claimed request back to the unit's inbox."""
        plan = _Plan(
            operation=Operation.CLAIM_REQUEST,
            step=Step.RELEASE,
            event=EventType.REQUEST_RELEASED,
            change=lambda request: replace(request, drafter=None, draft=None),
        )
        return await self._step(actor, call, plan)

    async def draft(self, actor: Actor, call: StepCall, answer: DraftAnswer) -> VerificationRequest:
        """Draft the answer: the facts, or that there is no such record and where it was looked for.

        Raises:
            InvalidInputError: the facts are not those of the proof type, or a negative answer lacks its statement.
        """
        request = await self.read(actor, call.request_id)
        check_answer(await self._catalogue_of(request), request.proof_type_code, answer, today_in_city(self.clock))
        plan = _Plan(
            operation=Operation.DRAFT_ANSWER,
            step=Step.DRAFT,
            event=EventType.REQUEST_DRAFTED,
            change=lambda found: replace(_drafter_only(found, actor), draft=answer, remarks=None),
            content=(answer.negative, repr(answer.facts), answer.statement),
        )
        return await self._step(actor, call, plan)

    async def review(self, actor: Actor, call: StepCall, *, approve: bool, remarks: str | None) -> VerificationRequest:
        """Approve a draft, or return it to its drafter with remarks."""
        if not approve and not (remarks or "").strip():
            raise _input("remarks", "a returned draft needs remarks", "退回时须说明意见")
        plan = _Plan(
            operation=Operation.REVIEW_ANSWER,
            step=Step.APPROVE if approve else Step.RETURN,
            event=EventType.REQUEST_REVIEWED if approve else EventType.REQUEST_RETURNED,
            change=lambda found: (
                replace(found, reviewer=actor.subject) if approve else replace(found, remarks=remarks, reviewer=None)
            ),
            remarks=remarks,
            content=(approve, remarks),
        )
        return await self._step(actor, call, plan)

    async def seal(self, actor: Actor, call: StepCall) -> VerificationRequest:
        """Confirm the seal: with the confirmation the issuing is intended, then the proof is made and delivered.

        Where the signer cannot be reached the request stays SEALED and the hub finishes it by itself.

        Raises:
            SealRefusedError: the unit may not use the seal for this; nothing was changed, and the attempt is recorded.
        """
        intents: list[IssuingIntent] = []
        snapshot = await self._catalogue_of(await self.read(actor, call.request_id))

        async def intend_too(tx: Transaction, request: VerificationRequest) -> None:
            intents[:] = [await self._intend(tx, actor, request, snapshot)]

        plan = _Plan(
            operation=Operation.SEAL_ANSWER,
            step=Step.SEAL,
            event=EventType.REQUEST_SEALED,
            change=lambda found: replace(found, seal_keeper=actor.subject),
            also=intend_too,
        )
        async with self.proofs.usage.watched(actor):
            await self._step(actor, call, plan)
        for intent in intents:
            await self.proofs.finish_or_leave(intent)
        return await self.read(actor, call.request_id)

    async def reroute(self, actor: Actor, call: StepCall, to_unit: str, reason: str) -> VerificationRequest:
        """Pass a request on to the unit that is competent, with a reason; never back to a unit that passed it on.

        Raises:
            NoCompetentUnitError: the catalogue does not say that the unit issues this proof type.
        """
        if not reason.strip():
            raise _input("reason", "passing on needs a reason", "转交须说明理由")
        issuers = await self._issuers_for(call.request_id)
        plan = _Plan(
            operation=Operation.REROUTE_REQUEST,
            step=Step.PASS_ON,
            event=EventType.REQUEST_REROUTED,
            change=lambda found: _rerouted(found, to_unit, reason, issuers),
            remarks=reason,
            also=lambda tx, changed: _change_needs(tx, changed, lambda need: replace(need, issuing_unit=to_unit)),
            content=(to_unit, reason),
        )
        return await self._step(actor, call, plan)

    async def withdraw(self, actor: Actor, call: StepCall, reason: str) -> VerificationRequest:
        """Withdraw a request of the actor's own unit before it is sealed."""
        plan = _Plan(
            operation=Operation.WITHDRAW_REQUEST,
            step=Step.WITHDRAW,
            event=EventType.REQUEST_WITHDRAWN,
            change=lambda found: replace(found, remarks=reason),
            remarks=reason,
            also=lambda tx, changed: _change_needs(tx, changed, _withdrawn_need),
            content=(reason,),
        )
        return await self._step(actor, call, plan)

    async def _step(self, actor: Actor, call: StepCall, plan: _Plan) -> VerificationRequest:
        mutation = keyed(actor, plan.step, call.key, call.request_id, *plan.content)
        snapshot = self.snapshots.current()

        async def work(tx: Transaction) -> VerificationRequest:
            if await done_before(tx, mutation) is not None:
                return await load_request(tx, call.request_id)
            request = await _load_visible(tx, actor, call.request_id)
            _check_step(actor, call, plan, request, snapshot)
            changed = await save_request(tx, self._changed(actor, plan, request))
            if plan.also is not None:
                await plan.also(tx, changed)
            await self._journal(tx, actor, plan, request, changed)
            await note_done(tx, mutation, changed.id, self.clock.now())
            return changed

        try:
            return await self.store.write(work)
        except StaleVersionError as problem:
            raise _conflict() from problem

    def _changed(self, actor: Actor, plan: _Plan, request: VerificationRequest) -> VerificationRequest:
        step = RequestStep(
            step=plan.step, at=self.clock.now(), by=actor.subject, unit_code=actor.unit_code, remarks=plan.remarks
        )
        changed = plan.change(request)
        return replace(changed, state=next_state(request.state, plan.step), steps=(*request.steps, step))

    async def _journal(
        self, tx: Transaction, actor: Actor, plan: _Plan, before: VerificationRequest, after: VerificationRequest
    ) -> None:
        at = self.clock.now()
        await append_audit(
            tx, entry(after.case_number, actor, plan.event, after.id, at, unit=after.issuing_unit, state=after.state)
        )
        units = (before.issuing_unit, after.issuing_unit, after.asking_unit)
        await append_events(tx, events_for(units, plan.event, after.id, at, case=after.case_number, state=after.state))

    async def _issuers_for(self, request_id: str) -> frozenset[str]:
        """Return who issues what is asked for; a unit that has passed it on, and repeats its call, sees it no more."""
        asked = await self.store.read(lambda tx: _load(tx, request_id))
        snapshot = await self._catalogue_of(asked)
        return frozenset(found.unit_code for found in snapshot.issuers_of(asked.proof_type_code))

    async def _catalogue_of(self, request: VerificationRequest) -> CatalogueSnapshot:
        case = await self.store.read(lambda tx: load_case(tx, request.case_number))
        return await self.snapshots.at(case.catalogue_version)

    async def _intend(
        self, tx: Transaction, actor: Actor, request: VerificationRequest, snapshot: CatalogueSnapshot
    ) -> IssuingIntent:
        case = await load_case(tx, request.case_number)
        need = await load_need(tx, request.need_id)
        order = order_of_answer(snapshot, case, need, request, today_in_city(self.clock))
        return await self.proofs.record_intent(tx, self.proofs.intend(order), actor)


async def _load(tx: Transaction, request_id: str) -> VerificationRequest:
    try:
        return await load_request(tx, request_id)
    except RecordNotFoundError as problem:
        raise _gone() from problem


async def _load_visible(tx: Transaction, actor: Actor, request_id: str) -> VerificationRequest:
    """Load a request that the actor's unit asked or was asked; to others it does not exist."""
    request = await _load(tx, request_id)
    if actor.unit_code not in (request.issuing_unit, request.asking_unit):
        raise _gone()
    return request


def _check_step(
    actor: Actor, call: StepCall, plan: _Plan, request: VerificationRequest, snapshot: CatalogueSnapshot
) -> None:
    withdrawing = plan.step is Step.WITHDRAW
    require(actor, plan.operation, request.asking_unit if withdrawing else request.issuing_unit)
    if call.expected_version not in (None, request.version):
        raise _conflict()
    try:
        next_state(request.state, plan.step)
    except IllegalStepError as problem:
        raise WrongStateError(
            str(problem),
            message_zh=f"当前状态（{request.state}）不允许此操作",
            mend="Read the request again; its state says what may follow.",
        ) from problem
    unit = snapshot.unit(request.issuing_unit)
    if person_conflict(request, plan.step, actor.subject, two_people=unit is not None and unit.two_people):
        raise SamePersonError(
            "one person may not hold two steps of one request",
            message_zh="同一请求的核查、审核、盖章不得由同一人办理",
            mend="Ask a colleague with the post to take this step.",
        )


def _drafter_only(request: VerificationRequest, actor: Actor) -> VerificationRequest:
    if request.drafter != actor.subject:
        raise ConflictError(
            "another person claimed this request",
            message_zh="该请求已由他人领取",
            mend="Ask that person to release it, then claim it.",
        )
    return request


def _rerouted(request: VerificationRequest, to_unit: str, reason: str, issuers: frozenset[str]) -> VerificationRequest:
    if to_unit not in issuers - {request.issuing_unit, *request.passed_by}:
        raise NoCompetentUnitError(
            f"unit {to_unit} is not another issuer of {request.proof_type_code} that has not passed it on already",
            message_zh="目录中该单位不是可接收转交的出具单位",
            mend="Choose among the issuing units of the proof type in the catalogue.",
            field="toUnit",
        )
    return replace(
        request,
        issuing_unit=to_unit,
        passed_by=(*request.passed_by, request.issuing_unit),
        drafter=None,
        reviewer=None,
        draft=None,
        remarks=reason,
    )


def _withdrawn_need(need: Need) -> Need:
    return replace(need, state=NeedState.WITHDRAWN, expected_at=None)


async def _change_needs(tx: Transaction, request: VerificationRequest, change: Callable[[Need], Need]) -> None:
    """Change every need that waits for the request: several requirements of a case may ask for one proof type."""
    for need in await load_needs(tx, request.case_number):
        if need.request_id == request.id and need.state is NeedState.REQUESTED:
            await save_need(tx, change(need))


def _conflict() -> ConflictError:
    return ConflictError(
        "somebody else changed the request first",
        message_zh="该请求刚被他人处理",
        mend="Read it again and decide anew.",
    )


def _gone() -> NotFoundError:
    return NotFoundError(
        "there is no such request for this unit",
        message_zh="本单位没有该协助核实请求",
        mend="Read the inbox again.",
        field="requestId",
    )


def _input(field_name: str, message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(message, message_zh=message_zh, mend=f"Fill in {field_name}.", field=field_name)
