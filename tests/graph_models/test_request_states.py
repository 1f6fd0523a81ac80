"""Steps of a request: order, ends, people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import RequestState, VerificationRequest
from graph_models.errors import IllegalStepError
from graph_models.request_states import (
    FINAL_STATES,
    POSTS_OF_STEP,
    STEPS,
    Step,
    allowed_steps,
    next_state,
    person_conflict,
)
from hub.actors import Post

AT = datetime(2026, 9, 29, 2, tzinfo=UTC)
REQUEST = VerificationRequest(
    id="R1",
    case_number="C1",
    need_id="C1/01",
    proof_type_code="T1",
    item_code="I1",
    asking_unit="A",
    issuing_unit="B",
    region="330203",
    state=RequestState.RECEIVED,
    received_at=AT,
    target_at=AT,
    hard_limit_at=None,
    due_at=AT,
    urgent=False,
    provisional=False,
    drafter=None,
    reviewer=None,
    seal_keeper=None,
    draft=None,
    remarks=None,
    steps=(),
    passed_by=(),
    version=1,
)
MOVES = st.lists(st.tuples(st.sampled_from(Step), st.sampled_from("ABC")), max_size=60)


def _taken(request: VerificationRequest, step: Step, person: str, *, two_people: bool) -> VerificationRequest:
    """Take the step if state and people allow it, as the hub does; otherwise nothing changes."""
    if step not in allowed_steps(request.state) or person_conflict(request, step, person, two_people=two_people):
        return request
    moved = replace(request, state=next_state(request.state, step))
    match step:
        case Step.CLAIM:
            return replace(moved, drafter=person)
        case Step.RELEASE | Step.PASS_ON:
            return replace(moved, drafter=None, reviewer=None)
        case Step.APPROVE:
            return replace(moved, reviewer=person)
        case Step.RETURN:
            return replace(moved, reviewer=None)
        case Step.SEAL:
            return replace(moved, seal_keeper=person)
    return moved


@pytest.mark.requirement("R17.2")
@given(MOVES, st.booleans())
def test_nothing_is_delivered_without_enough_people(moves: list[tuple[Step, str]], two_people: bool) -> None:
    request = REQUEST
    for step, person in moves:
        request = _taken(request, step, person, two_people=two_people)
    if request.state in (RequestState.SEALED, RequestState.DELIVERED):
        people = {request.drafter, request.reviewer, request.seal_keeper}
        assert None not in people
        assert len(people) >= (2 if two_people else 3)
        assert request.drafter not in (request.reviewer, request.seal_keeper)


@pytest.mark.requirement("R17.2")
@given(st.lists(st.sampled_from(Step), max_size=40))
def test_draft_review_and_seal_come_before_delivery_in_this_order(steps: list[Step]) -> None:
    state, done = RequestState.RECEIVED, list[Step]()
    for step in steps:
        if step in allowed_steps(state):
            state = next_state(state, step)
            done.append(step)
    if state is RequestState.DELIVERED:
        answer = [step for step in done if step in (Step.DRAFT, Step.APPROVE, Step.SEAL, Step.DELIVER)]
        assert answer[-4:] == [Step.DRAFT, Step.APPROVE, Step.SEAL, Step.DELIVER]


@pytest.mark.requirement("R16.1")
@pytest.mark.parametrize("state", sorted(set(RequestState) - FINAL_STATES))
def test_every_state_that_is_not_final_can_still_end_delivered(state: RequestState) -> None:
    reached, new = {state}, {state}
    while new:
        new = {next_state(each, step) for each in new for step in allowed_steps(each)} - reached
        reached |= new
    assert RequestState.DELIVERED in reached


@pytest.mark.requirement("R16.1")
def test_there_is_no_refusing() -> None:
    assert not any("REFUS" in name or "REJECT" in name for name in (*RequestState, *Step))
    assert {RequestState.DELIVERED, RequestState.WITHDRAWN} == FINAL_STATES


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_nothing_follows_a_final_state(state: RequestState) -> None:
    assert allowed_steps(state) == ()
    with pytest.raises(IllegalStepError, match="it has ended"):
        next_state(state, Step.WITHDRAW)


@given(st.sampled_from(RequestState), st.sampled_from(Step))
def test_a_step_is_either_allowed_or_refused_with_those_that_are(state: RequestState, step: Step) -> None:
    if step in allowed_steps(state):
        assert next_state(state, step) in RequestState
        return
    with pytest.raises(IllegalStepError) as refused:
        next_state(state, step)
    assert all(allowed in str(refused.value) for allowed in allowed_steps(state))


def test_a_request_is_withdrawn_only_before_it_is_sealed() -> None:
    assert set(STEPS[Step.WITHDRAW]) == set(RequestState) - FINAL_STATES - {RequestState.SEALED}


def test_passing_on_begins_anew_and_no_draft_is_passed_on() -> None:
    assert STEPS[Step.PASS_ON] == dict.fromkeys((RequestState.RECEIVED, RequestState.CLAIMED), RequestState.RECEIVED)


@pytest.mark.requirement("R17.2")
@pytest.mark.parametrize("two_people", [False, True])
def test_nobody_reviews_or_returns_a_draft_of_their_own(two_people: bool) -> None:
    drafted = replace(REQUEST, drafter="A")
    for step in (Step.APPROVE, Step.RETURN):
        assert person_conflict(drafted, step, "A", two_people=two_people)
        assert not person_conflict(drafted, step, "B", two_people=two_people)


@pytest.mark.requirement("R17.2")
def test_in_a_unit_of_two_people_the_reviewer_may_seal_and_the_drafter_may_not() -> None:
    reviewed = replace(REQUEST, drafter="A", reviewer="B")
    assert person_conflict(reviewed, Step.SEAL, "B", two_people=False)
    assert not person_conflict(reviewed, Step.SEAL, "B", two_people=True)
    assert person_conflict(reviewed, Step.SEAL, "A", two_people=True)
    assert not person_conflict(reviewed, Step.SEAL, "C", two_people=False)


def test_every_step_names_posts_that_exist() -> None:
    assert set(POSTS_OF_STEP) == set(STEPS) == set(Step)
    assert frozenset().union(*POSTS_OF_STEP.values()) <= {post.value for post in Post}
