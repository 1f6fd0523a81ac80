"""Cells as texts, words, numbers, truths and references; each fault once, at its row and column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.catalogue import Measure, UnitKind
from hub.catalogue_cells import MAX_TEXT, WORDS, Place, Register, RowReader
from hub.catalogue_columns import TableKind
from hub.catalogue_files import Row, Table

REGISTER = Register([("GA", "宁波市公安局"), ("MZ", "宁波市民政局"), ("X1", "同名局"), ("X2", "同名局"), ("MZ2", "GA")])


def reader(**cells: str) -> RowReader:
    table = Table(TableKind.UNITS, "单位表", {"a": "列甲"}, ())
    return RowReader(table, Row(7, cells))


def faults(row: RowReader) -> list[tuple[str, int, str]]:
    return [(problem.table, problem.row, problem.column) for problem in row.problems]


def test_a_fault_stands_at_the_head_that_the_file_has_and_is_told_once() -> None:
    row = reader(a="")
    assert (row.text("a"), row.text("a"), row.text("b")) == ("", "", "")
    assert faults(row) == [("单位表", 7, "列甲"), ("单位表", 7, "b")]
    assert all(problem.message and problem.message_zh for problem in row.problems)


@pytest.mark.parametrize("text", ["x" * (MAX_TEXT + 1), "a\tb", "a\x00b", "a\x7fb", "a\rb"])
def test_control_characters_and_long_texts_are_faults_even_where_a_cell_may_be_empty(text: str) -> None:
    row = reader(a=text)
    assert row.optional("a") is None
    assert faults(row) == [("单位表", 7, "列甲")]


@pytest.mark.parametrize("text", ["x" * MAX_TEXT, "两行\n文字", "𠮷"])
def test_other_texts_are_taken_as_they_are(text: str) -> None:
    row = reader(a=text)
    assert (row.optional("a"), row.problems) == (text, [])


def test_a_formula_is_no_text() -> None:
    assert reader(a="=").optional("a") is None


@pytest.mark.parametrize("choice", WORDS, ids=lambda choice: f"{type(choice).__name__}.{choice.name}")
def test_a_choice_is_understood_by_its_name_and_by_each_of_its_words(choice: UnitKind) -> None:
    for word in (choice.value, choice.value.lower(), *WORDS[choice], f" {WORDS[choice][0]} "):
        row = reader(a=word)
        assert (row.choice("a", type(choice)), row.problems) == (choice, [])


def test_a_word_that_is_none_is_a_fault_that_offers_the_choices() -> None:
    row = reader(a="公司")
    assert row.choice("a", UnitKind) in UnitKind
    assert "行政机关、授权组织、公用企事业单位、参照执行单位" in row.problems[0].message_zh


def test_an_empty_choice_is_its_default_or_a_fault() -> None:
    row = reader(a="")
    assert row.choice("a", UnitKind, UnitKind.PUBLIC_UTILITY) is UnitKind.PUBLIC_UTILITY
    assert row.problems == []
    row.choice("a", UnitKind)
    assert faults(row) == [("单位表", 7, "列甲")]


@given(st.sets(st.sampled_from(list(Measure))), st.sampled_from("、,，;；\n"))
def test_several_choices_come_in_the_order_of_their_definition_whatever_parts_them(
    chosen: set[Measure], comma: str
) -> None:
    row = reader(a=comma.join(WORDS[each][0] for each in sorted(chosen, key=lambda one: one.value)))
    assert row.choices("a", Measure) == tuple(each for each in Measure if each in chosen)
    assert row.problems == []


def test_one_wrong_word_among_several_is_a_fault_and_the_others_are_taken() -> None:
    row = reader(a="电子证明、传真")
    assert (row.choices("a", Measure), faults(row)) == ((Measure.ELECTRONIC_PROOF,), [("单位表", 7, "列甲")])


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("365", 365), ("007", 7), ("", None)])
def test_a_whole_number_within_its_bounds(text: str, number: int | None) -> None:
    row = reader(a=text)
    assert (row.number("a", 1, 365), row.problems) == (number, [])


@pytest.mark.parametrize("text", ["0", "366", "-1", "1.5", "五", "１", "²", "9" * 50])
def test_what_is_no_such_number_is_a_fault(text: str) -> None:
    row = reader(a=text)
    assert (row.number("a", 1, 365), faults(row)) == (None, [("单位表", 7, "列甲")])


@pytest.mark.parametrize(("text", "said"), [("是", True), ("YES", True), ("1", True), ("否", False), ("no", False)])
def test_a_truth_is_said_in_either_language(text: str, said: bool) -> None:
    row = reader(a=text)
    assert (row.flag("a", default=not said), row.problems) == (said, [])


def test_a_truth_that_is_not_said_is_its_default_and_a_maybe_is_a_fault() -> None:
    assert [reader(a="").flag("a", default=default) for default in (True, False)] == [True, False]
    row = reader(a="也许")
    assert (row.flag("a"), faults(row)) == (False, [("单位表", 7, "列甲")])


@pytest.mark.parametrize(
    ("text", "code"),
    [("GA", "GA"), ("宁波市公安局", "GA"), ("宁波市 公安局", "GA"), ("", None), (None, None)],
)
def test_a_reference_is_a_code_or_a_name_and_the_code_goes_first(text: str | None, code: str | None) -> None:
    row = reader()
    assert (row.reference("a", REGISTER, text), row.problems) == (code, [])


@pytest.mark.parametrize(("text", "why"), [("同名局", "several"), ("无此局", "not known")])
def test_a_reference_to_nobody_or_to_several_is_a_fault(text: str, why: str) -> None:
    row = reader()
    assert row.reference("a", REGISTER, text) is None
    assert why in row.problems[0].message


def test_a_name_that_reads_like_the_code_of_another_is_that_name_unless_it_is_the_very_code() -> None:
    assert [reader().reference("a", REGISTER, text) for text in ("GA", "ga")] == ["GA", "MZ2"]


def test_a_place_without_heads_names_the_column_itself() -> None:
    problem = Place("原版本").problem("unit", "m", "中")
    assert (problem.table, problem.row, problem.column) == ("原版本", 0, "unit")
