"""Pages go on where they ended, and a cursor is taken by its own connection alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidInputError
from schema.relay import page_of, read_cursor, slice_of, write_cursor


@given(st.text(max_size=40), st.integers(-(2**53), 2**53), st.text(max_size=40))
def test_a_cursor_is_read_back(kind: str, number: int, text: str) -> None:
    assert read_cursor(kind, (int, str), write_cursor(kind, (number, text))) == (number, text)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "!!!!",
        "W10",
        "bnVsbA",
        "A" * 10_000,
        write_cursor("units", ("A",)),
        write_cursor("items", (7,)),
        write_cursor("items", ("A", "B")),
        write_cursor("items", ()),
    ],
)
def test_anything_else_is_a_clear_refusal(cursor: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_cursor("items", (str,), cursor)
    assert refused.value.field == "after"


@given(st.text(max_size=60))
def test_no_text_brings_it_down(cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        read_cursor("items", (str, str, str), cursor)


@pytest.mark.parametrize("first", [0, -1, 101])
def test_the_size_of_a_page_is_bounded(first: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        page_of("items", (str,), first, None)
    assert refused.value.field == "first"


@given(st.sets(st.text(min_size=1, max_size=5), max_size=30), st.integers(1, 7))
def test_pages_together_are_the_whole(codes: set[str], first: int) -> None:
    whole, seen, after, more = sorted(codes), [], None, True
    while more:
        chosen, more = slice_of(whole, page_of("items", (str,), first, after), lambda code: code)
        seen += chosen
        after = write_cursor("items", (chosen[-1],)) if chosen else None
    assert seen == whole
