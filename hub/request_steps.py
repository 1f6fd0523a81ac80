"""One step on a verification request: permission, state, people, version, then record, audit, events and receipt.

All of it is one transaction. What a step is, a plan says; the services beside (answering, passing on, bundles) have
the plans.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from graph_models.case_records import load_case, load_needs, save_need
from graph_models.casework import Case, Need, NeedState, RequestStep, VerificationRequest
from graph_models.errors import DuplicateKeyError, IllegalStepError, RecordNotFoundError, StaleVersionError
from graph_models.journal_records import append_audit, append_events
from graph_models.request_records import load_request, load_requests_of, save_request
from graph_models.request_states import Step, next_state, person_conflict
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import GraphStore, T, Transaction, Work
from hub.actors import Actor
from hub.answer_parts import has_asked, parts_of
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, Ids
from hub.errors import ConflictError, HubError, InvalidInputError, NotFoundError, SamePersonError, WrongStateError
from hub.events import EventType, events_for
from hub.permission import Operation, require
from hub.receipts import Keyed, done_before, keyed, note_done

Change = Callable[[VerificationRequest], VerificationRequest]
Also = Callable[[Transaction, VerificationRequest], Awaitable[None]]
Load = Callable[[Transaction, Actor, str], Awaitable[VerificationRequest]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCall:
    """Which request a caller steps on, under which key, and which version it saw (None: whichever is there)."""

    request_id: str
    key: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step as a row: who may, which step it is, what is told, what changes."""

    operation: Operation
    step: Step
    event: EventType
    change: Change
    remarks: str | None = None
    also: Also | None = None
    content: tuple[str | int | bool | None, ...] = field(default=())
    said: Mapping[str, str] = field(default_factory=dict)
    """What audit and event say besides."""
    told: tuple[str, ...] = ()
    """Units that are told besides those that ask and are asked."""
    load: Load | None = None
    """Which requests the caller may step on; None: those of its own unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a request stands before a step on it."""

    request: VerificationRequest
    done: bool
    """Whether the step was taken under the caller's key before; then the request is as it became."""
    snapshot: CatalogueSnapshot
    """The catalogue that holds for its case."""
    parts: tuple[VerificationRequest, ...]
    """What other units were asked for of its answer."""


@dataclass(frozen=True, slots=True)
class RequestSteps:
    """Takes steps on requests."""

    store: GraphStore
    snapshots: SnapshotHolder
    clock: Clock
    ids: Ids

    async def take(self, actor: Actor, call: StepCall, plan: StepPlan) -> VerificationRequest:
        """Take a step; repeated under its key, or sent twice at once, it is done once and the request is returned.

        Whether it was done before is asked only where it cannot be done: if not the state, the receipt forbids it.
        """

        async def work(tx: Transaction) -> VerificationRequest:
            request = await (plan.load or load_visible)(tx, actor, call.request_id)
            changed = await self.take_in(tx, actor, call, plan, request)
            await note_done(tx, _mutation(actor, call, plan), changed.id, self.clock.now())
            return changed

        return await self.once(work, lambda tx: _done(tx, actor, call, plan))

    async def once(self, work: Work[T], done: Work[T | None]) -> T:
        """Write; where that is refused because the same call did it before or meanwhile, return what ``done`` finds."""
        try:
            return await self.store.write(work)
        except (StaleVersionError, DuplicateKeyError, HubError) as problem:
            before = await self.store.write(done)
            if before is not None:
                return before
            if isinstance(problem, HubError):
                raise
            raise conflict() from problem

    async def seen(self, actor: Actor, call: StepCall, plan: StepPlan) -> Seen:
        """Return how the request stands before a step, which must be one that the actor may see.

        Raises:
            NotPermittedError: the actor's posts do not allow to read requests.
            NotFoundError: it is not there for the actor.
            IdempotencyConflictError: the key was used with other content.
        """
        require(actor, Operation.READ_REQUEST, actor.unit_code)

        async def work(tx: Transaction) -> tuple[VerificationRequest, bool, Case, tuple[VerificationRequest, ...]]:
            request = await load_visible(tx, actor, call.request_id)
            done = await done_before(tx, _mutation(actor, call, plan)) is not None
            asked = await load_requests_of(tx, [request.case_number]) if has_asked(request) else ()
            return request, done, await load_case(tx, request.case_number), parts_of(request, asked)

        request, done, case, parts = await self.store.read(work)
        snapshot = await self.snapshots.at(case.catalogue_version)
        return Seen(request=request, done=done, snapshot=snapshot, parts=parts)

    def check(self, actor: Actor, call: StepCall, plan: StepPlan, request: VerificationRequest) -> None:
        """Make sure that the caller may take the step on the request as it is. Raises a HubError."""
        _check_step(actor, call, plan, request, self.snapshots.current())

    async def take_in(
        self, tx: Transaction, actor: Actor, call: StepCall, plan: StepPlan, request: VerificationRequest
    ) -> VerificationRequest:
        """Take a step within a transaction that has loaded the request. Raises StaleVersionError."""
        self.check(actor, call, plan, request)
        changed = await save_request(tx, self._changed(actor, plan, request))
        if plan.also is not None:
            await plan.also(tx, changed)
        await self._journal(tx, actor, plan, request, changed)
        return changed

    def _changed(self, actor: Actor, plan: StepPlan, request: VerificationRequest) -> VerificationRequest:
        step = RequestStep(
            step=plan.step, at=self.clock.now(), by=actor.subject, unit_code=actor.unit_code, remarks=plan.remarks
        )
        changed = plan.change(request)
        return replace(changed, state=next_state(request.state, plan.step), steps=(*request.steps, step))

    async def _journal(
        self, tx: Transaction, actor: Actor, plan: StepPlan, before: VerificationRequest, after: VerificationRequest
    ) -> None:
        at = self.clock.now()
        await append_audit(
            tx,
            entry(
                after.case_number,
                actor,
                plan.event,
                after.id,
                at,
                **{"unit": after.issuing_unit, "state": after.state, **plan.said},
            ),
        )
        units = (before.issuing_unit, after.issuing_unit, after.asking_unit, *plan.told)
        said = {"to": after.issuing_unit} if after.issuing_unit != before.issuing_unit else {**plan.said}
        told = events_for(units, plan.event, after.id, at, case=after.case_number, state=after.state, **said)
        await append_events(tx, told)


def _mutation(actor: Actor, call: StepCall, plan: StepPlan) -> Keyed:
    return keyed(actor, plan.step, call.key, call.request_id, *plan.content)


async def _done(tx: Transaction, actor: Actor, call: StepCall, plan: StepPlan) -> VerificationRequest | None:
    before = await done_before(tx, _mutation(actor, call, plan))
    return None if before is None else await load_request(tx, call.request_id)


async def load_any(tx: Transaction, request_id: str) -> VerificationRequest:
    """Load a request, whosever it is. Raises NotFoundError."""
    try:
        return await load_request(tx, request_id)
    except RecordNotFoundError as problem:
        raise gone() from problem


async def load_visible(tx: Transaction, actor: Actor, request_id: str) -> VerificationRequest:
    """Load a request that the actor's unit asked or was asked; to others it does not exist."""
    request = await load_any(tx, request_id)
    if actor.unit_code not in (request.issuing_unit, request.asking_unit):
        raise gone()
    return request


def _check_step(
    actor: Actor, call: StepCall, plan: StepPlan, request: VerificationRequest, snapshot: CatalogueSnapshot
) -> None:
    withdrawing = plan.step is Step.WITHDRAW
    require(actor, plan.operation, request.asking_unit if withdrawing else request.issuing_unit)
    if call.expected_version not in (None, request.version):
        raise conflict()
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


async def change_needs(tx: Transaction, request: VerificationRequest, change: Callable[[Need], Need]) -> None:
    """Change every need that waits for the request: several requirements of a case may ask for one proof type."""
    for need in await load_needs(tx, request.case_number):
        if need.request_id == request.id and need.state is NeedState.REQUESTED:
            await save_need(tx, change(need))


def conflict() -> ConflictError:
    """Return what is said to who came second."""
    return ConflictError(
        "somebody else changed the request first",
        message_zh="该请求刚被他人处理",
        mend="Read it again and decide anew.",
    )


def gone() -> NotFoundError:
    """Return what is said where there is no such request, or it is not the caller's to see."""
    return NotFoundError(
        "there is no such request for this unit",
        message_zh="本单位没有该协助核实请求",
        mend="Read the inbox again.",
        field="requestId",
    )


def wanting(field_name: str, message: str, message_zh: str) -> InvalidInputError:
    """Return what is said where a field is not filled in."""
    return InvalidInputError(message, message_zh=message_zh, mend=f"Fill in {field_name}.", field=field_name)
