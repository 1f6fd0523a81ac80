"""Parts of an answer: which hold, what is left to the unit itself, and what the endorsement says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from graph_models.casework import DraftAnswer, RequestState, RequestStep, VerificationRequest
from graph_models.catalogue import FactField
from graph_models.snapshot import CatalogueSnapshot
from hub.answer_parts import brought, endorsed_parts, form_of, has_asked, missing_fields, parts_of
from hub.answers import order_of_answer
from hub.errors import InvalidInputError, WrongStateError
from hub.issuing import IssueOrder
from tests.hub import small_catalogue as small
from tests.hub.casework import CASE, NOW, REQUEST, REQUESTED
from tests.hub.office import NO_RECORD, found

TYPE = replace(
    small.proof_type("T2"),
    facts=(
        FactField(key="name", label="姓名", label_en="Name"),
        FactField(key="since", label="自", label_en="Since"),
        FactField(key="school", label="学校", label_en="School", required=False),
    ),
)
CATALOGUE: CatalogueSnapshot = small.snapshot(
    units=[small.unit(code) for code in ("U0", "U2", "U3", "U4")], proof_types=[TYPE]
)
WHOLE = replace(REQUEST, draft=found())
SINCE = DraftAnswer(negative=False, facts=(("since", "2015"), ("school", " ")), statement="")


def part(
    unit: str, *fields: str, answer: DraftAnswer | None = None, minutes: int = 0, **more: object
) -> VerificationRequest:
    """Return a part that was answered, or one that is open."""
    step = RequestStep(step="DELIVER", at=NOW + timedelta(minutes=9), by="hub", unit_code="")
    made = replace(
        REQUEST,
        id=f"P-{unit}-{minutes}",
        asking_unit="U2",
        issuing_unit=unit,
        state=RequestState.DELIVERED if answer else RequestState.CLAIMED,
        draft=answer,
        drafter=f"{unit}-1",
        steps=(step,) if answer else (),
        received_at=NOW + timedelta(minutes=minutes),
        part_of=WHOLE.id,
        part_fields=fields,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def order(parts: Sequence[VerificationRequest], answer: DraftAnswer | None = None) -> IssueOrder:
    whole = WHOLE if answer is None else replace(WHOLE, draft=answer)
    return order_of_answer(CATALOGUE, CASE, REQUESTED, whole, date(2026, 3, 2), parts=tuple(parts))


def test_parts_hold_for_the_unit_that_asked_until_they_are_withdrawn() -> None:
    late, early = part("U3", "since", minutes=5), part("U4", "school", minutes=1)
    others = (
        part("U3", "since", asking_unit="U9"),
        part("U3", "since", part_of="R9"),
        part("U3", "since", state=RequestState.WITHDRAWN),
        WHOLE,
    )
    assert parts_of(WHOLE, (late, *others, early)) == (early, late)


def test_only_a_request_with_the_step_has_asked() -> None:
    step = RequestStep(step="REQUEST_PART", at=NOW, by="U2-1", unit_code="U2")
    assert [has_asked(WHOLE), has_asked(replace(WHOLE, steps=(step,)))] == [False, True]


def test_the_form_is_what_nobody_else_brings_and_of_a_part_its_own_fields() -> None:
    open_part = part("U3", "school", "since")
    assert [field.key for field in form_of(TYPE, WHOLE, (open_part,))] == ["name"]
    assert [field.key for field in form_of(TYPE, open_part, ())] == ["since", "school"]
    assert form_of(TYPE, WHOLE, ()) == TYPE.facts


@pytest.mark.requirement("R14.2", "R17.3")
def test_facts_stand_in_the_order_of_the_type_and_each_part_with_what_it_brought() -> None:
    made = order([part("U3", "since", "school", answer=SINCE)])
    assert [(fact.key, fact.value) for fact in made.facts] == [("name", "王小明"), ("since", "2015")]
    (said,) = made.parts
    assert (said.unit_code, said.unit_name, said.drafted_by) == ("U3", "单位U3", "U3-1")
    assert (said.fields, said.negative) == (("since",), False)
    assert said.confirmed_at == NOW + timedelta(minutes=9)


def test_with_an_open_part_there_is_no_order_whatever_the_answer() -> None:
    for answer in (None, NO_RECORD):
        with pytest.raises(WrongStateError, match="open at unit U3"):
            order([part("U3", "since")], answer)


def test_a_fact_of_a_part_in_the_units_own_draft_is_refused_at_the_seal_too() -> None:
    with pytest.raises(InvalidInputError, match="given twice"):
        order([part("U3", "since", answer=SINCE)], found(since="1999"))


@pytest.mark.requirement("R16.1")
def test_no_record_of_what_is_needed_makes_no_proof_until_another_unit_brings_it() -> None:
    missing = part("U3", "since", answer=NO_RECORD)
    with pytest.raises(WrongStateError, match="no record of since"):
        order([missing])
    brings = part("U4", "since", answer=SINCE, minutes=1)
    assert [said.unit_code for said in order([missing, brings]).parts] == ["U4"]
    assert order([missing], NO_RECORD).parts == ()


@pytest.mark.requirement("R16.1")
def test_no_record_of_what_may_be_left_out_is_in_the_endorsement() -> None:
    made = order([part("U3", "school", answer=NO_RECORD)], found(since="2015"))
    assert [(said.unit_code, said.fields, said.negative) for said in made.parts] == [("U3", ("school",), True)]
    assert [fact.key for fact in made.facts] == ["name", "since"]


def test_of_two_units_without_a_record_the_last_one_is_named() -> None:
    parts = (part("U3", "school", answer=NO_RECORD), part("U4", "school", answer=NO_RECORD, minutes=1))
    assert [said.unit_code for said in endorsed_parts(CATALOGUE, parts)] == ["U4"]
    assert missing_fields(parts) == {"school"}
    assert missing_fields((*parts, part("U3", "school", minutes=2))) == frozenset()
    assert brought(parts) == ()
