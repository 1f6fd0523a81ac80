"""What a region covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.regions import DISTRICTS, NINGBO, covers, is_region_code, specificity

CODES = st.sampled_from(
    [
        "330000",
        "320000",
        NINGBO,
        "331000",
        "330100",
        *DISTRICTS,
        "330203000",
        "330203004",
        "330203010",
        "330203011",
        "330203004001",
        "330203010000",
        "330203000000",
    ]
)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("330000", "330200"),
        ("330200", "330203"),
        ("330200", "330282001"),
        ("330203", "330203004"),
        ("330203004", "330203004001"),
        ("330203004000", "330203004"),
        ("330203000000", "330203"),
    ],
)
def test_a_region_covers_what_lies_below_it(outer: str, inner: str) -> None:
    assert covers(outer, inner)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("330203", "330200"),
        ("330203", "330205"),
        ("330200", "330100"),
        ("330200", "330000"),
        ("330203004", "330203"),
        ("330203010000", "330203011"),
        ("331000", "330200"),
    ],
)
def test_a_region_covers_nothing_wider_and_no_neighbour(outer: str, inner: str) -> None:
    assert not covers(outer, inner)


@given(CODES)
def test_a_region_covers_itself(code: str) -> None:
    assert covers(code, code)


@given(CODES, CODES, CODES)
def test_what_a_covered_region_covers_is_covered(one: str, two: str, three: str) -> None:
    assert not (covers(one, two) and covers(two, three)) or covers(one, three)


@given(CODES, CODES)
def test_regions_that_cover_each_other_are_equally_specific(one: str, two: str) -> None:
    if covers(one, two):
        assert specificity(one) <= specificity(two)
        assert covers(two, one) == (specificity(one) == specificity(two))


@pytest.mark.parametrize("code", ["33020", "3302030", "033020", "33020３", "", "330203A", "330203-04"])
def test_what_has_not_the_form_is_no_region_code(code: str) -> None:
    assert not is_region_code(code)
