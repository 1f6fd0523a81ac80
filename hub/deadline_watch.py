"""Notices limits in time that pass (R14.6): the target and the hard limit of a request, each recorded apart.

Before them the issuing unit is reminded, at half and at nine tenths of the time that it has. Silence is no answer and
no refusal (R16.1): a request whose limit passed stays open, is marked overdue and is in the audit as late; both units
are told, and who supervises the issuing unit. Limits that were counted over a year without published holidays are
counted again once these are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from graph_models.case_records import load_case, save_case
from graph_models.casework import VerificationRequest
from graph_models.deadline_records import (
    LimitKind,
    PassedLimit,
    passed_slots,
    provisional_requests,
    settle_provisional,
    take_passed,
    watch_limits_anew,
)
from graph_models.errors import StaleVersionError, StoreUnavailableError
from graph_models.journal import AuditDraft, EventDraft
from graph_models.journal_records import append_audit, append_audit_many, append_events
from graph_models.request_records import load_request, save_request, save_requests
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import GraphStore, Transaction
from hub.actors import SYSTEM_ACTOR
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock
from hub.deadlines import Deadlines, due_times, due_times_of_part, promised_end
from hub.events import EventType, events_for
from hub.published import item_of, supervising_units
from hub.working_days import WorkingCalendar

LOG = structlog.get_logger("proofhub.deadlines")

BATCH = 200
"""Most slots looked at, and most limits of one slot taken, in one transaction."""
TRIES = 5
"""How often a batch is tried in one look while others take steps on its requests."""
_EVENTS = {
    LimitKind.HALF: EventType.REQUEST_HALF_PASSED,
    LimitKind.NEARLY_DUE: EventType.REQUEST_NEARLY_DUE,
    LimitKind.TARGET: EventType.REQUEST_TARGET_PASSED,
    LimitKind.HARD_LIMIT: EventType.REQUEST_HARD_LIMIT_PASSED,
}
_REMINDERS = frozenset({LimitKind.HALF, LimitKind.NEARLY_DUE})


@dataclass(frozen=True, slots=True)
class DeadlineWatch:
    """Looks at what has passed; all of its state is in the store, so any number of processes may look."""

    store: GraphStore
    snapshots: SnapshotHolder
    calendar: WorkingCalendar
    clock: Clock
    supervisors: tuple[str, ...] = ()
    """Units of the reform office (改革办) that are told of every request that is overdue."""

    async def look(self) -> int:
        """Record the limits and reminders that have passed of requests still open; return how many.

        Raises:
            StaleVersionError: others were always faster on one of the requests; the next look goes on from there.
        """
        now, recorded = self.clock.now(), 0
        seen: tuple[int, ...] = ()
        while (slots := await self.store.read(lambda tx: passed_slots(tx, now, BATCH))) != seen:
            for slot in slots:
                recorded += await self._empty(slot, now)
            if len(slots) < BATCH:
                break
            seen = slots
        return recorded

    async def count_again(self) -> int:
        """Count all provisional limits again by the calendar as it is known now; return how many became certain."""
        certain, after = 0, ""
        while found := await self.store.read(partial(_provisional, after)):
            for request in found:
                certain += await self._count_one(request)
            after = found[-1].id
        return certain

    async def _empty(self, slot: int, now: datetime) -> int:
        """Record what has passed in a slot, a batch in each transaction, the earliest first."""
        recorded, tries = 0, 0
        while True:
            try:
                taken, written = await self.store.write(partial(self._record, slot, now))
            except StaleVersionError:  # somebody took a step meanwhile
                tries += 1
                if tries == TRIES:
                    raise
                continue
            recorded += written
            if taken < BATCH:
                return recorded

    async def _record(self, slot: int, now: datetime, tx: Transaction) -> tuple[int, int]:
        """Take a batch; return how many limits it was, and how many are of requests still open."""
        passed = await take_passed(tx, slot, now, BATCH)
        late = [found for found in passed if found.request.is_open]
        overdue = _newly_overdue(late)
        await save_requests(tx, [replace(request, overdue_since=request.due_at) for request in overdue])
        await append_audit_many(tx, [self._entry(found, now) for found in late])
        events = [event for found in late for event in _events(found, now)]
        await append_events(tx, events + [event for request in overdue for event in self._escalated(request, now)])
        return len(passed), len(late)

    def _entry(self, found: PassedLimit, now: datetime) -> AuditDraft:
        request, kind = found.request, _EVENTS[found.kind]
        limit = found.at.isoformat()
        return entry(request.case_number, SYSTEM_ACTOR, kind, request.id, now, unit=request.issuing_unit, limit=limit)

    def _escalated(self, request: VerificationRequest, now: datetime) -> tuple[EventDraft, ...]:
        """Tell both units, and who supervises the issuing one."""
        late, limit = request.issuing_unit, request.due_at.isoformat()
        units = {late, request.asking_unit, *supervising_units(self.snapshots.current(), late, self.supervisors)}
        kind = EventType.REQUEST_OVERDUE
        return events_for(units, kind, request.id, now, case=request.case_number, limit=limit, unit=late)

    async def _count_one(self, request: VerificationRequest) -> int:
        """Count the limits of one request; whatever is wrong with it, the others are counted."""
        try:
            case = await self.store.read(lambda tx: load_case(tx, request.case_number))
            snapshot = await self.snapshots.at(case.catalogue_version)
            return await self.store.write(lambda tx: self._counted(tx, request.id, snapshot))
        except StaleVersionError:  # somebody took a step meanwhile: the next look counts it
            return 0
        except StoreUnavailableError:
            raise
        except Exception:
            LOG.exception("deadlines.not_counted", request=request.id)
            return 0

    async def _counted(self, tx: Transaction, request_id: str, snapshot: CatalogueSnapshot) -> int:
        request = await load_request(tx, request_id)
        if not request.is_open:
            await settle_provisional(tx, request)
            return 0
        case = await load_case(tx, request.case_number)
        if case.catalogue_version != snapshot.version.number:
            raise StaleVersionError(f"the case {case.number} is of another catalogue now")
        item = item_of(snapshot, request.item_code)
        whole = await load_request(tx, request.part_of) if request.part_of else request
        due = due_times(
            instant=item.instant,
            promised_days=item.promised_days,
            opened_at=case.opened_at,
            received_at=whole.received_at,
            calendar=self.calendar,
        )
        if request.part_of:
            due = due_times_of_part(due, instant=item.instant, received_at=request.received_at)
        if due.provisional:
            return 0
        await save_case(tx, replace(case, promised_at=promised_end(case.opened_at, item.promised_days, self.calendar)))
        saved = await save_request(tx, _due_anew(request, due, self.clock.now()))
        await watch_limits_anew(tx, request, saved)
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


def _events(found: PassedLimit, now: datetime) -> tuple[EventDraft, ...]:
    """A reminder goes to the issuing unit as it is now, a limit that passed to the asking one too."""
    request, kind = found.request, _EVENTS[found.kind]
    units = [request.issuing_unit] if found.kind in _REMINDERS else [request.issuing_unit, request.asking_unit]
    return events_for(units, kind, request.id, now, case=request.case_number, limit=found.at.isoformat())


def _newly_overdue(late: list[PassedLimit]) -> tuple[VerificationRequest, ...]:
    """Return each request of which the first limit has passed, once."""
    passed = {found.request.id: found.request for found in late if found.kind not in _REMINDERS}
    return tuple(request for request in passed.values() if request.overdue_since is None)


def _due_anew(request: VerificationRequest, due: Deadlines, now: datetime) -> VerificationRequest:
    """Return the request with its limits counted anew; one that has time again is overdue no longer."""
    return replace(
        request,
        target_at=due.target_at,
        hard_limit_at=due.hard_limit_at,
        due_at=due.due_at,
        urgent=due.urgent,
        provisional=False,
        overdue_since=request.overdue_since if due.due_at <= now else None,
    )
