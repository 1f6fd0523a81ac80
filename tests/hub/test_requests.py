"""Verification requests: every step by its person, in order, once; passed on, withdrawn, never refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from graph_models.casework import DraftAnswer, NeedState, RequestState, VerificationRequest
from hub.actors import Actor, Post
from hub.errors import (
    ConflictError,
    EscalatedError,
    HubError,
    IdempotencyConflictError,
    InvalidInputError,
    NoCompetentUnitError,
    NotFoundError,
    NotPermittedError,
    SamePersonError,
    WrongStateError,
)
from tests.hub.office import (
    NO_RECORD,
    OPERATOR,
    Office,
    call,
    drafter,
    found,
    keeper,
    reviewer,
    staff,
    states,
)
from tests.hub.test_parts import ASKED, CHILD, OWN


@pytest.fixture
async def asked(office: Office) -> VerificationRequest:
    """A request in the inbox of GA-HS."""
    return (await office.open("VERIFIED")).requests[0]


@pytest.mark.requirement("R14.4", "R17.2")
async def test_a_request_goes_from_received_to_delivered_each_step_by_its_person(
    office: Office, asked: VerificationRequest
) -> None:
    done = await office.answered(asked)
    assert done.state is RequestState.DELIVERED
    assert [step.step for step in done.steps] == ["CLAIM", "DRAFT", "APPROVE", "SEAL", "DELIVER"]
    assert (done.drafter, done.reviewer, done.seal_keeper) == ("GA-HS-1", "GA-HS-2", "GA-HS-3")
    assert all(step.unit_code == "GA-HS" for step in done.steps[:-1])
    case = await office.file(asked.case_number)
    assert states(case) == {"01": "MET"}
    assert case.proofs[0].producing_unit == "GA-HS"


async def test_a_draft_is_returned_with_remarks_and_drafted_again(office: Office, asked: VerificationRequest) -> None:
    await office.drafted(asked)
    with pytest.raises(InvalidInputError):
        await office.requests.review(reviewer("GA-HS"), call(asked), approve=False, remarks=" ")
    back = await office.requests.review(reviewer("GA-HS"), call(asked), approve=False, remarks="写明期间")
    assert (back.state, back.remarks, back.reviewer) == (RequestState.CLAIMED, "写明期间", None)
    again = await office.requests.draft(drafter("GA-HS"), call(asked), found())
    assert (again.state, again.remarks) == (RequestState.DRAFTED, None)


@pytest.mark.requirement("R16.1")
async def test_no_such_record_is_drafted_reviewed_sealed_and_delivered(
    office: Office, asked: VerificationRequest
) -> None:
    done = await office.answered(asked, NO_RECORD)
    case = await office.file(asked.case_number)
    assert done.state is RequestState.DELIVERED
    assert case.needs[0].state is NeedState.NEGATIVE
    assert case.proofs[0].negative


@pytest.mark.requirement("R16.1")
async def test_a_negative_answer_says_what_was_searched_and_states_nothing(
    office: Office, asked: VerificationRequest
) -> None:
    await office.requests.claim(drafter("GA-HS"), call(asked))
    for facts, statement, field in (((), " ", "statement"), ((("name", "x"),), "已查", "facts")):
        answer = DraftAnswer(negative=True, facts=facts, statement=statement)
        with pytest.raises(InvalidInputError) as refused:
            await office.requests.draft(drafter("GA-HS"), call(asked), answer)
        assert refused.value.field == field


@pytest.mark.parametrize(
    "facts",
    [(), (("name", " "),), (("name", "a"), ("name", "b")), (("name", "a"), ("age", "1")), (("name", "\ue000"),)],
)
async def test_a_draft_with_other_facts_than_the_type_states_is_refused(
    office: Office, asked: VerificationRequest, facts: tuple[tuple[str, str], ...]
) -> None:
    await office.requests.claim(drafter("GA-HS"), call(asked))
    with pytest.raises(InvalidInputError):
        await office.requests.draft(
            drafter("GA-HS"), call(asked), DraftAnswer(negative=False, facts=facts, statement="")
        )
    assert (await office.inbox("GA-HS"))[0].state is RequestState.CLAIMED


@pytest.mark.requirement("I2", "R17.2")
async def test_of_two_who_claim_at_once_one_has_it(office: Office, asked: VerificationRequest) -> None:
    people = [staff("GA-HS", number, Post.DRAFTER) for number in range(10, 16)]
    results = await asyncio.gather(
        *(office.requests.claim(actor, call(asked, "same key")) for actor in people), return_exceptions=True
    )
    assert sum(isinstance(each, VerificationRequest) for each in results) == 1
    assert all(isinstance(each, VerificationRequest | HubError) for each in results)
    assert len((await office.inbox("GA-HS"))[0].steps) == 1


async def test_a_version_that_is_no_longer_there_is_a_conflict(office: Office, asked: VerificationRequest) -> None:
    with pytest.raises(ConflictError):
        await office.requests.claim(drafter("GA-HS"), call(asked, version=asked.version + 1))
    claimed = await office.requests.claim(drafter("GA-HS"), call(asked, version=asked.version))
    assert claimed.version == asked.version + 1


@pytest.mark.requirement("I2")
async def test_each_step_repeated_under_its_key_gives_the_same_answer(
    office: Office, asked: VerificationRequest
) -> None:
    service, key = office.requests, call(asked, "once")
    steps: list[Callable[[], Awaitable[VerificationRequest]]] = [
        lambda: service.claim(drafter("GA-HS"), key),
        lambda: service.draft(drafter("GA-HS"), key, found()),
        lambda: service.review(reviewer("GA-HS"), key, approve=True, remarks=None),
        lambda: service.seal(keeper("GA-HS"), key),
    ]
    for step in steps:
        assert await step() == await step()
    assert len((await office.file(asked.case_number)).proofs) == 1
    with pytest.raises(IdempotencyConflictError):
        await service.draft(drafter("GA-HS"), key, NO_RECORD)


@pytest.mark.requirement("I2")
async def test_a_draft_repeated_under_its_key_is_not_judged_by_what_is_asked_for_since(office: Office) -> None:
    request = (await office.open("JOINT")).requests[0]
    await office.requests.claim(drafter("GA-HS"), call(request))
    whole = DraftAnswer(negative=False, facts=(*OWN.facts, *CHILD.facts), statement="")
    once = call(request, "once")
    await office.requests.draft(drafter("GA-HS"), once, whole)
    await office.requests.review(reviewer("GA-HS"), call(request), approve=False, remarks="子女由慈溪核实")
    await office.requests.parts.request(drafter("GA-HS"), call(request), ASKED)
    repeated = await office.requests.draft(drafter("GA-HS"), once, whole)
    assert (repeated.id, repeated.state) == (request.id, RequestState.CLAIMED)
    with pytest.raises(InvalidInputError):
        await office.requests.draft(drafter("GA-HS"), call(request), whole)


@pytest.mark.requirement("R17.2")
async def test_one_person_takes_no_two_steps_of_a_request(office: Office, asked: VerificationRequest) -> None:
    both = staff("GA-HS", 1, Post.DRAFTER, Post.REVIEWER, Post.SEAL_KEEPER)
    await office.drafted(asked)
    with pytest.raises(SamePersonError):
        await office.requests.review(both, call(asked), approve=True, remarks=None)
    await office.requests.review(reviewer("GA-HS"), call(asked), approve=True, remarks=None)
    for one in (both, staff("GA-HS", 2, Post.SEAL_KEEPER)):
        with pytest.raises(SamePersonError):
            await office.requests.seal(one, call(asked))


@pytest.mark.requirement("R17.2")
async def test_a_unit_allowed_two_people_lets_the_reviewer_seal_but_never_the_drafter(office: Office) -> None:
    asked = (await office.open("VERIFIED")).requests[0]
    passed = await office.requests.reroute(drafter("GA-HS"), call(asked), "GA-CX", "在慈溪")
    await office.reviewed(passed)
    with pytest.raises(SamePersonError):
        await office.requests.seal(staff("GA-CX", 1, Post.SEAL_KEEPER), call(asked))
    assert (await office.requests.seal(staff("GA-CX", 2, Post.SEAL_KEEPER), call(asked))).seal_keeper == "GA-CX-2"


async def test_nobody_drafts_what_another_claimed_until_it_is_released(
    office: Office, asked: VerificationRequest
) -> None:
    other = staff("GA-HS", 9, Post.DRAFTER)
    await office.requests.claim(drafter("GA-HS"), call(asked))
    with pytest.raises(ConflictError):
        await office.requests.draft(other, call(asked), found())
    released = await office.requests.release(drafter("GA-HS"), call(asked))
    assert (released.state, released.drafter) == (RequestState.RECEIVED, None)
    await office.requests.claim(other, call(asked))
    assert (await office.requests.draft(other, call(asked), found())).drafter == other.subject


@pytest.mark.requirement("R16.1")
async def test_a_request_is_passed_on_to_another_issuer_only_and_never_back(
    office: Office, asked: VerificationRequest
) -> None:
    for unit in ("RS", "MZ", "GA-HS", "NONE"):
        with pytest.raises(NoCompetentUnitError):
            await office.requests.reroute(drafter("GA-HS"), call(asked), unit, "不归我管")
    passed = await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")
    assert (passed.issuing_unit, passed.passed_by, passed.state) == ("GA", ("GA-HS",), RequestState.RECEIVED)
    assert (passed.received_at, passed.due_at) == (asked.received_at, asked.due_at)
    with pytest.raises(EscalatedError):
        await office.requests.reroute(drafter("GA"), call(asked), "GA-HS", "还是归你")
    assert await office.inbox("GA-HS") == ()
    assert (await office.file(asked.case_number)).needs[0].issuing_unit == "GA"


@pytest.mark.requirement("I4")
async def test_who_has_passed_a_request_on_gets_it_back_without_its_subject(
    office: Office, asked: VerificationRequest
) -> None:
    passed = await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")
    (before,), (after,), (there,) = [
        await office.requests.matters_of(drafter(unit), (request,))
        for unit, request in (("GA-HS", asked), ("GA-HS", passed), ("GA", passed))
    ]
    assert after.subject is None
    assert before.subject == there.subject is not None
    with pytest.raises(NotFoundError):
        await office.requests.matters_of(drafter("GA-CX"), (passed,))


@pytest.mark.requirement("I2")
async def test_passing_on_repeated_under_its_key_gives_the_same_answer(
    office: Office, asked: VerificationRequest
) -> None:
    once = call(asked, "once")
    first = await office.requests.reroute(drafter("GA-HS"), once, "GA", "不归我管")
    assert await office.requests.reroute(drafter("GA-HS"), once, "GA", "不归我管") == first
    with pytest.raises(IdempotencyConflictError):
        await office.requests.reroute(drafter("GA-HS"), once, "GA-CX", "不归我管")
    with pytest.raises(NotFoundError):
        await office.requests.claim(drafter("GA-HS"), call(asked))


async def test_passing_on_needs_a_reason_and_no_draft(office: Office, asked: VerificationRequest) -> None:
    with pytest.raises(InvalidInputError):
        await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", " ")
    await office.drafted(asked)
    with pytest.raises(WrongStateError):
        await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")


async def test_the_asker_withdraws_its_request_until_it_is_sealed(office: Office, asked: VerificationRequest) -> None:
    with pytest.raises(NotPermittedError):
        await office.requests.withdraw(staff("GA-HS", 4, Post.OPERATOR), call(asked), "不办了")
    ended = await office.requests.withdraw(OPERATOR, call(asked), "不办了")
    assert ended.state is RequestState.WITHDRAWN
    assert states(await office.file(asked.case_number)) == {"01": "WITHDRAWN"}
    other = (await office.open("VERIFIED")).requests[0]
    await office.answered(other)
    with pytest.raises(WrongStateError):
        await office.requests.withdraw(OPERATOR, call(other), "不办了")


@pytest.mark.requirement("R14.1", "R17.2")
@pytest.mark.parametrize("number", range(4))
async def test_no_step_comes_out_of_its_turn(office: Office, asked: VerificationRequest, number: int) -> None:
    service = office.requests
    steps: list[Callable[[], Awaitable[VerificationRequest]]] = [
        lambda: service.draft(drafter("GA-HS"), call(asked), found()),
        lambda: service.review(reviewer("GA-HS"), call(asked), approve=True, remarks=None),
        lambda: service.seal(keeper("GA-HS"), call(asked)),
        lambda: service.release(drafter("GA-HS"), call(asked)),
    ]
    with pytest.raises(WrongStateError):
        await steps[number]()
    assert (await service.read(OPERATOR, asked.id)) == asked


@pytest.mark.parametrize("said", ["字" * 1001, "写明\x00期间"], ids=["long", "control"])
async def test_remarks_and_reasons_are_short_text_that_can_be_printed(office: Office, asked, said: str) -> None:
    service = office.requests
    for field, step in (
        ("reason", lambda: service.reroute(drafter("GA-HS"), call(asked), "GA", said)),
        ("reason", lambda: service.withdraw(OPERATOR, call(asked), said)),
        ("remarks", lambda: service.review(reviewer("GA-HS"), call(asked), approve=False, remarks=said)),
        ("remarks", lambda: service.review(reviewer("GA-HS"), call(asked), approve=True, remarks=said)),
    ):
        with pytest.raises(InvalidInputError) as refused:
            await step()
        assert refused.value.field == field
    assert await service.read(OPERATOR, asked.id) == asked


@pytest.mark.requirement("I4")
async def test_a_request_is_seen_by_its_two_units_and_by_posts_that_deal_with_it(
    office: Office, asked: VerificationRequest
) -> None:
    assert await office.requests.read(OPERATOR, asked.id) == asked
    assert await office.requests.read(drafter("GA-HS"), asked.id) == asked
    with pytest.raises(NotFoundError):
        await office.requests.read(drafter("GA-CX"), asked.id)
    with pytest.raises(NotPermittedError):
        await office.requests.read(Actor("x", "GA-HS", frozenset({Post.ANALYST})), asked.id)


@pytest.mark.requirement("R14.5", "R14.6")
async def test_a_request_says_when_it_is_due(office: Office) -> None:
    instant = (await office.open("NOW")).requests[0]
    ordinary = (await office.open("VERIFIED")).requests[0]
    assert (instant.due_at - instant.received_at).total_seconds() == 30 * 60
    assert instant.hard_limit_at is None
    assert (ordinary.target_at - ordinary.received_at).total_seconds() == 24 * 3600
    assert ordinary.hard_limit_at is not None
    assert ordinary.hard_limit_at.isoformat() == "2026-03-06T09:30:00+00:00"


async def test_what_a_request_is_about_is_the_least_that_the_type_needs(
    office: Office, asked: VerificationRequest
) -> None:
    (matter,) = await office.requests.matters_of(drafter("GA-HS"), (asked,))
    assert matter.subject is not None
    assert [key for key, _ in matter.subject.keys] == ["id_number"]
    (hidden,) = await office.requests.matters_of(Actor("x", "GA-HS", frozenset({Post.ANALYST})), (asked,))
    assert hidden.subject is None
