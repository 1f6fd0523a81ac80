"""Asking another unit for a part of an answer, by GraphQL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.actors import Actor, Post
from tests.schema.city import ACTORS, DRAFTER, OPERATOR, REVIEWER, SEALER, City
from tests.schema.test_cases import opened
from tests.schema.test_request_mutations import FACTS, step

ASK = """mutation P($input: RequestPartInput!) { requestPart(input: $input) {
  request { id version state nextSteps steps { step remarks } form { key } parts { id } }
  part { id askingUnit issuingUnit partOf partFields remarks state nextSteps form { key } subject { name } }
  errors { __typename code field } } }"""
READ = """query R($id: ID!) { request(id: $id) { __typename ... on VerificationRequest {
  state partOf partFields form { key } parts { id state draft { negative facts { key value } } }
  draft { facts { key value } } } } }"""
PROOF = "query P($number: String!) { proof(number: $number) { ... on Proof { endorsement } } }"
OTHER = [Actor(f"ga-{number}", "GA", frozenset({post})) for number, post in enumerate(
    (Post.DRAFTER, Post.REVIEWER, Post.SEAL_KEEPER)
)]  # fmt: skip
ACTORS.update({actor.subject: actor for actor in OTHER})
SINCE = ', negative: false, facts: [{key: "since", value: "2015-06-01"}]'


async def claimed(city: City, number: str) -> tuple[str, str]:
    """Return a case and its request, which the drafter has claimed."""
    answers = [{"proofTypeCode": "JH", "region": "330203"}]
    case = await opened(city, number, itemCode="NB0003", answers=answers)
    request: str = case["requests"][0]["id"]
    await step(city, DRAFTER, "claimRequest", request)
    return case["number"], request


async def ask(city: City, request: str, actor: Actor = DRAFTER, **changes: Any) -> dict[str, Any]:
    given = {"requestId": request, "key": f"part-{request}", "unitCode": "GA", "fields": ["since"], "reason": "登记处"}
    payload: dict[str, Any] = (await city.ask(ASK, actor, input=given | changes))["requestPart"]
    return payload


async def answer(city: City, request: str, people: list[Actor], facts: str) -> dict[str, Any]:
    """Claim where it is to be, draft, review, seal; return what the last step says."""
    if people[0] is not DRAFTER:
        await step(city, people[0], "claimRequest", request)
    await step(city, people[0], "draftAnswer", request, facts, key="2")
    await step(city, people[1], "reviewAnswer", request, ", approve: true", key="3")
    return await step(city, people[2], "sealAnswer", request, key="4")


@pytest.mark.requirement("R14.2", "R14.4")
async def test_the_other_unit_brings_its_part_and_the_endorsement_names_both(city: City) -> None:
    number, request = await claimed(city, "PA-1")
    made = await ask(city, request)
    assert made["errors"] == []
    assert (made["request"]["state"], made["request"]["form"]) == ("CLAIMED", [{"key": "name"}])
    assert made["request"]["steps"][-1] == {"step": "REQUEST_PART", "remarks": "登记处"}
    part = made["part"]
    assert (part["partOf"], part["partFields"], part["issuingUnit"]) == (request, ["since"], "GA")
    assert made["request"]["parts"] == [{"id": part["id"]}]
    assert "REQUEST_PART" in made["request"]["nextSteps"]
    (shown,) = [(await city.ask(READ, OTHER[0], id=part["id"]))["request"]]
    assert (shown["form"], shown["parts"]) == ([{"key": "since"}], [])
    assert (await answer(city, part["id"], OTHER, SINCE))["request"]["state"] == "DELIVERED"
    assert (await answer(city, request, [DRAFTER, REVIEWER, SEALER], FACTS))["request"]["state"] == "DELIVERED"
    case = await city.ask("query C($n: String!) { case(number: $n) { ... on Case { proofs { number } } } }", n=number)
    proof = (await city.ask(PROOF, number=case["case"]["proofs"][0]["number"]))["proof"]
    (said,) = json.loads(proof["endorsement"])["parts"]
    assert (said["unit_code"], said["fields"], said["labels"]) == ("GA", ["since"], ["登记日期"])


async def test_with_an_open_part_the_seal_is_refused_and_its_facts_are_not_to_be_changed(city: City) -> None:
    _, request = await claimed(city, "PA-2")
    part = (await ask(city, request))["part"]["id"]
    both = FACTS[:-1] + ', {key: "since", value: "1999-01-01"}]'
    for changed in (False, True):
        if changed:
            await answer(city, part, OTHER, SINCE)
        (refused,) = (await step(city, DRAFTER, "draftAnswer", request, both, key=f"both-{changed}"))["errors"]
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", "facts.since")
    second = (await ask(city, (await claimed(city, "PA-3"))[1]))["request"]["id"]
    (problem,) = (await answer(city, second, [DRAFTER, REVIEWER, SEALER], FACTS))["errors"]
    assert (problem["__typename"], problem["code"]) == ("WrongState", "WRONG_STATE")
    assert (await city.ask(READ, DRAFTER, id=second))["request"]["state"] == "REVIEWED"


@pytest.mark.requirement("I4")
async def test_who_sees_which_draft_and_which_parts(city: City) -> None:
    _, request = await claimed(city, "PA-4")
    part = (await ask(city, request))["part"]["id"]
    await step(city, OTHER[0], "claimRequest", part)
    await step(city, OTHER[0], "draftAnswer", part, SINCE, key="2")
    assert (await city.ask(READ, DRAFTER, id=request))["request"]["parts"][0]["draft"] is None
    await step(city, OTHER[1], "reviewAnswer", part, ", approve: true", key="3")
    await step(city, OTHER[2], "sealAnswer", part, key="4")
    (seen,) = (await city.ask(READ, DRAFTER, id=request))["request"]["parts"]
    assert seen["draft"] == {"negative": False, "facts": [{"key": "since", "value": "2015-06-01"}]}
    asker = (await city.ask(READ, OPERATOR, id=request))["request"]
    assert (asker["parts"], asker["draft"]) == ([], None)
    for actor, hidden in ((OPERATOR, part), (OTHER[0], request)):
        assert (await city.ask(READ, actor, id=hidden))["request"]["__typename"] == "NotFound"


async def test_asking_is_for_the_drafter_of_the_request_once_and_of_an_issuing_unit(city: City) -> None:
    _, request = await claimed(city, "PA-5")
    for changes, kind in (
        ({"unitCode": "JY"}, "NoCompetentUnit"),
        ({"fields": ["colour"]}, "InvalidInput"),
        ({"fields": ["name", "since"]}, "InvalidInput"),
        ({"expectedVersion": 1}, "Conflict"),
    ):
        refused = await ask(city, request, **changes)
        assert ([each["__typename"] for each in refused["errors"]], refused["part"]) == ([kind], None)
    assert [each["__typename"] for each in (await ask(city, request, REVIEWER))["errors"]] == ["NotPermitted"]
    first = await ask(city, request)
    assert await ask(city, request) == first
    (other,) = (await ask(city, request, reason="别的理由"))["errors"]
    assert other["__typename"] == "IdempotencyConflict"
    deeper = await ask(city, first["part"]["id"], OTHER[0], unitCode="GA-HS")
    assert [each["__typename"] for each in deeper["errors"]] == ["WrongState"]
    assert "REQUEST_PART" not in first["part"]["nextSteps"]


async def test_the_drafter_withdraws_a_part_and_then_says_it_itself(city: City) -> None:
    _, request = await claimed(city, "PA-6")
    part = (await ask(city, request))["part"]["id"]
    assert (await step(city, DRAFTER, "withdrawRequest", part, ', reason: "查到了"'))["request"]["state"] == "WITHDRAWN"
    seen = (await city.ask(READ, DRAFTER, id=request))["request"]
    assert (seen["parts"], [field["key"] for field in seen["form"]]) == ([], ["name", "since"])
