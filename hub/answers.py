"""Answers of an issuing unit: what a draft must hold, and the order for the proof that follows from it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from graph_models.casework import Case, DraftAnswer, Need, ProofKind, VerificationRequest
from graph_models.catalogue import FactField, ProofType
from graph_models.snapshot import CatalogueSnapshot
from hub.answer_parts import brought, endorsed_parts, missing_fields
from hub.errors import InvalidInputError, WrongStateError
from hub.facts import check_text, facts_of, subject_facts, subject_of
from hub.issuing import IssueOrder
from hub.published import item_of, proof_type_of, unit_of
from seals.endorsement import Fact

STATEMENT_LIMIT = 1000
"""Longest statement or remark, in characters."""


def check_answer(
    snapshot: CatalogueSnapshot,
    proof_type_code: str,
    answer: DraftAnswer,
    today: date,
    form: tuple[FactField, ...] | None = None,
) -> None:
    """Return if the draft can become a proof, or what it brings of one.

    ``form`` is what the unit itself fills in; None: all that the proof type states.

    Raises:
        InvalidInputError: the facts are not those of the form, or a negative answer does not say what was
            searched (R16.1: "no such record" is an answer like any other, and as accountable).
    """
    check_text("statement", answer.statement, STATEMENT_LIMIT)
    if not answer.negative:
        proof_type = proof_type_of(snapshot, proof_type_code)
        _check_own(proof_type, proof_type.facts if form is None else form, answer)
        facts_of(proof_type if form is None else replace(proof_type, facts=form), answer.facts, today)
    elif not answer.statement.strip():
        raise InvalidInputError(
            "a negative answer must say which register was searched and by which keys",
            message_zh="无记录答复须说明查询的登记簿和条件",
            mend="Fill in the statement.",
            field="statement",
        )
    elif answer.facts:
        raise InvalidInputError(
            "a negative answer states no facts",
            message_zh="无记录答复不应包含事实项",
            mend="Leave the facts empty, or answer that there is a record.",
            field="facts",
        )


def check_part(part: VerificationRequest, answer: DraftAnswer) -> None:
    """Return unless it is a part that brings nothing, which is a negative answer. Raises InvalidInputError."""
    if part.part_of is not None and not answer.negative and not any(value.strip() for _, value in answer.facts):
        raise InvalidInputError(
            "the part brings no fact",
            message_zh="分项核实答复未填写任何事实项",
            mend="Fill in what was asked for, or answer that there is no such record.",
            field="facts",
        )


def order_of_answer(
    snapshot: CatalogueSnapshot,
    case: Case,
    need: Need,
    request: VerificationRequest,
    today: date,
    *,
    parts: tuple[VerificationRequest, ...] = (),
) -> IssueOrder:
    """Return the order for the proof of a reviewed answer; its key is the request, which is sealed once.

    The facts of ``parts``, which hold for the answer, stand beside the unit's own as they were confirmed.

    Raises:
        WrongStateError: there is no draft, a part is open, or a unit has no record of what the proof needs.
    """
    draft = request.draft
    if draft is None:
        raise WrongStateError("there is no draft", message_zh="尚无答复草稿", mend="Draft the answer first.")
    _check_parts(parts)
    proof_type = proof_type_of(snapshot, request.proof_type_code)
    return IssueOrder(
        key=request.id,
        kind=ProofKind.VERIFIED,
        case=case,
        need=need,
        item=item_of(snapshot, case.item_code),
        proof_type=proof_type,
        extraction_unit=unit_of(snapshot, case.unit_code),
        producing_unit=unit_of(snapshot, request.issuing_unit),
        facts=_facts_of_draft(proof_type, case, draft, parts, today),
        negative=draft.negative,
        remarks=draft.statement.strip() or None,
        data_source=None,
        drafted_by=request.drafter,
        request_id=request.id,
        parts=() if draft.negative else endorsed_parts(snapshot, parts),
    )


def _facts_of_draft(
    proof_type: ProofType, case: Case, draft: DraftAnswer, parts: tuple[VerificationRequest, ...], today: date
) -> tuple[Fact, ...]:
    subject = subject_of(proof_type, case.applicant, dict(case.subject))
    if draft.negative:
        return subject_facts(proof_type, case.applicant, subject)
    _check_found(proof_type, parts)
    return facts_of(proof_type, (*draft.facts, *brought(parts)), today)


def _check_own(proof_type: ProofType, form: tuple[FactField, ...], answer: DraftAnswer) -> None:
    others = {field.key for field in proof_type.facts} - {field.key for field in form}
    for key, _ in answer.facts:
        if key in others:
            raise InvalidInputError(
                f"fact {key} is another unit's to say",
                message_zh=f"事实项 {key} 由其他单位核实",
                mend="Leave it out; the request's form says which facts are yours.",
                field=f"facts.{key}",
            )


def _check_parts(parts: tuple[VerificationRequest, ...]) -> None:
    waiting = [part.issuing_unit for part in parts if part.is_open]
    if waiting:
        raise WrongStateError(
            f"a part of the answer is still open at unit {waiting[0]}",
            message_zh="尚有分项核实请求未答复",
            mend="Wait for its answer, or have the drafter withdraw it.",
        )


def _check_found(proof_type: ProofType, parts: tuple[VerificationRequest, ...]) -> None:
    needed = {field.key for field in proof_type.facts if field.required}
    missing = sorted(needed & missing_fields(parts))
    if missing:
        raise WrongStateError(
            f"the unit that was asked has no record of {missing[0]}, without which there is no such proof",
            message_zh=f"被请求的单位无 {missing[0]} 的记录",
            mend="Return the draft; then ask another unit, or answer that there is no such record.",
        )
