"""A missing program is said loudly on a developer's machine and fails the tests under CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.service_programs import DEBIAN_PACKAGES, NEEDS, missing_programs

PROJECT = Path(__file__).resolve().parents[2]


def _pytest_without_programs(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/house/test_services.py"]
    environment = os.environ | {"PATH": str(folder), "CI": ci}
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_without_java_the_tests_are_listed_as_not_run(tmp_path: Path) -> None:
    done = _pytest_without_programs(tmp_path, ci="")
    assert done.returncode == 0
    assert "NOT RUN" in done.stdout
    assert "java, mvn not found on PATH:\n    tests/house/test_services.py::test_neo4j" in done.stdout


def test_under_ci_they_fail(tmp_path: Path) -> None:
    done = _pytest_without_programs(tmp_path, ci="true")
    assert done.returncode == 1
    assert "CI has to run this test, but java, mvn not found on PATH" in done.stdout


def test_each_program_is_known_by_its_debian_package() -> None:
    assert {program for programs in NEEDS.values() for program in programs} == DEBIAN_PACKAGES.keys()


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(KeyError):
        missing_programs(["nothing"])
