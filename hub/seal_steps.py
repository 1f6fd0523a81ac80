"""What a step on a seal checks and what it changes. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from graph_models.errors import IllegalStepError
from graph_models.seal_states import SealStep, next_state, person_conflict
from graph_models.seals import Seal, SealKey, SealKind, SealState, SealStepRecord
from hub.actors import Actor
from hub.errors import ConflictError, InvalidInputError, SamePersonError, WrongStateError
from hub.seal_keys import check_holder
from seals.kinds import SEAL_NAMES
from seals.kinds import SealKind as Kind

TEXT_LIMIT = 200
"""Longest remark or reason, in characters."""
NUMBER_LIMIT = 32
"""Longest number of a seal, in characters."""
NAME_LIMIT = 64
"""Longest name of a holder or of a seal, in characters: what a certificate takes (RFC 5280, appendix A.1)."""
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,32}")
_IDENTIFIER = re.compile(r"NTRCN-[0-9A-Z]{18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealApplication:
    """What is applied for."""

    kind: SealKind
    holder: str
    holder_identifier: str
    """NTRCN- and the unified social credit code of the holder (EN 319 412-1, 5.1.4)."""
    number: str
    name: str | None = None
    """What the seal is called; None for the name that the regulation gives its kind (Art. 14)."""
    remarks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealCall:
    """Which seal a caller steps on, under which key, and which version it saw (None: whichever is there)."""

    seal_id: str
    key: str
    expected_version: int | None = None
    remarks: str | None = None


def applied_for(actor: Actor, application: SealApplication, identifier: str, at: datetime) -> Seal:
    """Return the seal that is applied for. Raises InvalidInputError."""
    name = application.name or SEAL_NAMES[Kind(application.kind.value)].zh
    _check_application(application, name)
    step = SealStepRecord(
        step=SealStep.APPLY.value, at=at, by=actor.subject, unit_code=actor.unit_code, remarks=application.remarks
    )
    return Seal(
        id=identifier,
        kind=application.kind,
        holder=application.holder,
        holder_identifier=application.holder_identifier,
        name=name,
        number=application.number,
        state=SealState.APPLIED,
        key=None,
        next_key=None,
        old_keys=(),
        steps=(step,),
        version=1,
    )


def _check_application(application: SealApplication, name: str) -> None:
    for field, value in (("holder", application.holder), ("name", name)):
        if not value.strip() or len(value) > NAME_LIMIT or not value.isprintable():
            raise malformed(field, f"{field} must have 1 to {NAME_LIMIT} characters that can be printed")
    if not _NUMBER.fullmatch(application.number):
        raise malformed("number", f"number must have 1 to {NUMBER_LIMIT} digits, letters or hyphens")
    if not _IDENTIFIER.fullmatch(application.holder_identifier):
        raise malformed("holderIdentifier", "holderIdentifier must be NTRCN- and 18 digits or capital letters")
    check_holder(application.holder, application.holder_identifier, name)
    check_text("remarks", application.remarks)


def check_text(field: str, text: str | None) -> None:
    """Return if a remark or reason is short enough. Raises InvalidInputError."""
    if text is not None and len(text) > TEXT_LIMIT:
        raise malformed(field, f"{field} has more than {TEXT_LIMIT} characters")


def check_reason(text: str | None) -> None:
    """Return if a reason is given. Raises InvalidInputError."""
    if not (text or "").strip():
        raise malformed("remarks", "this needs a reason in remarks")


def check_step(actor: Actor, call: SealCall, step: SealStep, seal: Seal) -> None:
    """Return if the step may be taken now and by this person.

    Raises:
        ConflictError: the seal is not of the version that the caller saw.
        WrongStateError: the step may not follow.
        SamePersonError: the person took the step before it.
    """
    if call.expected_version not in (None, seal.version):
        raise changed_meanwhile()
    try:
        next_state(seal, step)
    except IllegalStepError as problem:
        raise WrongStateError(
            str(problem),
            message_zh=f"印章当前状态（{seal.state}）不允许此操作",
            mend="Read the seal again; its nextSteps say what may follow.",
        ) from problem
    if person_conflict(seal, step, actor.subject):
        raise SamePersonError(
            "two people take two steps of a seal that follow each other; one makes a key, another installs its "
            "certificate",
            message_zh="印章的相邻两个环节须由两人分别办理",
            mend="Ask a colleague of the seal authority to take this step.",
        )


def taken(actor: Actor, call: SealCall, step: SealStep, seal: Seal, at: datetime) -> Seal:
    """Return the seal after the step, which was checked before."""
    record = SealStepRecord(step=step.value, at=at, by=actor.subject, unit_code=actor.unit_code, remarks=call.remarks)
    return replace(seal, state=next_state(seal, step), steps=(*seal.steps, record))


def with_certificate(seal: Seal, key: SealKey) -> Seal:
    """Return the seal with the certified key: its first one, or the one that takes over in a rotation."""
    if seal.next_key is None:
        return replace(seal, key=key)
    old = (seal.key,) if seal.key is not None else ()
    return replace(seal, key=key, next_key=None, old_keys=(*seal.old_keys, *old))


def changed_meanwhile() -> ConflictError:
    """Return the error of a seal that is another than the caller saw."""
    return ConflictError(
        "somebody else changed the seal first", message_zh="该印章刚被他人处理", mend="Read it again and decide anew."
    )


def malformed(field: str, message: str) -> InvalidInputError:
    """Return the error of a malformed value."""
    return InvalidInputError(message, message_zh=f"{field} 格式不正确", mend=f"Correct {field}.", field=field)
