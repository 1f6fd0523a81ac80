"""The report of a fault run: recoveries by fault, what was counted, every finding, the verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from scripts.soak_plan import Fault
from scripts.soak_report import show, verdict, write_json
from scripts.soak_run import Outcome, Recovery

PASSED = Outcome(
    seconds=61.0,
    recoveries=(
        Recovery(Fault.CUT_BROKER, 2.0, {"hub-a": 1.0, "hub-b": 0.5, "events": 4.0}),
        Recovery(Fault.KILL_HUB_A, 20.0, {"back": 3.0, "hub-a": 4.0, "hub-b": 1.0, "events": 4.5}),
        Recovery(Fault.CUT_BROKER, 40.0, {"hub-a": 2.0, "hub-b": 0.7, "events": 6.0}),
    ),
    counts={"proofs": 1234},
    failures=(),
)
FAILED = replace(
    PASSED,
    recoveries=(Recovery(Fault.KILL_HUB_A, 20.0, {"back": 3.0, "hub-a": None, "hub-b": 1.0, "events": None}),),
    failures=tuple(f"proof P{number} has no document" for number in range(30)),
)


def shown(found: Outcome) -> str:
    out = StringIO()
    show(Console(file=out, width=80), found, "seed-1")
    return out.getvalue()


def test_recoveries_stand_by_fault_with_least_median_and_most() -> None:
    text = shown(PASSED)
    assert "3 faults in 61 s, seed seed-1" in text
    (line,) = [line for line in text.splitlines() if "cut-broker" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "cut-broker", "2", "–", "1.0/1.5/2.0", "0.5/0.6/0.7", "4.0/5.0/6.0",
    ]  # fmt: skip
    assert "1,234 proofs" in text
    assert "PASSED" in text


def test_what_failed_is_listed_up_to_a_bound_and_counted() -> None:
    text = shown(FAILED)
    assert text.count("has no document") == 20
    assert "and 10 more" in text
    assert "never, 1×" in text
    assert verdict(FAILED) == "FAILED: 30 findings"


def test_the_json_says_everything(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", FAILED, "seed-1")
    said = json.loads((tmp_path / "report.json").read_text())
    assert (said["seed"], said["passed"], len(said["failures"])) == ("seed-1", False, 30)
    assert said["recoveries"][0]["seconds"] == {"back": 3.0, "hub-a": None, "hub-b": 1.0, "events": None}
