"""Tables are read from the files that departments keep, in whatever form, and refused by row and column."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue_columns import TableKind
from hub.catalogue_files import read_tables
from hub.catalogue_workbook import FileLimits
from hub.errors import CatalogueRejectedError, InvalidInputError, RowProblem
from tests.hub.catalogue_tables import csv_of, lines_of, small_catalogue, workbook_of, xlsx_of

UNITS = small_catalogue()[TableKind.UNITS]
LINES = lines_of(TableKind.UNITS, UNITS)


def _problems(data: bytes, filename: str = "单位.csv") -> tuple[RowProblem, ...]:
    with pytest.raises(CatalogueRejectedError) as rejected:
        read_tables(data, filename)
    return rejected.value.problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_the_encodings_that_departments_use(encoding: str) -> None:
    table = read_tables(csv_of(LINES, encoding), "单位.csv").tables[TableKind.UNITS]
    assert [row.cells["name"] for row in table.rows] == [unit["name"] for unit in UNITS]
    assert [row.number for row in table.rows] == [2, 3, 4]


def test_a_rare_character_survives_gb18030() -> None:
    lines = lines_of(TableKind.UNITS, [{**UNITS[0], "name": "𠮷林街道𪚥"}])
    assert read_tables(csv_of(lines, "gb18030"), "a.csv").tables[TableKind.UNITS].rows[0].cells["name"] == "𠮷林街道𪚥"


def test_english_heads_in_any_order_mean_the_same_as_chinese_ones() -> None:
    english = [list(reversed(line)) for line in lines_of(TableKind.UNITS, UNITS, english=True)]
    assert [row.cells for row in read_tables(csv_of(english), "a.csv").tables[TableKind.UNITS].rows] == [
        row.cells for row in read_tables(csv_of(LINES), "b.csv").tables[TableKind.UNITS].rows
    ]


def test_heads_may_be_written_full_width_with_spaces_and_a_star() -> None:
    heads = [head.replace("单位代码", " 单位 代码＊ ") for head in LINES[0]]
    assert TableKind.UNITS in read_tables(csv_of([heads, *LINES[1:]]), "a.csv").tables


def test_a_workbook_has_a_table_on_each_sheet_and_a_sheet_that_explains() -> None:
    catalogue = small_catalogue()
    sheets = {kind.value: lines_of(kind, rows) for kind, rows in catalogue.items()}
    tables = read_tables(xlsx_of({"说明": [["示例目录"]], **sheets, "空": []}), "a.xlsx")
    assert set(tables.tables) == set(TableKind)
    assert tables.notes == ("示例目录",)
    assert read_tables(workbook_of(catalogue), "a.xlsx").notes == ()


def test_row_numbers_are_those_of_the_spreadsheet_when_rows_are_empty_or_have_several_lines() -> None:
    lines = [LINES[0], [], ["A\nB", *LINES[1][1:]], [], LINES[2]]
    for data in (csv_of(lines), xlsx_of({"单位": lines})):
        assert [row.number for row in read_tables(data, "a").tables[TableKind.UNITS].rows] == [3, 5]


def test_numbers_and_truths_of_a_workbook_are_read_as_text() -> None:
    row: list[object] = [330203, "甲", "", "行政机关", "市级", 330200.0, "公安", "", "", "", True]
    table = read_tables(xlsx_of({"s": [LINES[0], row]}), "a.xlsx").tables[TableKind.UNITS]  # type: ignore[list-item]
    assert (table.rows[0].cells["code"], table.rows[0].cells["region"]) == ("330203", "330200")
    assert table.rows[0].cells["two_people"] == "是"


@pytest.mark.requirement("R8.2")
def test_a_missing_a_doubled_and_an_unknown_column_are_each_named() -> None:
    heads = ["单位代码", "单位代码", "单位名字", "备注", *LINES[0][3:]]
    found = _problems(csv_of([heads, *LINES[1:]]))
    assert [(problem.row, problem.column) for problem in found] == [(1, "单位代码"), (1, "单位名字"), (1, "单位名称")]
    assert all(problem.message and problem.message_zh for problem in found)


@pytest.mark.parametrize("data", [csv_of([["甲", "乙"], ["1", "2"]]), b"", csv_of([[], []])])
def test_a_file_without_any_known_table_is_refused(data: bytes) -> None:
    assert _problems(data)


def test_two_tables_of_one_kind_are_refused() -> None:
    assert _problems(xlsx_of({"一": LINES, "二": LINES}), "a.xlsx")[0].table == "二"


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://a")', "=A2"])
def test_a_formula_is_a_fault_at_its_row_and_column(formula: str) -> None:
    lines = [LINES[0], LINES[1], [formula, *LINES[2][1:]]]
    for data in (csv_of(lines), xlsx_of({"单位.csv": lines})):
        assert [(problem.table, problem.row, problem.column) for problem in _problems(data)] == [
            ("单位.csv", 3, "单位代码")
        ]


def test_a_value_beside_the_table_is_a_fault() -> None:
    assert _problems(csv_of([*LINES[:2], [*LINES[2], "", "x"]]))[0].row == 3


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old Excel"),
        (b"\xff\xfe" + "单位代码".encode("utf-16-le"), "neither"),
        (b"%PDF-1.7\n\xff\xff\xff", "neither"),
        (b"a,\0b", "neither"),
        (b'a,"b\n', "malformed"),
        (b'a,"b"c\n', "malformed"),
        (b"PK\x03\x04 nothing", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence) as refused:
        read_tables(data, "a.csv")
    assert refused.value.field == "file"


@pytest.mark.parametrize(
    "limits", [FileLimits(file_bytes=50), FileLimits(rows=2), FileLimits(columns=5), FileLimits(cells=12)]
)
def test_a_csv_beyond_a_limit_is_refused(limits: FileLimits) -> None:
    with pytest.raises(InvalidInputError):
        read_tables(csv_of(LINES), "a.csv", limits)


@given(
    st.binary(max_size=400) | st.binary(max_size=200).map(lambda data: b"PK\x03\x04" + data) | st.text().map(str.encode)
)
def test_whatever_the_bytes_are_the_answer_is_a_table_or_an_error_of_the_hub(data: bytes) -> None:
    with contextlib.suppress(InvalidInputError, CatalogueRejectedError):
        assert read_tables(data, "a").tables
