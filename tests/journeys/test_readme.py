"""The tour of README.md, run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.stage import Stage
from tests.journeys.whole_case import carry_out

PROJECT = Path(__file__).parents[2]
PORT_OF_README = "localhost:8000"


def tour() -> str:
    """Return the tour's block, with a line between its steps."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"## A tour of five minutes.*?```sh\n(.*?)```", text, re.DOTALL)
    assert block is not None
    assert PORT_OF_README in block[1]
    return re.sub(r"^# \d\.", r"echo '-----'; \g<0>", block[1], flags=re.MULTILINE)


@pytest.fixture(scope="module")
def steps(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Run the tour in a folder that looks like the project's and return what each step printed."""
    folder = tmp_path_factory.mktemp("tour")
    (folder / ".venv").symlink_to(Path(sys.prefix))
    (folder / "var").symlink_to(stage.city.place.folder)
    stage.city.place.proofs.mkdir(exist_ok=True)
    for number, pdf in carry_out(stage, stage).documents.items():
        (stage.city.place.proofs / f"{number}.pdf").write_bytes(pdf)
    script = tour().replace(PORT_OF_README, f"127.0.0.1:{stage.city.settings.server.port}")
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=True, env=_shell()
    )
    assert done.stderr == ""
    return done.stdout.split("-----\n")[1:]


def _shell() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "COLUMNS": "160",
        "LC_ALL": "C.UTF-8",
    }


@pytest.mark.services("curl")
def test_the_tour_shows_how_each_proof_would_come(steps: list[str]) -> None:
    assert len(steps) == 5
    assert "无犯罪记录证明" in steps[0]
    assert '"outcome": "VERIFICATION"' in steps[0]
    assert '"outcome": "SHARED"' in steps[0]


@pytest.mark.services("curl")
def test_the_tour_opens_a_case_and_has_its_shared_proofs_at_once(steps: list[str]) -> None:
    assert '"errors": []' in steps[1]
    assert steps[1].count('"number"') == 4
    assert '"REQUESTED"' in steps[1]


@pytest.mark.services("curl")
def test_the_tour_finds_the_request_in_the_inbox_of_the_other_unit(steps: list[str]) -> None:
    assert '"name": "无犯罪记录证明"' in steps[2]
    assert '"state": "RECEIVED"' in steps[2]


@pytest.mark.services("curl")
@pytest.mark.requirement("I5")
def test_the_tour_sees_a_good_proof_and_one_with_a_changed_byte(steps: list[str]) -> None:
    assert "有效 GOOD" in steps[3]
    assert "无效 NOT GOOD" in steps[3]
    assert steps[3].rstrip().endswith("exit status 1")


@pytest.mark.services("curl")
def test_the_tour_publishes_a_second_version(steps: list[str]) -> None:
    assert "draft version" in steps[4]
    assert re.search(r"published version \d+: 示例目录，第二版", steps[4])
