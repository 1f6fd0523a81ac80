"""What may stand on a page: bounded lengths, real dates, characters that can be shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from seals.endorsement import ENDORSEMENT_LIMIT, Endorsement, Fact
from seals.errors import PageError
from seals.glyphs import require_printable
from seals.page_content import PageContent

FACTS_LIMIT = 100
"""Most facts on one proof."""
LABEL_LIMIT = 100
"""Longest label of a fact, in characters."""
VALUE_LIMIT = 2000
"""Longest value of a fact, and longest remark, in characters."""
TOTAL_LIMIT = 30_000
"""All facts together, in characters: some forty pages."""
NAME_LIMIT = 200
"""Longest title, name, code or number, in characters."""
NUMBER_LIMIT = 64
"""Longest proof number, in characters: it stands beside the QR code."""
UNIT_LIMIT = 80
"""Longest name of a producing unit, in characters: it stands under the seal."""
ADDRESS_LIMIT = 400
"""Longest address of the check page, in characters; more does not make a QR code that a telephone reads."""


def require_within_limits(content: PageContent) -> None:
    """Check all that a page would show, before it is rendered.

    Raises:
        PageError: there is too much of something, something is missing, or the last day is no date.
        UnprintableCharacterError: a character cannot be shown.
    """
    if len(content.facts) > FACTS_LIMIT:
        raise PageError(f"there are {len(content.facts)} facts, at most {FACTS_LIMIT} are shown")
    if sum(len(text) for fact in content.facts for text in _texts_of(fact)) > TOTAL_LIMIT:
        raise PageError(f"the facts have more than {TOTAL_LIMIT} characters together")
    if len(content.endorsement.to_json()) > ENDORSEMENT_LIMIT:
        raise PageError(f"the endorsement is longer than {ENDORSEMENT_LIMIT} bytes")
    if content.valid_until is not None:
        _require_date(content.valid_until)
    shown = list(_shown(content))
    for name, text, limit in shown:
        if len(text) > limit:
            raise PageError(f"{name} has {len(text)} characters, at most {limit} are shown")
    for name, text, _ in shown:
        if not text.strip() and name not in _MAY_BE_EMPTY:
            raise PageError(f"{name} is empty")
    require_printable(text for _, text, _ in shown)


_MAY_BE_EMPTY = {"the value of a fact", "the English label of a fact", "the English title"}


def _shown(content: PageContent) -> Iterator[tuple[str, str, int]]:
    """Yield what each text is, the text, and its limit."""
    yield "the title", content.title, NAME_LIMIT
    yield "the English title", content.title_en, NAME_LIMIT
    yield "the address of the check page", content.check_url, ADDRESS_LIMIT
    if content.remarks is not None:
        yield "the remark", content.remarks, VALUE_LIMIT
    for fact in content.facts:
        yield "the key of a fact", fact.key, LABEL_LIMIT
        yield "the label of a fact", fact.label, LABEL_LIMIT
        yield "the English label of a fact", fact.label_en, LABEL_LIMIT
        yield "the value of a fact", fact.value, VALUE_LIMIT
    yield "the proof number", content.endorsement.proof_number, NUMBER_LIMIT
    yield "the producing unit's name", content.endorsement.producing_unit_name, UNIT_LIMIT
    for name, text in _endorsed(content.endorsement):
        yield name, text, NAME_LIMIT


def _endorsed(endorsement: Endorsement) -> Iterator[tuple[str, str]]:
    yield "the proof type's code", endorsement.proof_type_code
    yield "the proof type's name", endorsement.proof_type_name
    yield "the item's code", endorsement.item_code
    yield "the item's name", endorsement.item_name
    yield "the case number", endorsement.case_number
    yield "the extraction unit's code", endorsement.extraction_unit_code
    yield "the extraction unit's name", endorsement.extraction_unit_name
    yield "the producing unit's code", endorsement.producing_unit_code
    yield "the facts' digest", endorsement.facts_sha256
    for part in endorsement.parts:
        yield "the code of a part's unit", part.unit_code
        yield "the name of a part's unit", part.unit_name
        yield "the drafter of a part", part.drafted_by
        for label in part.labels:
            yield "the label of a part's fact", label
    if endorsement.data_source is not None:
        yield "the data source", endorsement.data_source
    if endorsement.drafted_by is not None:
        yield "the drafter", endorsement.drafted_by


def _texts_of(fact: Fact) -> tuple[str, ...]:
    return fact.key, fact.label, fact.label_en, fact.value


def _require_date(text: str) -> None:
    try:
        genuine = date.fromisoformat(text).isoformat() == text
    except ValueError:
        genuine = False
    if not genuine:
        raise PageError("the last day of validity is no date of the form YYYY-MM-DD")
