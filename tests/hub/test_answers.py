"""Answers of an issuing unit: what a draft must hold, and the order that follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from graph_models.casework import DraftAnswer, ProofKind, VerificationRequest
from graph_models.snapshot import CatalogueSnapshot
from hub.answers import STATEMENT_LIMIT, check_answer, order_of_answer
from hub.errors import InvalidInputError, OutsideCatalogueError, WrongStateError
from hub.issuing import IssueOrder
from tests.hub import small_catalogue as small
from tests.hub.casework import CASE, REQUEST, REQUESTED
from tests.hub.office import NO_RECORD, PERSON, found

TODAY = date(2026, 3, 2)
CATALOGUE: CatalogueSnapshot = small.snapshot(
    units=[small.unit("U0"), small.unit("U2")], proof_types=[small.proof_type("T2")]
)


def order(request: VerificationRequest) -> IssueOrder:
    return order_of_answer(CATALOGUE, CASE, REQUESTED, request, TODAY)


@pytest.mark.requirement("R17.3")
def test_the_order_names_the_drafter_and_the_producing_unit_and_no_source() -> None:
    made = order(replace(REQUEST, draft=found()))
    assert (made.kind, made.drafted_by, made.data_source) == (ProofKind.VERIFIED, REQUEST.drafter, None)
    assert (made.producing_unit.code, made.extraction_unit.code) == ("U2", "U0")
    assert [(fact.key, fact.label) for fact in made.facts] == [("name", "姓名")]


@pytest.mark.requirement("I2")
def test_the_order_is_keyed_by_its_request_however_often_it_is_made() -> None:
    assert {order(replace(REQUEST, draft=draft)).key for draft in (found(), NO_RECORD)} == {REQUEST.id}


@pytest.mark.requirement("R16.1")
def test_a_negative_answer_states_only_about_whom_it_was_asked_and_where_was_searched() -> None:
    made = order(replace(REQUEST, draft=NO_RECORD))
    assert made.negative
    assert [(fact.key, fact.value) for fact in made.facts] == [("name", CASE.applicant.name), ("id_number", PERSON)]
    assert made.remarks == NO_RECORD.statement


def test_an_empty_statement_is_no_remark() -> None:
    assert order(replace(REQUEST, draft=replace(found(), statement="  "))).remarks is None


def test_without_a_draft_there_is_no_order() -> None:
    with pytest.raises(WrongStateError):
        order(REQUEST)


@pytest.mark.parametrize("statement", ["长" * (STATEMENT_LIMIT + 1), "已查\ue000"])
@pytest.mark.parametrize("negative", [True, False])
def test_a_statement_that_cannot_be_printed_is_refused(statement: str, negative: bool) -> None:
    answer = DraftAnswer(negative=negative, facts=() if negative else found().facts, statement=statement)
    with pytest.raises(InvalidInputError) as refused:
        check_answer(CATALOGUE, "T2", answer, TODAY)
    assert refused.value.field == "statement"


def test_a_draft_for_a_type_outside_the_catalogue_is_refused() -> None:
    with pytest.raises(OutsideCatalogueError):
        check_answer(CATALOGUE, "NONE", found(), TODAY)
