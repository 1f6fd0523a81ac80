"""Plans of cases: before opening, after opening, and the one clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.casework import Need, NeedState, RequestState, VerificationRequest
from graph_models.catalogue import ApplicantKind, Measure, Requirement
from graph_models.snapshot import CatalogueSnapshot
from hub.deadlines import Deadlines
from hub.plans import Plan, plan_of_needs, plan_of_route, spoken_time
from hub.routing import RouteOutcome, RoutingInput, route_item
from tests.hub import small_catalogue as small
from tests.hub.casework import DUE, NEED, NOW, REQUEST, REQUESTED

DEADLINES = Deadlines(target_at=DUE, hard_limit_at=None, due_at=DUE, urgent=False, provisional=False)


def catalogue(*requirements: Requirement, question: str | None = None) -> CatalogueSnapshot:
    return small.snapshot(
        units=[small.unit("U1"), small.unit("U2")],
        proof_types=[small.proof_type("T1"), small.proof_type("T2"), small.proof_type("T3", question=question)],
        relationships=[
            small.issues("U1", "T1", small.CITY, shared=True),
            small.issues("U2", "T2", small.CITY),
            small.issues("U1", "T3", small.HAISHU),
            small.issues("U2", "T3", small.JIANGBEI),
        ],
        requirements=requirements,
    )


def planned(snapshot: CatalogueSnapshot, due: Deadlines = DEADLINES) -> Plan:
    given = RoutingInput(
        item_code="I1", region=small.HAISHU, applicant_kind=ApplicantKind.NATURAL_PERSON, handling_unit="U0"
    )
    return plan_of_route(route_item(snapshot, given), NOW, due)


def stands(*needs: Need, request: VerificationRequest = REQUEST) -> Plan:
    return plan_of_needs(catalogue(), needs, [request], NOW)


@pytest.mark.requirement("I6")
def test_what_is_shared_is_there_now() -> None:
    plan = planned(catalogue(small.needs(1, "T1"), small.needs(2, "T3", Measure.FACE_RECOGNITION)))
    assert (plan.clock, plan.clock_zh) == ("now", "当场")
    assert [line.outcome for line in plan.lines] == [RouteOutcome.SHARED, RouteOutcome.IDENTITY]


@pytest.mark.requirement("I6")
def test_the_slowest_requirement_sets_the_clock_of_the_case() -> None:
    plan = planned(catalogue(small.needs(1, "T1"), small.needs(2, "T2")))
    assert (plan.ready_at, plan.clock, plan.clock_zh) == (DUE, "by 15:40", "15:40 前")


def test_an_open_question_leaves_the_time_open() -> None:
    plan = planned(catalogue(small.needs(1, "T1"), small.needs(2, "T3"), question="在哪里？"))
    assert (plan.ready_at, plan.clock) == (None, "not known yet")
    assert plan.lines[1].text_zh == "需先回答：在哪里？"


def test_what_is_urgent_at_receipt_is_not_called_now() -> None:
    assert planned(catalogue(small.needs(1, "T2")), replace(DEADLINES, due_at=NOW, urgent=True)).ready_at is None


@pytest.mark.requirement("R2.2")
def test_what_the_applicant_brings_does_not_hold_up_the_clock() -> None:
    plan = planned(catalogue(small.needs(1, "T1"), replace(small.needs(2, "T2"), out_of_scope="省级审批")))
    assert plan.clock == "now"
    assert plan.lines[1].expected_at is None


def test_alternatives_are_listed_and_a_second_need_of_a_type_is_reused() -> None:
    plan = planned(catalogue(small.needs(1, "T1"), small.needs(2, "T1"), small.needs(3, "T2", group=2)))
    assert [(line.chosen, line.reused) for line in plan.lines] == [(True, False), (True, True), (False, False)]
    assert plan.clock == "now"


def test_an_opened_case_stands_by_its_needs_and_requests() -> None:
    plan = stands(REQUESTED, NEED)
    assert [(line.state, line.outcome, line.expected_at) for line in plan.lines] == [
        (NeedState.MET, RouteOutcome.SHARED, NOW),
        (NeedState.REQUESTED, RouteOutcome.VERIFICATION, DUE),
    ]
    assert plan.lines[1].text == "the issuing unit is looking into it (Unit U2)"
    assert plan.clock == "by 15:40"


def test_an_overdue_request_leaves_the_time_open_and_says_so() -> None:
    plan = stands(NEED, REQUESTED, request=replace(REQUEST, due_at=NOW - timedelta(minutes=1)))
    assert plan.ready_at is None
    assert "已到办理时限" in plan.lines[1].text_zh


def test_a_sealed_request_is_as_good_as_there() -> None:
    assert stands(REQUESTED, request=replace(REQUEST, state=RequestState.SEALED)).clock == "now"


def test_one_proof_meets_two_needs_and_is_shown_as_reused() -> None:
    plan = stands(NEED, replace(NEED, id="C1/02", requirement_id="I1-02"))
    assert [(line.proof_number, line.reused) for line in plan.lines] == [("P1", False), ("P1", True)]


@pytest.mark.parametrize(
    ("state", "ready"),
    [
        (NeedState.NEGATIVE, True),
        (NeedState.NOT_NEEDED, True),
        (NeedState.ASK_APPLICANT, True),
        (NeedState.WITHDRAWN, True),
        (NeedState.ANSWER_NEEDED, False),
    ],
)
def test_only_what_is_waited_for_leaves_the_clock_open(state: NeedState, ready: bool) -> None:
    plan = stands(NEED, replace(NEED, id="C1/02", state=state, proof_number=None))
    assert (plan.ready_at is not None) == ready
    assert plan.lines[1].text
    assert plan.lines[1].text_zh


@pytest.mark.parametrize(
    ("need", "outcome"),
    [
        (replace(NEED, measure=None), RouteOutcome.OWN_RECORD),
        (replace(NEED, measure=None, issuing_unit=None), RouteOutcome.OUT_OF_SCOPE),
        (replace(NEED, measure=Measure.APP_LICENCE), RouteOutcome.IDENTITY),
        (replace(NEED, measure=Measure.PLATFORM_LICENCE), RouteOutcome.LICENCE),
        (replace(NEED, request_id="R1"), RouteOutcome.VERIFICATION),
    ],
)
def test_a_need_shows_the_way_it_took(need: Need, outcome: RouteOutcome) -> None:
    assert stands(need).lines[0].outcome is outcome


def test_a_time_of_another_day_is_spoken_with_its_date() -> None:
    assert spoken_time(NOW + timedelta(days=1), NOW) == ("by 2026-11-25 10:00", "2026-11-25 10:00 前")
