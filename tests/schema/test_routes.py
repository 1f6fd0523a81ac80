"""Answers of routes, bounded and by proof type; plans for the unit that asks."""

from __future__ import annotations

import pytest

from hub.errors import InvalidInputError
from schema.arguments import ANSWER_LIMIT, AnswerInput
from schema.routes import known_answers, question_shape
from tests.hub.small_catalogue import snapshot
from tests.schema.city import OPERATOR, STRANGER, City

PLAN = """query P($item: String!, $answers: [AnswerInput!]) {
  planCase(itemCode: $item, region: "330203", applicantKind: NATURAL_PERSON, answers: $answers) {
  ... on Problem { __typename code field }
  ... on Plan { clock clockZh readyAt lines { outcome issuingUnit proofNumber reused proofType { code } } } } }"""


def test_answers_are_known_by_their_proof_type_the_last_one_counts() -> None:
    given = [AnswerInput(proof_type_code="JH", region=region) for region in ("330203", "330282")]
    assert known_answers(given) == {"JH": "330282"}
    assert known_answers(None) == known_answers([]) == {}


def test_as_many_answers_as_the_limit_are_taken_and_no_more() -> None:
    answers = [AnswerInput(proof_type_code=f"T{number}", region="330203") for number in range(ANSWER_LIMIT + 1)]
    assert len(known_answers(answers[:-1])) == ANSWER_LIMIT
    with pytest.raises(InvalidInputError) as refused:
        known_answers(answers)
    assert refused.value.field == "answers"


def test_without_a_question_none_is_shown() -> None:
    assert question_shape(snapshot(), None) is None


@pytest.mark.requirement("I6")
async def test_a_plan_with_an_open_question_says_no_time_and_with_its_answer_says_who_issues(city: City) -> None:
    for actor in (OPERATOR, STRANGER):
        asked = (await city.ask(PLAN, actor, item="NB0002"))["planCase"]
        if asked["lines"][0]["outcome"] == "ANSWER_NEEDED":
            assert (asked["readyAt"], asked["lines"][0]["issuingUnit"]) == (None, None)
        answered = await city.ask(PLAN, actor, item="NB0002", answers=[{"proofTypeCode": "JH", "region": "330282"}])
        assert answered["planCase"]["lines"][0]["issuingUnit"] == "GA"
        assert answered["planCase"]["readyAt"]


@pytest.mark.requirement("R8.3")
async def test_a_plan_of_what_is_outside_the_catalogue_is_a_typed_problem(city: City) -> None:
    found = (await city.ask(PLAN, item="NB9999"))["planCase"]
    assert (found["__typename"], found["code"]) == ("OutsideCatalogue", "OUTSIDE_CATALOGUE")
