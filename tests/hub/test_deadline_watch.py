"""Limits that pass: each recorded apart, told to both units, once; the request stays to be answered."""

from __future__ import annotations

from datetime import date

import orjson
import pytest

from graph_models.casework import RequestState, VerificationRequest
from graph_models.journal_records import verify_chain
from hub.deadline_watch import DeadlineWatch
from hub.working_days import WorkingCalendar
from tests.hub.office import NOW, OPERATOR, Office

LATE = ("request.target_passed", "request.hard_limit_passed")


def watch_of(office: Office, calendar: WorkingCalendar | None = None) -> DeadlineWatch:
    cases = office.cases
    return DeadlineWatch(office.store, cases.snapshots, calendar or cases.calendar, cases.clock)


async def asked(office: Office, item: str = "VERIFIED") -> VerificationRequest:
    return (await office.open(item)).requests[0]


async def told(office: Office, request: VerificationRequest) -> list[str]:
    entries = await office.audit(request.case_number)
    assert verify_chain(entries) is None
    return [entry.operation for entry in entries if entry.operation in LATE]


@pytest.mark.requirement("R14.6", "R16.1")
async def test_target_and_hard_limit_are_recorded_apart_and_the_request_stays_open(office: Office) -> None:
    request, watch = await asked(office), watch_of(office)
    office.clock.at = request.target_at
    assert await watch.look() == 1
    assert await told(office, request) == ["request.target_passed"]
    assert request.hard_limit_at is not None
    office.clock.at = request.hard_limit_at
    assert await watch.look() == 1
    assert await watch.look() == 0
    assert await told(office, request) == list(LATE)
    delivered = await office.answered(request)
    assert delivered.state is RequestState.DELIVERED
    assert office.requests.has_passed(delivered, delivered.target_at)


@pytest.mark.requirement("R14.5")
async def test_both_units_are_told_which_limit_passed(office: Office) -> None:
    request = await asked(office, "NOW")
    office.clock.at = request.target_at
    await watch_of(office).look()
    events = [event for event in await office.events() if event.type == "request.target_passed"]
    assert {event.unit_code for event in events} == {request.issuing_unit, request.asking_unit}
    assert {orjson.loads(event.payload_json)["limit"] for event in events} == {request.target_at.isoformat()}


async def test_a_request_answered_in_time_leaves_no_mark(office: Office) -> None:
    request = await asked(office)
    delivered = await office.answered(request)
    office.clock.advance(days=30)
    assert await watch_of(office).look() == 0
    assert await told(office, request) == []
    assert not office.requests.has_passed(delivered, delivered.target_at)


@pytest.mark.requirement("R14.6")
async def test_provisional_limits_are_counted_again_when_the_holidays_are_known(office: Office) -> None:
    far = NOW.replace(year=2031)
    office.clock.at = far
    request = await asked(office)
    assert request.provisional
    assert await watch_of(office).count_again() == 0
    known = WorkingCalendar({date(2031, 3, day): False for day in range(1, 15)} | _weekdays())
    assert await watch_of(office, known).count_again() == 1
    counted = await office.requests.read(OPERATOR, request.id)
    assert not counted.provisional
    assert counted.hard_limit_at is not None
    assert request.hard_limit_at is not None
    assert counted.hard_limit_at > request.hard_limit_at
    case = (await office.file(request.case_number)).case
    assert case.promised_at is not None
    assert case.promised_at > counted.hard_limit_at
    assert await watch_of(office, known).count_again() == 0


def _weekdays() -> dict[date, bool]:
    """The rest of the month and the next, as if ordered."""
    days = [date(2031, 3, day) for day in range(15, 32)] + [date(2031, 4, day) for day in range(1, 31)]
    return {day: day.weekday() < 5 for day in days}
