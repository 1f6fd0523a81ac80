"""Opening, closing and withdrawing cases by GraphQL, and what refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.actors import Actor
from tests.schema.city import DRAFTER, OPERATOR, PERSON, REVIEWER, STRANGER, City, case_input
from tests.schema.test_cases import OPEN, opened

ERRORS = "errors { __typename code field mend messageZh }"
LICENCE = {
    "proofTypeCode": "WFZ",
    "platform": "zhejiang",
    "licenceNumber": "L-1",
    "evidence": "{}",
    "at": "2026-03-02T08:58:00+08:00",
}


async def ended(city: City, name: str, number: str, key: str = "k", actor: Actor = OPERATOR) -> dict[str, Any]:
    given = f'number: "{number}", key: "{key}"'
    shown = "case { number state needs { state } requests { state } proofs { number } }"
    payload: dict[str, Any] = (
        await city.ask(f"mutation {{ {name}(input: {{{given}}}) {{ {shown} {ERRORS} }} }}", actor)
    )[name]
    return payload


@pytest.mark.parametrize(("given", "field"), [
    ({"businessNumber": ""}, "businessNumber"),
    ({"applicant": {"kind": "NATURAL_PERSON", "name": " ", "identifier": PERSON}}, "applicant.name"),
    ({"applicant": {"kind": "LEGAL_PERSON", "name": "甲公司", "identifier": PERSON}}, "applicant.identifier"),
    ({"answers": [{"proofTypeCode": "JH", "region": "海曙"}]}, "answers.region"),
    ({"licences": [LICENCE] * 51}, "licences"),
])  # fmt: skip
async def test_what_is_malformed_is_told_at_its_field(city: City, given: dict[str, Any], field: str) -> None:
    (error,) = (await city.ask(OPEN, input={**case_input("CM-1"), **given}))["openCase"]["errors"]
    assert (error["__typename"], error["field"]) == ("InvalidInput", field)
    assert PERSON not in error["message"] + error["messageZh"]


@pytest.mark.requirement("R12.1")
async def test_without_identity_evidence_or_an_agents_whole_mandate_nothing_is_opened(city: City) -> None:
    whole = case_input("CM-2")
    without = {key: value for key, value in whole.items() if key != "identity"}
    answer = (await city.post({"query": OPEN, "variables": {"input": without}})).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_VARIABLES"
    agent = {**whole["identity"], "agentName": "王五"}
    (error,) = (await city.ask(OPEN, input={**whole, "identity": agent}))["openCase"]["errors"]
    assert error["__typename"] == "InvalidInput"
    assert error["field"].startswith("identity")


async def test_a_licence_at_hand_and_more_keys_are_kept_as_they_were_received(city: City) -> None:
    case = await opened(city, "CM-3", licences=[LICENCE], subject=[{"key": "property_number", "value": "甬(2026)1"}])
    query = f"""{{ case(number: "{case["number"]}") {{ ... on Case {{
      licences {{ proofTypeCode platform licenceNumber evidence at }} subject {{ key value }}
      identity {{ method provider assertionId at }} answers {{ region }} }} }} }}"""
    found = (await city.ask(query))["case"]
    assert found["licences"] == [{**LICENCE, "at": "2026-03-02T00:58:00Z"}]
    assert found["subject"] == [{"key": "property_number", "value": "甬(2026)1"}]
    assert found["identity"]["at"] == "2026-03-02T00:59:00Z"
    assert found["answers"] == []


@pytest.mark.parametrize("actor", [DRAFTER, REVIEWER, STRANGER])
async def test_only_an_operator_of_a_unit_that_handles_the_item_opens_a_case(city: City, actor: Actor) -> None:
    payload = (await city.ask(OPEN, actor, input=case_input("CM-4")))["openCase"]
    assert payload["case"] is None
    assert [error["__typename"] for error in payload["errors"]] == ["NotPermitted"]


async def test_a_case_with_something_under_way_cannot_be_closed(city: City) -> None:
    case = await opened(city, "CM-5")
    refused = await ended(city, "closeCase", case["number"])
    assert refused["case"] is None
    assert [error["__typename"] for error in refused["errors"]] == ["WrongState"]
    assert refused["errors"][0]["mend"]


@pytest.mark.requirement("I2")
async def test_withdrawing_ends_what_is_under_way_once_and_keeps_what_is_sealed(city: City) -> None:
    case = await opened(city, "CM-6")
    first = await ended(city, "withdrawCase", case["number"])
    assert first["case"]["state"] == "WITHDRAWN"
    assert [request["state"] for request in first["case"]["requests"]] == ["WITHDRAWN"]
    assert first["case"]["proofs"] == [{"number": case["proofs"][0]["number"]}]
    assert await ended(city, "withdrawCase", case["number"]) == first
    again = await ended(city, "withdrawCase", case["number"], key="another")
    assert [error["__typename"] for error in again["errors"]] == ["WrongState"]


@pytest.mark.parametrize(("actor", "kind"), [(STRANGER, "NotFound"), (DRAFTER, "NotPermitted")])
async def test_nobody_else_ends_a_case(city: City, actor: Actor, kind: str) -> None:
    case = await opened(city, f"CM-7-{kind}")
    for name in ("closeCase", "withdrawCase"):
        refused = await ended(city, name, case["number"], actor=actor)
        assert [error["__typename"] for error in refused["errors"]] == [kind]


async def test_an_answer_with_a_malformed_region_or_to_no_question_is_refused(city: City) -> None:
    case = await opened(city, "CM-8")
    query = f"mutation A($input: AnswerQuestionInput!) {{ answerQuestion(input: $input) {{ {ERRORS} }} }}"
    for region, kind, field in (("x", "InvalidInput", "region"), ("330282", "InvalidInput", "proofTypeCode")):
        given = {"number": case["number"], "key": region, "proofTypeCode": "JH", "region": region}
        (error,) = (await city.ask(query, input=given))["answerQuestion"]["errors"]
        assert (error["__typename"], error["field"]) == (kind, field)
