"""Every byte of a later revision is an object that its table lists, the table, its trailer or its end."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.pdf_later_layout import later_layout_problem
from tests.vectors.make_vectors import FOLDER

SEALED = len((FOLDER / "good_small.pdf").read_bytes())


def problem_of(name: str, covered_to: int) -> str | None:
    data = (FOLDER / f"{name}.pdf").read_bytes()
    return later_layout_problem(data, PdfFileReader(BytesIO(data), strict=True), 1, covered_to)


def test_an_update_of_a_store_and_a_time_stamp_lies_as_it_should() -> None:
    sealed = (FOLDER / "good_long_term.pdf").read_bytes().split(b"%%EOF")[:2]
    assert problem_of("good_long_term", sum(map(len, sealed)) + 2 * len(b"%%EOF") + 1) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("table_with_one_object_twice", "lists one object twice"),
        ("table_that_leaves_out_an_object", "is not where the one before it ends"),
        ("object_in_a_comment", "is not where the one before it ends"),
        ("table_into_the_signature", "is not where the one before it ends"),
    ],
)
def test_anything_else_is_said(name: str, why: str) -> None:
    found = problem_of(name, SEALED)
    assert found is not None
    assert why in found
    assert found.startswith("later revision 2: ")


def test_bytes_between_two_revisions_are_of_none() -> None:
    found = problem_of("store_with_other_entries", SEALED - 20)
    assert found is not None
