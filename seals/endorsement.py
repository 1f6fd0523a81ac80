"""The endorsement (背书): who extracted a proof, who produced it, when, and for which case (Art. 14).

One record, one canonical JSON form. The same bytes stand in the signature as a signed attribute and in the file as
an attachment, and the page shows the same values; verification compares the three.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import orjson

from seals.errors import MalformedEndorsementError
from seals.kinds import SealKind

ENDORSEMENT_OID = "2.25.211608722946531827302473894160928316571"
"""Object identifier of the signed attribute: an own arc under 2.25 (ITU-T X.667), made from a random UUID."""
ENDORSEMENT_ATTACHMENT = "endorsement.json"
"""Name of the attached file with the endorsement."""
FACTS_ATTACHMENT = "facts.json"
"""Name of the attached file with the facts."""
ENDORSEMENT_LIMIT = 8192
"""Longest endorsement accepted, in bytes of canonical JSON."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a proof: what the page shows in one row, and what a machine reads from the attachment."""

    key: str
    label: str
    label_en: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndorsedPart:
    """The part of verified information that another unit produced, and answers for (Art. 14, 17)."""

    unit_code: str
    unit_name: str
    fields: tuple[str, ...]
    """Keys of the facts that it produced; of a negative part those of which it has no record."""
    labels: tuple[str, ...]
    """The labels of these facts, in their order: of what nobody has, the facts themselves say none."""
    negative: bool
    drafted_by: str
    """Staff identifier of the drafter in that unit."""
    confirmed_at: datetime
    """When that unit's seal keeper confirmed it; aware, kept in UTC to the millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """What the hub says of a proof; written from the hub's own records, never taken from a caller."""

    proof_number: str
    seal_kind: SealKind
    proof_type_code: str
    proof_type_name: str
    negative: bool
    item_code: str
    item_name: str
    case_number: str
    catalogue_version: int
    extraction_unit_code: str
    extraction_unit_name: str
    producing_unit_code: str
    producing_unit_name: str
    extracted_at: datetime
    """When it was extracted or confirmed; aware, kept in UTC to the millisecond."""
    data_source: str | None
    """Code of the data source of shared information; None for verified information."""
    drafted_by: str | None
    """Staff identifier of the drafter of verified information; None for shared information."""
    facts_sha256: str
    """Digest of the facts' canonical JSON, lower-case hexadecimal: binds the facts to the signature."""
    parts: tuple[EndorsedPart, ...] = ()
    """What other units produced, each fact by one; a proof of one unit has none, and its JSON does not name them."""

    def to_json(self) -> bytes:
        """Return the canonical JSON: sorted keys, no blanks, UTF-8 (after RFC 8785 for these value types)."""
        record = dict(zip(_NAMES, _VALUES(self), strict=True))
        record["extracted_at"] = format_time(self.extracted_at)
        if not self.parts:
            return orjson.dumps(record)
        record["parts"] = [{**asdict(part), "confirmed_at": format_time(part.confirmed_at)} for part in self.parts]
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, data: bytes) -> Endorsement:
        """Read the canonical form back.

        Raises:
            MalformedEndorsementError: it is too long, not JSON, not of this form, or not canonical.
        """
        if len(data) > ENDORSEMENT_LIMIT:
            raise MalformedEndorsementError("the endorsement is longer than allowed")
        try:
            record: dict[str, Any] = orjson.loads(data)
            endorsement = cls(**_typed(record))
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise MalformedEndorsementError("the endorsement is not of the expected form") from problem
        if endorsement.to_json() != data:
            raise MalformedEndorsementError("the endorsement is not in canonical form")
        return endorsement


# Written for every seal, so the order of the keys is found once.
_NAMES = sorted(field.name for field in fields(Endorsement) if field.name != "parts")
_VALUES = attrgetter(*_NAMES)


def _typed(record: dict[str, Any]) -> dict[str, Any]:
    """Turn the values that JSON has no type for into ours."""
    return {
        **record,
        "seal_kind": SealKind(record["seal_kind"]),
        "extracted_at": datetime.fromisoformat(record["extracted_at"]),
        "parts": tuple(_part(each) for each in record.get("parts", ())),
    }


def _part(record: dict[str, Any]) -> EndorsedPart:
    part = EndorsedPart(
        **{
            **record,
            "fields": tuple(record["fields"]),
            "labels": tuple(record["labels"]),
            "confirmed_at": datetime.fromisoformat(record["confirmed_at"]),
        }
    )
    texts = (part.unit_code, part.unit_name, part.drafted_by, *part.fields, *part.labels)
    if not all(isinstance(text, str) for text in texts) or not isinstance(part.negative, bool):
        raise TypeError("a part is not of the expected form")
    return part


def format_time(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with milliseconds, as endorsements and APIs write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def facts_json(facts: tuple[Fact, ...]) -> bytes:
    """Return the canonical JSON of the facts: a list in the order of the page, each with sorted keys."""
    return orjson.dumps([asdict(fact) for fact in facts], option=orjson.OPT_SORT_KEYS)


def facts_digest(facts: tuple[Fact, ...]) -> str:
    """Return the SHA-256 of the facts' canonical JSON, lower-case hexadecimal."""
    return hashlib.sha256(facts_json(facts)).hexdigest()
