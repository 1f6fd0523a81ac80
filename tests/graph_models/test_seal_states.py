"""Steps of a seal: order, ends, people."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.errors import IllegalStepError
from graph_models.seal_states import STEPS, SealStep, allowed_steps, next_state, person_conflict
from graph_models.seals import Seal, SealState, SealStepRecord
from tests.contract.records import AT
from tests.contract.seals import seal, seal_key

MOVES = st.lists(st.tuples(st.sampled_from(SealStep), st.sampled_from("ABC")), max_size=80)
BARE = replace(seal_key("new"), certificate=None)


def _begun(by: str = "A") -> Seal:
    applied = replace(seal(state=SealState.APPLIED), key=None, old_keys=(), steps=())
    return _noted(applied, SealStep.APPLY, by)


def _noted(found: Seal, step: SealStep, by: str) -> Seal:
    taken = SealStepRecord(step=step.value, at=AT, by=by, unit_code="NB-GA")
    return replace(found, steps=(*found.steps, taken))


def _taken(found: Seal, step: SealStep, by: str) -> Seal:
    """Take the step if state and people allow it, as the hub does; otherwise nothing changes."""
    if step not in allowed_steps(found) or person_conflict(found, step, by):
        return found
    moved = _noted(replace(found, state=next_state(found, step)), step, by)
    match step:
        case SealStep.MAKE:
            return replace(moved, key=BARE)
        case SealStep.ROTATE:
            return replace(moved, next_key=BARE)
        case SealStep.INSTALL if moved.next_key is not None:
            return replace(moved, key=seal_key("new"), next_key=None, old_keys=(*moved.old_keys, seal_key("old")))
        case SealStep.INSTALL:
            return replace(moved, key=seal_key("new"))
    return moved


def _after(moves: list[tuple[SealStep, str]]) -> Seal:
    found = _begun()
    for step, by in moves:
        found = _taken(found, step, by)
    return found


@pytest.mark.requirement("R15.1")
@given(MOVES)
def test_two_people_take_steps_that_follow_each_other_except_that_anybody_suspends(
    moves: list[tuple[SealStep, str]],
) -> None:
    for before, after in pairwise(_after(moves).steps):
        assert after.by != before.by or after.step == SealStep.SUSPEND


@pytest.mark.requirement("R15.1")
@given(MOVES)
def test_nobody_installs_the_certificate_of_a_key_that_they_made(moves: list[tuple[SealStep, str]]) -> None:
    maker = ""
    for taken in _after(moves).steps:
        if taken.step in (SealStep.MAKE, SealStep.ROTATE):
            maker = taken.by
        assert taken.step != SealStep.INSTALL or taken.by != maker


@given(MOVES)
def test_a_seal_is_active_only_after_it_was_applied_for_approved_made_certified_and_activated(
    moves: list[tuple[SealStep, str]],
) -> None:
    found = _after(moves)
    if found.state is SealState.ACTIVE:
        done = [taken.step for taken in found.steps]
        order = [SealStep.APPLY, SealStep.APPROVE, SealStep.MAKE, SealStep.INSTALL, SealStep.ACTIVATE]
        assert done[:5] == order
        assert found.key is not None
        assert found.key.certificate is not None


@given(MOVES)
def test_what_was_revoked_never_seals_again(moves: list[tuple[SealStep, str]]) -> None:
    found = _after(moves)
    if any(taken.step == SealStep.REVOKE for taken in found.steps):
        assert found.state in (SealState.REVOKED, SealState.DESTROYED)


@pytest.mark.parametrize("state", sorted(set(SealState) - {SealState.DESTROYED}))
def test_every_seal_can_be_brought_to_its_end(state: SealState) -> None:
    reached = {state}
    for _ in SealState:
        reached |= {after for moves in STEPS.values() for before, after in moves.items() if before in reached}
    assert SealState.DESTROYED in reached


@given(st.sampled_from(SealState), st.sampled_from(SealStep))
def test_a_step_is_either_allowed_or_refused_with_those_that_are(state: SealState, step: SealStep) -> None:
    found = seal(state=state)
    if step in allowed_steps(found):
        assert next_state(found, step) in SealState
        return
    with pytest.raises(IllegalStepError) as refused:
        next_state(found, step)
    assert all(allowed in str(refused.value) for allowed in allowed_steps(found))


@pytest.mark.parametrize(
    ("found", "step", "reason"),
    [
        (replace(seal(state=SealState.MADE), key=BARE), SealStep.ACTIVATE, "no certificate yet"),
        (seal(), SealStep.INSTALL, "no key of the seal waits"),
        (replace(seal(), next_key=BARE), SealStep.ROTATE, "waits for its certificate already"),
        (seal(state=SealState.DESTROYED), SealStep.REVOKE, "none, it has ended"),
    ],
)
def test_a_step_that_the_keys_do_not_allow_says_why(found: Seal, step: SealStep, reason: str) -> None:
    with pytest.raises(IllegalStepError, match=reason):
        next_state(found, step)


@pytest.mark.requirement("R15.1")
def test_whoever_suspended_does_not_resume_and_whoever_resumed_may_suspend_again() -> None:
    suspended = _noted(seal(state=SealState.SUSPENDED), SealStep.SUSPEND, "A")
    assert person_conflict(suspended, SealStep.RESUME, "A")
    assert not person_conflict(suspended, SealStep.RESUME, "B")
    assert not person_conflict(_noted(suspended, SealStep.RESUME, "B"), SealStep.SUSPEND, "B")
