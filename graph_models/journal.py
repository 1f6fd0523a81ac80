"""What a transaction writes beside the state: audit entries and events before they have their place, and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDraft:
    """An audit entry before the store gives it its place in the stream's chain."""

    stream: str
    at: datetime
    actor: str
    unit_code: str
    operation: str
    target: str
    detail_json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event before the store gives it its sequence within the unit."""

    unit_code: str
    type: str
    subject: str
    at: datetime
    payload_json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That a mutation with this key was done: asked again it gives the same answer (I2)."""

    unit_code: str
    operation: str
    key: str
    content_digest: str
    """SHA-256 of what was asked: the same key with other content is a conflict."""
    result: str
    """Identifier of what the mutation made or changed."""
    at: datetime
