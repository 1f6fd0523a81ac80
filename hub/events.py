"""Makes events from a change of state. What concerns two units goes out once for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

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
    REQUEST_PART_REQUESTED = "request.part_requested"
    REQUEST_PART_ANSWERED = "request.part_answered"
    REQUEST_HALF_PASSED = "request.half_passed"
    REQUEST_NEARLY_DUE = "request.nearly_due"
    REQUEST_TARGET_PASSED = "request.target_passed"
    REQUEST_HARD_LIMIT_PASSED = "request.hard_limit_passed"
    REQUEST_OVERDUE = "request.overdue"
    REQUEST_ESCALATED = "request.escalated"
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
    WEBHOOK_REGISTERED = "webhook.registered"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_PAUSED = "webhook.paused"
    WEBHOOK_RESUMED = "webhook.resumed"
    WEBHOOK_REDELIVERED = "webhook.redelivered"
    WEBHOOK_REMOVED = "webhook.removed"
    CATALOGUE_IMPORTED = "catalogue.imported"
    CATALOGUE_PUBLISHED = "catalogue.published"


class FieldKind(StrEnum):
    """What a field of a payload holds."""

    CODE = "code"
    """A code, a number or an identifier; never empty."""
    FLAG = "flag"
    TIME = "time"
    """An aware time in ISO 8601."""


@dataclass(frozen=True, slots=True)
class PayloadField:
    """One field of the payload of a type of event."""

    name: str
    kind: FieldKind
    what: str
    optional: bool = False
    """Some events of the type do not have it."""
    nullable: bool = False


_CASE = PayloadField("case", FieldKind.CODE, "number of the case")
_ITEM = PayloadField("item", FieldKind.CODE, "code of the service item")
_NEED = PayloadField("need", FieldKind.CODE, "the need that the proof meets")
_TYPE = PayloadField("type", FieldKind.CODE, "code of the proof type")
_STATE = PayloadField("state", FieldKind.CODE, "state after the step")
_LIMIT = PayloadField("limit", FieldKind.TIME, "the limit that has passed")
_DUE = PayloadField("due", FieldKind.TIME, "when the request is due now")
_NEGATIVE = PayloadField("negative", FieldKind.FLAG, "whether the proof says that there is no such record")
_LEVEL = PayloadField("level", FieldKind.CODE, "PAdES level that the proof has now")
_STANDS = PayloadField("stands_until", FieldKind.TIME, "when the proof has to be renewed at the latest")
_SEAL = PayloadField("seal", FieldKind.CODE, "identifier of the seal")
_SEAL_OR_NONE = PayloadField("seal", FieldKind.CODE, "identifier of the seal; null where there is none", nullable=True)
_SEAL_KIND = PayloadField("seal_kind", FieldKind.CODE, "kind of the seal")
_UNIT = PayloadField("unit", FieldKind.CODE, "code of the unit concerned")
_TO = PayloadField("to", FieldKind.CODE, "code of the unit to which it was to be passed on")
_CAME_TO = PayloadField("to", FieldKind.CODE, "code of the unit to which it came, unless it stayed", optional=True)
_PART = PayloadField("part", FieldKind.CODE, "the request by which another unit was asked for a part of the answer")
_PART_UNIT = PayloadField("unit", FieldKind.CODE, "code of the unit that was asked for the part")
_PART_MISSING = PayloadField("negative", FieldKind.FLAG, "whether the part's answer was that there is no such record")
_REASON = PayloadField("reason", FieldKind.CODE, "code of the reason")
_FAILURE = PayloadField(
    "failure", FieldKind.CODE, "why the last attempt failed, where the hub paused it", optional=True, nullable=True
)
_CASE_OR_ITEM = (
    PayloadField("case", FieldKind.CODE, "number of the case, where the subject is a need", optional=True),
    PayloadField("item", FieldKind.CODE, "code of the service item, where the subject is the case", optional=True),
)
_TYPE_OR_STATE = (
    PayloadField("type", FieldKind.CODE, "code of the proof type, where the case was withdrawn", optional=True),
    PayloadField("state", FieldKind.CODE, "state after the step, where the request was withdrawn", optional=True),
)
_STEP, _PASSED = (_CASE, _STATE), (_CASE, _LIMIT)
_SEAL_STEP, _GRANT_STEP = (_SEAL_KIND, _STATE), (_SEAL, _SEAL_KIND, _UNIT)

PAYLOADS: Final[Mapping[EventType, tuple[PayloadField, ...]]] = {
    EventType.CASE_OPENED: (_ITEM,),
    EventType.CASE_CLOSED: (_ITEM,),
    EventType.CASE_WITHDRAWN: (_ITEM,),
    EventType.NEED_CHANGED: _CASE_OR_ITEM,
    EventType.REQUEST_RECEIVED: (_CASE, _TYPE),
    EventType.REQUEST_CLAIMED: _STEP,
    EventType.REQUEST_RELEASED: _STEP,
    EventType.REQUEST_DRAFTED: _STEP,
    EventType.REQUEST_RETURNED: _STEP,
    EventType.REQUEST_REVIEWED: _STEP,
    EventType.REQUEST_SEALED: _STEP,
    EventType.REQUEST_REROUTED: (*_STEP, _CAME_TO),
    EventType.REQUEST_WITHDRAWN: (_CASE, *_TYPE_OR_STATE),
    EventType.REQUEST_PART_REQUESTED: (*_STEP, _PART, _PART_UNIT),
    EventType.REQUEST_PART_ANSWERED: (_CASE, _PART, _PART_UNIT, _PART_MISSING),
    EventType.REQUEST_HALF_PASSED: _PASSED,
    EventType.REQUEST_NEARLY_DUE: _PASSED,
    EventType.REQUEST_TARGET_PASSED: _PASSED,
    EventType.REQUEST_HARD_LIMIT_PASSED: _PASSED,
    EventType.REQUEST_OVERDUE: (_CASE, _LIMIT, _UNIT),
    EventType.REQUEST_ESCALATED: (_CASE, _UNIT, _TO),
    EventType.REQUEST_LIMITS_COUNTED: (_CASE, _DUE),
    EventType.PROOF_ISSUED: (_CASE, _NEED, _TYPE, _NEGATIVE),
    EventType.PROOF_RAISED: (_CASE, _LEVEL, _STANDS),
    EventType.PROOF_RENEWED: (_CASE, _LEVEL, _STANDS),
    EventType.ISSUING_VOIDED: (_CASE,),
    EventType.SEAL_APPLIED: _SEAL_STEP,
    EventType.SEAL_APPROVED: _SEAL_STEP,
    EventType.SEAL_MADE: _SEAL_STEP,
    EventType.SEAL_CERTIFIED: _SEAL_STEP,
    EventType.SEAL_ACTIVATED: _SEAL_STEP,
    EventType.SEAL_SUSPENDED: _SEAL_STEP,
    EventType.SEAL_RESUMED: _SEAL_STEP,
    EventType.SEAL_ROTATED: _SEAL_STEP,
    EventType.SEAL_REVOKED: _SEAL_STEP,
    EventType.SEAL_DESTROYED: _SEAL_STEP,
    EventType.SEAL_VIOLATION: (_SEAL_OR_NONE, _UNIT, _TYPE, _REASON),
    EventType.GRANT_REGISTERED: _GRANT_STEP,
    EventType.GRANT_REVOKED: _GRANT_STEP,
    EventType.WEBHOOK_REGISTERED: (_STATE,),
    EventType.WEBHOOK_CHANGED: (_STATE,),
    EventType.WEBHOOK_PAUSED: (_STATE, _REASON, _FAILURE),
    EventType.WEBHOOK_RESUMED: (_STATE,),
    EventType.WEBHOOK_REDELIVERED: (_STATE,),
    EventType.WEBHOOK_REMOVED: (_STATE,),
    EventType.CATALOGUE_IMPORTED: (),
    EventType.CATALOGUE_PUBLISHED: (),
}
"""Type → the fields of its payload. The published schemas are made of it (``hub.event_schemas``): what is here, is
what consumers are promised. A field that goes, or gets another meaning, is a new version of the type."""

_ALLOWED: Final = {kind: frozenset(field.name for field in fields) for kind, fields in PAYLOADS.items()}
_NEEDED: Final = {
    kind: frozenset(field.name for field in fields if not field.optional) for kind, fields in PAYLOADS.items()
}


def event(
    unit_code: str, kind: EventType, subject: str, at: datetime, **payload: str | int | bool | None
) -> EventDraft:
    """Return an event for one unit: this happened to the subject at the time (aware, UTC).

    Raises:
        ValueError: the payload has not the fields that PAYLOADS says of the type.
    """
    if not _NEEDED[kind] <= payload.keys() <= _ALLOWED[kind]:
        raise ValueError(f"{kind} has the fields {sorted(_ALLOWED[kind])} in PAYLOADS, and not {sorted(payload)}")
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
