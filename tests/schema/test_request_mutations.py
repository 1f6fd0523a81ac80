"""Steps on requests by GraphQL: returned drafts, versions, people, and answers that say there is no such record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.actors import Actor, Post
from tests.schema.city import ACTORS, DRAFTER, NOBODY, OPERATOR, REVIEWER, SEALER, City
from tests.schema.test_cases import opened

SHOWN = """request { state version drafter reviewer sealKeeper remarks nextSteps
  draft { negative statement facts { key value } } steps { step by remarks } }
  errors { __typename code field mend messageZh }"""
FACTS = ', negative: false, facts: [{key: "name", value: "王小明"}]'
OTHER_DRAFTER = Actor("staff-all", "GA-HS", frozenset({Post.DRAFTER, Post.REVIEWER, Post.SEAL_KEEPER}))
ACTORS[OTHER_DRAFTER.subject] = OTHER_DRAFTER


async def received(city: City, number: str, **more: Any) -> str:
    identifier: str = (await opened(city, number, **more))["requests"][0]["id"]
    return identifier


async def step(city: City, actor: Actor, name: str, request: str, more: str = "", key: str = "1") -> dict[str, Any]:
    given = f'requestId: "{request}", key: "{request}-{actor.subject}-{key}"{more}'
    payload: dict[str, Any] = (await city.ask(f"mutation {{ {name}(input: {{{given}}}) {{ {SHOWN} }} }}", actor))[name]
    return payload


async def drafted(city: City, number: str) -> str:
    request = await received(city, number)
    await step(city, DRAFTER, "claimRequest", request)
    await step(city, DRAFTER, "draftAnswer", request, FACTS)
    return request


@pytest.mark.requirement("R14.4", "R17.2")
async def test_a_returned_draft_shows_its_remarks_is_drafted_again_and_delivered(city: City) -> None:
    request = await drafted(city, "RM-1")
    remarks = "姓名应与户口本一致"
    returned = (await step(city, REVIEWER, "reviewAnswer", request, f', approve: false, remarks: "{remarks}"'))[
        "request"
    ]
    assert (returned["state"], returned["remarks"], returned["reviewer"]) == ("CLAIMED", remarks, None)
    assert returned["draft"]["facts"] == [{"key": "name", "value": "王小明"}]
    again = (await step(city, DRAFTER, "draftAnswer", request, FACTS, key="2"))["request"]
    assert (again["state"], again["remarks"]) == ("DRAFTED", None)
    await step(city, REVIEWER, "reviewAnswer", request, ", approve: true", key="2")
    sealed = (await step(city, SEALER, "sealAnswer", request))["request"]
    assert [each["step"] for each in sealed["steps"]] == [
        "CLAIM", "DRAFT", "RETURN", "DRAFT", "APPROVE", "SEAL", "DELIVER",
    ]  # fmt: skip
    assert sealed["steps"][2] == {"step": "RETURN", "by": "staff-2", "remarks": remarks}
    assert (sealed["drafter"], sealed["reviewer"], sealed["sealKeeper"]) == ("staff-1", "staff-2", "staff-3")


@pytest.mark.requirement("R16.1")
async def test_no_such_record_is_an_answer_like_any_other(city: City) -> None:
    request = await received(city, "RM-2", identifier=NOBODY)
    await step(city, DRAFTER, "claimRequest", request)
    said = ', negative: true, statement: "查询了违法犯罪人员库"'
    refused = (await step(city, DRAFTER, "draftAnswer", request, ", negative: true", key="0"))["errors"]
    assert [error["__typename"] for error in refused] == ["InvalidInput"]
    found = await step(city, DRAFTER, "draftAnswer", request, said)
    if found["request"] is None:  # the proof type does not allow it: then the catalogue says so, in a type
        assert [error["__typename"] for error in found["errors"]] == ["InvalidInput"]
    else:
        assert found["request"]["draft"] == {"negative": True, "statement": "查询了违法犯罪人员库", "facts": []}


async def test_of_two_who_saw_the_same_version_one_acts_and_the_other_is_told(city: City) -> None:
    request = await received(city, "RM-3")
    seen = ", expectedVersion: 1"
    calls = [step(city, actor, "claimRequest", request, seen) for actor in (DRAFTER, OTHER_DRAFTER)]
    outcomes = await asyncio.gather(*calls)
    assert sorted(outcome["request"] is None for outcome in outcomes) == [False, True]
    (lost,) = [outcome["errors"] for outcome in outcomes if outcome["errors"]]
    assert [(error["__typename"], error["code"]) for error in lost] == [("Conflict", "CONFLICT")]
    assert lost[0]["mend"]
    read = f'{{ request(id: "{request}") {{ ... on VerificationRequest {{ version steps {{ step }} }} }} }}'
    assert (await city.ask(read, DRAFTER))["request"] == {"version": 2, "steps": [{"step": "CLAIM"}]}


async def test_a_version_that_is_gone_is_a_conflict_in_every_step(city: City) -> None:
    request = await drafted(city, "RM-4")
    stale = ", expectedVersion: 1"
    for actor, name, more in (
        (DRAFTER, "draftAnswer", FACTS),
        (DRAFTER, "releaseRequest", ""),
        (REVIEWER, "reviewAnswer", ", approve: true"),
        (SEALER, "sealAnswer", ""),
        (DRAFTER, "rerouteRequest", ', toUnit: "GA", reason: "x"'),
        (OPERATOR, "withdrawRequest", ', reason: "x"'),
    ):
        errors = (await step(city, actor, name, request, more + stale, key="stale"))["errors"]
        assert [error["__typename"] for error in errors] == ["Conflict"], name


@pytest.mark.requirement("R17.2")
async def test_who_holds_all_posts_still_may_not_review_or_seal_their_own_draft(city: City) -> None:
    request = await received(city, "RM-5")
    await step(city, OTHER_DRAFTER, "claimRequest", request)
    await step(city, OTHER_DRAFTER, "draftAnswer", request, FACTS)
    own = await step(city, OTHER_DRAFTER, "reviewAnswer", request, ", approve: true")
    assert [(error["__typename"], error["code"]) for error in own["errors"]] == [("SamePerson", "SAME_PERSON")]
    await step(city, REVIEWER, "reviewAnswer", request, ", approve: true")
    sealing = await step(city, OTHER_DRAFTER, "sealAnswer", request)
    assert [error["__typename"] for error in sealing["errors"]] == ["SamePerson"]
    assert (await step(city, SEALER, "sealAnswer", request))["request"]["state"] == "DELIVERED"


async def test_who_did_not_claim_cannot_draft(city: City) -> None:
    request = await received(city, "RM-6")
    await step(city, DRAFTER, "claimRequest", request)
    refused = await step(city, OTHER_DRAFTER, "draftAnswer", request, FACTS)
    assert [error["__typename"] for error in refused["errors"]] == ["Conflict"]


async def test_a_released_request_forgets_its_draft_and_another_claims_it(city: City) -> None:
    request = await received(city, "RM-7")
    await step(city, DRAFTER, "claimRequest", request)
    released = (await step(city, DRAFTER, "releaseRequest", request))["request"]
    assert (released["state"], released["drafter"], released["draft"]) == ("RECEIVED", None, None)
    assert (await step(city, OTHER_DRAFTER, "claimRequest", request))["request"]["drafter"] == "staff-all"


async def test_a_key_used_for_other_content_is_a_conflict_of_keys(city: City) -> None:
    request = await received(city, "RM-8")
    await step(city, DRAFTER, "claimRequest", request)
    await step(city, DRAFTER, "draftAnswer", request, FACTS)
    other = ', negative: false, facts: [{key: "name", value: "王大明"}]'
    refused = await step(city, DRAFTER, "draftAnswer", request, other)
    assert [error["__typename"] for error in refused["errors"]] == ["IdempotencyConflict"]


async def test_a_delivered_request_takes_no_further_step(city: City) -> None:
    request = await drafted(city, "RM-9")
    await step(city, REVIEWER, "reviewAnswer", request, ", approve: true")
    assert (await step(city, SEALER, "sealAnswer", request))["request"]["nextSteps"] == []
    for actor, name, more in ((OPERATOR, "withdrawRequest", ', reason: "x"'), (DRAFTER, "claimRequest", "")):
        errors = (await step(city, actor, name, request, more, key="late"))["errors"]
        assert [error["__typename"] for error in errors] == ["WrongState"], name
