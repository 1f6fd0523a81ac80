"""At every level the proof stays what it was: veraPDF, qpdf, pdfsig and EU DSS look at it, none of them ours."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from seals.levels import SealLevel
from seals.long_term import raise_level, renew
from tests.seals.conftest import seal_office, seal_offices, shared_content  # noqa: F401  fixtures
from tests.seals.stamping import Archive
from tests.vectors.make_vectors import FOLDER
from tests.witnesses.dss import ask_dss

LEVELS = {
    "B": "PAdES-BASELINE-B",
    "T": "PAdES-BASELINE-T",
    "T_by_document": "PAdES-BASELINE-T",
    "LT": "PAdES-BASELINE-LT",
    "LT_by_document": "PAdES-BASELINE-LT",
    "LTA": "PAdES-BASELINE-LTA",
    "LTA_by_document": "PAdES-BASELINE-LTA",
    "renewed": "PAdES-BASELINE-LTA",
}
LONG_TERM = [name for name in LEVELS if name.startswith(("LT", "renewed"))]
NOTHING_BROUGHT = [name for name in LEVELS if name not in LONG_TERM]


@pytest.fixture(scope="module")
async def files(seal_office, shared_content, tmp_path_factory) -> dict[str, Path]:  # noqa: F811
    """A proof at each level, begun with a time stamp in the signature and without."""
    archive = Archive(seal_office, shared_content)
    means, now = archive.means(), archive.office.now
    inside, without = archive.sealed(archive.clock().token), archive.sealed()
    later = now + timedelta(days=700)
    made = {
        "B": without,
        "T": inside,
        "T_by_document": await raise_level(without, SealLevel.B_T, means, now),
        "LT": await raise_level(inside, SealLevel.B_LT, means, now),
        "LT_by_document": await raise_level(without, SealLevel.B_LT, means, now),
        "LTA": await raise_level(inside, SealLevel.B_LTA, means, now),
        "LTA_by_document": await raise_level(without, SealLevel.B_LTA, means, now),
    }
    made["renewed"] = await renew(made["LTA"], archive.means(later), later)
    folder = tmp_path_factory.mktemp("levels")
    for name, pdf in made.items():
        (folder / f"{name}.pdf").write_bytes(pdf)
    return {name: folder / f"{name}.pdf" for name in made}


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=300)
    return done.stdout


@pytest.mark.services("verapdf")
@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_verapdf_passes_every_level(verapdf_classpath: str, files: dict[str, Path], flavour: str) -> None:
    program = ["java", "-cp", verapdf_classpath, "org.verapdf.apps.GreenfieldCliWrapper"]
    shown = run(*program, "-f", flavour, "--format", "text", "-v", *files.values())
    assert sorted(shown.splitlines()) == sorted(f"PASS {file} {flavour}" for file in files.values())


@pytest.mark.services("qpdf", "pdfsig")
@pytest.mark.parametrize("name", LEVELS)
def test_qpdf_and_pdfsig_find_the_seal_whole(files: dict[str, Path], name: str) -> None:
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", files[name])
    assert "Signature Validation: Signature is Valid." in run("pdfsig", "-nocert", files[name])


@pytest.fixture(scope="module")
def dss(dss_classpath: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[list[str]]]:
    """Ask EU DSS: format, indication and sub-indication of each file, with one root and nothing fetched."""
    return partial(ask_dss, dss_classpath, tmp_path_factory.mktemp("dss"))


@pytest.mark.services("dss")
def test_eu_dss_sees_the_same_levels_and_passes_those_that_bring_all_it_takes(files, dss, seal_office) -> None:  # noqa: F811
    found = dss(seal_office.authority.root_pem, "2028-10-24T03:00:00Z", *(files[name] for name in LEVELS))
    assert [answer[0] for answer in found] == list(LEVELS.values())
    passed = {name for name, answer in zip(LEVELS, found, strict=True) if answer[1] == "TOTAL_PASSED"}
    assert passed == set(LONG_TERM)


@pytest.mark.services("dss")
@pytest.mark.parametrize(
    "name", ["stamped_by_strangers", "changed_time_stamp", "changed_text", "self_signed_look_alike"]
)
def test_eu_dss_passes_none_that_is_forged(dss, tmp_path: Path, name: str) -> None:
    root = tmp_path / "root.der"
    root.write_bytes((FOLDER / "trust_root.der").read_bytes())
    ((_, indication, _),) = dss(root, "2026-06-01T00:00:00Z", FOLDER / f"{name}.pdf")
    assert indication != "TOTAL_PASSED"
