"""Makes events from a change of state. What concerns two units goes out once for each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import orjson

from graph_models.journal import EventDraft


class EventType(StrEnum):
    """What can have happened; the names are the events' types on the bus."""

    CASE_OPENED = "case.opened"
    CASE_CLOSED = "case.closed"
    CASE_WITHDRAWN = "case.withdrawn"
    NEED_CHANGED = "need.changed"
    REQUEST_RECEIVED = "request.received"
    REQUEST_CLAIMED = "request.claimed"
    REQUEST_RELEASED = "request.released"
    REQUEST_DRAFTED = "request.drafted"
    REQUEST_RETURNED = "request.returned"
    REQUEST_REVIEWED = "request.reviewed"
    REQUEST_SEALED = "request.sealed"
    REQUEST_REROUTED = "request.rerouted"
    REQUEST_WITHDRAWN = "request.withdrawn"
    REQUEST_TARGET_PASSED = "request.target_passed"
    REQUEST_HARD_LIMIT_PASSED = "request.hard_limit_passed"
    REQUEST_LIMITS_COUNTED = "request.limits_counted"
    PROOF_ISSUED = "proof.issued"
    PROOF_RAISED = "proof.raised"
    PROOF_RENEWED = "proof.renewed"
    ISSUING_VOIDED = "proof.voided"
    SEAL_APPLIED = "seal.applied"
    SEAL_APPROVED = "seal.approved"
    SEAL_MADE = "seal.made"
    SEAL_CERTIFIED = "seal.certified"
    SEAL_ACTIVATED = "seal.activated"
    SEAL_SUSPENDED = "seal.suspended"
    SEAL_RESUMED = "seal.resumed"
    SEAL_ROTATED = "seal.rotated"
    SEAL_REVOKED = "seal.revoked"
    SEAL_DESTROYED = "seal.destroyed"
    SEAL_VIOLATION = "seal.violation"
    GRANT_REGISTERED = "grant.registered"
    GRANT_REVOKED = "grant.revoked"
    CATALOGUE_IMPORTED = "catalogue.imported"
    CATALOGUE_PUBLISHED = "catalogue.published"


def event(
    unit_code: str, kind: EventType, subject: str, at: datetime, **payload: str | int | bool | None
) -> EventDraft:
    """Return an event for one unit: this happened to the subject at the time (aware, UTC)."""
    return EventDraft(
        unit_code=unit_code,
        type=kind.value,
        subject=subject,
        at=at,
        payload_json=orjson.dumps(payload, option=orjson.OPT_SORT_KEYS).decode(),
    )


def events_for(
    unit_codes: Iterable[str], kind: EventType, subject: str, at: datetime, **payload: str | int | bool | None
) -> tuple[EventDraft, ...]:
    """Return the same event once for each of the units, in the order of their codes."""
    return tuple(event(unit, kind, subject, at, **payload) for unit in sorted(set(unit_codes)))
