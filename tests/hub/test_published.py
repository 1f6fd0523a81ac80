"""Looking things up in a published catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from graph_models.snapshot import CatalogueSnapshot
from hub.errors import OutsideCatalogueError
from hub.published import item_of, proof_type_of, supervising_units, unit_of
from tests.hub import small_catalogue as small

SNAPSHOT = small.snapshot(units=[small.unit("U1")], proof_types=[small.proof_type("T1")])


def test_what_the_version_holds_is_found() -> None:
    assert item_of(SNAPSHOT, "I1").code == "I1"
    assert proof_type_of(SNAPSHOT, "T1").code == "T1"
    assert unit_of(SNAPSHOT, "U1").code == "U1"


@pytest.mark.requirement("R8.3")
@pytest.mark.parametrize(
    ("find", "field"), [(item_of, "itemCode"), (proof_type_of, "proofTypeCode"), (unit_of, "unitCode")]
)
@pytest.mark.parametrize("code", ["", "NONE", "i1", "U1 "])
def test_what_it_does_not_hold_is_an_error_that_names_version_code_and_field(
    find: Callable[[CatalogueSnapshot, str], object], field: str, code: str
) -> None:
    with pytest.raises(OutsideCatalogueError, match="version 7 of the catalogue") as refused:
        find(SNAPSHOT, code)
    assert refused.value.field == field
    assert repr(code) in refused.value.message
    assert "第 7 版目录" in refused.value.message_zh


@pytest.mark.requirement("R16.1")
def test_a_unit_is_supervised_by_all_that_the_catalogue_puts_above_it_and_by_who_is_everywhere() -> None:
    late = replace(small.unit("U1"), superior="U2", supervising_authority="U3", guiding_authority="U2")
    units = [late, small.unit("U2"), small.unit("U3")]
    snapshot = small.snapshot(units=units, proof_types=[small.proof_type("T1")])
    assert supervising_units(snapshot, "U1", ("FGW",)) == {"U2", "U3", "FGW"}
    assert supervising_units(snapshot, "U2", ()) == frozenset()
    assert supervising_units(snapshot, "GONE", ("FGW",)) == {"FGW"}
