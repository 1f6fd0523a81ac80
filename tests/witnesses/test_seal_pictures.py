"""Programs that are not ours see a seal's picture: where it is, and that the proof stays whole and archivable."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seals.kinds import SealKind
from seals.page import RenderedPage, render_page
from seals.picture_files import read_picture
from seals.sealing import Seal, seal_page
from tests.seals.conftest import seal_office, seal_offices, shared_content  # noqa: F401  fixtures
from tests.seals.pictures import BLUE, round_picture

DOTS = 150
"""To the inch, when a page is rendered."""
NAMES = [f"{way}_{picture}" for way in ("direct", "library") for picture in ("clear", "opaque")]


@pytest.fixture(scope="module")
def page(shared_content) -> RenderedPage:  # noqa: F811
    return render_page(shared_content)


@pytest.fixture(scope="module")
def files(seal_office, shared_content, page, tmp_path_factory) -> dict[str, Path]:  # noqa: F811
    """A proof sealed with a picture by each way, one with a soft mask and one without."""
    folder, record = tmp_path_factory.mktemp("pictures"), seal_office.record(SealKind.INFORMATION_SHARING)
    ways = {"direct": page, "library": replace(page, pdf=page.pdf + b"\n")}
    for name in NAMES:
        way, kind = name.split("_")
        picture = read_picture(round_picture(clear=kind == "clear"))
        seal = Seal.prepare(record.kind, record.face, seal_office.keys.open(record.key_label), picture)
        sealed = seal_page(ways[way], shared_content.endorsement, seal, seal_office.now)
        (folder / f"{name}.pdf").write_bytes(sealed)
    return {name: folder / f"{name}.pdf" for name in NAMES}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.services("verapdf")
@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_a_proof_with_a_picture_stays_archivable_and_accessible(files, verapdf_classpath, flavour: str) -> None:
    program = ("java", "-cp", verapdf_classpath, "org.verapdf.apps.GreenfieldCliWrapper")
    done = run(*program, "-f", flavour, "--format", "text", "-v", *files.values())
    assert done.stdout.splitlines() == [f"PASS {file} {flavour}" for file in files.values()], done.stdout + done.stderr


@pytest.mark.services("qpdf", "pdfsig")
@pytest.mark.parametrize("name", NAMES)
def test_qpdf_and_pdfsig_find_nothing_wrong(files, name: str) -> None:
    checked = run("qpdf", "--check", files[name])
    assert (checked.returncode, "No syntax or stream encoding errors" in checked.stdout) == (0, True), checked.stderr
    shown = run("pdfsig", "-nocert", files[name]).stdout
    assert "Signature is Valid." in shown
    assert "Total document signed" in shown


@pytest.mark.services("pdfsig")
@pytest.mark.requirement("R15.1")
@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_seen_where_the_seal_goes(files, page, tmp_path, name: str) -> None:
    box, sheet = page.seal_box, page.seal_box.page + 1
    run("pdftoppm", "-r", DOTS, "-f", sheet, "-l", sheet, "-png", "-singlefile", files[name], tmp_path / "page")
    with Image.open(tmp_path / "page.png") as shown:
        scale, pixels = DOTS / 72, shown.convert("RGB")
    at = _place(pixels.height, scale)
    for x, y in ((0.5, 0.15), (0.5, 0.85), (0.25, 0.25), (0.75, 0.25)):
        found = pixels.getpixel(at(box.left + x * (box.right - box.left), box.bottom + y * (box.top - box.bottom)))
        assert max(abs(part - wanted) for part, wanted in zip(found, BLUE, strict=True)) < 8, (x, y, found)
    corner = pixels.getpixel(at(box.right - 1, box.bottom + 1))
    assert min(corner) >= 250  # white paper, as nearly as the program rounds it


def _place(height: int, scale: float) -> Callable[[float, float], tuple[int, int]]:
    """Return what turns points from the lower left into pixels from the upper left."""
    return lambda x, y: (round(x * scale), height - round(y * scale))
