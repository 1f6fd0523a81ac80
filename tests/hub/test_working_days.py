"""Working days as the State Council orders them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.working_days import CountedDay, WorkingCalendar, WorkingDay

CALENDAR = WorkingCalendar()
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@pytest.mark.requirement("R14.6")
@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 9, 20), True),  # a Sunday that makes up
        (date(2026, 10, 10), True),  # a Saturday that makes up
        (date(2026, 10, 11), False),
        (date(2026, 2, 14), True),  # a Saturday that makes up
        (date(2026, 2, 16), False),  # a Monday of the Spring Festival
        (date(2026, 2, 24), True),
    ],
)
def test_published_holidays_and_make_up_days_are_known(day: date, working: bool) -> None:
    assert CALENDAR.is_working_day(day) == WorkingDay(working, provisional=False)


@pytest.mark.requirement("R14.6")
@pytest.mark.parametrize(
    ("day", "working"),
    [(date(2027, 1, 1), True), (date(2027, 1, 2), False), (date(2003, 12, 31), True), (date(9999, 12, 31), True)],
)
def test_a_year_without_published_holidays_goes_by_weekdays_and_says_so(day: date, working: bool) -> None:
    assert CALENDAR.is_working_day(day) == WorkingDay(working, provisional=True)


@pytest.mark.requirement("R14.6")
def test_settings_override_the_calendar_and_are_not_provisional() -> None:
    calendar = WorkingCalendar({date(2027, 1, 1): False, date(2026, 9, 29): False})
    assert calendar.is_working_day(date(2027, 1, 1)) == WorkingDay(False, provisional=False)
    assert calendar.add_working_days(date(2026, 9, 28), 1) == CountedDay(date(2026, 9, 30), provisional=False)


def test_counting_goes_over_the_national_day() -> None:
    assert CALENDAR.add_working_days(date(2026, 9, 29), 3).day == date(2026, 10, 9)
    assert CALENDAR.previous_working_day(date(2026, 10, 8)).day == date(2026, 9, 30)


def test_counting_into_a_provisional_year_is_provisional() -> None:
    assert CALENDAR.add_working_days(date(2026, 12, 31), 1) == CountedDay(date(2027, 1, 1), provisional=True)
    assert CALENDAR.previous_working_day(date(2027, 1, 1)) == CountedDay(date(2026, 12, 31), provisional=False)


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one_working_day_cannot_be_counted(count: int) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        CALENDAR.add_working_days(date(2026, 9, 29), count)


@given(DAYS, st.integers(1, 40))
def test_just_the_counted_number_of_working_days_lies_between(day: date, count: int) -> None:
    end = CALENDAR.add_working_days(day, count).day
    between = [day + timedelta(days=number) for number in range(1, (end - day).days + 1)]
    assert sum(CALENDAR.is_working_day(each).working for each in between) == count
    assert CALENDAR.is_working_day(end).working


@given(DAYS)
def test_the_working_day_before_the_next_one_is_not_later_than_the_day(day: date) -> None:
    following = CALENDAR.add_working_days(day, 1).day
    before = CALENDAR.previous_working_day(following).day
    assert before <= day
    assert (before == day) == CALENDAR.is_working_day(day).working
