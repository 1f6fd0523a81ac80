"""What is counted of each unit and day, and how far its events are counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from graph_models.outbox import ConsumerPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What happened in a unit."""

    cases_opened: int = 0
    proofs_shared: int = 0
    """Proofs that it produced from shared information (共享信息)."""
    proofs_verified: int = 0
    """Proofs that it produced of verified information (核实信息)."""
    requests_received: int = 0
    """Requests that came to it, also by passing on."""
    requests_in_time: int = 0
    """Requests that it answered (sealed) by their target."""
    requests_late: int = 0
    """Requests that it answered after their target."""
    requests_overdue: int = 0
    """Requests of which the due time passed without an answer."""


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What happened in a unit on one day of the city."""

    day: date
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far a unit's events are counted."""

    place: ConsumerPlace = field(default_factory=ConsumerPlace)
    again_up_to: int = 0
    """Up to this sequence the events are counted anew, because the figures were restated."""
    settled: str = ""
    """ISO day up to which figures stayed when they were: events of these days are kept no more. Empty: none stayed."""
