"""From a route to needs and requests: one way for each group, one request for each proof type, and the next way."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import Answer, Case, Need, NeedState, RequestState
from graph_models.catalogue import CatalogueContent, Requirement
from graph_models.snapshot import CatalogueSnapshot
from hub.clock import SystemIds
from hub.errors import OutsideCatalogueError
from hub.needs import EXTRACTION_EXPECTED, EXTRACTION_LEASE, NeedMaker, Started, groups_without_way, routing_input
from hub.routing import route_item
from hub.working_days import WorkingCalendar
from tests.hub import small_catalogue as small
from tests.hub.casework import CASE, NOW

UNITS = [small.unit("U1"), small.unit("U2")]


def catalogue(*requirements: Requirement) -> CatalogueSnapshot:
    """T1 is shared, T2 and T4 are verified, T3 depends on an answer, nobody issues T5."""
    types = [small.proof_type(code, question="在哪里？" if code == "T3" else None) for code in ("T1", "T2", "T3", "T4")]
    return small.snapshot(
        units=UNITS,
        proof_types=[*types, small.proof_type("T5")],
        relationships=[
            small.issues("U1", "T1", small.CITY, shared=True),
            small.issues("U2", "T2", small.CITY),
            small.issues("U1", "T3", small.HAISHU),
            small.issues("U2", "T3", small.CIXI),
            small.issues("U2", "T4", small.CITY),
        ],
        requirements=requirements,
    )


def maker_of(snapshot: CatalogueSnapshot) -> NeedMaker:
    return NeedMaker(snapshot, WorkingCalendar(), SystemIds(), NOW)


def start(snapshot: CatalogueSnapshot, case: Case = CASE) -> Started:
    return maker_of(snapshot).start(case, route_item(snapshot, routing_input(case)))


def states(started: Started) -> list[NeedState]:
    return [need.state for need in started.needs]


def test_shared_data_is_taken_at_once_under_a_lease_and_verified_data_is_asked_for() -> None:
    shared, verified = (started := start(catalogue(small.needs(1, "T1"), small.needs(2, "T2")))).needs
    assert (shared.id, shared.state, shared.source, shared.attempts) == ("C1/01", NeedState.PENDING, "registry", 1)
    assert (shared.expected_at, shared.next_attempt_at) == (NOW + EXTRACTION_EXPECTED, NOW + EXTRACTION_LEASE)
    (request,) = started.requests
    assert (verified.request_id, verified.expected_at) == (request.id, request.due_at)
    assert (request.need_id, request.asking_unit, request.issuing_unit) == ("C1/02", "U0", "U2")
    assert (request.state, request.received_at, request.version) == (RequestState.RECEIVED, NOW, 1)


def test_two_requirements_of_one_type_make_one_extraction_and_one_request() -> None:
    rows = [small.needs(number, code) for number, code in enumerate(("T1", "T1", "T2", "T2"), start=1)]
    started = start(catalogue(*rows))
    assert [need.next_attempt_at is not None for need in started.needs] == [True, False, False, False]
    assert {need.request_id for need in started.needs[2:]} == {started.requests[0].id}
    assert len(started.requests) == 1


@given(small.contents())
def test_every_group_has_one_way_and_whatever_waits_is_waited_for_in_one_place(content: CatalogueContent) -> None:
    snapshot = CatalogueSnapshot(small.VERSION, content)
    case = replace(CASE, unit_code="U0", catalogue_version=small.VERSION.number)
    started = start(snapshot, case)
    chosen = Counter(need.group for need in started.needs if need.state is not NeedState.NOT_NEEDED)
    assert set(chosen.values()) <= {1}
    assert set(chosen) == {need.group for need in started.needs}
    waiting = [need.proof_type_code for need in started.needs if need.next_attempt_at is not None]
    asked = [request.proof_type_code for request in started.requests]
    assert sorted(set(waiting)) == sorted(waiting)
    assert sorted(set(asked)) == sorted(asked)
    for need in started.needs:
        assert (need.state is NeedState.PENDING) == (need.proof_type_code in waiting and need.attempts == 1)
        assert (need.state is NeedState.REQUESTED) == (need.request_id is not None)
        assert need.reason
        assert need.reason_zh


def negative(started: Started, number: int) -> tuple[list[Need], set[int]]:
    """Return the needs with one of them negative, and the groups that have no way then."""
    needs = list(started.needs)
    needs[number] = replace(needs[number], state=NeedState.NEGATIVE, next_attempt_at=None)
    return needs, set(groups_without_way(needs))


def test_after_a_negative_the_group_takes_its_next_way_and_keeps_identifiers_and_versions() -> None:
    snapshot = catalogue(*(small.needs(number, code, group=1) for number, code in ((1, "T1"), (2, "T2"), (3, "T4"))))
    needs, groups = negative(start(snapshot), 0)
    needs[1] = replace(needs[1], version=7)
    assert groups == {1}
    taken = maker_of(snapshot).retake(CASE, needs, groups)
    assert [(need.id, need.state, need.version) for need in taken.needs] == [("C1/02", NeedState.REQUESTED, 7)]
    assert [request.need_id for request in taken.requests] == ["C1/02"]


def test_shared_data_taken_up_later_is_due_at_once_and_nobodys_yet() -> None:
    snapshot = catalogue(small.needs(1, "T2", group=1), small.needs(2, "T1", group=1))
    needs, _ = negative(start(snapshot), 1)
    needs = [replace(needs[0], state=NeedState.NEGATIVE), replace(needs[1], state=NeedState.NOT_NEEDED)]
    (taken,) = maker_of(snapshot).retake(CASE, needs, {1}).needs
    assert (taken.state, taken.attempts, taken.next_attempt_at) == (NeedState.PENDING, 0, NOW)


@pytest.mark.parametrize(
    ("state", "request_id"), [(NeedState.MET, None), (NeedState.REQUESTED, "R9"), (NeedState.PENDING, None)]
)
def test_a_way_that_the_case_goes_already_is_joined_and_not_asked_twice(
    state: NeedState, request_id: str | None
) -> None:
    snapshot = catalogue(small.needs(1, "T1", group=1), small.needs(2, "T2", group=1), small.needs(3, "T2", group=2))
    needs, groups = negative(start(snapshot), 0)
    needs[2] = replace(needs[2], state=state, request_id=request_id, proof_number="P1", next_attempt_at=None)
    taken = maker_of(snapshot).retake(CASE, needs, groups)
    assert taken.requests == ()
    assert [(need.state, need.request_id, need.proof_number) for need in taken.needs] == [(state, request_id, "P1")]


def test_a_type_known_to_be_negative_is_no_next_way_and_a_group_without_any_stays() -> None:
    snapshot = catalogue(small.needs(1, "T1", group=1), small.needs(2, "T1", group=1), small.needs(3, "T5", group=1))
    needs, groups = negative(start(snapshot), 0)
    assert maker_of(snapshot).retake(CASE, needs, groups) == Started((), ())


def test_an_answer_opens_the_way_of_its_region() -> None:
    snapshot = catalogue(small.needs(1, "T3"))
    asked = start(snapshot)
    assert states(asked) == [NeedState.ANSWER_NEEDED]
    answered = replace(CASE, answers=(Answer(proof_type_code="T3", region=small.CIXI),))
    taken = maker_of(snapshot).retake(answered, asked.needs, {1})
    assert (states(taken), taken.requests[0].issuing_unit) == ([NeedState.REQUESTED], "U2")


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(NeedState)), max_size=6))
def test_a_group_is_without_way_when_one_turned_out_negative_and_nothing_of_it_stands(
    drawn: list[tuple[int, NeedState]],
) -> None:
    base = start(catalogue(small.needs(1, "T1"))).needs[0]
    found = groups_without_way(replace(base, group=group, state=state) for group, state in drawn)
    idle = {NeedState.NEGATIVE, NeedState.NOT_NEEDED, NeedState.WITHDRAWN}
    by_group = {group: {state for other, state in drawn if other == group} for group, _ in drawn}
    assert found == {group for group, kinds in by_group.items() if NeedState.NEGATIVE in kinds and kinds <= idle}


def test_a_requirement_that_the_version_does_not_hold_is_outside_the_catalogue() -> None:
    started = start(catalogue(small.needs(1, "T3")))
    with pytest.raises(OutsideCatalogueError):
        maker_of(catalogue()).retake(CASE, started.needs, {1})
