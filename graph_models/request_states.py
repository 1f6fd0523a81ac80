"""Which step of a verification request (协助核实请求) may follow which, and by whom. Pure.

``STEPS`` is the whole state machine, one row a step. There is no state and no step for refusing (R16.1): "no such
record" is an answer, drafted, reviewed and sealed like any other. A unit that is not competent passes the request on;
it then begins anew, with nobody's name on it. It ends delivered, or withdrawn by the unit that asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from graph_models.casework import RequestState, VerificationRequest
from graph_models.errors import IllegalStepError


class Step(StrEnum):
    """What somebody does with a request."""

    CLAIM = "CLAIM"
    """领取: a drafter takes it; nobody else drafts it then."""
    RELEASE = "RELEASE"
    """释放: the claim is given back."""
    DRAFT = "DRAFT"
    """拟稿: the answer is written."""
    RETURN = "RETURN"
    """退回: the reviewer wants it changed and says what, also after having approved it, until it is sealed."""
    APPROVE = "APPROVE"
    """审核通过."""
    SEAL = "SEAL"
    """盖章: the seal keeper confirms."""
    DELIVER = "DELIVER"
    """送达: the hub made the proof and put it into the case."""
    PASS_ON = "PASS_ON"  # noqa: S105  no password
    """转交 to the unit that is competent."""
    REQUEST_PART = "REQUEST_PART"
    """分项核实: another issuing unit is asked for some facts of the answer; the claim stays."""
    WITHDRAW = "WITHDRAW"
    """撤回 by the unit that asked, until it is sealed."""


_S = RequestState

STEPS: Mapping[Step, Mapping[RequestState, RequestState]] = MappingProxyType(
    {
        Step.CLAIM: {_S.RECEIVED: _S.CLAIMED},
        Step.RELEASE: {_S.CLAIMED: _S.RECEIVED},
        Step.DRAFT: {_S.CLAIMED: _S.DRAFTED},
        Step.RETURN: {_S.DRAFTED: _S.CLAIMED, _S.REVIEWED: _S.CLAIMED},
        Step.APPROVE: {_S.DRAFTED: _S.REVIEWED},
        Step.SEAL: {_S.REVIEWED: _S.SEALED},
        Step.DELIVER: {_S.SEALED: _S.DELIVERED},
        # A draft is no longer passed on: who drafted has found the unit competent. The reviewer may return it first.
        Step.PASS_ON: {_S.RECEIVED: _S.RECEIVED, _S.CLAIMED: _S.RECEIVED},
        # Before the draft: who reviews sees which facts are another unit's.
        Step.REQUEST_PART: {_S.CLAIMED: _S.CLAIMED},
        Step.WITHDRAW: dict.fromkeys((_S.RECEIVED, _S.CLAIMED, _S.DRAFTED, _S.REVIEWED), _S.WITHDRAWN),
    }
)
"""Step → from which state into which."""

FINAL_STATES = frozenset({RequestState.DELIVERED, RequestState.WITHDRAWN})
"""Nothing follows these."""

POSTS_OF_STEP: Mapping[Step, frozenset[str]] = MappingProxyType(
    {
        Step.CLAIM: frozenset({"DRAFTER"}),
        Step.RELEASE: frozenset({"DRAFTER"}),
        Step.DRAFT: frozenset({"DRAFTER"}),
        Step.RETURN: frozenset({"REVIEWER"}),
        Step.APPROVE: frozenset({"REVIEWER"}),
        Step.SEAL: frozenset({"SEAL_KEEPER"}),
        Step.DELIVER: frozenset(),
        Step.PASS_ON: frozenset({"DRAFTER", "UNIT_MANAGER"}),
        Step.REQUEST_PART: frozenset({"DRAFTER"}),
        Step.WITHDRAW: frozenset({"OPERATOR"}),
    }
)
"""Step → posts of which one is enough, by the names of ``hub.actors.Post``; none: the hub itself does it."""


def allowed_steps(state: RequestState) -> tuple[Step, ...]:
    """Return the steps that may follow the state, in the order in which they are listed above."""
    return tuple(step for step in Step if state in STEPS[step])


def next_state(state: RequestState, step: Step) -> RequestState:
    """Return the state after the step.

    Raises:
        IllegalStepError: the state does not allow the step; it says which steps it allows.
    """
    following = STEPS[step].get(state)
    if following is None:
        allowed = ", ".join(allowed_steps(state)) or "none, it has ended"
        raise IllegalStepError(f"{step} may not follow the state {state}; steps that may: {allowed}")
    return following


def person_conflict(request: VerificationRequest, step: Step, subject: str, *, two_people: bool) -> bool:
    """Tell whether the person may not take the step because of another step of the same answer (R17.2).

    Nobody reviews a draft of their own. The seal is confirmed by a third person, or, where the unit is allowed two
    people, also by the reviewer; never by the drafter.
    """
    if step in (Step.APPROVE, Step.RETURN):
        return subject == request.drafter
    if step is Step.SEAL:
        return subject == request.drafter or (subject == request.reviewer and not two_people)
    return False
