"""`proofhub signer check-log`: what it prints and how it exits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hub.entry.command import app
from seals.signer_log import SignerLog
from tests.journeys.stage import command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A signer's folder with a log of two runs."""
    for _ in range(2):
        log = SignerLog(tmp_path / "log", lambda: datetime(2026, 11, 24, tzinfo=UTC))
        log.append("sealed", key="k")
        log.close()
    return tmp_path


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ("signer", "check-log", *map(str, arguments)), env={"COLUMNS": "200"})


def test_a_whole_log_exits_with_0(folder: Path) -> None:
    shown = check(folder)
    assert (shown.exit_code, shown.stdout.count("whole   ")) == (0, 2)
    assert "The log is whole: 2 files, 6 entries." in shown.stdout
    as_json = check(folder, "--json")
    assert (as_json.exit_code, json.loads(as_json.stdout)["whole"]) == (0, True)


def test_a_broken_log_exits_with_1_and_says_where(folder: Path) -> None:
    first, second = sorted((folder / "log").iterdir())
    first.write_bytes(first.read_bytes().replace(b"sealed", b"forged", 1))
    shown = check(folder)
    assert shown.exit_code == 1
    assert f"BROKEN  {first.name}" in shown.stdout
    assert "line 3: it does not follow the line before" in shown.stdout
    assert f"whole   {second.name}" in shown.stdout
    as_json = check("--json", folder / "log")
    assert (as_json.exit_code, json.loads(as_json.stdout)["whole"]) == (1, False)


def test_a_name_that_a_spoilt_log_brings_moves_no_cursor(folder: Path) -> None:
    first, _ = sorted((folder / "log").iterdir())
    first.write_bytes(b'{"earlier":{"\\u001b[2J":"x"},"number":0,"previous":"' + b"0" * 64 + b'"}\n')
    shown = check(folder)
    assert (shown.exit_code, "\x1b" in shown.stdout) == (1, False)


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_no_log_exits_with_3(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    shown = check(tmp_path / place)
    assert (shown.exit_code, shown.stdout) == (3, "")
    assert shown.stderr.startswith("proofhub: ")


def test_a_wrong_call_exits_with_2() -> None:
    assert check().exit_code == 2
    assert check("a", "b").exit_code == 2


def test_the_signer_itself_still_wants_its_socket() -> None:
    shown = command("signer", PROOFHUB_SEALS__PASSPHRASE="x")
    assert (shown.returncode, shown.stdout) == (3, "")
    assert "SIGNER_SOCKET" in shown.stderr
