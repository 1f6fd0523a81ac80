"""The wheel holds all that the rooms hold, and nobody else's distribution brings a package of our names."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("hub", "schema", "seals", "graph_models", "pki")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a wheel that was built just now, without a network."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = place.glob("proofhub-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_rooms(packed: set[str]) -> None:
    """Fonts, templates, py.typed and the printed schema: what git ignores would be missing without a word."""
    there = {
        file.relative_to(PROJECT).as_posix()
        for room in ROOMS
        for file in (PROJECT / room).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert there - packed == set()


def test_the_wheel_holds_the_rooms_the_licence_and_nothing_more(packed: set[str]) -> None:
    tops = {name.partition("/")[0] for name in packed}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)
    assert {name.rpartition("/")[2] for name in packed if "/licenses/" in name} == {"LICENSE", "NOTICE"}


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_brings_a_package_of_this_name(room: str) -> None:
    assert importlib.metadata.packages_distributions().get(room, ["proofhub"]) == ["proofhub"]


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "9. Accepting Warranty or Additional Liability" in text
