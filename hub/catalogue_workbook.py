"""Opens an XLSX file that may be hostile: its sizes are judged before it is parsed, its values come out as text."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol, cast

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from openpyxl import load_workbook

from hub.errors import InvalidInputError

if TYPE_CHECKING:
    from openpyxl.cell import Cell

FORMULA = "="
"""What a cell with a formula or an error value is read as."""
_LAST_ROW = 1_048_576
"""The last row that a spreadsheet can have."""
_TAGS_PER_CELL = 6
_SPARE_TAGS = 100_000
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_STREAMED_PARTS = ("xl/worksheets/", "xl/sharedstrings")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How large a file may be."""

    file_bytes: int = 16 * 1024 * 1024
    unpacked_bytes: int = 64 * 1024 * 1024
    """Sum over the parts of an XLSX file, as its directory says (a part that is longer fails its checksum)."""
    parts: int = 200
    """Files inside an XLSX file."""
    sheets: int = 20
    rows: int = 20_000
    """Rows of one table."""
    columns: int = 40
    cells: int = 400_000
    """Cells of the whole file."""


class _StreamedSheet(Protocol):
    """What we use of openpyxl's read-only sheet (its published types refuse their own ``iter_rows``)."""

    title: str

    def reset_dimensions(self) -> None: ...

    def iter_rows(self, *, max_row: int, max_col: int) -> Iterator[tuple[Cell, ...]]: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A named grid of texts; row 0 is what the spreadsheet shows as row 1."""

    name: str
    rows: tuple[tuple[str, ...], ...]


def read_workbook(data: bytes, limits: FileLimits) -> list[Sheet]:
    """Return the sheets of an XLSX file.

    Raises:
        InvalidInputError: it is damaged, encrypted, too large when unpacked, or holds XML declarations that expand.
    """
    try:
        _judge_parts(data, limits)
        return _read_sheets(data, limits)
    except InvalidInputError:
        raise
    except (zipfile.BadZipFile, zlib.error, DefusedXmlException, ParseError) as problem:
        raise _refused("the XLSX file is damaged or not permitted", "XLSX 文件已损坏或含有不允许的内容") from problem
    except Exception as problem:  # openpyxl raises anything at all for a hostile file
        raise _refused("the XLSX file cannot be read", "无法读取该 XLSX 文件") from problem


def _judge_parts(data: bytes, limits: FileLimits) -> None:
    """Refuse bombs: too many parts, bytes or XML tags, and document type declarations, before openpyxl sees it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > limits.parts or sum(part.file_size for part in parts) > limits.unpacked_bytes:
            raise _refused("the XLSX file unpacks to too much", "XLSX 文件解压后过大")
        tags = 0
        for part in parts:
            content = archive.read(part) if part.filename.lower().endswith((".xml", ".rels")) else b""
            tags += content.count(b"<")
            if any(declaration in content.replace(b"\0", b"") for declaration in _DECLARATIONS):
                raise _refused("the XLSX file declares XML entities: not permitted", "XLSX 文件含有不允许的 XML 声明")
            if tags > limits.cells * _TAGS_PER_CELL + _SPARE_TAGS:
                raise _refused("the XLSX file has too many cells", "XLSX 文件单元格过多")
            if content and not part.filename.lower().startswith(_STREAMED_PARTS):
                fromstring(content, forbid_dtd=True)  # openpyxl itself reads these with another parser


def _read_sheets(data: bytes, limits: FileLimits) -> list[Sheet]:
    workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        sheets = cast("list[_StreamedSheet]", workbook.worksheets)
        if len(sheets) > limits.sheets:
            raise _refused(f"the XLSX file has more than {limits.sheets} sheets", "XLSX 文件工作表过多")
        return [Sheet(sheet.title, tuple(_rows(sheet, limits))) for sheet in sheets]
    finally:
        workbook.close()


def _rows(sheet: _StreamedSheet, limits: FileLimits) -> Iterator[tuple[str, ...]]:
    """Yield the rows down to the last filled one."""
    sheet.reset_dimensions()  # what the file says of its own size need not be true
    empty_rows = 0
    empty: object = None  # rows that the file leaves out are one and the same tuple: judged once
    for number, row in enumerate(sheet.iter_rows(max_row=_LAST_ROW, max_col=limits.columns + 1), start=1):
        if row is empty:
            empty_rows += 1
            continue
        texts = tuple(_text(cell.value, cell.data_type) for cell in row)
        while texts and not texts[-1]:
            texts = texts[:-1]
        if not texts:
            empty = row
            empty_rows += 1
            continue
        if number > limits.rows or len(texts) > limits.columns:
            raise _refused(
                f"sheet {sheet.title!r} has too many rows or columns", f"工作表「{sheet.title}」行数或列数超出限制"
            )
        yield from ((),) * empty_rows
        empty_rows = 0
        yield texts


def _text(value: object, data_type: str) -> str:
    """Return a cell's value as text; whole numbers without a point, dates as ISO 8601."""
    if value is None:
        return ""
    if data_type in ("f", "e") or (isinstance(value, str) and value.startswith("=")):
        return FORMULA
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _refused(message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        message, message_zh=message_zh, mend="Save it again as .xlsx with values only, or as .csv.", field="file"
    )
