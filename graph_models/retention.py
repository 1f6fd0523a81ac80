"""Up to where a unit's events were taken away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFloor:
    """What was taken away of a unit's events, from the first one on without a gap."""

    pruned: int = 0
    """Sequence of the last one that was taken away; 0: none."""
    latest: datetime | None = None
    """The latest time that one of them had; it need not be that of the last one, where a clock was put back."""
