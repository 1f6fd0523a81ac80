"""Bundles, assigning, and the times of a request by GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from hub.actors import Actor, Post
from tests.schema.city import ACTORS, DRAFTER, NOBODY, OPERATOR, PERSON, SUPERVISOR, City
from tests.schema.test_cases import opened

BUNDLES = """query B($after: String) { inboxBundles(unitCode: "GA-HS", first: 1, after: $after) {
  ... on BundleConnection { nodes { id dueAt requests { id state dueAt } } pageInfo { hasNextPage endCursor } } } }"""
CLAIM = """mutation C($input: ClaimBundleInput!) { claimBundle(input: $input) {
  claimed { id drafter } taken { id drafter } errors { __typename code field } } }"""
TIMES = """query R($id: ID!) { request(id: $id) { ... on VerificationRequest {
  receivedAt targetAt deliveredAt withinTarget overdueSince escalatedSince assignedBy steps { step at } } } }"""

OTHER = Actor("staff-9", "GA", frozenset({Post.DRAFTER}))
ACTORS[OTHER.subject] = OTHER


async def claim(city: City, bundle: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = (await city.ask(CLAIM, DRAFTER, input={"bundleId": bundle, "key": key}))["claimBundle"]
    return found


async def pass_on(city: City, actor: Actor, name: str, request: str, unit: str) -> dict[str, Any]:
    kind = name[0].upper() + name[1:]
    step = f"""mutation S($input: {kind}Input!) {{ {name}(input: $input) {{
      request {{ issuingUnit assignedBy }} errors {{ __typename code field }} }} }}"""
    given = {"requestId": request, "key": f"{request}-{unit}-{name}", "toUnit": unit, "reason": "不归我管"}
    found: dict[str, Any] = (await city.ask(step, actor, input=given))[name]
    return found


async def test_bundles_are_pages_and_one_is_claimed_at_once(city: City) -> None:
    made = [await opened(city, f"BU-{number}", identifier=who) for number, who in enumerate((PERSON, NOBODY, PERSON))]
    requests = [case["requests"][0]["id"] for case in made]
    seen: list[dict[str, Any]] = []
    page: dict[str, Any] = {"pageInfo": {"hasNextPage": True, "endCursor": None}}
    while page["pageInfo"]["hasNextPage"]:
        page = (await city.ask(BUNDLES, DRAFTER, after=page["pageInfo"]["endCursor"]))["inboxBundles"]
        seen += page["nodes"]
    mine, other = [next(b for b in seen if each in [r["id"] for r in b["requests"]]) for each in requests[:2]]
    assert mine["id"] != other["id"]
    assert requests[2] in [request["id"] for request in mine["requests"]]
    assert mine["dueAt"] == mine["requests"][0]["dueAt"]
    claimed = await claim(city, mine["id"], f"K-{mine['id']}")
    assert {requests[0], requests[2]} <= {each["id"] for each in claimed["claimed"]}
    assert {each["drafter"] for each in claimed["claimed"]} == {DRAFTER.subject}
    assert claimed == await claim(city, mine["id"], f"K-{mine['id']}")
    assert (await claim(city, mine["id"], f"again-{mine['id']}"))["taken"][: len(claimed["claimed"])]
    assert (await claim(city, "B-none", "none"))["errors"][0]["field"] == "bundleId"


@pytest.mark.requirement("R16.1")
async def test_a_loop_is_escalated_and_the_supervisor_assigns_it(city: City) -> None:
    answers = [{"proofTypeCode": "JH", "region": "330203"}]
    request = (await opened(city, "BU-9", itemCode="NB0002", answers=answers))["requests"][0]["id"]
    to_ga = await pass_on(city, DRAFTER, "rerouteRequest", request, "GA")
    assert to_ga == {"request": {"issuingUnit": "GA", "assignedBy": None}, "errors": []}
    (refused,) = (await pass_on(city, OTHER, "rerouteRequest", request, "GA-HS"))["errors"]
    assert (refused["__typename"], refused["code"], refused["field"]) == ("Escalated", "ESCALATED", "toUnit")
    waiting = (await city.ask(TIMES, SUPERVISOR, id=request))["request"]
    assert waiting["escalatedSince"] == waiting["receivedAt"]
    decided = await pass_on(city, SUPERVISOR, "assignRequest", request, "GA-HS")
    assert decided == {"request": {"issuingUnit": "GA-HS", "assignedBy": SUPERVISOR.subject}, "errors": []}
    (again,) = (await pass_on(city, SUPERVISOR, "assignRequest", request, "GA"))["errors"]
    assert again["__typename"] == "NotFound"


@pytest.mark.requirement("R14.5", "R14.6")
async def test_a_request_shows_its_times_from_receipt_to_delivery(city: City) -> None:
    request = (await opened(city, "BU-10"))["requests"][0]["id"]
    times = (await city.ask(TIMES, OPERATOR, id=request))["request"]
    assert times["receivedAt"] < times["targetAt"]
    assert times["steps"] == []
    nothing_yet = ("deliveredAt", "withinTarget", "overdueSince", "escalatedSince", "assignedBy")
    assert [times[name] for name in nothing_yet] == [None] * 5
    late = "{ inbox(overdue: true) { ... on RequestConnection { nodes { id } } } }"
    assert (await city.ask(late, DRAFTER))["inbox"]["nodes"] == []
