"""Shows figures as one table, writes them as JSON, and puts the table into the README between two markers."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.bench_harness import Figure

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


class MarkerError(Exception):
    """The README has not exactly one pair of markers."""


def machine(day: date, load_before: float) -> str:
    """Return what the figures were measured on, one line: processors, Python, libraries, load before and after."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("ladybug", "typst", "pyhanko", "strawberry-graphql"))
    return (
        f"Measured {day.isoformat()} on {os.cpu_count()} cores ({_processor()}), "
        f"Python {platform.python_version()}, {libraries}; load average {load_before:.1f} before, "
        f"{load_average():.1f} at the end."
    )


def load_average() -> float:
    """Return how many processes wanted a processor during the last minute."""
    return os.getloadavg()[0]


def show(out: Console, figures: Sequence[Figure], caption: str) -> None:
    """Print the table."""
    table = Table(caption=caption, caption_justify="left", header_style="bold")
    for head, justify in (("figure", "left"), ("median", "right"), ("p99", "right"), ("", "left")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]  # the literals are those that rich takes
    table.add_column("ratio", justify="right")
    table.add_column("against")
    for figure in figures:
        table.add_row(*cells(figure))
    out.print(table)


def write_json(path: Path, figures: Sequence[Figure]) -> None:
    """Write each figure as {name, unit, median, p99, ratio, against}."""
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", encoding="utf-8")


def update_readme(path: Path, figures: Sequence[Figure], caption: str) -> None:
    """Replace what stands between the markers. Raises MarkerError where they are missing, and writes nothing then."""
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise MarkerError(f"{path.name} needs one line {BEGIN} and below it one line {END}")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{markdown(figures, caption)}\n{END}{after}", encoding="utf-8")


def markdown(figures: Sequence[Figure], caption: str) -> str:
    """Return the table in Markdown, with the caption below."""
    lines = ["| figure | median | p99 | | ratio | against |", "| --- | ---: | ---: | --- | ---: | --- |"]
    lines += [f"| {' | '.join(cells(figure))} |" for figure in figures]
    return "\n".join([*lines, "", caption])


def cells(figure: Figure) -> tuple[str, ...]:
    """Return a figure's name, median, p99, unit, ratio and peer, as they are shown."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    p99 = "" if figure.p99 is None else _number(figure.p99)
    return figure.name, _number(figure.median), p99, figure.unit, ratio, figure.against or ""


def _number(value: float) -> str:
    """Return three significant digits, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
