"""What cannot be finished when a unit stops issuing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from graph_models.catalogue import ApplicantKind, CatalogueContent, Measure, Requirement
from graph_models.dependency import BlockedItem, Dependency, critical_proof_types, dependencies, stop_effect
from graph_models.snapshot import CatalogueSnapshot
from tests.hub import small_catalogue as small
from tests.hub.small_catalogue import CITY, HAISHU


def made(*requirements: Requirement) -> CatalogueSnapshot:
    """U1 alone issues T1 for the city; T2 is issued by U1 for a district and by U2 for the city."""
    return small.snapshot(
        units=[small.unit("U0"), small.unit("U1"), small.unit("U2")],
        proof_types=[small.proof_type("T1"), small.proof_type("T2"), small.proof_type("T3")],
        relationships=[
            small.issues("U1", "T1", CITY),
            small.issues("U1", "T2", HAISHU),
            small.issues("U2", "T2", CITY),
            small.issues("U2", "T3", HAISHU),
        ],
        requirements=requirements,
    )


def test_an_item_that_needs_what_nobody_else_issues_is_blocked() -> None:
    effect = stop_effect(made(small.needs(1, "T1")), "U1")
    assert effect.lost == (("T1", CITY),)
    assert effect.blocked == (BlockedItem("I1", ("T1",), (CITY,)),)


def test_what_another_unit_covers_too_is_not_lost() -> None:
    assert stop_effect(made(small.needs(1, "T2")), "U1").blocked == ()


def test_an_alternative_keeps_an_item_alive_and_weakens_it() -> None:
    effect = stop_effect(made(small.needs(1, "T1", group=1), small.needs(2, "T2", group=1)), "U1")
    assert (effect.blocked, effect.weakened) == ((), ("I1",))


def test_all_groups_are_needed() -> None:
    effect = stop_effect(made(small.needs(1, "T1", group=1), small.needs(2, "T2", group=2)), "U1")
    assert [blocked.item_code for blocked in effect.blocked] == ["I1"]


def test_a_measure_that_needs_no_unit_keeps_an_item_alive() -> None:
    either = small.needs(1, "T1", Measure.ELECTRONIC_PROOF, Measure.NOTIFICATION_COMMITMENT)
    assert stop_effect(made(either), "U1").weakened == ("I1",)


def test_alternatives_lost_for_a_wide_and_a_narrow_region_block_the_narrow_one() -> None:
    both = small.snapshot(
        proof_types=[small.proof_type("T1"), small.proof_type("T2")],
        relationships=[small.issues("U1", "T1", CITY), small.issues("U1", "T2", HAISHU)],
        requirements=[small.needs(1, "T1", group=1), small.needs(2, "T2", group=1)],
    )
    assert stop_effect(both, "U1").blocked == (BlockedItem("I1", ("T1", "T2"), (HAISHU,)),)


def test_alternatives_for_different_applicants_are_none() -> None:
    natural = replace(small.needs(1, "T1", group=1), applicant_kinds=(ApplicantKind.NATURAL_PERSON,))
    legal = replace(small.needs(2, "T2", group=1), applicant_kinds=(ApplicantKind.LEGAL_PERSON,))
    assert [blocked.proof_types for blocked in stop_effect(made(natural, legal), "U1").blocked] == [("T1",)]


def test_departments_depend_on_issuing_units_by_weight() -> None:
    snapshot = made(small.needs(1, "T1"), small.needs(2, "T2"), small.needs(3, "T3", Measure.FACE_RECOGNITION))
    assert dependencies(snapshot) == (Dependency("U0", "U1", 1, 2), Dependency("U0", "U2", 1, 1))


def test_the_proof_type_on_which_the_most_hangs_comes_first() -> None:
    snapshot = made(small.needs(1, "T1"), small.needs(2, "T2", group=2), small.needs(3, "T3", group=2))
    ranked = [(each.proof_type_code, each.indispensable_for, each.issuers) for each in critical_proof_types(snapshot)]
    assert ranked == [("T1", 1, 1), ("T2", 0, 2), ("T3", 0, 1)]


@given(small.contents())
def test_a_unit_that_issues_nothing_stops_nothing(content: CatalogueContent) -> None:
    snapshot = CatalogueSnapshot(small.VERSION, content)
    for unit in snapshot.units:
        effect = stop_effect(snapshot, unit.code)
        assert bool(effect.blocked or effect.weakened) <= bool(snapshot.issued_by(unit.code))
        assert not {blocked.item_code for blocked in effect.blocked} & set(effect.weakened)
