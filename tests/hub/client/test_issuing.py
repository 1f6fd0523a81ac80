"""An issuing unit's programs at a real hub: inbox, claims, drafts, review, seal, passing on, and keys that repeat."""

from __future__ import annotations

import pytest

from hub.actors import Post
from hub.client.errors import NotAllowedError, NotFoundError, OvertakenError, RefusedError
from hub.client.issuing import Answer, NoSuchRecord, Part, Reroute, claimed_after
from hub.client.words import RequestState, Step
from tests.hub.client.served import ISSUER, Served

FOUND = Answer({"name": "王小明"})
ELSEWHERE = Reroute("GA", "登记在慈溪")


@pytest.mark.requirement("R14.4", "R17.2", "I2")
async def test_a_request_is_claimed_drafted_reviewed_and_sealed_by_three(served: Served) -> None:
    _, request = await served.asked()
    drafter, keeper = served.drafter(), served.unit("keeper-1", Post.SEAL_KEEPER)
    claimed = await drafter.claim(request)
    drafted = await drafter.draft(claimed, FOUND)
    assert (await drafter.draft(claimed, FOUND)).version == drafted.version
    reviewed = await served.unit("reviewer-1", Post.REVIEWER).review(drafted, approve=True)
    sealed = await keeper.seal(reviewed)
    assert sealed.state == RequestState.DELIVERED
    assert [step.step for step in (await keeper.seal(reviewed)).steps] == [
        Step.CLAIM, Step.DRAFT, Step.APPROVE, Step.SEAL, Step.DELIVER,
    ]  # fmt: skip


async def test_the_inbox_is_walked_page_by_page_the_earliest_due_first(served: Served) -> None:
    made = {(await served.asked())[1].id for _ in range(3)}
    found = [request async for request in served.drafter().inbox(RequestState.RECEIVED)]
    assert made <= {request.id for request in found}
    assert found == sorted(found, key=lambda request: (request.due_at, request.id))
    assert {request.issuing_unit for request in found} == {ISSUER}
    assert found[0].subject is not None
    assert found[0].subject.key("id_number")
    with pytest.raises(KeyError):
        found[0].subject.key("passport")


async def test_an_inbox_of_more_than_one_page_is_whole(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.client.issuing._PAGE", 2)
    made = {(await served.asked())[1].id for _ in range(5)}
    found = [request.id async for request in served.drafter().inbox()]
    assert len(found) == len(set(found))
    assert made <= set(found)


@pytest.mark.requirement("I2")
async def test_the_hub_knows_by_the_key_whose_claim_it_is(served: Served) -> None:
    _, request = await served.asked()
    claimed = await served.drafter().claim(request)
    assert (await served.drafter().claim(claimed)).version == claimed.version
    for other in (served.drafter(name="other"), served.drafter("drafter-2"), served.drafter("drafter-2", "other")):
        with pytest.raises(OvertakenError):
            await other.claim(claimed)


async def test_a_request_that_was_given_back_is_claimed_under_another_key(served: Served) -> None:
    _, request = await served.asked()
    drafter = served.drafter()
    released = await drafter.release(await drafter.claim(request))
    assert released.state == RequestState.RECEIVED
    again = await served.drafter("drafter-2").claim(released)
    assert (again.drafter, claimed_after(again)) == ("drafter-2", 2)
    assert claimed_after(await drafter.claim(request)) != claimed_after(request)


async def test_a_returned_draft_is_drafted_anew_under_another_key(served: Served) -> None:
    _, request = await served.asked()
    drafter, reviewer = served.drafter(), served.unit("reviewer-1", Post.REVIEWER)
    drafted = await drafter.draft(await drafter.claim(request), FOUND)
    returned = await reviewer.review(drafted, approve=False, remarks="姓名有误")
    assert (returned.state, returned.remarks) == (RequestState.CLAIMED, "姓名有误")
    with pytest.raises(OvertakenError):
        await reviewer.review(drafted, approve=True)
    again = await drafter.draft(returned, NoSuchRecord("无犯罪记录库，按公民身份号码查询"))
    assert again.state == RequestState.DRAFTED


@pytest.mark.requirement("R16.1")
async def test_a_request_is_passed_on_with_a_reason_and_back_only_by_a_supervisor(served: Served) -> None:
    _, request = await served.asked("NB0002")
    drafter = served.drafter()
    passed = await drafter.reroute(await drafter.claim(request), ELSEWHERE)
    assert (passed.issuing_unit, passed.remarks) == ("GA", ELSEWHERE.reason)
    there = served.unit("drafter-9", Post.DRAFTER, unit="GA")
    with pytest.raises(RefusedError) as refused:
        await there.reroute(await there.claim(passed), Reroute(ISSUER, "原路退回"))
    assert (refused.value.code, refused.value.field) == ("ESCALATED", "toUnit")
    assert (await there.read(passed.id)).issuing_unit == "GA"


@pytest.mark.requirement("R14.4")
async def test_another_unit_is_asked_for_a_part_and_answers_just_that(served: Served) -> None:
    _, request = await served.asked("NB0003")
    drafter, there = served.drafter(), served.unit("drafter-9", Post.DRAFTER, unit="GA")
    claimed = await drafter.claim(request)
    part = await drafter.request_part(claimed, Part("GA", ("since",), "登记在慈溪"))
    assert (await drafter.request_part(claimed, Part("GA", ("since",), "登记在慈溪"))).id == part.id
    assert (part.part_of, part.part_fields, part.issuing_unit) == (request.id, ("since",), "GA")
    assert [field.key for field in part.form] == ["since"]
    drafted = await there.draft(await there.claim(part), Answer({"since": "2015-06-01"}))
    reviewed = await served.unit("rev-9", Post.REVIEWER, unit="GA").review(drafted, approve=True)
    assert (await served.unit("keep-9", Post.SEAL_KEEPER, unit="GA").seal(reviewed)).state == RequestState.DELIVERED
    whole = await drafter.read(request.id)
    assert ([field.key for field in whole.form], whole.part_of) == (["name"], None)
    assert (await drafter.draft(whole, FOUND)).state == RequestState.DRAFTED


async def test_facts_that_are_not_the_forms_are_refused_by_field(served: Served) -> None:
    _, request = await served.asked()
    assert [(each.key, each.required) for each in request.form] == [("name", True)]
    claimed = await served.drafter().claim(request)
    with pytest.raises(RefusedError) as refused:
        await served.drafter().draft(claimed, Answer({"colour": "red"}))
    assert (refused.value.code, refused.value.field) == ("INVALID_INPUT", "facts.colour")


@pytest.mark.requirement("R17.2")
async def test_another_unit_another_post_and_the_same_person_are_refused(served: Served) -> None:
    _, request = await served.asked()
    with pytest.raises(NotFoundError, match="no such request for this unit"):
        await served.unit("drafter-9", Post.DRAFTER, unit="GA").claim(request)
    with pytest.raises(NotAllowedError, match="DRAFTER"):
        await served.unit("reviewer-1", Post.REVIEWER).claim(request)
    both = served.unit("both", Post.DRAFTER, Post.REVIEWER)
    drafted = await both.draft(await both.claim(request), FOUND)
    with pytest.raises(RefusedError, match="SAME_PERSON"):
        await both.review(drafted, approve=True)
