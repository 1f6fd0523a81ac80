"""Answers of an issuing unit: what a draft must hold, and the order for the proof that follows from it. Pure."""

from __future__ import annotations

from datetime import date

from graph_models.casework import Case, DraftAnswer, Need, ProofKind, VerificationRequest
from graph_models.snapshot import CatalogueSnapshot
from hub.errors import InvalidInputError, WrongStateError
from hub.facts import check_text, facts_of, subject_facts, subject_of
from hub.issuing import IssueOrder
from hub.published import item_of, proof_type_of, unit_of

STATEMENT_LIMIT = 1000
"""Longest statement or remark, in characters."""


def check_answer(snapshot: CatalogueSnapshot, proof_type_code: str, answer: DraftAnswer, today: date) -> None:
    """Return if the draft can become a proof.

    Raises:
        InvalidInputError: the facts are not those of the proof type, or a negative answer does not say what was
            searched (R16.1: "no such record" is an answer like any other, and as accountable).
    """
    check_text("statement", answer.statement, STATEMENT_LIMIT)
    if not answer.negative:
        facts_of(proof_type_of(snapshot, proof_type_code), answer.facts, today)
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


def order_of_answer(
    snapshot: CatalogueSnapshot, case: Case, need: Need, request: VerificationRequest, today: date
) -> IssueOrder:
    """Return the order for the proof of a reviewed answer; its key is the request, which is sealed once."""
    if request.draft is None:
        raise WrongStateError("there is no draft", message_zh="尚无答复草稿", mend="Draft the answer first.")
    proof_type = proof_type_of(snapshot, request.proof_type_code)
    subject = subject_of(proof_type, case.applicant, dict(case.subject))
    facts = (
        subject_facts(proof_type, case.applicant, subject)
        if request.draft.negative
        else facts_of(proof_type, request.draft.facts, today)
    )
    return IssueOrder(
        key=request.id,
        kind=ProofKind.VERIFIED,
        case=case,
        need=need,
        item=item_of(snapshot, case.item_code),
        proof_type=proof_type,
        extraction_unit=unit_of(snapshot, case.unit_code),
        producing_unit=unit_of(snapshot, request.issuing_unit),
        facts=facts,
        negative=request.draft.negative,
        remarks=request.draft.statement.strip() or None,
        data_source=None,
        drafted_by=request.drafter,
        request_id=request.id,
    )
