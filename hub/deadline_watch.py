"""Notices limits in time that pass (R14.6): the target and the hard limit of a request, each recorded apart.

Silence is no answer and no refusal (R16.1): a request whose limit passed stays open, is in the audit as late, and both
units are told. Limits that were counted over a year without published holidays are counted again once these are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from graph_models.case_records import load_case, save_case
from graph_models.casework import RequestState, VerificationRequest
from graph_models.deadline_records import (
    LimitKind,
    PassedLimit,
    passed_slots,
    provisional_requests,
    settle_provisional,
    take_passed,
    watch_limits_anew,
)
from graph_models.errors import StaleVersionError
from graph_models.journal import AuditDraft, EventDraft
from graph_models.journal_records import append_audit, append_audit_many, append_events
from graph_models.request_records import load_request, save_request
from graph_models.store import GraphStore, Transaction
from hub.actors import SYSTEM_ACTOR
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock
from hub.deadlines import Deadlines, due_times, promised_end
from hub.events import EventType, events_for
from hub.published import item_of
from hub.working_days import WorkingCalendar

BATCH = 200
"""Most slots looked at, and most limits of one slot taken, in one transaction."""
OPEN = frozenset({RequestState.RECEIVED, RequestState.CLAIMED, RequestState.DRAFTED, RequestState.REVIEWED})
"""States of a request that is not answered yet."""
_EVENTS = {
    LimitKind.TARGET: EventType.REQUEST_TARGET_PASSED,
    LimitKind.HARD_LIMIT: EventType.REQUEST_HARD_LIMIT_PASSED,
}


@dataclass(frozen=True, slots=True)
class DeadlineWatch:
    """Looks at what has passed; all of its state is in the store, so any number of processes may look."""

    store: GraphStore
    snapshots: SnapshotHolder
    calendar: WorkingCalendar
    clock: Clock

    async def look(self) -> int:
        """Record the limits that have passed of requests still open; return how many."""
        now = self.clock.now()
        late = 0
        for slot in await self.store.read(lambda tx: passed_slots(tx, now, BATCH)):
            late += await self.store.write(partial(self._record, slot))
        return late

    async def count_again(self) -> int:
        """Count all provisional limits again by the calendar as it is known now; return how many became certain."""
        certain, after = 0, ""
        while found := await self.store.read(partial(_provisional, after)):
            for request in found:
                certain += await self._count_one(request.id)
            after = found[-1].id
        return certain

    async def _record(self, slot: int, tx: Transaction) -> int:
        passed = await take_passed(tx, slot, self.clock.now(), BATCH)
        late = [found for found in passed if found.request.state in OPEN]
        await append_audit_many(tx, [self._entry(found) for found in late])
        await append_events(tx, [event for found in late for event in self._events(found)])
        return len(late)

    def _entry(self, found: PassedLimit) -> AuditDraft:
        request, kind = found.request, _EVENTS[found.kind]
        limit = found.at.isoformat()
        at = self.clock.now()
        return entry(request.case_number, SYSTEM_ACTOR, kind, request.id, at, unit=request.issuing_unit, limit=limit)

    def _events(self, found: PassedLimit) -> tuple[EventDraft, ...]:
        request, kind = found.request, _EVENTS[found.kind]
        units = (request.issuing_unit, request.asking_unit)
        limit = found.at.isoformat()
        return events_for(units, kind, request.id, self.clock.now(), case=request.case_number, limit=limit)

    async def _count_one(self, request_id: str) -> int:
        try:
            return await self.store.write(lambda tx: self._counted(tx, request_id))
        except StaleVersionError:  # somebody took a step meanwhile: the next look counts it
            return 0

    async def _counted(self, tx: Transaction, request_id: str) -> int:
        request = await load_request(tx, request_id)
        if request.state not in OPEN:
            await settle_provisional(tx, request)
            return 0
        case = await load_case(tx, request.case_number)
        item = item_of(await self.snapshots.at(case.catalogue_version), request.item_code)
        due = due_times(
            instant=item.instant,
            promised_days=item.promised_days,
            opened_at=case.opened_at,
            received_at=request.received_at,
            calendar=self.calendar,
        )
        if due.provisional:
            return 0
        await save_case(tx, replace(case, promised_at=promised_end(case.opened_at, item.promised_days, self.calendar)))
        saved = await save_request(tx, _due_anew(request, due))
        await watch_limits_anew(tx, saved)
        await self._journal_counted(tx, saved)
        return 1

    async def _journal_counted(self, tx: Transaction, request: VerificationRequest) -> None:
        at, kind = self.clock.now(), EventType.REQUEST_LIMITS_COUNTED
        due = request.due_at.isoformat()
        await append_audit(tx, entry(request.case_number, SYSTEM_ACTOR, kind, request.id, at, due=due))
        units = (request.issuing_unit, request.asking_unit)
        await append_events(tx, events_for(units, kind, request.id, at, case=request.case_number, due=due))


async def _provisional(after: str, tx: Transaction) -> tuple[VerificationRequest, ...]:
    return await provisional_requests(tx, after, BATCH)


def _due_anew(request: VerificationRequest, due: Deadlines) -> VerificationRequest:
    return replace(
        request,
        target_at=due.target_at,
        hard_limit_at=due.hard_limit_at,
        due_at=due.due_at,
        urgent=due.urgent,
        provisional=False,
    )
