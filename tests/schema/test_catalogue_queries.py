"""The published catalogue and its routes by GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schema.city import City

PROBLEM = "... on Problem { __typename code field mend message messageZh }"
ROUTE = f"""query Route($item: String!, $region: String!, $kind: ApplicantKind!, $answers: [AnswerInput!]) {{
  route(itemCode: $item, region: $region, applicantKind: $kind, answers: $answers) {{ {PROBLEM}
    ... on ItemRoute {{ item {{ name }} groups {{ others {{ outcome }} chosen {{
      outcome reason reasonZh requirement {{ proofType {{ code }} basis {{ act }} }} relationship {{ unit {{ code }} }}
      considered {{ outcome taken reason }} question {{ textEn choices {{ region unit {{ code }} }} }} }} }} }} }} }}"""


def answer(region: str) -> dict[str, str]:
    return {"proofTypeCode": "JH", "region": region}


async def route(city: City, item: str, region: str, **more: Any) -> dict[str, Any]:
    variables = {"item": item, "region": region, "kind": "NATURAL_PERSON", **more}
    found: dict[str, Any] = (await city.ask(ROUTE, **variables))["route"]
    return found


async def test_an_item_shows_what_it_needs_and_who_issues_it(city: City) -> None:
    query = f"""{{ serviceItem(code: "NB0001") {{ {PROBLEM} ... on ServiceItem {{
      name promisedDays requirements {{ basis {{ act level }} proofType {{ name facts {{ key }} issuers {{ nodes {{
        mode unit {{ name superior {{ code }} }} }} }} }} }} handlers {{ nodes {{ code }} }} }} }} }}"""
    item = (await city.ask(query))["serviceItem"]
    assert (item["name"], item["promisedDays"], item["handlers"]) == ("教师资格认定", 20, {"nodes": [{"code": "JY"}]})
    issuers = [each["proofType"]["issuers"]["nodes"] for each in item["requirements"]]
    assert {(node["mode"], node["unit"]["name"]) for nodes in issuers for node in nodes} == {
        ("SHARED", "宁波市公安局"),
        ("VERIFIED", "宁波市公安局海曙分局"),
    }


@pytest.mark.requirement("R8.3")
async def test_what_is_outside_the_catalogue_is_a_typed_problem_that_names_the_version(city: City) -> None:
    found = await city.ask(f'{{ serviceItem(code: "X") {{ {PROBLEM} }} unit(code: "Y") {{ {PROBLEM} }} }}')
    assert (found["serviceItem"]["__typename"], found["unit"]["code"]) == ("OutsideCatalogue", "OUTSIDE_CATALOGUE")
    assert "version 1" in found["serviceItem"]["message"]


async def test_items_are_searched_and_paged(city: City) -> None:
    query = f"""query Q($after: String, $search: String, $unit: String) {{
      serviceItems(first: 4, after: $after, search: $search, unit: $unit) {{ {PROBLEM}
      ... on ServiceItemConnection {{
      edges {{ cursor node {{ code }} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }}"""
    codes: list[str] = []
    after, more = None, True
    while more:
        page = (await city.ask(query, after=after))["serviceItems"]
        codes += [edge["node"]["code"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after, more = page["edges"][-1]["cursor"], page["pageInfo"]["hasNextPage"]
    assert codes == [f"NB{number:04}" for number in range(1, 10)]
    assert len((await city.ask(query, search="教师"))["serviceItems"]["edges"]) == 1
    assert (await city.ask(query, unit="GA"))["serviceItems"]["edges"] == []
    for wrong, field in (({"after": "x"}, "after"), ({"search": "x" * 101}, "search")):
        assert (await city.ask(query, **wrong))["serviceItems"]["field"] == field


@pytest.mark.requirement("R13.1")
async def test_a_route_says_what_is_chosen_and_why_the_others_are_not(city: City) -> None:
    groups = (await route(city, "NB0001", "330203"))["groups"]
    chosen = {group["chosen"]["requirement"]["proofType"]["code"]: group["chosen"] for group in groups}
    assert {code: found["outcome"] for code, found in chosen.items()} == {"HJ": "SHARED", "WFZ": "VERIFICATION"}
    assert [(way["outcome"], way["taken"]) for way in chosen["WFZ"]["considered"]] == [
        ("SHARED", False),
        ("VERIFICATION", True),
    ]
    assert all(way["reason"] for found in chosen.values() for way in found["considered"])


async def test_a_route_asks_one_question_and_an_answer_leads_on(city: City) -> None:
    (group,) = (await route(city, "NB0002", "330200"))["groups"]
    assert group["chosen"]["question"] == {
        "textEn": "Where was the marriage registered?",
        "choices": [
            {"region": "330203", "unit": {"code": "GA-HS"}},
            {"region": "330282", "unit": {"code": "GA"}},
        ],
    }
    (group,) = (await route(city, "NB0002", "330200", answers=[answer("330282")]))["groups"]
    assert group["chosen"]["relationship"] == {"unit": {"code": "GA"}}


@pytest.mark.parametrize(
    ("item", "region", "more", "problem"),
    [
        ("X", "330203", {}, ("OutsideCatalogue", "itemCode")),
        ("NB0001", "海曙", {}, ("InvalidInput", "region")),
        ("NB0001", "330203", {"kind": "LEGAL_PERSON"}, ("InvalidInput", "applicantKind")),
        ("NB0001", "330203", {"answers": [{"proofTypeCode": "JH", "region": "1"}]}, ("InvalidInput", "answers.region")),
        (
            "NB0001",
            "330203",
            {"answers": [{"proofTypeCode": "JH", "region": "330203"}] * 51},
            ("InvalidInput", "answers"),
        ),
    ],
)
async def test_a_route_that_cannot_be_said_is_a_typed_problem(
    city: City, item: str, region: str, more: dict[str, Any], problem: tuple[str, str]
) -> None:
    found = await route(city, item, region, **more)
    assert (found["__typename"], found["field"]) == problem


@pytest.mark.requirement("I6")
async def test_a_plan_tells_the_window_when(city: City) -> None:
    query = f"""{{ planCase(itemCode: "NB0001", region: "330203", applicantKind: NATURAL_PERSON) {{ {PROBLEM}
      ... on Plan {{ clock clockZh readyAt lines {{ outcome expectedAt state proofType {{ code }} }} }} }} }}"""
    plan = (await city.ask(query))["planCase"]
    assert (plan["clock"], plan["readyAt"]) == ("by 2026-03-03 09:00", "2026-03-03T01:00:00Z")
    assert {line["proofType"]["code"]: line["outcome"] for line in plan["lines"]} == {
        "HJ": "SHARED",
        "WFZ": "VERIFICATION",
    }
