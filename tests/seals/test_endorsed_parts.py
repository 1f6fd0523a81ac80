"""What an endorsement says of several producing units has to agree with the facts: fault by fault."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seals.endorsed_parts import fault_of_parts
from seals.endorsement import EndorsedPart, Endorsement
from tests.seals.proof_contents import SHARED_CONTENT, VERIFIED_CONTENT

WHOLE = VERIFIED_CONTENT.endorsement
LABELS = {fact.key: fact.label for fact in VERIFIED_CONTENT.facts}
PART = EndorsedPart(
    unit_code="U003",
    unit_name="宁波市民政局",
    fields=("result",),
    labels=("查询结果",),
    negative=False,
    drafted_by="staff-9",
    confirmed_at=datetime(2026, 11, 24, 0, 58, tzinfo=UTC),
)
MISSING = replace(PART, unit_code="U004", fields=("school",), labels=("学校",), negative=True)


def fault(*parts: EndorsedPart, whole: Endorsement = WHOLE) -> str | None:
    return fault_of_parts(replace(whole, parts=parts), LABELS)


@pytest.mark.requirement("R14.2")
def test_each_fact_is_of_one_unit_and_what_is_missing_is_not_there() -> None:
    assert fault(PART, MISSING) is None
    assert fault() is None
    assert fault(whole=SHARED_CONTENT.endorsement) is None


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((replace(PART, unit_code=WHOLE.producing_unit_code),), "beside the whole"),
        ((replace(PART, fields=(), labels=()),), "does not name its facts"),
        ((replace(PART, labels=()),), "does not name its facts"),
        ((replace(PART, labels=("结果",)),), "another label"),
        ((PART, replace(PART, unit_code="U005")), "of two parts"),
        ((replace(PART, fields=("school",)),), "is missing"),
        ((replace(MISSING, fields=("name",)),), "is there"),
    ],
)
def test_what_does_not_agree_is_named(parts: tuple[EndorsedPart, ...], said: str) -> None:
    assert said in str(fault(*parts))


@pytest.mark.parametrize("whole", [SHARED_CONTENT.endorsement, replace(WHOLE, negative=True)])
def test_only_verified_information_that_was_found_has_parts(whole: Endorsement) -> None:
    assert "only verified information" in str(fault(PART, whole=whole))
