"""What keeps order among publishers and consumers: lanes, dead letters, and how far a consumer has come."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

LANES: Final = 16
"""Over so many lanes the units are spread. It is never changed: two processes must agree on a unit's lane."""


def lane_of(unit_code: str) -> int:
    """Return the lane of a unit, the same in every process."""
    return zlib.crc32(unit_code.encode()) % LANES


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLane:
    """Who may publish the events of the lane's units, and until when unless it is renewed."""

    lane: int
    holder: str
    """Empty: nobody."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that a consumer put aside. What the message held is not here: it may be anything."""

    id: str
    """By consumer and event, or by consumer and digest: a message that is read again is the same letter."""
    consumer: str
    event_id: str
    """Empty: the message does not say which event it is."""
    reason: str
    size: int
    """Of the message, in bytes."""
    sha256: str
    at: datetime
    attempt: int = 0
    """Counts what a consumer's process put aside: with the time it tells a letter from the same one put aside anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerPlace:
    """How far a consumer has come with a unit."""

    last: int = 0
    """Highest sequence that it has seen."""
    holes: tuple[tuple[int, int], ...] = ()
    """Below it, what it has not handled: first and last of each run, in order."""
