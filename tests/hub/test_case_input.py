"""What a caller says when it opens a case, checked before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import Answer, Licence
from graph_models.catalogue import ApplicantKind, Measure
from hub.case_input import CLOCK_SKEW, IDENTITY_METHODS, LIST_LIMIT, NAME_LIMIT, NUMBER_LIMIT, OpenCase, check_open_case
from hub.errors import InvalidInputError
from tests.hub import small_catalogue as small
from tests.hub.office import NAME, NOW, PERSON, matter

UNIT = small.unit("MZ-HS", small.HAISHU)
GIVEN = matter("WHOLE")
LICENCE = Licence(proof_type_code="SB", platform="浙里办", licence_number="L-1", evidence="E-1", at=NOW)
NAIVE = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001  what a careless caller sends


def refused(given: OpenCase) -> str | None:
    """Return the field for which the input is refused; the sentence never holds the identity number."""
    with pytest.raises(InvalidInputError) as refusal:
        check_open_case(given, UNIT, NOW)
    error = refusal.value
    assert all(PERSON not in text for text in (error.message, error.message_zh, error.mend))
    return error.field


def applicant(**changes: object) -> OpenCase:
    return replace(GIVEN, applicant=replace(GIVEN.applicant, **changes))  # type: ignore[arg-type]


def identity(**changes: object) -> OpenCase:
    return replace(GIVEN, identity=replace(GIVEN.identity, **changes))  # type: ignore[arg-type]


def licence(**changes: object) -> OpenCase:
    return replace(GIVEN, licences=(replace(LICENCE, **changes),))  # type: ignore[arg-type]


def test_what_is_sound_passes() -> None:
    agent = identity(agent_name="李四", agent_identifier=PERSON, mandate="WT-1", at=NOW + CLOCK_SKEW).identity
    answers = (Answer(proof_type_code="HY", region="440300"),)
    full = replace(GIVEN, identity=agent, licences=(LICENCE,), answers=answers, subject=(("property_number", "1"),))
    for given_input in (GIVEN, full, replace(GIVEN, region="330203004")):
        check_open_case(given_input, UNIT, NOW)


@pytest.mark.parametrize(
    ("given_input", "field"),
    [
        (replace(GIVEN, business_number=" "), "businessNumber"),
        (replace(GIVEN, business_number="B" * (NUMBER_LIMIT + 1)), "businessNumber"),
        (replace(GIVEN, business_number="B\n1"), "businessNumber"),
        (replace(GIVEN, region="3302"), "region"),
        (replace(GIVEN, region=small.CIXI), "region"),
        (applicant(name=" "), "applicant.name"),
        (applicant(name="长" * (NAME_LIMIT + 1)), "applicant.name"),
        (applicant(name="王\ue000"), "applicant.name"),
        (applicant(identifier=PERSON[:-1]), "applicant.identifier"),
        (applicant(kind=ApplicantKind.LEGAL_PERSON), "applicant.identifier"),
        (replace(GIVEN, answers=(Answer(proof_type_code="HY", region="Cixi"),)), "answers.region"),
        (replace(GIVEN, subject=(("property_number", ""),)), "subject.property_number"),
        (replace(GIVEN, subject=(("k" * (NUMBER_LIMIT + 1), "x"),)), "subject"),
        (licence(at=NAIVE), "licences.at"),
        (licence(platform=""), "licences.platform"),
        (licence(licence_number="9" * (NUMBER_LIMIT + 1)), "licences.licenceNumber"),
        (licence(evidence="x" * 4001), "licences.evidence"),
    ],
)
def test_what_is_malformed_is_refused_by_its_field(given_input: OpenCase, field: str) -> None:
    assert refused(given_input) == field


@pytest.mark.parametrize("name", ["answers", "licences", "subject"])
def test_a_list_that_is_too_long_is_refused(name: str) -> None:
    entry: object = {"answers": Answer(proof_type_code="HY", region=small.CITY), "licences": LICENCE}.get(
        name, ("key", "value")
    )
    too_many = {name: (entry,) * (LIST_LIMIT + 1)}
    assert refused(replace(GIVEN, **too_many)) == name  # type: ignore[arg-type]


@pytest.mark.requirement("R12.1")
@pytest.mark.parametrize("method", sorted(set(Measure) - IDENTITY_METHODS))
def test_nothing_but_a_face_or_an_app_identifies_somebody_at_the_window(method: Measure) -> None:
    assert refused(identity(method=method)) == "identity.method"


@pytest.mark.requirement("R12.1")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"assertion_id": ""}, "identity.assertionId"),
        ({"provider": " "}, "identity.provider"),
        ({"at": NAIVE}, "identity.at"),
        ({"at": NOW + CLOCK_SKEW + timedelta(milliseconds=1)}, "identity.at"),
        ({"agent_name": "李四"}, "identity.agent"),
        ({"agent_name": "李四", "mandate": "WT-1"}, "identity.agent"),
        ({"mandate": "WT-1"}, "identity.agent"),
        ({"agent_name": "李四", "agent_identifier": "1", "mandate": "WT-1"}, "identity.agentIdentifier"),
        ({"agent_name": "李\ue000", "agent_identifier": PERSON, "mandate": "WT-1"}, "identity.agentName"),
        ({"agent_name": "李四", "agent_identifier": PERSON, "mandate": "W" * 99}, "identity.mandate"),
    ],
)
def test_no_case_without_whole_evidence_of_who_came(changes: dict[str, object], field: str) -> None:
    assert refused(identity(**changes)) == field


@pytest.mark.requirement("I2")
@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_the_digest_tells_contents_apart_and_is_the_same_for_the_same(one: str, other: str) -> None:
    first, second = replace(GIVEN, item_code=one), replace(GIVEN, item_code=other)
    assert (first.digest() == second.digest()) == (one == other)
    assert replace(first).digest() == first.digest()


@pytest.mark.requirement("I2")
def test_every_field_belongs_to_the_content() -> None:
    changed = [
        applicant(name=NAME + "二"),
        identity(assertion_id="A-10"),
        replace(GIVEN, business_number="B-other"),
        replace(GIVEN, region="330203004"),
        replace(GIVEN, answers=(Answer(proof_type_code="HY", region=small.CITY),)),
        replace(GIVEN, licences=(LICENCE,)),
        replace(GIVEN, subject=(("key", "value"),)),
    ]
    assert len({each.digest() for each in (GIVEN, *changed)}) == len(changed) + 1
