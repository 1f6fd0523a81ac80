"""People of units without a system of their own (villages, small utilities), and the links by which they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ContactPost(StrEnum):
    """Posts for which somebody is told, by the names of ``hub.actors.Post``."""

    DRAFTER = "DRAFTER"
    REVIEWER = "REVIEWER"
    SEAL_KEEPER = "SEAL_KEEPER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody of a unit who is told by message what is to be done."""

    id: str
    unit_code: str
    staff_id: str
    """The person's staff number, as tokens name it: by it nobody takes two steps of one answer (R17.2)."""
    name: str
    email: str
    """Written as it was given; no two contacts of a unit share one."""
    posts: tuple[ContactPost, ...]
    registered_at: datetime
    registered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleLink:
    """A link that was sent to a contact: opens one request for one post."""

    token_sha256: str
    """Of the token in the address, lower-case hexadecimal; the token itself is in the message alone."""
    contact_id: str
    request_id: str
    post: ContactPost
    message_id: str
    made_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleMessage:
    """A message that is to be sent to a contact because of an event."""

    id: str
    """Event, contact and post: one event causes one message for each."""
    contact_id: str
    unit_code: str
    request_id: str
    event_type: str
    post: ContactPost
    since: datetime
    """When the event happened."""
    due_at: datetime
    """When it is tried next; whoever takes it moves this on, so that nobody else does meanwhile."""
    attempts: int
    version: int
