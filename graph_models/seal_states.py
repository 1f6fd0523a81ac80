"""Which step of a seal (电子印章) may follow which, and by whom (Art. 15). Pure.

``STEPS`` is the whole state machine, one row a step. Two different people take two steps that follow each other; only
suspending takes one person, whoever it is, because it must be possible at once. Whoever makes a key does not install
its certificate, whatever was done in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from graph_models.errors import IllegalStepError
from graph_models.seals import Seal, SealState


class SealStep(StrEnum):
    """What the seal authority does with a seal."""

    APPLY = "APPLY"
    """申请: the seal is asked for; it begins with this."""
    APPROVE = "APPROVE"
    """批准."""
    MAKE = "MAKE"
    """制作: its key is made, and a certificate asked for."""
    INSTALL = "INSTALL"
    """装入证书: the issued certificate is checked and kept; in a rotation the new key takes over with it."""
    ACTIVATE = "ACTIVATE"
    """启用: it may be used from now on."""
    SUSPEND = "SUSPEND"
    """暂停: nothing is sealed any more, from before the call returns."""
    RESUME = "RESUME"
    """恢复."""
    ROTATE = "ROTATE"
    """更换密钥: a new key is made under the same seal; the old one seals until the new one has its certificate."""
    REVOKE = "REVOKE"
    """吊销: for ever, with a reason."""
    DESTROY = "DESTROY"
    """销毁: its keys are destroyed."""


_S = SealState

STEPS: Mapping[SealStep, Mapping[SealState, SealState]] = MappingProxyType(
    {
        SealStep.APPLY: {},
        SealStep.APPROVE: {_S.APPLIED: _S.APPROVED},
        SealStep.MAKE: {_S.APPROVED: _S.MADE},
        SealStep.INSTALL: {each: each for each in (_S.MADE, _S.ACTIVE, _S.SUSPENDED)},
        SealStep.ACTIVATE: {_S.MADE: _S.ACTIVE},
        SealStep.SUSPEND: {_S.ACTIVE: _S.SUSPENDED},
        SealStep.RESUME: {_S.SUSPENDED: _S.ACTIVE},
        SealStep.ROTATE: {each: each for each in (_S.ACTIVE, _S.SUSPENDED)},
        SealStep.REVOKE: dict.fromkeys((_S.APPLIED, _S.APPROVED, _S.MADE, _S.ACTIVE, _S.SUSPENDED), _S.REVOKED),
        SealStep.DESTROY: {_S.REVOKED: _S.DESTROYED},
    }
)
"""Step → from which state into which. Nothing leads into APPLIED: a seal begins there."""

_MAKES_A_KEY = (SealStep.MAKE, SealStep.ROTATE)


def allowed_steps(seal: Seal) -> tuple[SealStep, ...]:
    """Return the steps that may follow, in the order in which they are listed above."""
    return tuple(step for step in SealStep if _hindrance(seal, step) is None)


def next_state(seal: Seal, step: SealStep) -> SealState:
    """Return the state after the step.

    Raises:
        IllegalStepError: the seal does not allow the step; it says why, and which steps it allows.
    """
    hindrance = _hindrance(seal, step)
    if hindrance is not None:
        allowed = ", ".join(allowed_steps(seal)) or "none, it has ended"
        raise IllegalStepError(f"{hindrance}; steps that may follow: {allowed}")
    return STEPS[step][seal.state]


def person_conflict(seal: Seal, step: SealStep, subject: str) -> bool:
    """Tell whether the person may not take the step, because of an earlier step of their own."""
    if step is SealStep.SUSPEND:
        return False
    if seal.steps and seal.steps[-1].by == subject:
        return True
    made_by = [taken.by for taken in seal.steps if taken.step in _MAKES_A_KEY]
    return step is SealStep.INSTALL and made_by[-1:] == [subject]


def _hindrance(seal: Seal, step: SealStep) -> str | None:
    """Return why the step may not follow, or None where it may."""
    if seal.state not in STEPS[step]:
        return f"{step} may not follow the state {seal.state}"
    certified = seal.key is not None and seal.key.certificate is not None
    if step is SealStep.ACTIVATE and not certified:
        return "the seal has no certificate yet"
    if step is SealStep.INSTALL and certified and seal.next_key is None:
        return "no key of the seal waits for a certificate"
    if step is SealStep.ROTATE and seal.next_key is not None:
        return "a key waits for its certificate already"
    return None
