"""Facts of a proof: what a source or a drafter says, held against what the proof type states."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import Applicant
from graph_models.catalogue import ApplicantKind, FactField, FactKind
from hub.errors import InvalidInputError
from hub.facts import FACT_LIMIT, check_text, facts_of, request_subject, subject_facts, subject_of
from hub.identifiers import credit_check_character
from tests.hub import small_catalogue as small
from tests.hub.office import NAME, PERSON

TODAY = date(2026, 3, 2)
FIRM = "91330200144056344" + credit_check_character("91330200144056344")
FIELDS = (
    FactField(key="name", label="姓名", label_en="Name"),
    FactField(key="since", label="日期", label_en="Since", kind=FactKind.DATE),
    FactField(key="id_number", label="身份证号", label_en="Identity number", kind=FactKind.ID_NUMBER),
    FactField(key="firm", label="单位", label_en="Firm", kind=FactKind.CREDIT_CODE, required=False),
)
TYPE = replace(small.proof_type("T1"), facts=FIELDS)
GOOD = {"name": NAME, "since": "2019-07-01", "id_number": PERSON, "firm": FIRM}
APPLICANT = Applicant(kind=ApplicantKind.NATURAL_PERSON, name=NAME, identifier=PERSON)


@given(st.permutations(sorted(GOOD.items())))
def test_facts_come_in_the_order_of_the_type_with_its_labels_however_they_were_given(
    pairs: list[tuple[str, str]],
) -> None:
    facts = facts_of(TYPE, pairs, TODAY)
    assert [(fact.key, fact.label, fact.value) for fact in facts] == [
        (field.key, field.label, GOOD[field.key]) for field in FIELDS
    ]


def test_what_is_not_required_may_be_left_out_or_empty_and_blanks_around_a_value_go() -> None:
    given_pairs = [("name", f"  {NAME} "), ("since", "2019-07-01"), ("id_number", PERSON), ("firm", " ")]
    assert [fact.value for fact in facts_of(TYPE, given_pairs, TODAY)] == [NAME, "2019-07-01", PERSON]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", ""),
        ("name", "\ue000"),
        ("name", "长" * (FACT_LIMIT + 1)),
        ("since", "2019-02-30"),
        ("since", "20190701"),
        ("since", "2019-W27-1"),
        ("since", "July"),
        ("id_number", "330203199001011230"),
        ("id_number", PERSON[:-1]),
        ("firm", "91330200144056344"),
        ("age", "36"),
    ],
)
def test_a_fact_that_is_missing_malformed_or_unknown_is_refused_by_its_field(key: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        facts_of(TYPE, {**GOOD, key: value}.items(), TODAY)
    assert refused.value.field == f"facts.{key}"


def test_a_fact_given_twice_is_refused_even_with_the_same_value() -> None:
    with pytest.raises(InvalidInputError, match="twice"):
        facts_of(TYPE, [*GOOD.items(), ("name", NAME)], TODAY)


@pytest.mark.requirement("I4")
def test_a_fault_never_repeats_the_identity_number() -> None:
    wrong = PERSON[:-1] + ("0" if PERSON[-1] != "0" else "1")
    with pytest.raises(InvalidInputError) as refused:
        facts_of(TYPE, {**GOOD, "id_number": wrong}.items(), TODAY)
    assert all(wrong not in text for text in (refused.value.message, refused.value.message_zh, refused.value.mend))


@given(st.integers(0, 50))
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(length: int) -> None:
    check_text("remark", "字" * length, length)
    with pytest.raises(InvalidInputError) as refused:
        check_text("remark", "字" * (length + 1), length)
    assert refused.value.field == "remark"


@pytest.mark.requirement("I4")
def test_the_subject_is_what_the_type_is_found_by_and_nothing_more() -> None:
    more = {"property_number": "330203 001", "remark": "x"}
    by_number = replace(TYPE, subject_keys=("property_number",))
    assert subject_of(TYPE, APPLICANT, more) == {"id_number": PERSON}
    assert subject_of(by_number, APPLICANT, more) == {"property_number": "330203 001"}
    assert request_subject(by_number, APPLICANT, more).keys == (("property_number", "330203 001"),)


def test_a_firm_is_found_by_its_credit_code_and_has_no_identity_number() -> None:
    firm = Applicant(kind=ApplicantKind.LEGAL_PERSON, name="某公司", identifier=FIRM)
    assert subject_of(replace(TYPE, subject_keys=("credit_code", "name")), firm, {}) == {
        "credit_code": FIRM,
        "name": "某公司",
    }
    with pytest.raises(InvalidInputError) as refused:
        subject_of(TYPE, firm, {})
    assert refused.value.field == "subject.id_number"


def test_a_negative_proof_says_about_whom_it_was_asked_by_the_labels_of_its_type() -> None:
    subject = {"property_number": "330203 001", "plot": "7"}
    facts = subject_facts(TYPE, APPLICANT, subject)
    assert [(fact.label, fact.value) for fact in facts] == [
        ("姓名", NAME),
        ("不动产单元号", "330203 001"),
        ("plot", "7"),
    ]
