"""Asking another issuing unit for the part of an answer which a unit cannot know itself (Art. 14, 16).

A part goes to a unit that the case's catalogue says issues this type of proof: outside the catalogue nobody is
competent to state a fact of it (R8.3). It has the same steps as any request, and may be passed on; its seal keeper's
confirmation makes no document, but puts the facts into the whole as they were confirmed, and the unit into the
endorsement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from graph_models.case_records import load_case
from graph_models.casework import Case, RequestState, RequestStep, VerificationRequest
from graph_models.catalogue import ProofType
from graph_models.journal_records import append_audit, append_events
from graph_models.request_records import add_request, load_request, load_requests_of, save_request
from graph_models.request_states import Step
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import Transaction
from hub.actors import SYSTEM_ACTOR, Actor
from hub.answer_parts import is_missing, parts_of
from hub.audit import entry
from hub.deadlines import due_times_of_part
from hub.errors import ConflictError, InvalidInputError, NoCompetentUnitError, WrongStateError
from hub.events import EventType, events_for
from hub.facts import check_text
from hub.permission import Operation
from hub.published import item_of, proof_type_of
from hub.receipts import Keyed, done_before, keyed, note_done
from hub.request_steps import RequestSteps, StepCall, StepPlan, load_visible, wanting

PARTS_LIMIT = 5
"""Most parts that hold for one answer: more would not leave room for who produced what in its endorsement."""
REASON_LIMIT = 1000
"""Longest reason, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPart:
    """Which unit is asked for which facts of the form, and why."""

    unit_code: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class WholeAndPart:
    """A request and the part of its answer that another unit was asked for."""

    whole: VerificationRequest
    part: VerificationRequest


@dataclass(frozen=True, slots=True)
class Parts:
    """Asks for parts, takes their answers, withdraws them."""

    steps: RequestSteps

    async def request(self, actor: Actor, call: StepCall, asked: AskedPart) -> WholeAndPart:
        """Ask another unit for a part of the answer to a claimed request; repeated under its key it does nothing.

        Raises:
            WrongStateError: it is not claimed, is itself a part, or has as many parts as there can be.
            ConflictError: another person claimed it.
            NoCompetentUnitError: the catalogue does not say that the unit issues this proof type, or it would be
                asked for its own request.
            InvalidInputError: a field is none of the form, is brought by another part, or none is left.
        """
        said = (asked.unit_code, asked.reason, *sorted(asked.fields))
        mutation = keyed(actor, Step.REQUEST_PART, call.key, call.request_id, *said)
        snapshot = await self._catalogue(actor, call)
        part_id, seed = self.steps.ids.identifier("R"), self.steps.ids.identifier("B")

        async def work(tx: Transaction) -> WholeAndPart:
            if (before := await _asked_before(tx, mutation, call)) is not None:
                return before
            found = await load_visible(tx, actor, call.request_id)
            part = replace(self._part(snapshot, found, asked), id=part_id, bundle_seed=seed)
            changed = await self.steps.take_in(tx, actor, call, _plan(actor, part), found)
            _check_asked(snapshot, changed, await _holding(tx, changed), asked)
            await add_request(tx, part)
            await self._journal_received(tx, actor, part)
            await note_done(tx, mutation, part.id, self.steps.clock.now())
            return WholeAndPart(changed, part)

        return await self.steps.once(work, lambda tx: _asked_before(tx, mutation, call))

    async def _catalogue(self, actor: Actor, call: StepCall) -> CatalogueSnapshot:
        """Return the catalogue that holds for the request's case."""

        async def work(tx: Transaction) -> Case:
            return await load_case(tx, (await load_visible(tx, actor, call.request_id)).case_number)

        return await self.steps.snapshots.at((await self.steps.store.read(work)).catalogue_version)

    async def answer(self, actor: Actor, call: StepCall) -> VerificationRequest:
        """Confirm the answer to a part: its facts are in the whole from now on, and both units are told."""
        plan = StepPlan(
            operation=Operation.SEAL_ANSWER,
            step=Step.SEAL,
            event=EventType.REQUEST_SEALED,
            change=lambda found: replace(found, seal_keeper=actor.subject),
            also=self._delivered,
        )
        await self.steps.take(actor, call, plan)
        return await self.steps.store.read(lambda tx: load_request(tx, call.request_id))

    async def withdraw_open(self, tx: Transaction, actor: Actor, whole: VerificationRequest) -> None:
        """Withdraw what is open of a whole that ended, or that another unit has now."""
        at, kept = self.steps.clock.now(), whole.issuing_unit if whole.is_open else None
        for part in await load_requests_of(tx, [whole.case_number]):
            if part.part_of == whole.id and part.is_open and part.asking_unit != kept:
                step = RequestStep(step=Step.WITHDRAW, at=at, by=actor.subject, unit_code=actor.unit_code)
                ended = replace(part, state=RequestState.WITHDRAWN, steps=(*part.steps, step))
                await save_request(tx, ended)
                kind, unit = EventType.REQUEST_WITHDRAWN, part.issuing_unit
                await append_audit(tx, entry(part.case_number, actor, kind, part.id, at, unit=unit, state=ended.state))
                units, case = (unit, part.asking_unit), part.case_number
                await append_events(tx, events_for(units, kind, part.id, at, case=case, state=ended.state))

    def _part(self, snapshot: CatalogueSnapshot, whole: VerificationRequest, asked: AskedPart) -> VerificationRequest:
        """Return the request of a part, not yet with its identifier; due no later than the whole."""
        at, instant = self.steps.clock.now(), item_of(snapshot, whole.item_code).instant
        due = due_times_of_part(whole, instant=instant, received_at=at)
        form = proof_type_of(snapshot, whole.proof_type_code).facts
        return replace(
            whole,
            asking_unit=whole.issuing_unit,
            issuing_unit=asked.unit_code,
            state=RequestState.RECEIVED,
            received_at=at,
            target_at=due.target_at,
            hard_limit_at=due.hard_limit_at,
            due_at=due.due_at,
            urgent=due.urgent,
            drafter=None,
            reviewer=None,
            draft=None,
            remarks=asked.reason,
            steps=(),
            passed_by=(),
            version=1,
            overdue_since=None,
            escalated_since=None,
            assigned_by=None,
            part_of=whole.id,
            part_fields=tuple(field.key for field in form if field.key in asked.fields),
        )

    async def _journal_received(self, tx: Transaction, actor: Actor, part: VerificationRequest) -> None:
        at, kind, case = self.steps.clock.now(), EventType.REQUEST_RECEIVED, part.case_number
        await append_audit(tx, entry(case, actor, kind, part.id, at, unit=part.issuing_unit, part_of=part.part_of))
        units = (part.issuing_unit, part.asking_unit)
        await append_events(tx, events_for(units, kind, part.id, at, case=case, type=part.proof_type_code))

    async def _delivered(self, tx: Transaction, part: VerificationRequest) -> None:
        at, kind, case, whole = self.steps.clock.now(), EventType.REQUEST_PART_ANSWERED, part.case_number, part.part_of
        step = RequestStep(step=Step.DELIVER, at=at, by=SYSTEM_ACTOR.subject, unit_code="")
        done = await save_request(tx, replace(part, state=RequestState.DELIVERED, steps=(*part.steps, step)))
        said: dict[str, str | bool] = {"part": part.id, "unit": part.issuing_unit, "negative": is_missing(done)}
        await append_audit(tx, entry(case, SYSTEM_ACTOR, kind, whole or "", at, **said))
        units = (part.issuing_unit, part.asking_unit)
        await append_events(tx, events_for(units, kind, whole or "", at, case=case, **said))


async def _asked_before(tx: Transaction, mutation: Keyed, call: StepCall) -> WholeAndPart | None:
    before = await done_before(tx, mutation)
    if before is None:
        return None
    return WholeAndPart(await load_request(tx, call.request_id), await load_request(tx, before))


async def _holding(tx: Transaction, whole: VerificationRequest) -> tuple[VerificationRequest, ...]:
    return parts_of(whole, await load_requests_of(tx, [whole.case_number]))


def _plan(actor: Actor, part: VerificationRequest) -> StepPlan:
    return StepPlan(
        operation=Operation.REQUEST_PART,
        step=Step.REQUEST_PART,
        event=EventType.REQUEST_PART_REQUESTED,
        change=lambda whole: _claimed_whole(whole, actor),
        remarks=part.remarks,
        said={"part": part.id, "unit": part.issuing_unit},
        told=(part.issuing_unit,),
    )


def _claimed_whole(whole: VerificationRequest, actor: Actor) -> VerificationRequest:
    if whole.part_of is not None:
        raise WrongStateError(
            "a part has no part of its own",
            message_zh="分项核实请求不得再请其他单位分项核实",
            mend="Answer it, or pass it on to the unit that is competent.",
        )
    if whole.drafter != actor.subject:
        raise ConflictError(
            "another person claimed this request",
            message_zh="该请求已由他人领取",
            mend="Ask that person to release it, then claim it.",
        )
    return whole


def _check_asked(
    snapshot: CatalogueSnapshot, whole: VerificationRequest, parts: tuple[VerificationRequest, ...], asked: AskedPart
) -> None:
    if not asked.reason.strip():
        raise wanting("reason", "asking for a part needs a reason", "请其他单位分项核实须说明理由")
    check_text("reason", asked.reason, REASON_LIMIT)
    issuers = {found.unit_code for found in snapshot.issuers_of(whole.proof_type_code)}
    if asked.unit_code not in issuers - {whole.issuing_unit, whole.asking_unit}:
        raise NoCompetentUnitError(
            f"the catalogue does not say that unit {asked.unit_code} is another one that issues this proof type",
            message_zh="目录中该单位不是可分项核实的其他出具单位",
            mend="Choose among the issuing units of the proof type; not the unit that asks, nor your own.",
            field="unitCode",
        )
    if len(parts) >= PARTS_LIMIT:
        raise WrongStateError(
            f"there are {PARTS_LIMIT} parts already",
            message_zh="分项核实请求数量已达上限",
            mend="Wait for the answers, or withdraw one of them.",
        )
    _check_fields(proof_type_of(snapshot, whole.proof_type_code), parts, asked.fields)


def _check_fields(proof_type: ProofType, parts: tuple[VerificationRequest, ...], fields: tuple[str, ...]) -> None:
    known = {field.key for field in proof_type.facts}
    taken = {key for part in parts if not is_missing(part) for key in part.part_fields}
    if not fields or len(set(fields)) != len(fields):
        raise _wrong("name the facts of the part, each once", "须列明分项核实的事实项，且不得重复")
    if not set(fields) <= known:
        raise _wrong(
            f"not of the form of {proof_type.code}: {sorted(set(fields) - known)}", "所列事实项不属于该证明类型"
        )
    if taken & set(fields):
        raise _wrong(f"another part brings {sorted(taken & set(fields))} already", "所列事实项已请其他单位核实")
    if known <= set(fields) | {key for part in parts for key in part.part_fields}:
        raise InvalidInputError(
            "nothing of the form is left to the unit itself",
            message_zh="不得将全部事实项交由其他单位核实",
            mend="Pass the request on to the unit that is competent.",
            field="fields",
        )


def _wrong(message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(message, message_zh=message_zh, mend="Read the request's form again.", field="fields")


def may_not_answer(case: Case, part: VerificationRequest) -> frozenset[str]:
    """Return the units to which a part does not go by passing on: those that would be asked for their own request."""
    return frozenset({part.asking_unit, case.unit_code})
