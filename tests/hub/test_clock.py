"""Time and randomness."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.rows import milliseconds, moment
from hub.clock import SystemClock, SystemIds, to_millisecond, today_in_city

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@dataclass
class Stopped:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def test_the_machines_clock_says_whole_milliseconds_of_utc_and_goes_forward() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert (first.utcoffset(), first.microsecond % 1000) == (timedelta(0), 0)
    assert first <= second


@given(MOMENTS)
def test_a_time_cut_to_the_millisecond_is_stored_and_read_back_unchanged(at: datetime) -> None:
    cut = to_millisecond(at)
    assert timedelta(0) <= at - cut < timedelta(milliseconds=1)
    assert moment(milliseconds(cut)) == cut == to_millisecond(cut)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 1, 16, 0, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_today_is_the_citys_day(at: datetime, day: date) -> None:
    assert today_in_city(Stopped(at)) == day


def test_identifiers_begin_with_their_prefix_have_no_look_alikes_and_never_repeat() -> None:
    made = [SystemIds().identifier("P") for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert {(each[0], len(each)) for each in made} == {("P", 17)}
    assert {character for each in made for character in each[1:]}.isdisjoint("01IOilo")


def test_a_check_code_is_128_bits_that_stand_in_an_address_as_they_are() -> None:
    made = [SystemIds().check_code() for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert {len(each) for each in made} == {22}
    assert {character for each in made for character in each} <= set(string.ascii_letters + string.digits + "-_")


def test_a_serial_number_is_positive_and_fits_into_twenty_octets() -> None:
    made = [SystemIds().serial_number() for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert {number.bit_length() for number in made} == {150}
