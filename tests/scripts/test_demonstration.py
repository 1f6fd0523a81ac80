"""`./scripts/run` as anybody starts it: a city made in an empty folder, one whole case, and again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.demonstration.city import Place, prepare
from scripts.demonstration.processes import StartError, free_port, hub

PROJECT = Path(__file__).parents[2]


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROJECT / "scripts" / "run"), "--exit", "--port", str(free_port()), "--folder", str(folder)]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "COLUMNS": "160"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=180, check=False, env=environment, cwd=folder.parent
    )


@pytest.mark.requirement("R14.1", "R14.4", "I2")
def test_one_command_makes_a_city_and_carries_out_a_case_and_does_so_again(tmp_path: Path) -> None:
    folder = tmp_path / "a city"
    first = run(folder)
    assert (first.returncode, first.stderr) == (0, "")
    assert "办件" in first.stdout
    assert first.stdout.count("✓ 有效 good PAdES B-LTA") == 4
    proofs, root = list((folder / "proofs").glob("*.pdf")), (folder / "pki" / "root.pem").read_bytes()
    assert len(proofs) == 4
    assert all(proof.read_bytes().startswith(b"%PDF-") for proof in proofs)
    again = run(folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert "draft version" not in again.stdout
    assert len(list((folder / "proofs").glob("*.pdf"))) == 8
    assert (folder / "pki" / "root.pem").read_bytes() == root


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    city = prepare(Place(tmp_path / "var"), free_port())
    (city.place.folder / "sources.json").write_text("[]")
    with hub(city), pytest.raises(StartError, match="is taken"), hub(city):
        pass


def test_a_hub_that_ends_at_once_shows_the_end_of_its_log(tmp_path: Path) -> None:
    city = prepare(Place(tmp_path / "var"), free_port()).another(free_port(), PROOFHUB_SEALS__PASSPHRASE="wrong")
    (city.place.folder / "sources.json").write_text("[]")
    with pytest.raises(StartError, match="ended at once"), hub(city):
        pass


def test_secrets_of_the_city_are_for_its_owner_alone(tmp_path: Path) -> None:
    city = prepare(Place(tmp_path / "var"), free_port())
    for file in (city.place.variables, tmp_path / "var" / "passphrase"):
        assert file.stat().st_mode & 0o077 == 0
