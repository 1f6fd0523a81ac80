"""Cases (办件): open, plan, read, answer a question, close, withdraw; the one that starts everything.

The case is committed before any source is asked. Opening answers within two seconds with what is there by then; the
rest goes on by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graph_models.case_records import (
    add_case,
    add_needs,
    find_case,
    list_cases,
    load_needs,
    save_case,
    save_need,
)
from graph_models.casework import (
    Answer,
    Case,
    CaseState,
    Need,
    NeedState,
    RequestState,
    RequestStep,
    VerificationRequest,
)
from graph_models.catalogue import ApplicantKind
from graph_models.errors import DuplicateKeyError, StaleVersionError
from graph_models.request_records import add_request, load_requests_of, save_request
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import GraphStore, T, Transaction, Work
from hub.actors import Actor
from hub.case_files import CaseFile, CaseHappening, journal_case, load_file, load_files, load_own
from hub.case_input import OpenCase, check_answer_region, check_open_case
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, Ids
from hub.deadlines import due_times, promised_end
from hub.errors import (
    ConflictError,
    IdempotencyConflictError,
    InvalidInputError,
    NoCompetentUnitError,
    NotPermittedError,
    WrongStateError,
)
from hub.events import EventType
from hub.extraction import Extractor
from hub.facts import subject_of
from hub.needs import NeedMaker, Started
from hub.permission import Operation, require
from hub.plans import Plan, plan_of_needs, plan_of_route
from hub.published import item_of, proof_type_of, unit_of
from hub.receipts import done_before, keyed, note_done
from hub.routing import ItemRoute, RouteOutcome, RoutingInput, require_routable, route_item
from hub.working_days import WorkingCalendar

ANSWER_WITHIN = 1.6
"""Seconds that opening waits for extractions; with the rest of the call it stays under two."""
_UNDER_WAY = frozenset({NeedState.PENDING, NeedState.REQUESTED, NeedState.ANSWER_NEEDED})
_WITHDRAWABLE = frozenset({RequestState.RECEIVED, RequestState.CLAIMED, RequestState.DRAFTED, RequestState.REVIEWED})


@dataclass(frozen=True, slots=True)
class CaseService:
    """What an operator does with cases."""

    store: GraphStore
    snapshots: SnapshotHolder
    extractor: Extractor
    calendar: WorkingCalendar
    clock: Clock
    ids: Ids

    async def open(self, actor: Actor, given: OpenCase) -> CaseFile:
        """Open a case and bring what can be brought at once; the same business number again is the same case.

        Raises:
            InvalidInputError: a value is malformed.
            NotPermittedError: the actor is no operator, or its unit does not handle the item.
            OutsideCatalogueError: the published version has no such item (R8.3).
            NoCompetentUnitError: a requirement can be met in no way.
            IdempotencyConflictError: the business number was used for another case.
        """
        require(actor, Operation.OPEN_CASE, actor.unit_code)
        snapshot = self.snapshots.current()
        check_open_case(given, unit_of(snapshot, actor.unit_code), self.clock.now())
        kept = await self._kept(actor, given)
        if kept is not None:
            return await self._file(kept.number)
        route = self._route(snapshot, actor, given)
        case, started = self._start(snapshot, actor, given, route)
        try:
            await self.store.write(lambda tx: self._write_opened(tx, actor, case, started))
        except DuplicateKeyError:
            return await self._opened_meanwhile(actor, given)
        if await self._extract_now(case, started.needs):
            return await self._file(case.number)
        requests = tuple(sorted(started.requests, key=lambda request: request.id))
        return CaseFile(case=case, needs=started.needs, requests=requests, proofs=())

    def plan(
        self, item_code: str, region: str, kind: ApplicantKind, handling_unit: str | None, answers: Mapping[str, str]
    ) -> Plan:
        """Plan a case before it is opened: each requirement with its route and the time at which it is expected.

        Raises:
            OutsideCatalogueError: the published version has no such item.
        """
        snapshot = self.snapshots.current()
        item = item_of(snapshot, item_code)
        route = route_item(
            snapshot,
            RoutingInput(
                item_code=item.code,
                region=region,
                applicant_kind=kind,
                handling_unit=handling_unit or item.unit_code,
                answers=answers,
            ),
        )
        now = self.clock.now()
        due = due_times(
            instant=item.instant,
            promised_days=item.promised_days,
            opened_at=now,
            received_at=now,
            calendar=self.calendar,
        )
        return plan_of_route(route, now, due)

    async def plan_of(self, found: CaseFile) -> Plan:
        """Return how an opened case stands: each requirement's state and when it is expected, and one clock for all."""
        snapshot = await self.snapshots.at(found.case.catalogue_version)
        return plan_of_needs(snapshot, found.needs, found.requests, self.clock.now())

    async def read(self, actor: Actor, number: str) -> CaseFile:
        """Return a case of the actor's unit. Raises NotFoundError where there is none that is the unit's."""
        require(actor, Operation.READ_CASE, actor.unit_code)
        return await self._own_file(actor, number)

    async def page(
        self, actor: Actor, state: CaseState | None, after: tuple[int, str] | None, limit: int
    ) -> tuple[Case, ...]:
        """Return a page of the unit's cases, the newest first; ``after`` is (opened at in ms, number)."""
        require(actor, Operation.READ_CASE, actor.unit_code)
        return await self.store.read(lambda tx: list_cases(tx, actor.unit_code, state, after, limit))

    async def files_of(self, cases: tuple[Case, ...]) -> tuple[CaseFile, ...]:
        """Return what belongs to several cases of a page, in their order."""
        return await self.store.read(lambda tx: load_files(tx, cases))

    async def answer(self, actor: Actor, number: str, key: str, given: Answer) -> CaseFile:
        """Answer the question of a need (born where? married where?) and go on with it."""
        require(actor, Operation.CHANGE_CASE, actor.unit_code)
        mutation = keyed(actor, "answerQuestion", key, number, given.proof_type_code, given.region)
        found = await self._own_file(actor, number)
        if await self.store.read(lambda tx: done_before(tx, mutation)) is not None:
            return found
        check_answer_region(given)
        snapshot = await self.snapshots.at(found.case.catalogue_version)
        case, answered = self._answered(snapshot, found, given)

        async def work(tx: Transaction) -> bool:
            if await done_before(tx, mutation) is not None:
                return False
            await save_case(tx, case)
            for need in answered.needs:
                await save_need(tx, need)
            for request in answered.requests:
                await add_request(tx, request)
            await journal_case(
                tx, CaseHappening(case, actor, EventType.NEED_CHANGED, self.clock.now()), answered.requests
            )
            await note_done(tx, mutation, number, self.clock.now())
            return True

        if await self._write(work):
            fresh = await self._file(case.number)
            ids = {need.id for need in answered.needs if need.next_attempt_at is not None}
            taken = [await self.extractor.take(need) for need in fresh.needs if need.id in ids]
            await _wait_for([task for task in taken if task is not None])
        return await self._file(case.number)

    async def close(self, actor: Actor, number: str, key: str) -> CaseFile:
        """Close a case once nothing of it is under way."""
        found = await self.read(actor, number)
        if any(need.state in _UNDER_WAY for need in found.needs) and found.case.state is CaseState.OPEN:
            raise WrongStateError(
                "something of the case is still under way",
                message_zh="办件仍有未完成的证明",
                mend="Wait for it, withdraw its request, or withdraw the case.",
            )
        return await self._end(actor, number, key, CaseState.CLOSED, EventType.CASE_CLOSED)

    async def withdraw(self, actor: Actor, number: str, key: str) -> CaseFile:
        """Withdraw a case: what is under way ends, what is sealed stays recorded."""
        return await self._end(actor, number, key, CaseState.WITHDRAWN, EventType.CASE_WITHDRAWN)

    async def _end(self, actor: Actor, number: str, key: str, state: CaseState, kind: EventType) -> CaseFile:
        require(actor, Operation.CHANGE_CASE, actor.unit_code)
        mutation = keyed(actor, kind, key, number)

        async def work(tx: Transaction) -> Case:
            case = await load_own(tx, actor, number)
            if await done_before(tx, mutation) is not None:
                return case
            if case.state is not CaseState.OPEN:
                raise WrongStateError(
                    f"the case is {case.state}", message_zh="办件已结束", mend="Open a new case with a new number."
                )
            ended = await save_case(tx, replace(case, state=state))
            requests = await self._end_parts(tx, actor, number)
            await journal_case(tx, CaseHappening(ended, actor, kind, self.clock.now()), requests)
            await note_done(tx, mutation, number, self.clock.now())
            return ended

        return await self._file((await self._write(work)).number)

    async def _end_parts(self, tx: Transaction, actor: Actor, number: str) -> tuple[VerificationRequest, ...]:
        for need in await load_needs(tx, number):
            if need.state in _UNDER_WAY:
                await save_need(tx, replace(need, state=NeedState.WITHDRAWN, expected_at=None, next_attempt_at=None))
        step = RequestStep(step="WITHDRAW", at=self.clock.now(), by=actor.subject, unit_code=actor.unit_code)
        ended = [
            await save_request(tx, replace(request, state=RequestState.WITHDRAWN, steps=(*request.steps, step)))
            for request in await load_requests_of(tx, (number,))
            if request.state in _WITHDRAWABLE
        ]
        return tuple(ended)

    def _route(self, snapshot: CatalogueSnapshot, actor: Actor, given: OpenCase) -> ItemRoute:
        item = item_of(snapshot, given.item_code)
        for code in (*[one.proof_type_code for one in given.answers], *[one.proof_type_code for one in given.licences]):
            proof_type_of(snapshot, code)
        if not snapshot.handles(actor.unit_code, item.code):
            raise NotPermittedError(
                f"unit {actor.unit_code} does not handle item {item.code}",
                message_zh=f"本单位不办理事项“{item.name}”",
                mend="Open the case with a token of a unit that handles the item.",
                field="itemCode",
            )
        route = route_item(snapshot, _input_of(given, actor.unit_code))
        require_routable(route)
        self._check_subjects(snapshot, given, route)
        return route

    def _check_subjects(self, snapshot: CatalogueSnapshot, given: OpenCase, route: ItemRoute) -> None:
        """Ask now for the keys by which records will be found, not when a source has to be asked."""
        asked = {RouteOutcome.SHARED, RouteOutcome.VERIFICATION, RouteOutcome.QUESTION}
        for group in route.groups:
            if group.chosen.outcome in asked:
                proof_type = proof_type_of(snapshot, group.chosen.requirement.proof_type_code)
                subject_of(proof_type, given.applicant, dict(given.subject))

    def _start(
        self, snapshot: CatalogueSnapshot, actor: Actor, given: OpenCase, route: ItemRoute
    ) -> tuple[Case, Started]:
        now = self.clock.now()
        item = item_of(snapshot, given.item_code)
        case = Case(
            number=self.ids.identifier("C"),
            unit_code=actor.unit_code,
            business_number=given.business_number,
            item_code=item.code,
            region=given.region,
            applicant=given.applicant,
            identity=given.identity,
            answers=given.answers,
            licences=given.licences,
            subject=given.subject,
            catalogue_version=snapshot.version.number,
            content_digest=given.digest(),
            opened_at=now,
            opened_by=actor.subject,
            promised_at=promised_end(now, item.promised_days, self.calendar),
            state=CaseState.OPEN,
            version=1,
        )
        return case, NeedMaker(snapshot, self.calendar, self.ids, now).start(case, route)

    async def _write_opened(self, tx: Transaction, actor: Actor, case: Case, started: Started) -> None:
        await add_case(tx, case)
        await add_needs(tx, started.needs)
        for request in started.requests:
            await add_request(tx, request)
        await journal_case(tx, CaseHappening(case, actor, EventType.CASE_OPENED, self.clock.now()), started.requests)

    def _answered(self, snapshot: CatalogueSnapshot, found: CaseFile, given: Answer) -> tuple[Case, Started]:
        """Route again what waits for this answer; the needs keep their identifiers."""
        code = given.proof_type_code
        waiting = [
            need for need in found.needs if need.state is NeedState.ANSWER_NEEDED and need.proof_type_code == code
        ]
        if not waiting:
            raise InvalidInputError(
                "no question about this proof type is open in the case",
                message_zh="该办件没有待回答的此类问题",
                mend="Read the case's plan; it says which questions are open.",
                field="proofTypeCode",
            )
        case = replace(found.case, answers=(*found.case.answers, given))
        maker = NeedMaker(snapshot, self.calendar, self.ids, self.clock.now())
        groups = {need.group for need in waiting}
        changed = maker.retake(case, found.needs, groups)
        if {need.group for need in changed.needs} != groups:
            raise NoCompetentUnitError(
                f"no unit of the catalogue issues {code} for region {given.region}",
                message_zh=f"目录中没有单位为行政区划 {given.region} 出具该证明",
                mend="Answer with another region; the route's question lists those that can be chosen.",
                field="region",
            )
        return case, changed

    async def _extract_now(self, case: Case, needs: tuple[Need, ...]) -> bool:
        """Extract in parallel what is shared; tell whether anything was."""
        tasks = [
            self.extractor.begin(case, need)
            for need in needs
            if need.state is NeedState.PENDING and need.next_attempt_at is not None
        ]
        await _wait_for(tasks)
        return bool(tasks)

    async def _file(self, number: str) -> CaseFile:
        return await self.store.read(lambda tx: load_file(tx, number))

    async def _own_file(self, actor: Actor, number: str) -> CaseFile:
        async def work(tx: Transaction) -> CaseFile:
            await load_own(tx, actor, number)
            return await load_file(tx, number)

        return await self.store.read(work)

    async def _kept(self, actor: Actor, given: OpenCase) -> Case | None:
        kept = await self.store.read(lambda tx: find_case(tx, actor.unit_code, given.business_number))
        if kept is not None and kept.content_digest != given.digest():
            raise IdempotencyConflictError(
                f"the business number belongs to case {kept.number} with other content",
                message_zh="该业务编号已用于另一办件",
                mend="Use a new business number, or send exactly what was sent before.",
                field="businessNumber",
            )
        return kept

    async def _opened_meanwhile(self, actor: Actor, given: OpenCase) -> CaseFile:
        """Two calls with one business number came together: the other one opened the case."""
        kept = await self._kept(actor, given)
        if kept is None:
            raise _conflict()
        return await self._file(kept.number)

    async def _write(self, work: Work[T]) -> T:
        try:
            return await self.store.write(work)
        except StaleVersionError as problem:
            raise _conflict() from problem


def _input_of(given: OpenCase, handling_unit: str) -> RoutingInput:
    return RoutingInput(
        item_code=given.item_code,
        region=given.region,
        applicant_kind=given.applicant.kind,
        handling_unit=handling_unit,
        answers={answer.proof_type_code: answer.region for answer in given.answers},
        identity=frozenset({given.identity.method}),
        licences=frozenset(licence.proof_type_code for licence in given.licences),
    )


async def _wait_for(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for extractions no longer than the window should; what is late goes on by itself."""
    if tasks:
        await asyncio.wait(tasks, timeout=ANSWER_WITHIN)


def _conflict() -> ConflictError:
    return ConflictError(
        "somebody else changed the case first", message_zh="该办件刚被他人处理", mend="Read it again and decide anew."
    )
