"""Bundles: what a unit is asked for one case is listed together and claimed at once."""

from __future__ import annotations

import asyncio

import pytest

from graph_models.casework import Answer, RequestState
from hub.actors import Post
from hub.case_files import CaseFile
from hub.errors import IdempotencyConflictError, NotFoundError, NotPermittedError
from tests.hub.office import OPERATOR, Office, call, drafter, staff


async def pair(office: Office) -> CaseFile:
    """A case with two requests in the inbox of GA-HS."""
    case = await office.open("PAIR", answers=(Answer(proof_type_code="HY", region="330203"),))
    assert [request.issuing_unit for request in case.requests] == ["GA-HS", "GA-HS"]
    return case


async def test_requests_of_one_case_are_one_bundle_the_earliest_due_first(office: Office) -> None:
    one = await office.open("VERIFIED")
    office.clock.advance(minutes=1)
    two = await pair(office)
    page = await office.requests.bundles.page(drafter("GA-HS"), "GA-HS", None, 10)
    assert [(bundle.id, len(bundle.requests)) for bundle in page] == [(one.case.number, 1), (two.case.number, 2)]
    first = page[0]
    after = (round(first.due_at.timestamp() * 1000), first.id)
    assert await office.requests.bundles.page(drafter("GA-HS"), "GA-HS", after, 10) == page[1:]
    assert await office.requests.bundles.page(drafter("GA"), "GA", None, 10) == ()


async def test_what_is_answered_or_withdrawn_is_in_no_bundle(office: Office) -> None:
    case = await pair(office)
    await office.requests.withdraw(OPERATOR, call(case.requests[0]), "不办了")
    (bundle,) = await office.requests.bundles.page(drafter("GA-HS"), "GA-HS", None, 10)
    assert [request.id for request in bundle.requests] == [case.requests[1].id]
    await office.answered(case.requests[1])
    assert await office.requests.bundles.page(drafter("GA-HS"), "GA-HS", None, 10) == ()


@pytest.mark.requirement("I2", "I3")
async def test_a_bundle_is_claimed_at_once_and_repeated_under_its_key_does_nothing(office: Office) -> None:
    case = await pair(office)
    first = await office.requests.bundles.claim(drafter("GA-HS"), case.case.number, "K")
    assert {request.drafter for request in first.claimed} == {"GA-HS-1"}
    assert (len(first.claimed), first.taken) == (2, ())
    assert await office.requests.bundles.claim(drafter("GA-HS"), case.case.number, "K") == first
    with pytest.raises(IdempotencyConflictError):
        await office.requests.bundles.claim(drafter("GA-HS"), "another", "K")
    audit = [entry.operation for entry in await office.audit(case.case.number)]
    assert audit.count("request.claimed") == 2


async def test_what_others_have_claimed_is_named_and_left_to_them(office: Office) -> None:
    case = await pair(office)
    other = staff("GA-HS", 7, Post.DRAFTER)
    await office.requests.claim(other, call(case.requests[0]))
    found = await office.requests.bundles.claim(drafter("GA-HS"), case.case.number, "K")
    assert [request.id for request in found.claimed] == [case.requests[1].id]
    assert [(request.id, request.drafter) for request in found.taken] == [(case.requests[0].id, other.subject)]


async def test_of_two_who_claim_a_bundle_at_once_one_has_all_of_it(office: Office) -> None:
    case = await pair(office)
    both = (drafter("GA-HS"), staff("GA-HS", 7, Post.DRAFTER))
    found = await asyncio.gather(
        *(office.requests.bundles.claim(each, case.case.number, "K" + each.subject) for each in both)
    )
    assert sorted((len(each.claimed), len(each.taken)) for each in found) == [(0, 2), (2, 0)]
    assert {each.state for each in await office.inbox("GA-HS")} == {RequestState.CLAIMED}


async def test_a_bundle_is_for_drafters_of_the_unit_alone(office: Office) -> None:
    case = await pair(office)
    with pytest.raises(NotPermittedError):
        await office.requests.bundles.claim(staff("GA-HS", 2, Post.REVIEWER), case.case.number, "K")
    with pytest.raises(NotFoundError):
        await office.requests.bundles.claim(drafter("GA-CX"), case.case.number, "K")
    with pytest.raises(NotPermittedError):
        await office.requests.bundles.page(drafter("GA-CX"), "GA-HS", None, 10)
