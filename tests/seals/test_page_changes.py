from dataclasses import replace

import pytest

from seals.page import RenderedPage, render_page
from seals.page_changes import PageChanges, read_changes
from seals.page_shape import UnfamiliarPage


@pytest.fixture(scope="module")
def page(shared_content) -> RenderedPage:
    return render_page(shared_content)


def test_a_page_carries_its_own_changes(page) -> None:
    assert isinstance(page.changes, PageChanges)
    assert page.changes == read_changes(page.pdf, page.seal_box)


def test_another_file_or_another_box_never_keeps_the_changes_of_the_page_before(page) -> None:
    assert isinstance(replace(page, pdf=page.pdf + b"\n").changes, UnfamiliarPage)
    moved = replace(page, seal_box=replace(page.seal_box, left=page.seal_box.left - 1)).changes
    assert isinstance(moved, PageChanges)
    assert moved.field != page.changes.field
    assert moved.table == page.changes.table


def test_the_table_names_each_changed_object_where_it_begins(page) -> None:
    written = page.pdf + page.changes.changed
    lines = page.changes.table.split(b"\n")[3:-1]
    assert len(lines) == 10
    for section, entry in zip(lines[::2], lines[1::2], strict=True):
        number, offset = int(section.split()[0]), int(entry.split()[0])
        assert written[offset:].startswith(b"%d 0 obj\n" % number)
    assert page.changes.field_at == len(written)


def test_a_page_that_names_an_object_that_a_picture_would_become_is_not_familiar(page) -> None:
    taken = page.changes.free
    for number in (taken, taken + 1):
        pdf = page.pdf.replace(b"/Lang(", b"/Lang(%d 0 R" % number, 1)
        assert isinstance(read_changes(pdf, page.seal_box), UnfamiliarPage)
    assert isinstance(read_changes(page.pdf, page.seal_box), PageChanges)


def test_the_changes_of_what_is_no_page_say_what_is_missing(page) -> None:
    assert read_changes(b"rubbish", page.seal_box) == UnfamiliarPage("the trailer")
