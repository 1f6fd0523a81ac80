"""Extracts shared data: asks the source, makes the proof, or turns to the issuing unit where the source is down.

It goes on by itself: a need that waits is in the store with the time of its next attempt, so a restart or another
process takes it up. A negative ("there is no such record") is never confused with a source that is down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog

from graph_models.case_records import due_needs, load_case, load_need, load_needs, save_need
from graph_models.casework import Case, CaseState, Need, NeedState, ProofKind
from graph_models.errors import StaleVersionError, StoreError
from graph_models.journal_records import append_audit, append_events
from graph_models.request_records import add_request
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import GraphStore, Transaction
from hub.actors import SYSTEM_ACTOR, Actor, Post
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, Ids, today_in_city
from hub.connectors import (
    DownReason,
    NoSuchRecord,
    RecordFound,
    SourceDirectory,
    SourceDown,
    SourceOutcome,
    SourceQuery,
)
from hub.errors import HubError, InvalidInputError, NotIssuableError, SealRefusedError
from hub.events import EventType, events_for
from hub.facts import facts_of, subject_facts, subject_of
from hub.issuing import IssueOrder
from hub.needs import EXTRACTION_LEASE, NeedMaker
from hub.proofs import ProofService
from hub.published import item_of, proof_type_of, unit_of
from hub.working_days import WorkingCalendar
from seals.endorsement import Fact
from seals.errors import SealsError

LOG = structlog.get_logger("proofhub.extraction")

AT_ONCE = 16
"""While so many extractions are under way in a process it takes up no more: they wait for one another's locks."""
LONGEST_LEASE = 4 * EXTRACTION_LEASE
"""A lease that ends later was written by a clock that has jumped since, and does not count."""


@dataclass(frozen=True, slots=True)
class Extractor:
    """Extracts what cases wait for from shared data."""

    store: GraphStore
    snapshots: SnapshotHolder
    sources: SourceDirectory
    proofs: ProofService
    calendar: WorkingCalendar
    clock: Clock
    ids: Ids
    lease_seconds: float = EXTRACTION_LEASE.total_seconds()
    """After which an extraction gives up: then it is another process's to take up, and two would hold up each other."""
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def begin(self, case: Case, need: Need) -> asyncio.Task[None]:
        """Start the extraction of a need that this process has taken; it goes on whoever waits for it."""
        running = self._running.get(need.id)
        if running is None:
            running = asyncio.create_task(self._guarded(case, need), name=f"extract {need.id}")
            self._running[need.id] = running
            running.add_done_callback(lambda _: self._running.pop(need.id, None))
        return running

    async def take_up(self) -> int:
        """Take up what waits and is due, from before a restart or of a process that died; return how many."""
        now, room = self.clock.now(), AT_ONCE - len(self._running)
        if room <= 0:
            return 0
        waiting = await self.store.read(lambda tx: due_needs(tx, now, room, now + LONGEST_LEASE))
        return len([task for need in waiting if (task := await self.take(need)) is not None])

    async def take(self, need: Need) -> asyncio.Task[None] | None:
        """Take a need for this process and begin; None where another process was first."""
        lease = replace(need, attempts=need.attempts + 1, next_attempt_at=self.clock.now() + EXTRACTION_LEASE)
        try:
            kept = await self.store.write(lambda tx: save_need(tx, lease))
        except StaleVersionError:
            return None
        case = await self.store.read(lambda tx: load_case(tx, kept.case_number))
        return self.begin(case, kept)

    async def drain(self) -> None:
        """Wait for what is under way; what does not end is in the store and goes on after the restart."""
        running = tuple(self._running.values())
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=EXTRACTION_LEASE.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _guarded(self, case: Case, need: Need) -> None:
        """Nothing here may end the process; whatever fails is tried again when the lease is over."""
        try:
            async with asyncio.timeout(self.lease_seconds):
                await self._extract(case, need)
        except (HubError, SealsError, StaleVersionError, StoreError, TimeoutError) as problem:
            LOG.error("extraction.unfinished", need=need.id, reason=type(problem).__name__)
        except Exception:
            LOG.exception("extraction.failed", need=need.id)

    async def _extract(self, case: Case, need: Need) -> None:
        begun = await self.proofs.unfinished(need.id) if need.attempts > 1 else None
        if begun is not None:
            await self.proofs.finish(begun)
            return await self._go_on(case.number)
        snapshot = await self.snapshots.at(case.catalogue_version)
        outcome = await self._ask(snapshot, case, need)
        match outcome:
            case SourceDown():
                await self._ask_unit(snapshot, need, _down_reason(need, outcome))
            case NoSuchRecord():
                await self._negative(snapshot, case, need, outcome)
                await self._go_on(case.number)
            case RecordFound():
                await self._found(snapshot, case, need, outcome)
        return None

    async def _go_on(self, case_number: str) -> None:
        """Begin at once with an alternative that was taken up instead, and wait for it."""
        now = self.clock.now()
        needs = await self.store.read(lambda tx: load_needs(tx, case_number))
        due = [need for need in needs if need.next_attempt_at is not None and need.next_attempt_at <= now]
        for task in [await self.take(need) for need in due]:
            if task is not None:
                await task

    async def _ask(self, snapshot: CatalogueSnapshot, case: Case, need: Need) -> SourceOutcome:
        source = self.sources.find(need.source or "")
        if source is None:
            return SourceDown(DownReason.CONNECTION, "no such source is configured")
        proof_type = proof_type_of(snapshot, need.proof_type_code)
        return await source.fetch(
            SourceQuery(
                proof_type_code=need.proof_type_code,
                subject=subject_of(proof_type, case.applicant, dict(case.subject)),
                case_number=case.number,
                purpose=case.item_code,
                request_id=f"{need.id}.{need.attempts}",
            )
        )

    async def _found(self, snapshot: CatalogueSnapshot, case: Case, need: Need, outcome: RecordFound) -> None:
        proof_type = proof_type_of(snapshot, need.proof_type_code)
        pairs = [(fact.key, fact.value) for fact in outcome.facts]
        try:
            facts = facts_of(proof_type, pairs, today_in_city(self.clock))
        except InvalidInputError as problem:
            LOG.error("source.unusable", source=need.source, field=problem.field)
            await self._ask_unit(snapshot, need, _unusable_reason(need))
            return
        await self._issue(snapshot, need, self._order(snapshot, case, need, facts, None))

    async def _issue(self, snapshot: CatalogueSnapshot, need: Need, order: IssueOrder) -> None:
        """Issue in the name of the operator who opened the case (R14.3); what makes no page goes to the unit."""
        operator = Actor(order.case.opened_by, order.case.unit_code, frozenset({Post.OPERATOR}))
        try:
            await self.proofs.issue(order, operator)
        except NotIssuableError:
            LOG.error("source.unusable", source=need.source)
            await self._ask_unit(snapshot, need, _unusable_reason(need))
        except SealRefusedError as refusal:
            said = (refusal.message, refusal.message_zh)
            await self._settle(need, lambda tx, found: _say_why(tx, found, said))
            raise

    async def _negative(self, snapshot: CatalogueSnapshot, case: Case, need: Need, outcome: NoSuchRecord) -> None:
        proof_type = proof_type_of(snapshot, need.proof_type_code)
        as_of = outcome.as_of.isoformat(timespec="seconds")
        keys = ", ".join(outcome.keys)
        if proof_type.negative_allowed:
            subject = subject_of(proof_type, case.applicant, dict(case.subject))
            remarks = f"经查询“{outcome.register}”（条件：{keys}；截至 {as_of}），无此记录。"
            facts = subject_facts(proof_type, case.applicant, subject)
            await self._issue(snapshot, need, self._order(snapshot, case, need, facts, remarks))
            return
        said = (
            f"the register {outcome.register} has no such record (searched by {keys}, as of {as_of})",
            f"“{outcome.register}”中无此记录（条件：{keys}；截至 {as_of}）",
        )
        maker = NeedMaker(snapshot, self.calendar, self.ids, self.clock.now())
        await self._settle(need, lambda tx, found: self._save_negative(tx, found, said, maker))

    def _order(
        self, snapshot: CatalogueSnapshot, case: Case, need: Need, facts: tuple[Fact, ...], negative: str | None
    ) -> IssueOrder:
        return IssueOrder(
            key=need.id,
            kind=ProofKind.SHARED,
            case=case,
            need=need,
            item=item_of(snapshot, case.item_code),
            proof_type=proof_type_of(snapshot, need.proof_type_code),
            extraction_unit=unit_of(snapshot, case.unit_code),
            producing_unit=unit_of(snapshot, need.issuing_unit or ""),
            facts=facts,
            negative=negative is not None,
            remarks=negative,
            data_source=need.source,
            drafted_by=None,
            request_id=None,
        )

    async def _ask_unit(self, snapshot: CatalogueSnapshot, need: Need, said: tuple[str, str]) -> None:
        """Turn the need, and others of the case for the same proof type, into one verification request."""
        await self._settle(need, lambda tx, found: self._save_request(tx, found, snapshot, said))

    async def _settle(self, need: Need, change: Callable[[Transaction, Need], Awaitable[None]]) -> None:
        async def work(tx: Transaction) -> None:
            found = await load_need(tx, need.id)
            case = await load_case(tx, need.case_number)
            if case.state is CaseState.OPEN and found.state is NeedState.PENDING:
                await change(tx, found)

        await self.store.write(work)

    async def _save_negative(self, tx: Transaction, need: Need, said: tuple[str, str], maker: NeedMaker) -> None:
        for twin in await _twins(tx, need):
            await save_need(
                tx,
                replace(
                    twin,
                    state=NeedState.NEGATIVE,
                    reason=said[0],
                    reason_zh=said[1],
                    expected_at=None,
                    next_attempt_at=None,
                ),
            )
        case = await load_case(tx, need.case_number)
        await self._journal(tx, need, "need.negative", (case.unit_code,))
        await self.proofs.take_next(tx, case, maker)

    async def _save_request(
        self, tx: Transaction, need: Need, snapshot: CatalogueSnapshot, said: tuple[str, str]
    ) -> None:
        case = await load_case(tx, need.case_number)
        request = NeedMaker(snapshot, self.calendar, self.ids, self.clock.now()).request(case, need)
        await add_request(tx, request)
        for twin in await _twins(tx, need):
            await save_need(
                tx,
                replace(
                    twin,
                    state=NeedState.REQUESTED,
                    request_id=request.id,
                    reason=said[0],
                    reason_zh=said[1],
                    expected_at=request.due_at,
                    next_attempt_at=None,
                ),
            )
        await self._journal(tx, need, "need.turned_to_unit", (case.unit_code,))
        at, asked, units = request.received_at, EventType.REQUEST_RECEIVED, (request.issuing_unit, request.asking_unit)
        await append_audit(tx, entry(case.number, SYSTEM_ACTOR, asked, request.id, at, unit=request.issuing_unit))
        told = events_for(units, asked, request.id, at, case=case.number, type=request.proof_type_code)
        await append_events(tx, told)

    async def _journal(self, tx: Transaction, need: Need, operation: str, units: tuple[str, ...]) -> None:
        at = self.clock.now()
        await append_audit(tx, entry(need.case_number, SYSTEM_ACTOR, operation, need.id, at, source=need.source))
        await append_events(tx, events_for(units, EventType.NEED_CHANGED, need.id, at, case=need.case_number))


async def _say_why(tx: Transaction, need: Need, said: tuple[str, str]) -> None:
    """Tell the case why the need waits: it goes on by itself once the seal authority has acted."""
    if need.reason != said[0]:
        await save_need(tx, replace(need, reason=said[0], reason_zh=said[1]))


async def _twins(tx: Transaction, need: Need) -> tuple[Need, ...]:
    """Return the open needs of the case for the same proof type, this one among them."""
    needs = await load_needs(tx, need.case_number)
    return tuple(
        other for other in needs if other.proof_type_code == need.proof_type_code and other.state is NeedState.PENDING
    )


def _down_reason(need: Need, outcome: SourceDown) -> tuple[str, str]:
    return (
        f"the data source {need.source} did not answer ({outcome.reason}); the issuing unit is asked instead",
        f"数据源 {need.source} 暂不可用（{outcome.reason}），已转请出具单位协助核实",
    )


def _unusable_reason(need: Need) -> tuple[str, str]:
    return (
        f"what the data source {need.source} answered cannot be put on a proof; the issuing unit is asked instead",
        f"数据源 {need.source} 返回的数据无法用于出具证明，已转请出具单位协助核实",
    )
