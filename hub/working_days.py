"""Working days (工作日) as the State Council orders them, with make-up days, overridable by settings.

chinesecalendar knows the years for which the State Council has published the holidays. Outside them Monday to Friday
are taken for working days and the answer is *provisional*: it may change when the holidays are published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import chinese_calendar

OFFICE_CLOSE: Final = time(17, 30)
"""Close of office in city time (Asia/Shanghai), unless settings say otherwise."""
_ONE_DAY: Final = timedelta(days=1)
_FIRST_YEAR: Final[int] = min(chinese_calendar.holidays).year
_LAST_YEAR: Final[int] = max(chinese_calendar.holidays).year


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """Whether offices work on a day, and whether that is known or only taken from the day of the week."""

    working: bool
    provisional: bool


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A working day that was counted to; provisional where any day on the way was."""

    day: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The calendar of the city's offices."""

    overrides: Mapping[date, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Day → whether offices work, over whatever the calendar says; such a day is never provisional."""
    office_close: time = OFFICE_CLOSE
    """Close of office in city time."""

    def is_working_day(self, day: date) -> WorkingDay:
        """Tell whether offices work on a day; never raises, for a year without published holidays it is provisional."""
        override = self.overrides.get(day)
        return _by_order(day) if override is None else WorkingDay(override, provisional=False)

    def add_working_days(self, day: date, count: int) -> CountedDay:
        """Return the count-th working day after the day, which itself is not counted.

        Raises:
            ValueError: the count is below 1, or the calendar's end is passed.
        """
        if count < 1:
            raise ValueError("working days are counted from 1")
        return self._count(day, count, _ONE_DAY)

    def previous_working_day(self, day: date) -> CountedDay:
        """Return the last working day before the day."""
        return self._count(day, 1, -_ONE_DAY)

    def _count(self, day: date, count: int, stride: timedelta) -> CountedDay:
        provisional = False
        while count:
            day += stride
            known = self.is_working_day(day)
            provisional = provisional or known.provisional
            count -= known.working
        return CountedDay(day, provisional)


@lru_cache(maxsize=4096)
def _by_order(day: date) -> WorkingDay:
    if _FIRST_YEAR <= day.year <= _LAST_YEAR:
        return WorkingDay(bool(chinese_calendar.is_workday(day)), provisional=False)
    return WorkingDay(day.weekday() < 5, provisional=True)
