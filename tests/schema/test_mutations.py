"""The other steps on requests, publishing, and what refuses a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.actors import Actor
from tests.schema.city import DRAFTER, JUSTICE, OPERATOR, REVIEWER, City, case_input, open_city

OPEN = "mutation O($input: OpenCaseInput!) { openCase(input: $input) { case { requests { id } } errors { message } } }"
ERRORS = "errors { __typename code field mend messageZh }"


async def request_of(city: City, number: str, **more: Any) -> str:
    payload = (await city.ask(OPEN, input=case_input(number, **more)))["openCase"]
    request: str = payload["case"]["requests"][0]["id"]
    return request


async def step(city: City, actor: Actor, name: str, given: str) -> dict[str, Any]:
    shown = f"request {{ state version issuingUnit passedBy remarks }} {ERRORS}"
    payload: dict[str, Any] = (await city.ask(f"mutation {{ {name}(input: {{{given}}}) {{ {shown} }} }}", actor))[name]
    return payload


async def test_a_claim_is_released_and_the_request_withdrawn(city: City) -> None:
    request = await request_of(city, "M-1")
    claim = f'requestId: "{request}", key: "a"'
    assert (await step(city, DRAFTER, "claimRequest", claim))["request"]["state"] == "CLAIMED"
    assert (await step(city, DRAFTER, "releaseRequest", claim))["request"]["state"] == "RECEIVED"
    withdrawn = await step(city, OPERATOR, "withdrawRequest", f'{claim}, reason: "不再需要"')
    assert (withdrawn["request"]["state"], withdrawn["request"]["remarks"]) == ("WITHDRAWN", "不再需要")


@pytest.mark.requirement("I2")
async def test_a_step_repeated_with_its_key_does_nothing_twice(city: City) -> None:
    request = await request_of(city, "M-2")
    first = await step(city, DRAFTER, "claimRequest", f'requestId: "{request}", key: "a"')
    assert await step(city, DRAFTER, "claimRequest", f'requestId: "{request}", key: "a"') == first


@pytest.mark.requirement("R16.1")
async def test_a_request_is_passed_on_to_another_issuer_with_a_reason(city: City) -> None:
    answers = [{"proofTypeCode": "JH", "region": "330203"}]
    request = await request_of(city, "M-3", itemCode="NB0002", answers=answers)
    given = f'requestId: "{request}", key: "a", toUnit: "GA", reason: "登记在慈溪"'
    passed = (await step(city, DRAFTER, "rerouteRequest", given))["request"]
    assert (passed["issuingUnit"], passed["passedBy"]) == ("GA", ["GA-HS"])


@pytest.mark.parametrize(
    ("actor", "name", "more", "kind"),
    [
        (REVIEWER, "claimRequest", "", "NotPermitted"),
        (DRAFTER, "claimRequest", ", expectedVersion: 9", "Conflict"),
        (DRAFTER, "releaseRequest", "", "WrongState"),
        (DRAFTER, "rerouteRequest", ', toUnit: "JY", reason: "x"', "NoCompetentUnit"),
        (DRAFTER, "rerouteRequest", ', toUnit: "GA", reason: " "', "InvalidInput"),
        (REVIEWER, "reviewAnswer", ", approve: false", "InvalidInput"),
        (JUSTICE, "claimRequest", "", "NotFound"),
    ],
)
async def test_a_step_that_may_not_be_is_a_typed_problem(
    city: City, actor: Actor, name: str, more: str, kind: str
) -> None:
    request = await request_of(city, f"M-4-{name}-{kind}")
    refused = await step(city, actor, name, f'requestId: "{request}", key: "x" {more}')
    assert refused["request"] is None
    assert [error["__typename"] for error in refused["errors"]] == [kind]
    assert all(error["mend"] and error["messageZh"] for error in refused["errors"])


@pytest.mark.requirement("R8.1")
async def test_publishing_is_for_the_catalogue_authority_and_once(tmp_path: Path) -> None:
    publish = f"mutation {{ publishCatalogue(input: {{number: 1}}) {{ version {{ number }} {ERRORS} }} }}"
    async with open_city(tmp_path) as city:
        for actor, kind in ((OPERATOR, "NotPermitted"), (JUSTICE, "WrongState")):
            refused = (await city.ask(publish, actor))["publishCatalogue"]
            assert refused["version"] is None
            assert [error["__typename"] for error in refused["errors"]] == [kind]


async def test_units_and_proof_types_are_found(city: City) -> None:
    found = await city.ask(
        """{ units(region: "330203") { ... on UnitConnection { nodes { name issues { nodes { region } } } } }
        proofTypes(search: "婚姻") { ... on ProofTypeConnection { nodes { code requiredBy { nodes { code } } } } }
        proofType(code: "HJ") { ... on ProofType { validityDays facts { key label kind } } } }"""
    )
    assert [unit["name"] for unit in found["units"]["nodes"]] == ["宁波市公安局海曙分局"]
    (marriage,) = found["proofTypes"]["nodes"]
    assert (marriage["code"], len(marriage["requiredBy"]["nodes"])) == ("JH", 8)
    assert found["proofType"] == {"validityDays": 30, "facts": [{"key": "name", "label": "姓名", "kind": "TEXT"}]}
