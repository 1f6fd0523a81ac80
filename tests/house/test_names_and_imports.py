"""Names that say nothing, words that stand for unfinished work, and imports that leave the rooms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("hub", "schema", "seals", "graph_models", "pki")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
OWN = re.compile(r"hub\.client(\.|$)")
"""What the client may import of the project: itself."""
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError|unittest\.mock|MagicMock)\b")


def _files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((PROJECT / folder).rglob("*.py"))


def _imported(file: Path) -> set[str]:
    """First parts of what a file imports, wherever in the file."""
    return {name.partition(".")[0] for name in _modules(file)}


def _modules(file: Path) -> set[str]:
    """The modules from which a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_no_file_is_named_for_nothing() -> None:
    named = {file.relative_to(PROJECT).as_posix(): set(file.stem.split("_")) for file in _files(*ROOMS, "scripts")}
    assert [name for name, words in named.items() if words & EMPTY_NAMES] == []


def test_nothing_unfinished_is_left() -> None:
    found = [file for file in _files(*ROOMS, "scripts") if UNFINISHED.search(file.read_text(encoding="utf-8"))]
    assert found == []


def test_no_room_imports_the_tests_or_the_scripts() -> None:
    assert [file for file in _files(*ROOMS) if _imported(file) & {"tests", "scripts", "pytest", "hypothesis"}] == []


def test_the_client_imports_none_of_the_rooms() -> None:
    foreign = {module for file in _files("hub/client") for module in _modules(file) if not OWN.match(module)}
    assert {module.partition(".")[0] for module in foreign} & set(ROOMS) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_a_type_marker_and_its_own_errors(room: str) -> None:
    files = {file.name for file in (PROJECT / room).iterdir()}
    assert "py.typed" in files
    assert "errors.py" in files or not any(name.endswith(".py") for name in files - {"__init__.py"})


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_begins_with_a_docstring_and_nothing_else(room: str) -> None:
    """A re-export in hub/__init__.py would close a circle with schema."""
    body = ast.parse((PROJECT / room / "__init__.py").read_text(encoding="utf-8")).body
    assert [type(node) for node in body] == [ast.Expr]


def test_tests_are_no_package() -> None:
    assert list((PROJECT / "tests").rglob("__init__.py")) == []
