"""What a page is made of; the renderer and the signer agree on this record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum

import orjson

from seals.endorsement import Endorsement, Fact


class PageFamily(StrEnum):
    """The family of a proof type, which chooses the template."""

    PERSON = "PERSON"
    ENTERPRISE = "ENTERPRISE"
    PROPERTY = "PROPERTY"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """Everything that a proof's page shows. The two attachments follow from it, so they cannot differ from it."""

    family: PageFamily
    title: str
    title_en: str
    facts: tuple[Fact, ...]
    endorsement: Endorsement
    check_url: str
    """Address of the check page with the proof's unguessable code; drawn as the QR code."""
    seal_holder: str
    """The name on the seal's arc, as the seal's record says (宁波市公安局 by default)."""
    valid_until: str | None
    """Last day on which it can be relied on, ISO date in Asia/Shanghai, or None."""
    remarks: str | None = None
    """For a negative proof: which register was asked, by which keys, as of when; otherwise None or a remark."""


def content_json(content: PageContent) -> str:
    """Return the content as JSON text, from which ``content_from_json`` makes the same content again."""
    record = {name: getattr(content, name) for name in _NAMES}
    record["facts"] = [asdict(fact) for fact in content.facts]
    record["endorsement"] = content.endorsement.to_json().decode()
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()


_NAMES = tuple(field.name for field in fields(PageContent))


def content_from_json(text: str) -> PageContent:
    """Read back what ``content_json`` wrote.

    Raises:
        MalformedEndorsementError: the endorsement inside is not of its form.
    """
    record = orjson.loads(text)
    return PageContent(
        **{
            **record,
            "family": PageFamily(record["family"]),
            "facts": tuple(Fact(**fact) for fact in record["facts"]),
            "endorsement": Endorsement.from_json(record["endorsement"].encode()),
        }
    )
