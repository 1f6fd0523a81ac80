"""Routes: precedence, jurisdiction, alternatives, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.catalogue import ApplicantKind, CatalogueContent, Measure, Requirement
from graph_models.regions import covers, specificity
from graph_models.snapshot import CatalogueSnapshot
from hub.errors import InvalidInputError, NoCompetentUnitError, OutsideCatalogueError
from hub.routing import RequirementRoute, RouteOutcome, RoutingInput, require_routable, route_item
from tests.hub import small_catalogue as small
from tests.hub.small_catalogue import CITY, CIXI, HAISHU, JIANGBEI

OUTCOMES = list(RouteOutcome)
INPUTS = st.builds(
    RoutingInput,
    item_code=st.just("I1"),
    region=st.sampled_from([CITY, HAISHU, "330203004", CIXI]),
    applicant_kind=st.sampled_from(ApplicantKind),
    handling_unit=st.sampled_from(["U0", "U1", "U9"]),
    answers=st.dictionaries(st.sampled_from(["T0", "T1", "T2"]), st.sampled_from([*small.REGIONS, "110105"])),
    identity=st.sampled_from([None, frozenset({Measure.FACE_RECOGNITION}), frozenset({Measure.APP_LICENCE})]),
    licences=st.frozensets(st.sampled_from(["T0", "T1"])),
    commitments=st.booleans(),
)


def asked(region: str = HAISHU, answers: Mapping[str, str] | None = None, handling: str = "U9") -> RoutingInput:
    return RoutingInput(
        item_code="I1",
        region=region,
        applicant_kind=ApplicantKind.NATURAL_PERSON,
        handling_unit=handling,
        answers=answers or {},
        identity=frozenset({Measure.FACE_RECOGNITION}),
    )


def marriage(*requirements: Requirement, question: str | None = None) -> CatalogueSnapshot:
    """A catalogue in which the city shares T1 and two districts look for it."""
    return small.snapshot(
        units=[small.unit("U1"), small.unit("U2", HAISHU), small.unit("U3", JIANGBEI)],
        proof_types=[small.proof_type("T1", question=question)],
        relationships=[
            small.issues("U1", "T1", CITY, shared=True),
            small.issues("U2", "T1", HAISHU),
            small.issues("U3", "T1", JIANGBEI),
        ],
        requirements=requirements or [small.needs(1, "T1")],
    )


def only(snapshot: CatalogueSnapshot, given: RoutingInput) -> RequirementRoute:
    (group,) = route_item(snapshot, given).groups
    return group.chosen


def unit_of(route: RequirementRoute) -> str:
    assert route.relationship is not None
    return route.relationship.unit_code


@pytest.mark.requirement("R14.4")
@pytest.mark.parametrize(
    ("region", "unit", "outcome"),
    [
        (HAISHU, "U2", RouteOutcome.VERIFICATION),
        ("330203004", "U2", RouteOutcome.VERIFICATION),
        (CIXI, "U1", RouteOutcome.SHARED),
        (CITY, "U1", RouteOutcome.SHARED),
    ],
)
def test_the_most_specific_unit_that_covers_the_case_answers(region: str, unit: str, outcome: RouteOutcome) -> None:
    route = only(marriage(), asked(region))
    assert (unit_of(route), route.outcome) == (unit, outcome)


def test_where_several_units_could_hold_the_fact_one_question_is_asked() -> None:
    route = only(marriage(question="在哪里登记结婚？"), asked())
    assert route.outcome is RouteOutcome.QUESTION
    assert route.question is not None
    assert (route.question.text, route.question.text_en) == ("在哪里登记结婚？", "Where was it registered?")
    assert route.question.choices == ((CITY, "U1"), (HAISHU, "U2"), (JIANGBEI, "U3"))


def test_the_answer_decides_and_not_the_region_of_the_case() -> None:
    route = only(marriage(question="在哪里登记结婚？"), asked(HAISHU, {"T1": JIANGBEI}))
    assert unit_of(route) == "U3"


def test_an_answer_to_a_question_that_was_not_asked_changes_nothing() -> None:
    assert unit_of(only(marriage(), asked(HAISHU, {"T1": JIANGBEI}))) == "U2"


@pytest.mark.requirement("R2.2")
def test_an_answer_outside_the_city_is_out_of_scope() -> None:
    route = only(marriage(question="在哪里登记结婚？"), asked(HAISHU, {"T1": "110105"}))
    assert (route.outcome, route.relationship) == (RouteOutcome.OUT_OF_SCOPE, None)
    assert "applicant may be asked" in route.reason()[0]


def test_a_case_of_the_whole_city_is_asked_for_the_district_of_a_record_that_districts_keep() -> None:
    districts = small.snapshot(
        units=[small.unit("U2", HAISHU)],
        proof_types=[small.proof_type("T1")],
        relationships=[small.issues("U2", "T1", HAISHU), small.issues("U3", "T1", JIANGBEI)],
        requirements=[small.needs(1, "T1")],
    )
    assert only(districts, asked(CITY)).outcome is RouteOutcome.QUESTION
    assert unit_of(only(districts, asked(CITY, {"T1": JIANGBEI}))) == "U3"


@pytest.mark.requirement("R3.1")
def test_what_the_handling_unit_issued_is_met_from_its_own_records() -> None:
    route = only(marriage(), asked(HAISHU, handling="U2"))
    assert (route.outcome, route.measure, unit_of(route)) == (RouteOutcome.OWN_RECORD, None, "U2")


@pytest.mark.requirement("R13.1")
def test_the_order_of_the_measures_is_that_of_the_article() -> None:
    snapshot = marriage(small.needs(1, "T1", *reversed(Measure)))
    base = replace(asked(CIXI), licences=frozenset({"T1"}))
    by_app = frozenset({Measure.APP_LICENCE})
    assert only(snapshot, base).measure is Measure.FACE_RECOGNITION
    assert only(snapshot, replace(base, identity=by_app)).measure is Measure.APP_LICENCE
    nobody = replace(base, identity=frozenset())
    assert only(snapshot, nobody).outcome is RouteOutcome.LICENCE
    without = replace(nobody, licences=frozenset())
    assert only(snapshot, without).outcome is RouteOutcome.SHARED
    assert only(snapshot, replace(without, region=HAISHU)).outcome is RouteOutcome.VERIFICATION
    elsewhere = replace(without, region="330000")
    assert only(snapshot, replace(elsewhere, region="320000")).outcome is RouteOutcome.COMMITMENT


@pytest.mark.requirement("R13.1")
def test_every_measure_that_was_passed_over_says_why() -> None:
    snapshot = marriage(small.needs(1, "T1", *Measure))
    route = only(snapshot, replace(asked(HAISHU), identity=frozenset()))
    said = {(way.outcome, way.taken): way.reason for way in route.considered}
    assert said[RouteOutcome.LICENCE, False] == "no platform licence is at hand"
    assert said[RouteOutcome.SHARED, False] == "Unit U2 does not share this data"
    assert said[RouteOutcome.COMMITMENT, False] == "an earlier way is open"
    assert route.reason() == ("Unit U2 is asked to look and to answer", "请单位U2协助核实")


@pytest.mark.requirement("R2.2")
def test_what_is_out_of_scope_becomes_no_request_and_says_why() -> None:
    route = only(marriage(replace(small.needs(1, "T1"), out_of_scope="省级审批")), asked())
    assert (route.outcome, route.relationship, route.measure) == (RouteOutcome.OUT_OF_SCOPE, None, None)
    assert "省级审批" in route.reason()[1]


@pytest.mark.requirement("R13.2")
def test_a_type_excepted_by_law_is_not_offered_in_electronic_form() -> None:
    snapshot = small.snapshot(
        units=[small.unit("U1")],
        proof_types=[small.proof_type("T1", excepted="某法第一条")],
        relationships=[small.issues("U1", "T1", CITY, shared=True)],
        requirements=[small.needs(1, "T1", *Measure)],
    )
    given = replace(asked(), identity=frozenset({Measure.APP_LICENCE}), licences=frozenset({"T1"}), commitments=False)
    route = only(snapshot, given)
    assert route.outcome is RouteOutcome.OUT_OF_SCOPE
    assert "某法第一条" in route.reason()[1]


def test_of_alternatives_the_one_that_is_there_at_once_is_chosen() -> None:
    snapshot = marriage(small.needs(1, "T1", group=1), small.needs(2, "T1", Measure.FACE_RECOGNITION, group=1))
    (group,) = route_item(snapshot, asked()).groups
    assert group.chosen.requirement.id == "I1-02"
    assert [other.requirement.id for other in group.others] == ["I1-01"]


def test_a_requirement_for_other_applicants_is_left_out() -> None:
    legal = replace(small.needs(1, "T1"), applicant_kinds=(ApplicantKind.LEGAL_PERSON,))
    assert route_item(marriage(legal), asked()).groups == ()


@pytest.mark.requirement("R8.3")
def test_outside_the_catalogue_there_is_no_item_and_no_proof() -> None:
    with pytest.raises(OutsideCatalogueError, match="version 7"):
        route_item(marriage(), replace(asked(), item_code="I2"))
    with pytest.raises(OutsideCatalogueError, match="version 7"):
        route_item(marriage(small.needs(1, "T9")), asked())


def test_an_item_that_is_not_for_the_applicant_is_refused() -> None:
    snapshot = small.snapshot(items=[small.item(kinds=[ApplicantKind.LEGAL_PERSON])])
    with pytest.raises(InvalidInputError) as refused:
        route_item(snapshot, asked())
    assert refused.value.field == "applicantKind"


def test_where_no_unit_is_competent_the_route_says_so_and_cannot_be_opened() -> None:
    snapshot = small.snapshot(
        proof_types=[small.proof_type("T1")],
        relationships=[small.issues("U3", "T1", JIANGBEI)],
        requirements=[small.needs(1, "T1")],
    )
    route = route_item(snapshot, asked(HAISHU))
    assert route.groups[0].chosen.outcome is RouteOutcome.NO_ISSUER
    with pytest.raises(NoCompetentUnitError, match="T1"):
        require_routable(route)
    require_routable(route_item(snapshot, asked(JIANGBEI)))


@given(small.contents(), INPUTS)
def test_the_chosen_issuer_covers_the_place_and_none_more_specific_does(
    content: CatalogueContent, given: RoutingInput
) -> None:
    snapshot = CatalogueSnapshot(small.VERSION, content)
    for route in _all_routes(snapshot, given):
        issuer = route.relationship
        if issuer is None:
            continue
        places = {given.region, given.answers.get(issuer.proof_type_code, given.region)}
        issuers = snapshot.issuers_of(issuer.proof_type_code)
        assert any(
            covers(issuer.region, place)
            and not any(
                covers(each.region, place) and specificity(each.region) > specificity(issuer.region) for each in issuers
            )
            for place in places
        )


@pytest.mark.requirement("R2.2", "R3.1", "R13.1", "R13.2")
@given(small.contents(), INPUTS)
def test_every_route_keeps_to_scope_law_and_order(content: CatalogueContent, given: RoutingInput) -> None:
    snapshot = CatalogueSnapshot(small.VERSION, content)
    for route in _all_routes(snapshot, given):
        tried = [OUTCOMES.index(way.outcome) for way in route.considered]
        taken = [way for way in route.considered if way.taken]
        assert tried == sorted(tried) or route.outcome in (RouteOutcome.OUT_OF_SCOPE, RouteOutcome.QUESTION)
        assert [(way.outcome, way.measure) for way in taken] == [(route.outcome, route.measure)]
        assert all(way.reason and way.reason_zh for way in route.considered)
        assert route.measure is None or route.measure in route.requirement.measures
        assert (route.question is not None) == (route.outcome is RouteOutcome.QUESTION)
        kind = snapshot.proof_type(route.requirement.proof_type_code)
        if route.requirement.out_of_scope is not None:
            assert route.outcome is RouteOutcome.OUT_OF_SCOPE
        if kind is not None and kind.excepted_by_law is not None:
            assert route.measure not in (Measure.ELECTRONIC_PROOF, Measure.PLATFORM_LICENCE, Measure.APP_LICENCE)
        if route.outcome in (RouteOutcome.SHARED, RouteOutcome.VERIFICATION):
            assert unit_of(route) != given.handling_unit


@given(small.contents(), INPUTS, st.randoms(use_true_random=False))
def test_the_route_does_not_depend_on_the_order_of_the_rows(
    content: CatalogueContent, given: RoutingInput, shuffler: st.DataObject
) -> None:
    def mixed(records: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(shuffler.sample(records, len(records)))  # type: ignore[attr-defined]

    names = ("units", "proof_types", "relationships", "items", "requirements")
    other = replace(content, **{name: mixed(getattr(content, name)) for name in names})  # type: ignore[arg-type]
    one = route_item(CatalogueSnapshot(small.VERSION, content), given)
    assert one == route_item(CatalogueSnapshot(small.VERSION, other), given)


@given(small.contents(), INPUTS)
def test_every_group_has_the_best_of_its_alternatives_and_loses_none(
    content: CatalogueContent, given: RoutingInput
) -> None:
    snapshot = CatalogueSnapshot(small.VERSION, content)
    route = route_item(snapshot, given)
    routed = [found.requirement.id for group in route.groups for found in (group.chosen, *group.others)]
    wanted = [
        each.id
        for each in snapshot.requirements_of("I1")
        if not each.applicant_kinds or given.applicant_kind in each.applicant_kinds
    ]
    assert sorted(routed) == wanted
    for group in route.groups:
        assert {found.requirement.group for found in (group.chosen, *group.others)} == {group.group}
        ranks = [OUTCOMES.index(found.outcome) for found in (group.chosen, *group.others)]
        assert ranks == sorted(ranks)


def _all_routes(snapshot: CatalogueSnapshot, given: RoutingInput) -> list[RequirementRoute]:
    groups = route_item(snapshot, given).groups
    return [found for group in groups for found in (group.chosen, *group.others)]
