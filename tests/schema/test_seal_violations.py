"""Refused uses of seals by GraphQL: page by page, for the authority all of them, for a unit its own."""

from __future__ import annotations

from typing import Any

import pytest

from hub.actors import Actor
from tests.schema.city import DRAFTER, FIRST, OPERATOR, REVIEWER, SEALER, SECOND, SUPERVISOR, City, case_input

QUERY = """query V($seal: ID, $unit: String, $first: Int! = 20, $after: String) {
  sealViolations(sealId: $seal, unitCode: $unit, first: $first, after: $after) { __typename
    ... on Problem { code field }
    ... on SealViolationConnection {
      nodes { issuingKey sealId unitCode proofTypeCode reason by at }
      edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""


async def violations(city: City, actor: Actor, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await city.ask(QUERY, actor, **given))["sealViolations"]
    return found


async def refused_answer(city: City, number: str, seal_id: str) -> str:
    """Let a unit without a grant try to seal an answer; return the request."""
    opening = "mutation O($input: OpenCaseInput!) { openCase(input: $input) { case { requests { id } } } }"
    case = await city.ask(opening, input=case_input(number))
    request: str = case["openCase"]["case"]["requests"][0]["id"]
    grants = await city.services.grants.of_seal(FIRST, seal_id)
    (grant,) = [one for one in grants if (one.state, one.unit_code) == ("REGISTERED", "GA-HS")]
    await city.services.grants.revoke(FIRST, grant.id, "测试", number)
    for actor, step, more in (
        (DRAFTER, "claimRequest", ""),
        (DRAFTER, "draftAnswer", ', negative: true, statement: "查无此记录"'),
        (REVIEWER, "reviewAnswer", ", approve: true"),
        (SEALER, "sealAnswer", ""),
    ):
        given = f'requestId: "{request}", key: "{step} {number}"{more}'
        await city.ask(f"mutation {{ {step}(input: {{{given}}}) {{ errors {{ code }} }} }}", actor)
    await city.services.grants.register(SECOND, city.authority.signed(seal_id, "GA-HS"), number)
    return request


@pytest.fixture
async def seal_id(city: City) -> str:
    """The seal for verified information."""
    (seal,) = [one for one in await city.services.seals.all(FIRST) if one.number == f"{2:013}"]
    return seal.id


@pytest.mark.requirement("R15.2", "R20.8")
async def test_refused_uses_are_listed_page_by_page_the_newest_first(city: City, seal_id: str) -> None:
    requests = [await refused_answer(city, number, seal_id) for number in ("V-1", "V-2")]
    first = await violations(city, FIRST, seal=seal_id, first=1)
    (node,) = first["nodes"]
    assert (node["issuingKey"], node["sealId"], node["unitCode"]) == (requests[1], seal_id, "GA-HS")
    assert (node["reason"], node["by"]) == ("SEAL_NOT_GRANTED", SEALER.subject)
    assert first["pageInfo"]["hasNextPage"] is True
    second = await violations(city, FIRST, seal=seal_id, first=1, after=first["pageInfo"]["endCursor"])
    assert [each["issuingKey"] for each in second["nodes"]] == requests[:1]
    assert second["pageInfo"]["hasPreviousPage"] is True


@pytest.mark.requirement("R5.1", "R20.8")
async def test_a_unit_sees_its_own_and_nobody_elses(city: City, seal_id: str) -> None:
    request = await refused_answer(city, "V-3", seal_id)
    for actor, given in ((SEALER, {}), (SUPERVISOR, {"unit": "GA-HS"})):
        assert request in {node["issuingKey"] for node in (await violations(city, actor, **given))["nodes"]}
    assert (await violations(city, SUPERVISOR, unit="JY"))["nodes"] == []
    for actor, given in ((SEALER, {"unit": "JY"}), (OPERATOR, {}), (DRAFTER, {})):
        refused = await violations(city, actor, **given)
        assert (refused["__typename"], refused["code"]) == ("NotPermitted", "NOT_PERMITTED")


@pytest.mark.parametrize(
    ("given", "field"), [({"first": 0}, "first"), ({"first": 101}, "first"), ({"after": "x"}, "after")]
)
async def test_a_page_that_there_cannot_be_is_a_typed_problem(city: City, given: dict[str, Any], field: str) -> None:
    refused = await violations(city, FIRST, **given)
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", field)
