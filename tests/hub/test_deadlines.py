"""Deadlines of requests, against cases computed by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import CITY_TIME
from hub.deadlines import Deadlines, due_times, due_times_of_part, promised_end
from hub.working_days import WorkingCalendar

CALENDAR = WorkingCalendar()
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def city(day: str, clock: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=CITY_TIME)


def due(opened: datetime, days: int | None, received: datetime | None = None) -> Deadlines:
    return due_times(
        instant=days is None,
        promised_days=days,
        opened_at=opened,
        received_at=received or opened,
        calendar=CALENDAR,
    )


@pytest.mark.requirement("R14.5")
def test_an_instant_item_has_half_an_hour_by_the_clock_even_at_night() -> None:
    found = due(city("2026-10-01", "23:50"), None)
    assert found.target_at == found.due_at == city("2026-10-02", "00:20")
    assert (found.hard_limit_at, found.urgent, found.provisional) == (None, False, False)


@pytest.mark.requirement("R14.6")
@pytest.mark.parametrize(
    ("opened", "days", "hard_limit"),
    [
        ("2026-09-29", 5, "2026-10-10"),  # 30 Sep, 8, 9, 10 (made up), 12 Oct: promised; the day before is the 10th
        ("2026-09-30", 1, "2026-09-30"),  # promised 8 Oct
        ("2026-09-18", 2, "2026-09-20"),  # Sunday the 20th makes up, so Monday the 21st is promised
        ("2026-02-13", 2, "2026-02-14"),  # Saturday the 14th makes up, then the 24th
        ("2026-09-26", 1, "2026-09-24"),  # opened on a Saturday of the Mid-Autumn holiday: promised Monday the 28th
        ("2026-11-21", 3, "2026-11-24"),  # opened on a Saturday: 23, 24, 25 Nov
    ],
)
def test_the_hard_limit_is_the_close_of_office_before_the_promised_day(opened: str, days: int, hard_limit: str) -> None:
    assert due(city(opened), days).hard_limit_at == city(hard_limit, "17:30")


@pytest.mark.requirement("R14.6")
def test_the_earlier_of_target_and_hard_limit_is_due() -> None:
    later = due(city("2026-11-23"), 5)
    assert later.due_at == later.target_at == city("2026-11-24")
    sooner = due(city("2026-11-23"), 1)
    assert sooner.due_at == sooner.hard_limit_at == city("2026-11-23", "17:30")
    assert not sooner.urgent


@pytest.mark.requirement("R14.6")
@pytest.mark.parametrize("clock", ["17:30", "17:31", "23:59"])
def test_a_hard_limit_that_has_passed_is_due_now_and_urgent(clock: str) -> None:
    received = city("2026-11-23", clock)
    found = due(city("2026-11-23"), 1, received)
    assert (found.due_at, found.urgent) == (received, True)
    assert found.target_at == received + timedelta(hours=24)


@pytest.mark.requirement("R14.6")
def test_a_case_opened_on_a_weekend_with_one_day_is_urgent_at_once() -> None:
    found = due(city("2026-11-21"), 1)
    assert found.hard_limit_at == city("2026-11-20", "17:30")
    assert found.urgent


@pytest.mark.requirement("R14.6")
def test_days_beyond_the_published_years_are_provisional() -> None:
    found = due(city("2026-12-30"), 3)
    assert found.provisional
    assert found.hard_limit_at == city("2027-01-01", "17:30")
    assert not due(city("2026-12-28"), 3).provisional


@pytest.mark.requirement("R14.6")
@pytest.mark.requirement("R14.5", "R14.6")
@given(MOMENTS, st.none() | st.integers(1, 20), st.timedeltas(timedelta(), timedelta(days=40)))
def test_a_part_is_due_no_later_than_the_whole_and_never_before_its_receipt(
    opened: datetime, days: int | None, later: timedelta
) -> None:
    whole, received = due(opened, days), opened + later
    part = due_times_of_part(whole, instant=days is None, received_at=received)
    assert received <= part.due_at <= max(whole.due_at, received)
    assert part.due_at <= part.target_at
    assert part.urgent == (whole.due_at <= received)
    assert (part.hard_limit_at, part.provisional) == (whole.hard_limit_at, whole.provisional)


def test_the_day_of_opening_is_the_citys_not_the_clocks() -> None:
    assert due(datetime(2026, 11, 23, 15, 59, tzinfo=UTC), 3).hard_limit_at == city("2026-11-25", "17:30")
    assert due(datetime(2026, 11, 23, 16, 0, tzinfo=UTC), 3).hard_limit_at == city("2026-11-26", "17:30")


def test_office_hours_are_a_setting() -> None:
    early = WorkingCalendar(office_close=time(16, 30))
    assert promised_end(city("2026-11-23"), 1, early) == city("2026-11-24", "16:30")


def test_a_case_is_promised_by_the_close_of_office_and_an_instant_one_not() -> None:
    assert promised_end(city("2026-09-30"), 1, CALENDAR) == city("2026-10-08", "17:30")
    assert promised_end(city("2026-09-30"), None, CALENDAR) is None


@pytest.mark.requirement("R14.6")
@given(MOMENTS, st.integers(0, 240), st.integers(1, 60))
def test_due_is_the_earlier_time_and_never_before_receipt(opened: datetime, wait: int, days: int) -> None:
    received = opened + timedelta(hours=wait)
    found = due(opened, days, received)
    assert found.hard_limit_at is not None
    assert found.due_at >= received
    assert found.due_at <= found.target_at == received + timedelta(hours=24)
    assert found.urgent == (found.hard_limit_at <= received)
    if not found.urgent:
        assert found.due_at == min(found.target_at, found.hard_limit_at)


@pytest.mark.requirement("R14.6")
@given(MOMENTS, st.integers(1, 60))
def test_the_hard_limit_is_a_working_day_before_the_promised_one(opened: datetime, days: int) -> None:
    limit, promised = due(opened, days).hard_limit_at, promised_end(opened, days, CALENDAR)
    assert limit is not None
    assert promised is not None
    local: date = limit.astimezone(CITY_TIME).date()
    assert CALENDAR.is_working_day(local).working
    assert CALENDAR.add_working_days(local, 1).day == promised.astimezone(CITY_TIME).date()


@given(MOMENTS, st.integers(1, 30), st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai"]))
def test_the_zone_in_which_a_time_is_written_changes_nothing(opened: datetime, days: int, zone: str) -> None:
    from zoneinfo import ZoneInfo

    assert due(opened.astimezone(ZoneInfo(zone)), days) == due(opened, days)
