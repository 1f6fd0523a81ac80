"""Writes docs/requirements.md: for each requirement number the tests that show it; `--check` only compares.

The numbers and titles stand in docs/requirement_numbers.csv; the tests are found by reading the `requirement` markers
in the source files, without running anything. A marker with an unknown number is an error.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
NUMBERS = PROJECT / "docs" / "requirement_numbers.csv"
PAGE = PROJECT / "docs" / "requirements.md"
_HEAD = """# What the regulation asks, and the tests that show it

Written by `scripts/requirements_page.py` from the `requirement` markers of the tests; do not edit. Numbers begin with
the article of Ningbo's *Provisions on a City of Handling Matters without Certificates (Proofs)*; I1 to I6 follow from
all of them. The part says in which part of the work a requirement is first due.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One requirement number shown by one test; `test` is the name that pytest uses."""

    number: str
    test: str


def shown_in(source: str, path: str) -> Iterator[Shown]:
    """The markers in one test file: of the whole file (pytestmark), of its classes, of its functions."""
    tree = ast.parse(source, path)
    of_file = [number for node in tree.body if _is_pytestmark(node) for number in _numbers(node)]
    yield from _shown(tree, path, of_file)


def _shown(parent: ast.Module | ast.ClassDef, name: str, inherited: list[str]) -> Iterator[Shown]:
    for node in parent.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        numbers = [*inherited, *(number for mark in node.decorator_list for number in _numbers(mark))]
        if isinstance(node, ast.ClassDef):
            yield from _shown(node, f"{name}::{node.name}", numbers)
        elif node.name.startswith("test_"):
            yield from (Shown(number, f"{name}::{node.name}") for number in dict.fromkeys(numbers))


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def _numbers(tree: ast.AST) -> list[str]:
    """The arguments of every `….requirement(…)` call in a piece of code, within `pytest.param(…)` too."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    marks = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "requirement")
    return [str(ast.literal_eval(argument)) for mark in marks for argument in mark.args]


def page(rows: list[dict[str, str]], shown: list[Shown]) -> str:
    """The page's text. Raises ValueError for a marker whose number is not in the rows."""
    known = {row["number"] for row in rows}
    if strange := sorted({f"{one.number} ({one.test})" for one in shown if one.number not in known}):
        raise ValueError(f"not in {NUMBERS.name}: {', '.join(strange)}")
    covered = {one.number for one in shown}
    lines = [_HEAD, f"{len(covered)} of {len(rows)} numbers are shown by at least one test.\n"]
    lines += ["| no. | Art. | part | what | tests |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        tests = sorted(one.test for one in shown if one.number == row["number"])
        cell = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests)
        lines.append(f"| {row['number']} | {row['article']} | {row['part']} | {row['title']} | {cell} |")
    return "\n".join(lines) + "\n"


def _current() -> str:
    with NUMBERS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    files = sorted((PROJECT / "tests").rglob("test_*.py"))
    shown = [
        one
        for file in files
        for one in shown_in(file.read_text(encoding="utf-8"), file.relative_to(PROJECT).as_posix())
    ]
    return page(rows, shown)


def main(arguments: list[str]) -> int:
    """Write the page, or with --check say whether it is what it should be."""
    try:
        text = _current()
    except ValueError as error:
        print(f"requirement markers: {error}")
        return 1
    if arguments != ["--check"]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.relative_to(PROJECT)} is out of date: run scripts/requirements_page.py (or scripts/check --fix)")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
