"""Opening, answering, closing and withdrawing cases: once, by whom it may be, and never half."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from graph_models.casework import Answer, CaseState, Licence, NeedState, RequestState
from graph_models.catalogue import ApplicantKind
from hub.actors import Actor, Post
from hub.errors import (
    IdempotencyConflictError,
    InvalidInputError,
    NoCompetentUnitError,
    NotFoundError,
    NotPermittedError,
    OutsideCatalogueError,
    WrongStateError,
)
from hub.routing import RouteOutcome
from tests.hub.office import NOBODY, NOW, OPERATOR, Office, call, drafter, matter, staff, states


@pytest.mark.requirement("R9.1", "R13.1")
async def test_shared_data_is_sealed_in_the_same_call_and_the_rest_is_asked_for(office: Office) -> None:
    case = await office.open("WHOLE")
    assert states(case) == {"01": "MET", "02": "MET", "03": "REQUESTED"}
    assert {proof.proof_type_code for proof in case.proofs} == {"HJ", "SB"}
    assert [request.issuing_unit for request in case.requests] == ["GA-HS"]


@pytest.mark.requirement("I2")
async def test_the_same_business_number_again_is_the_same_case(office: Office) -> None:
    given = matter("WHOLE")
    first = await office.cases.open(OPERATOR, given)
    assert await office.cases.open(OPERATOR, given) == first
    assert len(office.registers["population"].asked) == 1


@pytest.mark.requirement("I2")
async def test_the_same_business_number_with_other_content_is_a_conflict(office: Office) -> None:
    given = matter("WHOLE")
    await office.cases.open(OPERATOR, given)
    with pytest.raises(IdempotencyConflictError) as refused:
        await office.cases.open(OPERATOR, replace(given, item_code="SHARED"))
    assert refused.value.field == "businessNumber"


@pytest.mark.requirement("I2")
async def test_of_openings_at_once_with_one_number_one_is_written(office: Office) -> None:
    given = matter("WHOLE")
    opened = await asyncio.gather(*(office.cases.open(OPERATOR, given) for _ in range(5)))
    assert len({case.case.number for case in opened}) == 1
    case = await office.file(opened[0].case.number)
    assert len(case.proofs) == 2
    assert len(case.requests) == 1


async def test_the_same_number_of_another_unit_is_another_case(office: Office) -> None:
    given = matter("WHOLE")
    first = await office.cases.open(OPERATOR, given)
    second = await office.cases.open(Actor("op-2", "MZ", frozenset({Post.OPERATOR})), given)
    assert first.case.number != second.case.number


@pytest.mark.requirement("R14.3")
@pytest.mark.parametrize("post", sorted(set(Post) - {Post.OPERATOR}))
async def test_only_an_operator_opens_a_case(office: Office, post: Post) -> None:
    with pytest.raises(NotPermittedError):
        await office.cases.open(staff("MZ-HS", 1, post), matter("WHOLE"))


@pytest.mark.requirement("R14.3", "R8.3")
async def test_only_a_unit_that_handles_the_item_opens_its_cases(office: Office) -> None:
    with pytest.raises(NotPermittedError) as refused:
        await office.cases.open(staff("GA-HS", 1, Post.OPERATOR), matter("WHOLE"))
    assert refused.value.field == "itemCode"


@pytest.mark.requirement("R8.3")
async def test_outside_the_catalogue_there_is_no_item(office: Office) -> None:
    with pytest.raises(OutsideCatalogueError, match="version 1 of the catalogue"):
        await office.open("NOTHING")


@pytest.mark.requirement("R8.3")
async def test_an_answer_about_a_proof_outside_the_catalogue_is_refused(office: Office) -> None:
    with pytest.raises(OutsideCatalogueError):
        await office.open("ASKS", answers=(Answer(proof_type_code="NONE", region="330203"),))


@pytest.mark.requirement("R2.2", "R3.1", "R9.1", "R12.1")
async def test_what_needs_no_issuer_is_met_or_asked_of_the_applicant_with_its_reason(office: Office) -> None:
    licence = Licence(proof_type_code="SB", platform="浙里办", licence_number="L-1", evidence="E-1", at=NOW)
    case = await office.open("EVERY", licences=(licence,))
    reasons = {need.requirement_id[-2:]: need.reason for need in case.needs}
    assert states(case) == {
        "01": "MET",
        "02": "NOT_NEEDED",
        "03": "MET",
        "04": "ASK_APPLICANT",
        "05": "MET",
        "06": "ASK_APPLICANT",
    }
    assert "identity evidence" in reasons["01"]
    assert "platform licence is at hand" in reasons["03"]
    assert "own records" in reasons["05"]
    assert "out of scope (省级决定)" in reasons["06"]
    assert case.requests == ()
    assert case.case.licences == (licence,)


async def test_where_no_measure_that_the_catalogue_names_is_open_the_case_is_refused(office: Office) -> None:
    with pytest.raises(NoCompetentUnitError, match="proof type SB"):
        await office.open("EVERY")


async def test_a_case_for_an_applicant_of_the_wrong_kind_is_refused(office: Office) -> None:
    given = matter("WHOLE")
    firm = replace(given.applicant, kind=ApplicantKind.LEGAL_PERSON, identifier="91330200144056344W")
    with pytest.raises(InvalidInputError):
        await office.cases.open(OPERATOR, replace(given, applicant=firm))


async def test_a_key_that_a_record_is_found_by_is_asked_for_at_once(office: Office) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await office.open("KEYED")
    assert refused.value.field == "subject.property_number"
    case = await office.open("KEYED", subject=(("property_number", "330203 001"),))
    assert states(case) == {"01": "MET"}


async def test_a_plan_says_how_each_requirement_is_met_before_anything_is_opened(office: Office) -> None:
    plan = office.cases.plan("WHOLE", "330203", ApplicantKind.NATURAL_PERSON, "MZ-HS", {})
    assert [line.outcome for line in plan.lines] == [
        RouteOutcome.SHARED,
        RouteOutcome.SHARED,
        RouteOutcome.VERIFICATION,
    ]
    assert office.registers["population"].asked == []


async def test_the_plan_of_a_case_follows_its_needs(office: Office) -> None:
    case = await office.open("WHOLE")
    waiting = await office.cases.plan_of(case)
    assert waiting.ready_at == case.requests[0].due_at
    await office.answered(case.requests[0])
    done = await office.cases.plan_of(await office.file(case.case.number))
    assert done.clock_zh == "当场"


@pytest.mark.requirement("I4")
async def test_a_case_of_another_unit_does_not_exist(office: Office) -> None:
    case = await office.open("WHOLE")
    for actor in (staff("GA-HS", 1, Post.OPERATOR), staff("MZ", 1, Post.OPERATOR)):
        with pytest.raises(NotFoundError):
            await office.cases.read(actor, case.case.number)
        with pytest.raises(NotFoundError):
            await office.cases.withdraw(actor, case.case.number, "k")


async def test_a_page_of_cases_comes_newest_first_and_goes_on_after_the_last(office: Office) -> None:
    numbers = []
    for _ in range(3):
        office.clock.advance(seconds=1)
        numbers.append((await office.open("SHARED")).case.number)
    first = await office.cases.page(OPERATOR, CaseState.OPEN, None, 2)
    last = (int(first[-1].opened_at.timestamp() * 1000), first[-1].number)
    rest = await office.cases.page(OPERATOR, CaseState.OPEN, last, 2)
    assert [case.number for case in (*first, *rest)] == numbers[::-1]
    files = await office.cases.files_of(first)
    assert [len(file.proofs) for file in files] == [1, 1]


async def test_a_question_is_answered_later_and_the_case_goes_on(office: Office) -> None:
    case = await office.open("ASKS")
    assert states(case) == {"01": "ANSWER_NEEDED"}
    answer = Answer(proof_type_code="HY", region="330282")
    after = await office.cases.answer(OPERATOR, case.case.number, "a1", answer)
    assert states(after) == {"01": "REQUESTED"}
    assert [request.issuing_unit for request in after.requests] == ["GA-CX"]
    assert len(await office.inbox("GA-CX")) == 1


@pytest.mark.requirement("I2")
async def test_an_answer_repeated_is_the_same_and_another_under_its_key_is_a_conflict(office: Office) -> None:
    number = (await office.open("ASKS")).case.number
    answer = Answer(proof_type_code="HY", region="330282")
    after = await office.cases.answer(OPERATOR, number, "a1", answer)
    assert await office.cases.answer(OPERATOR, number, "a1", answer) == after
    with pytest.raises(IdempotencyConflictError):
        await office.cases.answer(OPERATOR, number, "a1", replace(answer, region="330203"))
    with pytest.raises(InvalidInputError, match="no question"):
        await office.cases.answer(OPERATOR, number, "a2", answer)


@pytest.mark.requirement("R2.2")
async def test_an_answer_outside_the_city_lets_the_applicant_be_asked(office: Office) -> None:
    number = (await office.open("ASKS")).case.number
    after = await office.cases.answer(OPERATOR, number, "a1", Answer(proof_type_code="HY", region="440300"))
    assert states(after) == {"01": "ASK_APPLICANT"}
    assert "outside the city" in after.needs[0].reason


async def test_an_answer_where_nobody_issues_is_refused_and_the_question_stays(office: Office) -> None:
    number = (await office.open("ASKS")).case.number
    with pytest.raises(NoCompetentUnitError):
        await office.cases.answer(OPERATOR, number, "a1", Answer(proof_type_code="HY", region="330205"))
    with pytest.raises(InvalidInputError):
        await office.cases.answer(OPERATOR, number, "a2", Answer(proof_type_code="HY", region="Haishu"))
    assert states(await office.file(number)) == {"01": "ANSWER_NEEDED"}


async def test_a_case_is_not_closed_while_something_is_under_way(office: Office) -> None:
    case = await office.open("WHOLE")
    with pytest.raises(WrongStateError):
        await office.cases.close(OPERATOR, case.case.number, "c1")
    await office.answered(case.requests[0])
    assert (await office.cases.close(OPERATOR, case.case.number, "c1")).case.state is CaseState.CLOSED


@pytest.mark.requirement("I2")
async def test_closing_again_with_the_key_is_the_same_and_with_another_is_refused(office: Office) -> None:
    number = (await office.open("SHARED")).case.number
    closed = await office.cases.close(OPERATOR, number, "c1")
    assert await office.cases.close(OPERATOR, number, "c1") == closed
    with pytest.raises(WrongStateError):
        await office.cases.close(OPERATOR, number, "c2")
    with pytest.raises(WrongStateError):
        await office.cases.withdraw(OPERATOR, number, "w1")


async def test_withdrawing_a_case_ends_its_requests_and_keeps_its_proofs(office: Office) -> None:
    case = await office.open("WHOLE")
    after = await office.cases.withdraw(OPERATOR, case.case.number, "w1")
    assert after.case.state is CaseState.WITHDRAWN
    assert [request.state for request in after.requests] == [RequestState.WITHDRAWN]
    assert states(after) == {"01": "MET", "02": "MET", "03": "WITHDRAWN"}
    assert after.proofs == case.proofs
    with pytest.raises(WrongStateError):
        await office.requests.claim(drafter("GA-HS"), call(case.requests[0]))


@pytest.mark.requirement("I2")
async def test_the_key_of_one_case_does_not_close_another(office: Office) -> None:
    first, second = await office.open("SHARED"), await office.open("SHARED")
    await office.cases.close(OPERATOR, first.case.number, "c1")
    with pytest.raises(IdempotencyConflictError):
        await office.cases.close(OPERATOR, second.case.number, "c1")


async def test_two_requirements_for_one_proof_are_met_by_one_proof_and_one_request(office: Office) -> None:
    case = await office.open("TWICE")
    assert states(case) == {"01": "MET", "02": "MET", "03": "REQUESTED", "04": "REQUESTED"}
    assert len(case.requests) == len(case.proofs) == 1
    await office.answered(case.requests[0])
    after = await office.file(case.case.number)
    assert {need.state for need in after.needs} == {NeedState.MET}
    assert len(after.proofs) == 2


async def test_a_negative_alternative_that_was_shared_gives_way_within_the_opening(office: Office) -> None:
    case = await office.open("EITHER", person=NOBODY)
    assert states(case) == {"01": "NEGATIVE", "02": "REQUESTED"}
