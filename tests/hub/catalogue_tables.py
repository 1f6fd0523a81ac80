"""A small whole catalogue as tables, to be written as the files that departments send."""

from __future__ import annotations

import csv
import io

from openpyxl import Workbook

from graph_models.catalogue import CatalogueContent
from hub.catalogue_checks import CheckedContent, build_content
from hub.catalogue_columns import COLUMNS, TableKind
from hub.catalogue_files import read_tables
from hub.errors import CatalogueRejectedError, RowProblem

Rows = list[dict[str, str]]
Catalogue = dict[TableKind, Rows]

NEED = {
    "unit": "宁波市教育局",
    "item_code": "NB0001",
    "item_name": "教师资格认定",
    "field": "教育",
    "handling": "承诺",
    "promised_days": "20",
    "measures": "电子证明",
    "act": "中华人民共和国教师法",
    "article": "第十四条",
    "basis_level": "法律",
}
"""What all requirements of the small catalogue have in common."""


def small_catalogue() -> Catalogue:
    """Three units, two proof types, one item that needs both."""
    unit = {"kind": "行政机关", "level": "市级", "region": "330200"}
    district = {**unit, "level": "区县级", "region": "330203", "superior": "GA"}
    return {
        TableKind.UNITS: [
            {**unit, "code": "JY", "name": "宁波市教育局", "field": "教育"},
            {**unit, "code": "GA", "name": "宁波市公安局", "field": "公安"},
            {**district, "code": "GA-HS", "name": "宁波市公安局海曙分局", "field": "公安"},
        ],
        TableKind.PROOF_TYPES: [
            {"code": "WFZ", "name": "无犯罪记录证明", "family": "个人", "subject_keys": "id_number"},
            {
                "code": "HJ",
                "name": "户口登记证明",
                "family": "个人",
                "subject_keys": "id_number",
                "validity_days": "30",
            },
        ],
        TableKind.FACTS: [
            {"proof_type": "无犯罪记录证明", "key": "name", "label": "姓名", "kind": "文本"},
            {"proof_type": "户口登记证明", "key": "name", "label": "姓名", "kind": "文本"},
        ],
        TableKind.RELATIONSHIPS: [
            {"unit": "GA-HS", "proof_type": "WFZ", "region": "330203", "mode": "核实"},
            {"unit": "GA", "proof_type": "HJ", "region": "330200", "mode": "共享", "source": "population"},
        ],
        TableKind.REQUIREMENTS: [
            {**NEED, "proof_type": "无犯罪记录证明", "issuer": "宁波市公安局"},
            {**NEED, "proof_type": "户口登记证明", "issuer": "宁波市公安局"},
        ],
    }


def lines_of(kind: TableKind, rows: Rows, *, english: bool = False) -> list[list[str]]:
    """Return head and rows as a spreadsheet has them."""
    columns = COLUMNS[kind]
    heads = [column.head_en if english else column.head for column in columns]
    return [heads, *([row.get(column.key, "") for column in columns] for row in rows)]


def csv_of(lines: list[list[str]], encoding: str = "utf-8") -> bytes:
    """Return the lines as a CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode(encoding)


def xlsx_of(sheets: dict[str, list[list[str]]]) -> bytes:
    """Return the sheets as an XLSX file."""
    book = Workbook(write_only=True)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def workbook_of(catalogue: Catalogue) -> bytes:
    """Return a catalogue as one XLSX file, a sheet for each table."""
    return xlsx_of({kind.value: lines_of(kind, rows) for kind, rows in catalogue.items()})


def built(catalogue: Catalogue, base: CatalogueContent | None = None) -> CheckedContent:
    """Read and check a catalogue as the hub does."""
    return build_content(read_tables(workbook_of(catalogue), "catalogue.xlsx"), base or CatalogueContent())


def problems_of(catalogue: Catalogue, base: CatalogueContent | None = None) -> tuple[RowProblem, ...]:
    """Return the faults for which a catalogue is refused; none if it is not."""
    try:
        built(catalogue, base)
    except CatalogueRejectedError as rejected:
        return rejected.problems
    return ()


def places_of(catalogue: Catalogue) -> list[tuple[str, int, str]]:
    """Return table, row and column of each fault."""
    return [(problem.table, problem.row, problem.column) for problem in problems_of(catalogue)]
