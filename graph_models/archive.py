"""What keeps proofs verifiable for decades: the raising of their level, and until when each stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisingTask:
    """That a committed proof is to be raised to the level that is wanted."""

    proof_number: str
    since: datetime
    """When the proof was committed."""
    due_at: datetime
    """When it is tried next; whoever takes it moves this on, so that nobody else does meanwhile."""
    counts: bool
    """Whether it waits for a service: False where the proof itself cannot be raised, which stops nobody's sealing."""
    attempts: int
    reason: str
    """Why the last attempt failed, nothing about a person; empty before the first."""
    version: int


@dataclass(frozen=True, slots=True)
class RaisingBacklog:
    """What waits for a service."""

    waiting: int
    since: datetime | None
    """When the first of them was committed."""
