"""Records of webhooks: where a unit wants its events posted, and how far that has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WebhookState(StrEnum):
    """Whether events are posted."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    """Nothing is posted; when it goes on, it goes on behind the last event that was delivered."""
    REMOVED = "REMOVED"


class PauseReason(StrEnum):
    """Why a webhook is paused."""

    MANAGER = "MANAGER"
    """The unit wanted it."""
    GONE = "GONE"
    """The receiver answered 410: it wants no more."""
    DEAD = "DEAD"
    """It failed too often, or for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address to which a unit's events are posted."""

    id: str
    unit_code: str
    url: str
    event_types: tuple[str, ...]
    """Types wanted; empty for all."""
    state: WebhookState
    pause: PauseReason | None
    """None where it is not paused."""
    secret: str
    """Encrypted: the key of the HMAC that stands on each message."""
    secret_number: int
    """1 for the first one; each rotation adds one."""
    old_secret: str | None
    old_secret_until: datetime | None
    """Until when the one before signs too, so that a receiver can change over."""
    registered_by: str
    registered_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryProgress:
    """How far a webhook's deliveries have come."""

    cursor: int
    """Sequence of the unit's last event that was delivered or not wanted."""
    again: tuple[int, ...] = ()
    """Sequences of single events that are to be delivered once more, before what follows the cursor."""
    failures: int = 0
    """Attempts that failed in a row."""
    failing_since: datetime | None = None
    next_at: datetime | None = None
    """Not before then; None: at once."""
    last_failure: str | None = None
    """Why the last attempt failed, as a code or status; stays when a later one succeeds."""
    delivered_at: datetime | None = None
    """When an event was delivered last."""
    served_at: datetime | None = None
    """When its last turn began: who had none for longest has the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWebhook:
    """A webhook as it is stored, with whose turn it is to deliver."""

    webhook: Webhook
    progress: DeliveryProgress
    holder: str = ""
    """Names the turn that is under way in some process; empty: nobody delivers."""
    beat: int = 0
    """Grows with each sign of life of the holder."""


@dataclass(frozen=True, slots=True)
class WaitingWebhook:
    """A webhook with something to deliver, and the turn that is under way."""

    id: str
    holder: str
    beat: int
    unit_code: str
