"""The envelope of an event as it leaves the hub: CloudEvents 1.0 in JSON, structured mode, one event a message.

A type carries its version: ``proofhub.request.received.v1``. ``id`` is ``<unit>.<sequence>`` and, with ``source``,
never given twice; ``unit`` and ``unitsequence`` are extension attributes (https://github.com/cloudevents/spec, v1.0.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

import orjson

from graph_models.casework import OutboxEvent
from graph_models.journal_records import event_id
from hub.events import EventType

CONTENT_TYPE: Final = "application/cloudevents+json"
"""What a message in structured mode is."""
SPEC_VERSION: Final = "1.0"
TYPE_PREFIX: Final = "proofhub"
VERSIONS: Final[dict[str, int]] = dict.fromkeys(EventType, 1)
"""Type → version of its payload: what is written, and the highest that is read."""
LONGEST_MESSAGE: Final = 1_000_000
"""Longest message that is read, in bytes; an event of ours has less than two thousand."""
LARGEST_SEQUENCE: Final = 2**31 - 1
"""CloudEvents knows whole numbers of 32 bits."""
LONGEST_UNIT: Final = 100
"""Longest code of a unit that is read, in characters; ours have about ten."""


class UnreadableEventError(ValueError):
    """A message is no event that this version understands; ``str`` says why, without what it holds."""


@dataclass(frozen=True, slots=True)
class CloudEvents:
    """Makes envelopes that name one hub, whichever of its processes writes them."""

    public_url: str
    """Where the schemas are."""
    source: str = ""
    """What the source begins with; the public address where it is empty."""

    def envelope(self, event: OutboxEvent) -> bytes:
        """Return the event as a message; the payload stands in it byte for byte."""
        kind = type_name(event.type)
        return orjson.dumps(
            {
                "specversion": SPEC_VERSION,
                "id": event.id,
                "source": f"{(self.source or self.public_url).rstrip('/')}/units/{quote(event.unit_code)}",
                "type": kind,
                "subject": event.subject,
                "time": event.at.isoformat(),
                "datacontenttype": "application/json",
                "dataschema": f"{self.public_url.rstrip('/')}/events/schemas/{kind}.json",
                "unit": event.unit_code,
                "unitsequence": event.sequence,
                "data": orjson.Fragment(event.payload_json.encode()),
            }
        )


def type_name(kind: str) -> str:
    """Return the type as it stands on the envelope, ``proofhub.request.received.v1``.

    One that this version does not know, which a newer one has written beside it, is of its first version.
    """
    return f"{TYPE_PREFIX}.{kind}.v{VERSIONS.get(kind, 1)}"


def read_envelope(message: bytes) -> OutboxEvent:
    """Return the event that a message holds.

    Raises:
        UnreadableEventError: it is too long, no CloudEvents message of ours, or of an unknown type or version.
    """
    if len(message) > LONGEST_MESSAGE:
        raise UnreadableEventError(f"the message has {len(message)} bytes, more than {LONGEST_MESSAGE}")
    try:
        found = orjson.loads(message)
    except orjson.JSONDecodeError as problem:
        raise UnreadableEventError("the message is no JSON") from problem
    if not isinstance(found, dict) or found.get("specversion") != SPEC_VERSION:
        raise UnreadableEventError("the message is no CloudEvents 1.0 event")
    return _event(found, _known_kind(found.get("type")))


def _known_kind(name: object) -> EventType:
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UnreadableEventError(f"the type is unknown, or of an unknown version: {str(name)[:100]!r}")
    return kind


def _event(found: dict[str, object], kind: EventType) -> OutboxEvent:
    unit, sequence, subject = found.get("unit"), found.get("unitsequence"), found.get("subject")
    if not isinstance(unit, str) or type(sequence) is not int or not isinstance(subject, str):
        raise UnreadableEventError("the event does not say its unit, place and subject")
    if len(unit) > LONGEST_UNIT:
        raise UnreadableEventError(f"the unit has {len(unit)} characters, more than {LONGEST_UNIT}")
    if not 0 < sequence <= LARGEST_SEQUENCE or found.get("id") != event_id(unit, sequence):
        raise UnreadableEventError("the event's id is not its unit and place")
    if not isinstance(found.get("data"), dict):
        raise UnreadableEventError("the event has no data")
    return OutboxEvent(
        id=event_id(unit, sequence),
        unit_code=unit,
        sequence=sequence,
        type=kind.value,
        subject=subject,
        at=_time(found.get("time")),
        payload_json=orjson.dumps(found["data"]).decode(),
        published=True,
    )


def _time(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as problem:
        raise UnreadableEventError("the event's time is none") from problem
    if at.tzinfo is None:
        raise UnreadableEventError("the event's time has no zone")
    return at


_KINDS: Final = {
    f"{TYPE_PREFIX}.{kind}.v{version}": kind for kind in EventType for version in range(1, VERSIONS[kind] + 1)
}
