"""veraPDF and qpdf judge sealed proofs: the seal leaves PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) whole."""

from __future__ import annotations

import subprocess

import pytest

from tests.vectors.make_vectors import FOLDER

GOOD = [str(FOLDER / f"good_information_{kind}.pdf") for kind in ("sharing", "verification")]


@pytest.mark.services("verapdf")
@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_a_sealed_proof_keeps_its_conformance(verapdf_classpath: str, flavour: str) -> None:
    command = ["java", "-cp", verapdf_classpath, "org.verapdf.apps.GreenfieldCliWrapper"]
    options = ["-f", flavour, "--format", "text", "-v"]
    done = subprocess.run([*command, *options, *GOOD], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"PASS {file} {flavour}" for file in GOOD], done.stderr


@pytest.mark.services("qpdf")
@pytest.mark.parametrize("file", GOOD)
def test_qpdf_finds_nothing_to_repair(file: str) -> None:
    done = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No syntax or stream encoding errors found" in done.stdout
