"""After a seal: a store of DER, and time stamps that nobody sees; pyHanko's rules alone would let more pass."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.pdf_later_content import later_content_problem
from tests.vectors.make_vectors import FOLDER

ALLOWED = ("good_long_term", "good_with_all_it_takes", "good_stamped_before_its_key_leaked")


def problem_of(name: str) -> str | None:
    reader = PdfFileReader(BytesIO((FOLDER / f"{name}.pdf").read_bytes()), strict=True)
    last = reader.get_historical_resolver(reader.xrefs.total_revisions - 1)
    return later_content_problem(reader.get_historical_resolver(1), last)


@pytest.mark.parametrize("name", ALLOWED)
def test_a_store_and_a_hidden_time_stamp_may_follow(name: str) -> None:
    assert problem_of(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("update_of_the_version", "another /Version of the catalogue"),
        ("update_of_the_marks", "another /MarkInfo of the catalogue"),
        ("update_of_the_fonts_of_the_form", "another /DA, /NeedAppearances of the form"),
        ("update_of_the_metadata", "other metadata"),
        ("appended_title", "another title, author, subject or keywords"),
        ("store_that_refers_to_a_form", "neither certificate, list nor answer"),
        ("later_field_without_a_value", "not just a time stamp out of sight"),
        ("later_field_that_is_a_note", "not just a time stamp out of sight"),
        ("later_field_with_a_label", "not just a time stamp out of sight"),
    ],
)
def test_what_a_viewer_would_show_or_run_may_not(name: str, why: str) -> None:
    found = problem_of(name)
    assert found is not None
    assert why in found
