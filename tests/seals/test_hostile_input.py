"""A parser's complaint is one short printable line, whatever the file made it say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.hostile_input import one_line


@given(st.text())
def test_a_complaint_is_one_short_printable_line(said: str) -> None:
    line = one_line(ValueError(said))
    assert line.startswith("ValueError")
    assert line.isprintable()
    assert len(line) <= len("ValueError: ") + 160


@pytest.mark.parametrize("said", ["", " \n\t", "\x1b\x00"])
def test_an_error_that_says_nothing_is_told_by_its_name(said: str) -> None:
    assert one_line(KeyError()) == "KeyError"
    assert one_line(RuntimeError(said)) == "RuntimeError"


def test_lines_and_escapes_of_a_terminal_are_taken_out() -> None:
    assert one_line(ValueError("one\r\n two\x1b[31m\u202ered")) == "ValueError: one two[31mred"
