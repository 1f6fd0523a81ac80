"""The page of requirements: which markers are found, and what is refused."""

from __future__ import annotations

import pytest

from scripts.requirements_page import Shown, page, shown_in

SOURCE = """
import pytest
pytestmark = pytest.mark.requirement("I1")

@pytest.mark.requirement("R14.1", "R14.2")
async def test_one(): ...

class TestMany:
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.requirement("R2.1"))])
    def test_two(self, x): ...

@pytest.mark.requirement("R9.1")
def no_test(): ...
"""
ROWS = [{"number": "R2.1", "article": "2", "part": "case", "title": "Parties"}]


def test_markers_of_file_class_and_parameter_are_found() -> None:
    found = {(one.number, one.test) for one in shown_in(SOURCE, "tests/test_a.py")}
    assert found == {
        ("I1", "tests/test_a.py::test_one"),
        ("R14.1", "tests/test_a.py::test_one"),
        ("R14.2", "tests/test_a.py::test_one"),
        ("I1", "tests/test_a.py::TestMany::test_two"),
        ("R2.1", "tests/test_a.py::TestMany::test_two"),
    }


def test_the_page_names_the_tests_of_a_number() -> None:
    assert "| R2.1 | 2 | case | Parties | `hub/test_a.py::test_x` |" in page(
        ROWS, [Shown("R2.1", "tests/hub/test_a.py::test_x")]
    )


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"R99\.9"):
        page(ROWS, [Shown("R99.9", "tests/test_a.py::test_x")])
