"""Reads a catalogue's tables from CSV and XLSX files as departments keep them, within limits; understands no content.

A CSV file is one table; an XLSX file has a table on each sheet. Only values are read: a cell that holds a formula is
a fault, for what it shows may differ tomorrow.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from hub.catalogue_columns import COLUMNS, TableKind, column_of, is_ignored, recognise
from hub.catalogue_workbook import FORMULA, FileLimits, Sheet, read_workbook
from hub.errors import CatalogueRejectedError, InvalidInputError, RowProblem

_NOTE_SHEETS = ("说明", "note", "readme")
_XLSX_MAGIC = b"PK\x03\x04"
_OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Row:
    """One filled row: its number as the spreadsheet shows it, and its texts by column key."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """One recognised table."""

    kind: TableKind
    name: str
    """Name of the sheet or of the file."""
    heads: dict[str, str]
    """Column key → the head as the file has it."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """What a file holds: at most one table of each kind."""

    tables: dict[TableKind, Table]
    notes: tuple[str, ...] = ()
    """First texts of the sheets that only explain."""


def read_tables(data: bytes, filename: str, limits: FileLimits | None = None) -> Tables:
    """Return the tables of a CSV (UTF-8 or GB18030) or XLSX file.

    Raises:
        InvalidInputError: it is too large, or no CSV or XLSX file.
        CatalogueRejectedError: sheets, heads or cells are at fault; it lists every one.
    """
    limits = limits or FileLimits()
    if len(data) > limits.file_bytes:
        raise _unreadable(
            f"the file has {len(data)} bytes, more than {limits.file_bytes}", f"文件超过 {limits.file_bytes} 字节"
        )
    sheets = read_workbook(data, limits) if data.startswith(_XLSX_MAGIC) else [_read_csv(data, filename, limits)]
    notes = tuple(_first_text(sheet) for sheet in sheets if _is_note(sheet))
    return Tables(_tables_of([sheet for sheet in sheets if not _is_note(sheet)]), notes)


def _read_csv(data: bytes, filename: str, limits: FileLimits) -> Sheet:
    reader = csv.reader(io.StringIO(_decode(data), newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    cells = 0
    try:
        for row in reader:
            cells += len(row)
            if len(rows) >= limits.rows or len(row) > limits.columns or cells > limits.cells:
                raise _unreadable("the table has too many rows or columns", "表格行数或列数超出限制")
            rows.append(tuple(FORMULA if cell.startswith("=") else cell.strip() for cell in row))
    except csv.Error as problem:
        raise _unreadable(f"the CSV is malformed at line {reader.line_num}", "CSV 格式错误") from problem
    return Sheet(PurePath(filename).name or "CSV", tuple(rows))


def _decode(data: bytes) -> str:
    """Return the text: UTF-8 with or without a mark, else GB18030 (what Excel in Chinese writes)."""
    if data.startswith(_OLD_EXCEL_MAGIC):
        raise _unreadable("this is an old Excel file (.xls)", "这是旧版 Excel 文件（.xls），请另存为 .xlsx")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _unreadable(
        "the file is neither XLSX nor a CSV in UTF-8 or GB18030", "文件既不是 XLSX，也不是 UTF-8 或 GB18030 的 CSV"
    )


def _unreadable(message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        message,
        message_zh=message_zh,
        mend="Save the table as .xlsx, or as .csv in UTF-8, and try again.",
        field="file",
    )


def _is_note(sheet: Sheet) -> bool:
    name = sheet.name.casefold()
    return any(word in name for word in _NOTE_SHEETS) and recognise(_head_row(sheet)) is None


def _first_text(sheet: Sheet) -> str:
    return next((cell for row in sheet.rows for cell in row if cell), "")


def _head_row(sheet: Sheet) -> tuple[str, ...]:
    return sheet.rows[0] if sheet.rows else ()


def _tables_of(sheets: Iterable[Sheet]) -> dict[TableKind, Table]:
    tables: dict[TableKind, Table] = {}
    problems: list[RowProblem] = []
    for sheet in sheets:
        if not any(map(any, sheet.rows)):
            continue
        kind = recognise(_head_row(sheet))
        if kind is None:
            problems.append(_not_recognised(sheet))
        elif kind in tables:
            problems.append(_second_table(sheet, tables[kind]))
        else:
            tables[kind] = _table(sheet, kind)
            problems += _problems_of_sheet(sheet, tables[kind])
    if not tables and not problems:
        problems.append(RowProblem("", 0, "", "the file holds no table", "文件中没有任何表格"))
    if problems:
        raise CatalogueRejectedError(tuple(problems))
    return tables


def _table(sheet: Sheet, kind: TableKind) -> Table:
    columns = {place: column.key for place, head in enumerate(sheet.rows[0]) if (column := column_of(kind, head))}
    rows = tuple(
        Row(number, {key: row[place] if place < len(row) else "" for place, key in columns.items()})
        for number, row in enumerate(sheet.rows[1:], start=2)
        if any(row)
    )
    return Table(kind, sheet.name, {key: sheet.rows[0][place] for place, key in columns.items()}, rows)


def _problems_of_sheet(sheet: Sheet, table: Table) -> Iterator[RowProblem]:
    yield from _problems_of_heads(sheet, table)
    heads = sheet.rows[0]
    for number, row in enumerate(sheet.rows, start=1):
        for place, cell in enumerate(row):
            head = heads[place] if place < len(heads) else ""
            if cell == FORMULA:
                yield RowProblem(
                    sheet.name,
                    number,
                    head,
                    "holds a formula or an error: put the value",
                    "单元格为公式或错误值，请改为数值或文本",
                )
            elif cell and not head:
                yield RowProblem(
                    sheet.name, number, f"#{place + 1}", "has a value but its column has no head", "该列没有表头"
                )


def _problems_of_heads(sheet: Sheet, table: Table) -> Iterator[RowProblem]:
    seen: set[str] = set()
    for head in sheet.rows[0]:
        column = column_of(table.kind, head)
        if column is None and not is_ignored(head):
            yield RowProblem(sheet.name, 1, head, "is not a known column", "未知的列名")
        elif column is not None and column.key in seen:
            yield RowProblem(sheet.name, 1, head, "the column is there twice", "列重复")
        elif column is not None:
            seen.add(column.key)
    for column in COLUMNS[table.kind]:
        if column.required and column.key not in seen:
            yield RowProblem(sheet.name, 1, column.head, "the column is missing", "缺少该列")


def _not_recognised(sheet: Sheet) -> RowProblem:
    return RowProblem(
        sheet.name,
        1,
        "",
        "the heads are of none of the five tables (see the documentation)",
        "无法识别表头，不属于五种表格之一",
    )


def _second_table(sheet: Sheet, first: Table) -> RowProblem:
    return RowProblem(
        sheet.name, 1, "", f"is a second table of the kind of {first.name!r}", f"与「{first.name}」为同一种表格，重复"
    )
