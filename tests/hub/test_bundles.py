"""Bundles: what a unit is asked about one applicant, whatever the case, is listed together and claimed at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from graph_models.casework import Answer, RequestState
from graph_models.rows import to_document
from graph_models.store import Transaction, Value
from hub.actors import Post
from hub.bundles import Bundle
from hub.case_files import CaseFile
from hub.errors import IdempotencyConflictError, NotFoundError, NotPermittedError
from tests.hub.office import NOBODY, OPERATOR, PERSON, Office, call, drafter, matter, staff


async def pair(office: Office) -> CaseFile:
    """A case with two requests in the inbox of GA-HS."""
    case = await office.open("PAIR", answers=(Answer(proof_type_code="HY", region="330203"),))
    assert [request.issuing_unit for request in case.requests] == ["GA-HS", "GA-HS"]
    return case


async def about_nobody(office: Office) -> CaseFile:
    """A case of another person, with a request in the same inbox."""
    return await office.cases.open(OPERATOR, matter("VERIFIED", NOBODY))


async def page(office: Office, after: tuple[int, str] | None = None, unit: str = "GA-HS") -> tuple[Bundle, ...]:
    return await office.requests.bundles.page(drafter(unit), unit, after, 10)


async def test_requests_about_one_applicant_are_one_bundle_the_earliest_due_first(office: Office) -> None:
    one = await office.open("VERIFIED")
    office.clock.advance(minutes=1)
    other = await about_nobody(office)
    office.clock.advance(minutes=1)
    two = await pair(office)
    first, second = await page(office)
    assert [request.case_number for request in first.requests] == [one.case.number, two.case.number, two.case.number]
    assert [request.case_number for request in second.requests] == [other.case.number]
    assert first.due_at == one.requests[0].due_at
    assert await page(office, (round(first.due_at.timestamp() * 1000), first.id)) == (second,)
    assert await page(office, unit="GA") == ()


@pytest.mark.requirement("I4")
async def test_a_bundles_identifier_says_nothing_and_is_another_one_each_time(office: Office) -> None:
    ids = []
    for _ in range(2):
        case = await office.open("VERIFIED")
        (bundle,) = await page(office)
        assert not any(known in bundle.id for known in (PERSON, case.case.number, case.requests[0].id))
        ids.append(bundle.id)
        await office.requests.withdraw(OPERATOR, call(case.requests[0]), "不办了")
    assert ids[0] != ids[1]


async def test_what_is_answered_or_withdrawn_is_in_no_bundle(office: Office) -> None:
    case = await pair(office)
    await office.requests.withdraw(OPERATOR, call(case.requests[0]), "不办了")
    (bundle,) = await page(office)
    assert [request.id for request in bundle.requests] == [case.requests[1].id]
    await office.answered(case.requests[1])
    assert await page(office) == ()


async def test_a_page_passes_over_bundles_of_which_an_older_process_ended_all(office: Office) -> None:
    case = await office.open("VERIFIED")
    office.clock.advance(minutes=1)
    other = await about_nobody(office)
    ended = replace(case.requests[0], state=RequestState.DELIVERED)

    async def as_before_bundles(tx: Transaction) -> None:
        row: dict[str, Value] = {"id": ended.id, "record": to_document(ended)}
        await tx.run("MATCH (r:VerificationRequest {id: $id}) SET r.record = $record", row)

    await office.store.write(as_before_bundles)
    for limit in (1, 10):
        (found,) = await office.requests.bundles.page(drafter("GA-HS"), "GA-HS", None, limit)
        assert [request.case_number for request in found.requests] == [other.case.number]


@pytest.mark.requirement("I2", "I3")
async def test_a_bundle_is_claimed_over_its_cases_and_repeated_under_its_key_does_nothing(office: Office) -> None:
    case, other = await pair(office), await office.open("VERIFIED")
    (bundle,) = await page(office)
    first = await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K")
    assert {request.drafter for request in first.claimed} == {"GA-HS-1"}
    assert (len(first.claimed), first.taken) == (3, ())
    assert await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K") == first
    with pytest.raises(IdempotencyConflictError):
        await office.requests.bundles.claim(drafter("GA-HS"), "another", "K")
    for number, count in ((case.case.number, 2), (other.case.number, 1)):
        audit = [entry.operation for entry in await office.audit(number)]
        assert audit.count("request.claimed") == count


async def test_a_claim_repeated_says_the_same_when_more_came_and_when_all_is_done(office: Office) -> None:
    case = await office.open("VERIFIED")
    (bundle,) = await page(office)
    first = await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K")
    late = await office.open("VERIFIED")
    assert await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K") == first
    again = await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K-2")
    assert [request.id for request in again.claimed] == [late.requests[0].id]
    assert [request.id for request in again.taken] == [case.requests[0].id]
    for request in (case.requests[0], late.requests[0]):
        await office.requests.withdraw(OPERATOR, call(request), "不办了")
    ended = await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K")
    assert [(each.id, each.state) for each in ended.claimed] == [(case.requests[0].id, RequestState.WITHDRAWN)]
    with pytest.raises(NotFoundError):
        await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K-3")


async def test_what_others_have_claimed_is_named_and_left_to_them(office: Office) -> None:
    case = await pair(office)
    other = staff("GA-HS", 7, Post.DRAFTER)
    await office.requests.claim(other, call(case.requests[0]))
    (bundle,) = await page(office)
    found = await office.requests.bundles.claim(drafter("GA-HS"), bundle.id, "K")
    assert [request.id for request in found.claimed] == [case.requests[1].id]
    assert [(request.id, request.drafter) for request in found.taken] == [(case.requests[0].id, other.subject)]


async def test_of_two_who_claim_a_bundle_at_once_one_has_all_of_it(office: Office) -> None:
    await pair(office)
    await office.open("VERIFIED")
    (bundle,) = await page(office)
    both = (drafter("GA-HS"), staff("GA-HS", 7, Post.DRAFTER))
    found = await asyncio.gather(*(office.requests.bundles.claim(each, bundle.id, "K" + each.subject) for each in both))
    assert sorted((len(each.claimed), len(each.taken)) for each in found) == [(0, 3), (3, 0)]
    assert {each.state for each in await office.inbox("GA-HS")} == {RequestState.CLAIMED}


async def test_what_is_passed_on_leaves_the_bundle_for_one_of_the_other_unit(office: Office) -> None:
    case, other = await office.open("VERIFIED"), await office.open("VERIFIED")
    (bundle,) = await page(office)
    await office.requests.reroute(drafter("GA-HS"), call(case.requests[0]), "GA", "不归我管")
    (left,), (came,) = await page(office), await page(office, unit="GA")
    assert (left.id, [each.id for each in left.requests]) == (bundle.id, [other.requests[0].id])
    assert (came.id != bundle.id, [each.id for each in came.requests]) == (True, [case.requests[0].id])


async def test_a_bundle_is_for_drafters_of_the_unit_alone(office: Office) -> None:
    await pair(office)
    (bundle,) = await page(office)
    with pytest.raises(NotPermittedError):
        await office.requests.bundles.claim(staff("GA-HS", 2, Post.REVIEWER), bundle.id, "K")
    with pytest.raises(NotFoundError):
        await office.requests.bundles.claim(drafter("GA-CX"), bundle.id, "K")
    with pytest.raises(NotPermittedError):
        await office.requests.bundles.page(drafter("GA-CX"), "GA-HS", None, 10)
