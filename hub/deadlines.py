"""When a verification request should and must be answered (R14.5, R14.6), and when a case is promised. Pure.

Two times are kept apart. The *target* holds "in principle": half an hour for an instant item (即办), 24 hours for any
other, by the clock, in and out of office hours. The *hard limit* is the close of office on the working day before the
promised day. Days are counted in city time (Asia/Shanghai); what is returned is aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from graph_models.casework import RequestState, VerificationRequest
from graph_models.request_states import Step
from hub.clock import CITY_TIME
from hub.working_days import CountedDay, WorkingCalendar

INSTANT_TARGET = timedelta(minutes=30)
"""Art. 14: an instant item's request is answered within half an hour, in principle."""
ORDINARY_TARGET = timedelta(hours=24)
"""Art. 14: any other within 24 hours, in principle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """By when a request is to be answered; all times aware, in UTC."""

    target_at: datetime
    hard_limit_at: datetime | None
    """None for an instant item."""
    due_at: datetime
    """The earlier of the two, and never before receipt: the time that is shown."""
    urgent: bool
    """Whether the hard limit had passed already at receipt: due now."""
    provisional: bool
    """Whether days of a year without published holidays were counted."""


def due_times(
    *,
    instant: bool,
    promised_days: int | None,
    opened_at: datetime,
    received_at: datetime,
    calendar: WorkingCalendar,
) -> Deadlines:
    """Return the deadlines of a request.

    Args:
        instant: whether the item is done while the applicant waits.
        promised_days: the item's promised limit (承诺时限) in working days; not looked at for an instant item.
        opened_at: when the case was opened (aware); the promised days count from the day after, in city time.
        received_at: when the issuing unit received the request (aware); after passing on, the first receipt.
        calendar: which days are working days and when offices close.
    """
    target = received_at.astimezone(UTC) + (INSTANT_TARGET if instant else ORDINARY_TARGET)
    if instant or promised_days is None:
        return Deadlines(target_at=target, hard_limit_at=None, due_at=target, urgent=False, provisional=False)
    promised = _promised_day(opened_at, promised_days, calendar)
    before = calendar.previous_working_day(promised.day)
    hard_limit = _close_of_office(before.day, calendar)
    urgent = hard_limit <= received_at
    return Deadlines(
        target_at=target,
        hard_limit_at=hard_limit,
        due_at=received_at.astimezone(UTC) if urgent else min(target, hard_limit),
        urgent=urgent,
        provisional=promised.provisional or before.provisional,
    )


def due_times_of_part(whole: Deadlines | VerificationRequest, *, instant: bool, received_at: datetime) -> Deadlines:
    """Return the deadlines of a part of an answer: its own target, and no later than the whole is due.

    Where the whole is overdue already, the part is due now. What holds in principle (half an hour, 24 hours) is counted
    from the part's own receipt.

    Args:
        whole: the deadlines of the answer of which it is a part.
        instant: whether the item is done while the applicant waits.
        received_at: when the other unit received the part (aware).
    """
    received = received_at.astimezone(UTC)
    target = received + (INSTANT_TARGET if instant else ORDINARY_TARGET)
    late = whole.due_at <= received
    return Deadlines(
        target_at=target if late else min(target, whole.due_at),
        hard_limit_at=whole.hard_limit_at,
        due_at=received if late else min(target, whole.due_at),
        urgent=late,
        provisional=whole.provisional,
    )


def promised_end(opened_at: datetime, promised_days: int | None, calendar: WorkingCalendar) -> datetime | None:
    """Return when a case is promised to be done (UTC), or None for an instant item, which promises no day.

    It is the close of office on the promised day: a term in days ends when business of its last day ends
    (Civil Code 民法典 Art. 203).
    """
    if promised_days is None:
        return None
    return _close_of_office(_promised_day(opened_at, promised_days, calendar).day, calendar)


def _promised_day(opened_at: datetime, promised_days: int, calendar: WorkingCalendar) -> CountedDay:
    return calendar.add_working_days(opened_at.astimezone(CITY_TIME).date(), promised_days)


def _close_of_office(day: date, calendar: WorkingCalendar) -> datetime:
    return datetime.combine(day, calendar.office_close, CITY_TIME).astimezone(UTC)


def sealed_at(request: VerificationRequest) -> datetime | None:
    """Return when the answer was sealed last; None where it never was."""
    return _last(request, Step.SEAL)


def delivered_at(request: VerificationRequest) -> datetime | None:
    """Return when the proof was delivered; None until it is."""
    return _last(request, Step.DELIVER)


def within_target(request: VerificationRequest, now: datetime) -> bool | None:
    """Tell whether the proof was delivered by the target: from receipt to delivery, by the record (R14.5, R14.6).

    False once the target has passed without; None while there is time, or where the request was withdrawn in time.
    """
    delivered = delivered_at(request)
    if delivered is not None:
        return delivered <= request.target_at
    ended = request.state is RequestState.WITHDRAWN
    return None if ended or now <= request.target_at else False


def _last(request: VerificationRequest, step: Step) -> datetime | None:
    return max((each.at for each in request.steps if each.step == step), default=None)


def has_passed(limit: datetime | None, answered_at: datetime | None, now: datetime) -> bool:
    """Tell whether a limit passed before the answer was sealed, or has passed with none yet; all times aware."""
    return limit is not None and limit < (answered_at or now)
