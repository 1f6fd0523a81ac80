"""Writes the sample catalogue at the city's real size: the same files, value for value, for the same seed.

    python scripts/sample_catalogue.py --out var/sample [--seed TEXT]

- ``sample.xlsx``: all five tables, after a sheet that says that it is a sample;
- ``units.csv``, ``proof_types.csv``, ``facts.csv``, ``relationships.csv``, ``requirements.csv``: the same, one by one;
- ``types.json``: what the registry server must be able to state for each shared proof type.

What is set by hand (real names, issuers and founding laws; an article only where it is certain) is in
``scripts/sample_tables/``; the rest is made to be plausible, in number and in kind, and founds nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

from hub.catalogue_columns import COLUMNS, TableKind
from scripts.sample_data import Choices, Record, table
from scripts.sample_items import all_items, requirement_rows
from scripts.sample_units import fact_rows, proof_type_rows, relationship_rows, unit_rows

ITEMS = 1464
REQUIREMENTS = 4486
TITLE = "示例目录 Sample catalogue"
SEED = "Ningbo 2020-09-01"
_SHEETS = {
    TableKind.UNITS: "单位",
    TableKind.PROOF_TYPES: "证明类型",
    TableKind.FACTS: "证明要素",
    TableKind.RELATIONSHIPS: "出具关系",
    TableKind.REQUIREMENTS: "目录",
}
_NOTE = (
    TITLE,
    "本文件为软件示例，不是任何机关公布的目录，不具有法律效力。",
    "This file is an example for software. No authority published it; it has no legal effect.",
    "条款为空者表示条款待确认；乡镇、街道代码及单位名称仅作示例，使用前请与正式名录核对。",
    "An empty article is still to be confirmed; codes of townships and names of units are examples to be checked.",
)
_A_FIXED_TIME = datetime(2020, 9, 1)  # noqa: DTZ001  a workbook's property has no zone


def sample_tables(seed: str = SEED) -> dict[TableKind, list[Record]]:
    """Return the rows of each table by column key."""
    return {
        TableKind.UNITS: unit_rows(),
        TableKind.PROOF_TYPES: proof_type_rows(),
        TableKind.FACTS: fact_rows(),
        TableKind.RELATIONSHIPS: relationship_rows(),
        TableKind.REQUIREMENTS: requirement_rows(all_items(Choices(seed), ITEMS, REQUIREMENTS)),
    }


def write_workbook(tables: dict[TableKind, list[Record]], path: Path) -> None:
    """Write all tables as one XLSX file that says of itself that it is a sample."""
    book = Workbook(write_only=True)
    book.properties.title = TITLE
    book.properties.created = book.properties.modified = _A_FIXED_TIME
    note = book.create_sheet("说明")
    for words in _NOTE:
        note.append([words])
    for kind, rows in tables.items():
        sheet = book.create_sheet(_SHEETS[kind])
        sheet.freeze_panes = "A2"
        for line in _lines(kind, rows):
            sheet.append(line)
    book.save(path)


def write_table(kind: TableKind, rows: list[Record], path: Path) -> None:
    """Write one table as CSV in UTF-8 with a mark, as Excel expects it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(_lines(kind, rows))


def source_types() -> list[dict[str, object]]:
    """Return what the registry server must state, for each proof type whose data is shared."""
    registers = {source["code"]: source["register"] for source in table("sources")}
    facts = {fact["key"]: fact for fact in table("facts")}
    return [
        {
            "proof_type": kind["code"],
            "source": kind["source"],
            "register": registers[kind["source"]],
            "subject_keys": [kind["subject_keys"]],
            "facts": [
                {"key": key, "kind": facts[key]["kind"], "label": facts[key]["label"]} for key in kind["facts"].split()
            ],
        }
        for kind in table("proof_types")
        if kind["mode"] == "S"
    ]


def _lines(kind: TableKind, rows: list[Record]) -> list[list[str]]:
    columns = COLUMNS[kind]
    heads = [column.head for column in columns]
    return [heads, *([row.get(column.key, "") for column in columns] for row in rows)]


def write_all(out: Path, seed: str = SEED) -> None:
    """Write every file of the sample into the folder, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    tables = sample_tables(seed)
    write_workbook(tables, out / "sample.xlsx")
    for kind, rows in tables.items():
        write_table(kind, rows, out / f"{kind.value.lower()}.csv")
    (out / "types.json").write_text(json.dumps(source_types(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description="Write the sample catalogue at the city's real size.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--seed", default=SEED, help="any text; the same seed gives the same values")
    arguments = parser.parse_args()
    write_all(arguments.out, arguments.seed)
    print(f"{TITLE}: {ITEMS} items, {REQUIREMENTS} requirements in {arguments.out}")


if __name__ == "__main__":
    main()
