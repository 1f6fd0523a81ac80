"""Points left out of polygons."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.polygons import simplified

POINTS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=30)


def test_points_on_a_straight_line_are_left_out() -> None:
    square = [(0, 0), (5, 0), (10, 0), (10, 10), (5, 10), (0, 10), (0, 5)]
    assert simplified(square, 1.0) == [(0, 0), (10, 0), (10, 10), (0, 10)]


def test_what_bends_more_than_the_tolerance_is_kept() -> None:
    assert simplified([(0, 0), (50, 2), (100, 0), (50, 90)], 1.0) == [(0, 0), (50, 2), (100, 0), (50, 90)]
    assert simplified([(0, 0), (50, 1), (100, 0), (50, 90)], 1.0) == [(0, 0), (100, 0), (50, 90)]


@given(POINTS)
def test_only_points_of_the_polygon_are_kept_in_their_order(polygon: list[tuple[int, int]]) -> None:
    rest = iter(polygon)
    assert all(point in rest for point in simplified(polygon, 1.0))
    assert simplified(polygon, 1.0)[0] == polygon[0]
