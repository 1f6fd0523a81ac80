"""A case and its requests by GraphQL, over the real hub."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from hub.actors import Actor
from tests.schema.city import DRAFTER, NOBODY, OPERATOR, PERSON, REVIEWER, SEALER, STRANGER, City, case_input

PROBLEM = "... on Problem { __typename code message messageZh mend field }"
OPEN = f"""mutation Open($input: OpenCaseInput!) {{ openCase(input: $input) {{
  errors {{ {PROBLEM} }}
  case {{ number state catalogueVersion applicant {{ name identifier }} item {{ name }} unit {{ name }}
    plan {{ clock clockZh readyAt lines {{ outcome state textZh proofNumber proofType {{ name }} }} }}
    needs {{ id state proofType {{ name }} question {{ text }} }}
    requests {{ id state dueAt targetAt hardLimitAt issuer {{ name }} }}
    proofs {{ number kind negative proofType {{ name }} producer {{ name }} validUntil }} }} }} }}"""
READ = f"query Read($number: String!) {{ case(number: $number) {{ ... on Case {{ number state }} {PROBLEM} }} }}"


async def opened(city: City, number: str, **more: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await city.ask(OPEN, input=case_input(number, **more)))["openCase"]
    assert payload["errors"] == []
    case: dict[str, Any] = payload["case"]
    return case


async def step(city: City, actor: Actor, name: str, request: str, more: str = "") -> dict[str, Any]:
    query = f"""mutation {{ {name}(input: {{requestId: "{request}", key: "{name}-{request}" {more}}}) {{
      request {{ state version nextSteps steps {{ step by }} draft {{ negative facts {{ key value }} }} }}
      errors {{ {PROBLEM} }} }} }}"""
    payload: dict[str, Any] = (await city.ask(query, actor))[name]
    return payload


@pytest.mark.requirement("R14.1", "R14.4", "I2")
async def test_opening_a_case_brings_the_shared_proof_at_once_and_asks_the_unit_for_the_other(city: City) -> None:
    case = await opened(city, "B-1")
    assert {need["proofType"]["name"]: need["state"] for need in case["needs"]} == {
        "无犯罪记录证明": "REQUESTED",
        "户口登记证明": "MET",
    }
    assert [(proof["kind"], proof["producer"]["name"]) for proof in case["proofs"]] == [("SHARED", "宁波市公安局")]
    assert [request["issuer"]["name"] for request in case["requests"]] == ["宁波市公安局海曙分局"]
    assert case["requests"][0]["targetAt"] == "2026-03-03T01:00:00Z"
    assert case["plan"]["clockZh"].endswith("前")
    assert (await opened(city, "B-1"))["number"] == case["number"]


async def test_the_same_number_with_other_content_is_a_conflict_that_says_so(city: City) -> None:
    await opened(city, "B-2")
    other = (await city.ask(OPEN, input=case_input("B-2", NOBODY)))["openCase"]
    assert other["case"] is None
    assert [(e["__typename"], e["code"], e["field"]) for e in other["errors"]] == [
        ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT", "businessNumber")
    ]


@pytest.mark.parametrize(
    ("given", "kind", "field"),
    [
        ({"identifier": PERSON[:-1] + "A"}, "InvalidInput", "applicant.identifier"),
        ({"itemCode": "NB9999"}, "OutsideCatalogue", "itemCode"),
        ({"region": "110000"}, "InvalidInput", "region"),
    ],
)
async def test_wrong_input_is_a_typed_problem_with_its_field(
    city: City, given: dict[str, str], kind: str, field: str
) -> None:
    payload = (await city.ask(OPEN, input=case_input("B-3", **given)))["openCase"]
    assert [(e["__typename"], e["field"]) for e in payload["errors"]] == [(kind, field)]
    assert PERSON not in payload["errors"][0]["message"]


async def test_a_case_of_another_unit_does_not_exist_for_it(city: City) -> None:
    case = await opened(city, "B-4")
    found = (await city.ask(READ, STRANGER, number=case["number"]))["case"]
    assert found["__typename"] == "NotFound"
    assert (await city.ask(READ, DRAFTER, number=case["number"]))["case"]["__typename"] == "NotPermitted"


@pytest.mark.requirement("R14.4", "R17.2")
async def test_three_people_answer_a_request_and_the_case_has_its_proof(city: City) -> None:
    case = await opened(city, "B-5")
    request = case["requests"][0]["id"]
    assert (await step(city, DRAFTER, "claimRequest", request))["request"]["nextSteps"] == [
        "RELEASE", "DRAFT", "PASS_ON", "REQUEST_PART", "WITHDRAW",
    ]  # fmt: skip
    draft = ', negative: false, facts: [{key: "name", value: "王小明"}]'
    assert (await step(city, DRAFTER, "draftAnswer", request, draft))["request"]["state"] == "DRAFTED"
    assert (await step(city, REVIEWER, "reviewAnswer", request, ", approve: true"))["errors"] == []
    sealed = await step(city, SEALER, "sealAnswer", request)
    assert sealed["request"]["state"] == "DELIVERED"
    assert [each["step"] for each in sealed["request"]["steps"]] == ["CLAIM", "DRAFT", "APPROVE", "SEAL", "DELIVER"]
    given = f'{{number: "{case["number"]}", key: "k"}}'
    closing = f"mutation {{ closeCase(input: {given}) {{ case {{ state proofs {{ kind }} }} }} }}"
    closed = (await city.ask(closing))["closeCase"]["case"]
    assert closed["state"] == "CLOSED"
    assert sorted(proof["kind"] for proof in closed["proofs"]) == ["SHARED", "VERIFIED"]


@pytest.mark.requirement("R14.1")
async def test_a_proof_is_handed_out_and_verified(city: City) -> None:
    number = (await opened(city, "B-6"))["proofs"][0]["number"]
    query = f'{{ proof(number: "{number}") {{ ... on Proof {{ document documentSha256 endorsement }} {PROBLEM} }} }}'
    proof = (await city.ask(query))["proof"]
    assert base64.b64decode(proof["document"]).startswith(b"%PDF-")
    verify = f"""query V($pdf: Base64!) {{ verifyProof(document: $pdf) {{
      ... on Verdict {{ outcome summary checks {{ name status }} facts {{ key value }} }} {PROBLEM} }} }}"""
    verdict = (await city.ask(verify, STRANGER, pdf=proof["document"]))["verifyProof"]
    assert (verdict["outcome"], verdict["facts"]) == ("GOOD", [{"key": "name", "value": "王小明"}]), verdict
    garbage = (await city.ask(verify, pdf=base64.b64encode(b"%PDF-1.7 nothing").decode()))["verifyProof"]
    assert garbage["outcome"] != "GOOD"


@pytest.mark.requirement("I4")
async def test_only_the_units_concerned_see_whom_a_request_is_about_and_only_the_issuer_its_draft(city: City) -> None:
    case = await opened(city, "B-7")
    request = case["requests"][0]["id"]
    await step(city, DRAFTER, "claimRequest", request)
    await step(city, DRAFTER, "draftAnswer", request, ', negative: false, facts: [{key: "name", value: "王小明"}]')
    query = f"""{{ request(id: "{request}") {{ {PROBLEM} ... on VerificationRequest {{
      subject {{ name keys {{ key value }} }} form {{ key label }} draft {{ negative }} asker {{ name }} }} }} }}"""
    issuer = (await city.ask(query, REVIEWER))["request"]
    assert issuer["subject"] == {"name": "王小明", "keys": [{"key": "id_number", "value": PERSON}]}
    assert issuer["draft"] == {"negative": False}
    assert (await city.ask(query, OPERATOR))["request"]["draft"] is None
    assert (await city.ask(query, STRANGER))["request"]["__typename"] == "NotFound"


async def test_a_question_is_asked_and_its_answer_goes_on(city: City) -> None:
    case = await opened(city, "B-8", itemCode="NB0002", region="330200")
    assert [(need["state"], need["question"]["text"]) for need in case["needs"]] == [
        ("ANSWER_NEEDED", "婚姻登记地在哪里？")
    ]
    answer = """mutation A($input: AnswerQuestionInput!) { answerQuestion(input: $input) {
      case { requests { issuer { code } } } errors { code } } }"""
    given = {"number": case["number"], "key": "a-1", "proofTypeCode": "JH", "region": "330282"}
    answered = (await city.ask(answer, input=given))["answerQuestion"]
    assert answered == {"case": {"requests": [{"issuer": {"code": "GA"}}]}, "errors": []}


async def test_cases_and_the_inbox_are_pages_that_go_on(city: City) -> None:
    for number in range(3):
        await opened(city, f"P-{number}")
    query = """query C($after: String) { cases(first: 2, after: $after) { ... on CaseConnection {
      nodes { number needs { state } requests { id } proofs { number } } pageInfo { hasNextPage endCursor } } } }"""
    first = (await city.ask(query))["cases"]
    second = (await city.ask(query, after=first["pageInfo"]["endCursor"]))["cases"]
    seen = [node["number"] for page in (first, second) for node in page["nodes"]]
    assert len(set(seen)) == len(seen) >= 3
    assert all(len(node["needs"]) == 2 for node in first["nodes"] if len(node["proofs"]) == 1)
    inbox = (
        "{ inbox(first: 1) { ... on RequestConnection { nodes { state subject { name } } pageInfo { hasNextPage } } } }"
    )
    page = (await city.ask(inbox, DRAFTER))["inbox"]
    assert page["pageInfo"]["hasNextPage"]
    assert page["nodes"][0]["subject"] == {"name": "王小明"}


async def test_two_mutations_of_one_request_each_show_what_they_did(city: City) -> None:
    case = await opened(city, "B-9", itemCode="NB0002", region="330200")
    number = case["number"]
    shown = "{ case { state needs { state } } errors { code } }"
    query = f"""mutation {{
      one: answerQuestion(input: {{number: "{number}", key: "1", proofTypeCode: "JH", region: "330282"}}) {shown}
      two: withdrawCase(input: {{number: "{number}", key: "2"}}) {shown} }}"""
    done = await city.ask(query)
    assert done["one"]["case"] == {"state": "OPEN", "needs": [{"state": "REQUESTED"}]}
    assert done["two"]["case"] == {"state": "WITHDRAWN", "needs": [{"state": "WITHDRAWN"}]}
