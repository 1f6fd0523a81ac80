"""Shows what a fault run has found: faults with their recoveries, counts, the verdict."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.soak_plan import Fault
from scripts.soak_run import Outcome, Recovery

_SHOWN_FAILURES = 20
_COLUMNS = ("back", "hub-a", "hub-b", "events")
_CAPTION = """min/median/max seconds from a kill, or from a network's return, until (back) what
was killed answers, (hub-a, hub-b) a new case is complete there, (events) its events
have come to a consumer"""


def show(out: Console, found: Outcome, seed: str) -> None:
    """Print it."""
    table = Table(
        title=f"{len(found.recoveries)} faults in {found.seconds:.0f} s, seed {seed}",
        caption=_CAPTION,
        caption_justify="left",
        header_style="bold",
    )
    table.add_column("fault")
    table.add_column("times", justify="right")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for fault, recoveries in _by_fault(found.recoveries):
        times = [_spread([each.seconds[name] for each in recoveries if name in each.seconds]) for name in _COLUMNS]
        table.add_row(fault, str(len(recoveries)), *times)
    out.print(table)
    for name, count in found.counts.items():
        out.print(f"  {count:>9,} {name}", highlight=False)
    for failure in found.failures[:_SHOWN_FAILURES]:
        out.print(f"  ✗ {failure}", style="red", markup=False, highlight=False)
    if len(found.failures) > _SHOWN_FAILURES:
        out.print(f"  … and {len(found.failures) - _SHOWN_FAILURES} more", style="red")
    out.print(verdict(found), style="red" if found.failures else "green", highlight=False)


def verdict(found: Outcome) -> str:
    """Return the run's outcome in one sentence."""
    if found.failures:
        return f"FAILED: {len(found.failures)} findings"
    return "PASSED: nothing lost, nothing twice, every unit's events in order, no gap in the audit"


def write_json(path: Path, found: Outcome, seed: str) -> None:
    """Write everything as JSON."""
    said = {"seed": seed, "passed": not found.failures, **asdict(found)}
    path.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _by_fault(recoveries: Sequence[Recovery]) -> Iterator[tuple[Fault, list[Recovery]]]:
    for fault in Fault:
        if found := [each for each in recoveries if each.fault is fault]:
            yield fault, found


def _spread(seconds: Sequence[float | None]) -> str:
    known = [one for one in seconds if one is not None]
    if len(known) < len(seconds):
        return f"never, {len(seconds) - len(known)}×"
    return f"{min(known):.1f}/{statistics.median(known):.1f}/{max(known):.1f}" if known else "–"
