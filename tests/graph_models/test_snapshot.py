"""The snapshot answers by code, by line and by name, whatever order the rows had."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given

from graph_models.catalogue import CatalogueContent
from graph_models.snapshot import CatalogueSnapshot
from tests.hub import small_catalogue as small

LINE = small.snapshot(
    units=[
        small.unit("U3", superior="U2"),
        small.unit("U2", superior="U1"),
        small.unit("U1"),
        small.unit("U4"),
    ],
    proof_types=[small.proof_type("T2"), small.proof_type("T1")],
    relationships=[small.issues("U4", "T1", small.CITY), small.issues("U1", "T1", small.CITY, shared=True)],
    items=[small.item("I2", "U4"), small.item("I1", "U1")],
    requirements=[small.needs(2, "T2"), small.needs(1, "T1"), small.needs(1, "T1", item_code="I2")],
)


def test_everything_is_in_the_order_of_its_code() -> None:
    assert [unit.code for unit in LINE.units] == ["U1", "U2", "U3", "U4"]
    assert [item.code for item in LINE.items] == ["I1", "I2"]
    assert [kind.code for kind in LINE.proof_types] == ["T1", "T2"]
    assert [each.id for each in LINE.requirements_of("I1")] == ["I1-01", "I1-02"]
    assert [each.unit_code for each in LINE.issuers_of("T1")] == ["U1", "U4"]


def test_what_is_not_there_is_none_or_empty() -> None:
    assert (LINE.unit("X"), LINE.item("X"), LINE.proof_type("X"), LINE.requirement("X")) == (None,) * 4
    assert (LINE.requirements_of("X"), LINE.issuers_of("X"), LINE.issued_by("X"), LINE.handlers_of("X")) == ((),) * 4
    assert LINE.items_requiring("X") == ()
    assert not LINE.handles("X", "I1")
    assert not LINE.handles("U1", "X")


def test_the_line_department_and_all_units_below_it_handle_an_item() -> None:
    assert [unit.code for unit in LINE.handlers_of("I1")] == ["U1", "U2", "U3"]
    assert LINE.handles("U3", "I1")
    assert not LINE.handles("U4", "I1")
    assert not LINE.handles("U1", "I2")


def test_a_line_that_closes_to_a_circle_ends() -> None:
    circle = small.snapshot(
        units=[small.unit("U1", superior="U2"), small.unit("U2", superior="U1")], items=[small.item("I1", "U1")]
    )
    assert circle.handles("U2", "I1")
    assert not circle.handles("U3", "I1")


def test_items_are_found_by_the_proof_they_need_and_relationships_by_their_unit() -> None:
    assert [item.code for item in LINE.items_requiring("T1")] == ["I1", "I2"]
    assert [item.code for item in LINE.items_requiring("T2")] == ["I1"]
    assert [each.proof_type_code for each in LINE.issued_by("U4")] == ["T1"]


@pytest.mark.parametrize(
    ("fragment", "codes"), [("位U2", ["U2"]), (" unit  u3 ", ["U3"]), ("", ["U1", "U2", "U3", "U4"])]
)
def test_units_are_found_by_a_part_of_their_name(fragment: str, codes: list[str]) -> None:
    assert [unit.code for unit in LINE.search_units(fragment)] == codes


def test_items_and_proof_types_are_found_by_name_or_code_and_nothing_else() -> None:
    assert [item.code for item in LINE.search_items("事项I2")] == ["I2"]
    assert [kind.code for kind in LINE.search_proof_types("proof t1")] == ["T1"]
    assert LINE.search_items("%") == ()


def test_a_snapshot_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        LINE.version = small.VERSION  # type: ignore[misc]


@given(small.contents())
def test_the_indexes_hold_each_record_once_whatever_the_order(content: CatalogueContent) -> None:
    turned = replace(content, requirements=content.requirements[::-1], relationships=content.relationships[::-1])
    one, other = CatalogueSnapshot(small.VERSION, content), CatalogueSnapshot(small.VERSION, turned)
    assert one.requirements_of("I1") == other.requirements_of("I1")
    assert set(one.requirements_of("I1")) == set(content.requirements)
    found = [each for kind in one.proof_types for each in one.issuers_of(kind.code)]
    assert found == [each for kind in other.proof_types for each in other.issuers_of(kind.code)]
    assert set(found) == set(content.relationships)
    assert {each for unit in one.units for each in one.issued_by(unit.code)} == set(content.relationships)
