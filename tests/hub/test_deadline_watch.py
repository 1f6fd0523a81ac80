"""Limits that pass: each recorded apart, told to both units, once; the request stays to be answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import orjson
import pytest
from structlog.testing import capture_logs

from graph_models.case_records import save_case
from graph_models.casework import RequestState, VerificationRequest
from graph_models.journal_records import verify_chain
from hub.catalogue import SnapshotHolder
from hub.deadline_watch import DeadlineWatch
from hub.deadlines import delivered_at
from hub.working_days import WorkingCalendar
from tests.hub.office import NOW, OPERATOR, Office, call, drafter, publish

REMINDERS = ("request.half_passed", "request.nearly_due")
LATE = ("request.target_passed", "request.hard_limit_passed")


def watch_of(office: Office, calendar: WorkingCalendar | None = None) -> DeadlineWatch:
    cases = office.cases
    return DeadlineWatch(office.store, cases.snapshots, calendar or cases.calendar, cases.clock, ("FGW-NB",))


async def asked(office: Office, item: str = "VERIFIED") -> VerificationRequest:
    return (await office.open(item)).requests[0]


async def told(office: Office, request: VerificationRequest, which: tuple[str, ...] = LATE) -> list[str]:
    entries = await office.audit(request.case_number)
    assert verify_chain(entries) is None
    return [entry.operation for entry in entries if entry.operation in which]


async def units_told(office: Office, kind: str) -> list[str]:
    return [event.unit_code for event in await office.events() if event.type == kind]


@pytest.mark.requirement("R14.6", "R16.1")
async def test_target_and_hard_limit_are_recorded_apart_and_the_request_stays_open(office: Office) -> None:
    request, watch = await asked(office), watch_of(office)
    office.clock.at = request.target_at
    assert await watch.look() == 3, "with both reminders"
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


def _known() -> WorkingCalendar:
    return WorkingCalendar({date(2031, 3, day): False for day in range(1, 15)} | _weekdays())


@pytest.mark.requirement("R14.6")
async def test_after_a_restart_under_a_newer_catalogue_limits_are_counted_by_the_cases_own(office: Office) -> None:
    office.clock.at = NOW.replace(year=2031)
    request = await asked(office)
    await publish(office.store, 2)
    restarted = SnapshotHolder(office.store)
    await restarted.refresh()
    assert restarted.current().version.number == 2
    watch = DeadlineWatch(office.store, restarted, _known(), office.clock)
    assert await watch.count_again() == 1
    assert not (await office.requests.read(OPERATOR, request.id)).provisional


async def test_what_is_wrong_with_one_request_keeps_the_others_limits_from_nothing(office: Office) -> None:
    office.clock.at = NOW.replace(year=2031)
    requests = [await asked(office) for _ in range(3)]
    first = min(requests, key=lambda each: each.id)
    lost = replace((await office.file(first.case_number)).case, catalogue_version=77)
    await office.store.write(lambda tx: save_case(tx, lost))
    with capture_logs() as logs:
        assert await watch_of(office, _known()).count_again() == 2
    assert [(line["event"], line["request"]) for line in logs] == [("deadlines.not_counted", first.id)]
    assert (await office.requests.read(OPERATOR, first.id)).provisional


def _weekdays() -> dict[date, bool]:
    """The rest of the month and the next, as if ordered."""
    days = [date(2031, 3, day) for day in range(15, 32)] + [date(2031, 4, day) for day in range(1, 31)]
    return {day: day.weekday() < 5 for day in days}


@pytest.mark.requirement("R14.6")
async def test_the_issuing_unit_is_reminded_at_half_and_at_nine_tenths_of_its_time(office: Office) -> None:
    request, watch = await asked(office, "NOW"), watch_of(office)
    for minutes, reminders in ((15, 1), (27, 2)):
        office.clock.at = request.received_at + timedelta(minutes=minutes, seconds=-1)
        assert await watch.look() == 0
        office.clock.advance(seconds=1)
        assert await watch.look() == 1
        assert await told(office, request, REMINDERS) == list(REMINDERS[:reminders])
        assert await units_told(office, REMINDERS[reminders - 1]) == [request.issuing_unit]


async def test_what_was_passed_on_reminds_the_unit_that_has_it_and_what_ended_reminds_nobody(office: Office) -> None:
    passed_on, withdrawn, watch = await asked(office), await asked(office), watch_of(office)
    await office.requests.reroute(drafter("GA-HS"), call(passed_on), "GA-CX", "户籍在慈溪")
    await office.requests.withdraw(OPERATOR, call(withdrawn), "不再需要")
    office.clock.at = passed_on.received_at + (passed_on.due_at - passed_on.received_at) / 2
    assert await watch.look() == 1
    assert await units_told(office, REMINDERS[0]) == ["GA-CX"]
    assert await told(office, withdrawn, REMINDERS) == []


@pytest.mark.requirement("R16.1")
async def test_silence_marks_a_request_overdue_and_is_escalated_once(office: Office) -> None:
    request, watch = await asked(office), watch_of(office)
    office.clock.at = request.due_at - timedelta(seconds=1)
    await watch.look()
    assert (await office.requests.read(OPERATOR, request.id)).overdue_since is None
    office.clock.at += timedelta(days=9)
    await watch.look()
    late = await office.requests.read(OPERATOR, request.id)
    assert (late.overdue_since, late.state) == (request.due_at, RequestState.RECEIVED)
    above = office.cases.snapshots.current().unit(request.issuing_unit)
    assert above is not None
    supervisors = {"FGW-NB", *filter(None, (above.superior, above.guiding_authority))}
    assert set(await units_told(office, "request.overdue")) == supervisors | {late.issuing_unit, late.asking_unit}
    assert len(await units_told(office, "request.overdue")) == len(supervisors) + 2
    case = await office.file(request.case_number)
    assert (await office.cases.plan_of(case)).lines[0].text.count("the due time has passed") == 1
    assert (await office.answered(late)).overdue_since == request.due_at
    assert (await watch.look()) == 0


@pytest.mark.requirement("R14.5")
async def test_the_record_proves_from_receipt_to_delivery_whether_half_an_hour_was_kept(office: Office) -> None:
    soon, late = await asked(office, "NOW"), await asked(office, "NOW")
    assert office.requests.within_target(soon) is None
    office.clock.at = soon.received_at + timedelta(minutes=30)
    done = await office.answered(soon)
    assert (done.received_at, delivered_at(done)) == (soon.received_at, soon.target_at)
    assert office.requests.within_target(done) is True
    office.clock.advance(seconds=1)
    assert office.requests.within_target(late) is False
    assert office.requests.within_target(await office.answered(late)) is False


async def test_a_limit_that_has_passed_is_not_recorded_again_when_limits_are_counted_anew(office: Office) -> None:
    office.clock.at = NOW.replace(year=2031)
    request = await asked(office)
    office.clock.at = request.target_at
    await watch_of(office).look()
    known = WorkingCalendar({date(2031, 3, day): False for day in range(1, 15)} | _weekdays())
    assert await watch_of(office, known).count_again() == 1
    office.clock.advance(days=60)
    await watch_of(office).look()
    assert sorted(await told(office, request)) == sorted(LATE)
    assert await told(office, request, REMINDERS) == list(REMINDERS)
