"""Hostile XLSX files are refused in bounded time and memory, each with a sentence and no library's exception."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest

from hub.catalogue_columns import TableKind
from hub.catalogue_files import read_tables
from hub.catalogue_workbook import FileLimits, read_workbook
from hub.errors import CatalogueRejectedError, InvalidInputError
from tests.hub.catalogue_tables import lines_of, small_catalogue, xlsx_of

GOOD = xlsx_of({"单位": lines_of(TableKind.UNITS, small_catalogue()[TableKind.UNITS])})
SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"


def with_part(name: str, content: bytes) -> bytes:
    """Return the good workbook with one part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            if part.filename != name:
                target.writestr(part, source.read(part))
        target.writestr(name, content)
    return out.getvalue()


def _refused(data: bytes, limits: FileLimits | None = None) -> str:
    with pytest.raises(InvalidInputError) as refused:
        read_workbook(data, limits or FileLimits())
    return refused.value.message


def test_a_bomb_is_refused_by_the_sizes_in_its_directory() -> None:
    bomb = with_part("xl/media/zeros.bin", b"\0" * 70_000_000)
    assert len(bomb) < 200_000
    assert "unpacks to too much" in _refused(bomb)


def test_a_part_that_is_longer_than_its_directory_says_is_refused() -> None:
    data = bytearray(with_part("docProps/custom.xml", b"<a>" + b"x" * 5000 + b"</a>"))
    place = data.rindex(b"docProps/custom.xml") - 46 + 24
    assert int.from_bytes(data[place : place + 4], "little") == 5007
    data[place : place + 4] = (10).to_bytes(4, "little")
    assert "damaged" in _refused(bytes(data))


def test_too_many_parts_are_refused() -> None:
    assert "unpacks to too much" in _refused(GOOD, FileLimits(parts=3))


def test_a_row_of_a_million_empty_cells_is_refused_before_it_is_parsed() -> None:
    row = f'{HEAD}<row r="1">{"<c/>" * 3_000_000}</row>{TAIL}'
    assert "too many cells" in _refused(with_part(SHEET, row.encode()))


def test_a_value_in_the_last_row_is_refused_without_keeping_the_rows_before_it() -> None:
    sheet = f'{HEAD}<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>{TAIL}'
    assert "too many rows or columns" in _refused(with_part(SHEET, sheet.encode()))


def test_a_row_beyond_what_a_spreadsheet_can_have_ends_the_reading() -> None:
    sheet = f'{HEAD}<row r="99999999999"><c r="A99999999999" t="inlineStr"><is><t>x</t></is></c></row>{TAIL}'
    assert read_workbook(with_part(SHEET, sheet.encode()), FileLimits())[0].rows == ()


def test_a_value_in_the_last_column_is_refused() -> None:
    sheet = f'{HEAD}<row r="1"><c r="AO1" t="inlineStr"><is><t>x</t></is></c></row>{TAIL}'
    assert "too many rows or columns" in _refused(with_part(SHEET, sheet.encode()))


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "docProps/core.xml"])
def test_entities_that_expand_are_refused_in_every_part(part: str) -> None:
    laughs = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]>' + HEAD + "&c;" + TAIL
    for encoding in ("utf-8", "utf-16"):
        assert "not permitted" in _refused(with_part(part, laughs.encode(encoding)))


@pytest.mark.parametrize("content", [b"", b"<a", b"<a/>", b"\xff\xfe\x00", b"<workbook/>"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "[Content_Types].xml", SHEET, "xl/styles.xml"])
def test_a_broken_part_never_shows_the_librarys_own_exception(part: str, content: bytes) -> None:
    with contextlib.suppress(InvalidInputError, CatalogueRejectedError):
        read_tables(with_part(part, content), "a.xlsx")


def test_a_truncated_workbook_is_refused() -> None:
    for length in range(10, len(GOOD), 397):
        assert _refused(GOOD[:length])
