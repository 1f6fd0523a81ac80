"""Sizes we keep: files, functions, positional parameters. The lists of exceptions may only shrink."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("hub", "schema", "seals", "graph_models", "pki")
FILE_LINES, FUNCTION_LINES, TEST_LINES, PARAMETERS = 400, 40, 30, 5
GIVEN_BY_OTHERS = {"self", "cls", "info", "root"}

# Name -> the size it has today, and on the same line why. A size that differs fails: what shrank is entered anew or
# taken out, what grew is split.
LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}
MANY_PARAMETERS: dict[str, int] = {}


def _files(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for file in sorted((PROJECT / folder).rglob("*.py")):
            yield file.relative_to(PROJECT).as_posix(), file.read_text(encoding="utf-8")


def _functions(*folders: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, text in _files(*folders):
        for node in ast.walk(ast.parse(text, name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}::{node.name}", node


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_file_is_longer_than_400_lines() -> None:
    sizes = {name: text.count("\n") for name, text in _files(*ROOMS, "scripts", "tests")}
    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == LONG_FILES


def test_no_function_is_longer_than_40_lines() -> None:
    sizes = {name: _lines(function) for name, function in _functions(*ROOMS, "scripts")}
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == LONG_FUNCTIONS


def test_no_test_is_longer_than_30_lines() -> None:
    sizes = {name: _lines(test) for name, test in _functions("tests") if test.name.startswith("test_")}
    assert {name: size for name, size in sizes.items() if size > TEST_LINES} == {}


def test_no_function_takes_more_than_five_positional_parameters() -> None:
    """Parameters that are named at the call, and those that a framework passes, do not count."""
    counts = {
        name: len([a for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in GIVEN_BY_OTHERS])
        for name, function in _functions("hub", "seals", "graph_models", "pki", "scripts")
    }
    assert {name: count for name, count in counts.items() if count > PARAMETERS} == MANY_PARAMETERS


@pytest.mark.parametrize("length", [FUNCTION_LINES, FUNCTION_LINES + 1])
def test_the_length_of_a_function_counts_its_lines(length: int) -> None:
    function = ast.parse("def f():\n" + "    x = 1\n" * (length - 1)).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert _lines(function) == length
