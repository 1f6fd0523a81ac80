"""Measures and shows the figures.

scripts/bench                          everything
scripts/bench routes seals             these subjects only
scripts/bench --json FILE              also write {name, unit, median, p99, ratio, against} for each figure
scripts/bench --update-readme          also put the table between the markers of README.md
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from hub.clock import SystemClock
from scripts.bench_breakdown import breakdown
from scripts.bench_catalogue import catalogue
from scripts.bench_city import EMBEDDED, Engine, city
from scripts.bench_exchange import exchange
from scripts.bench_extraction import extractions
from scripts.bench_harness import Figure, Plan
from scripts.bench_report import cells, load_average, machine, show, update_readme, write_json
from scripts.bench_routes import routes
from scripts.bench_run import Run
from scripts.bench_seals import seal_figures
from scripts.bench_signer import signer_figures
from scripts.bench_stores import stores
from scripts.service_downloads import DownloadFailedError
from scripts.service_pool import ServicePool
from scripts.service_process import PROJECT, ServiceFailedError

SUBJECTS: dict[str, Callable[[Run], Iterator[Figure]]] = {
    "routes": routes,
    "extraction": extractions,
    "breakdown": breakdown,
    "catalogue": catalogue,
    "seals": seal_figures,
    "signer": signer_figures,
    "stores": stores,
    "exchange": exchange,
}
_ON_BOTH_STORES = {"extraction", "breakdown", "stores", "exchange"}
OUT = Console()
ERR = Console(stderr=True)


def main() -> None:
    """Measure the subjects asked for."""
    arguments = _arguments()
    before = load_average()
    figures = list(_measured(_in_order(arguments.subjects), _plan(quick=arguments.quick)))
    caption = machine(SystemClock().now().date(), before)
    show(OUT, figures, caption)
    if arguments.json:
        write_json(arguments.json, figures)
    if arguments.update_readme:
        update_readme(PROJECT / "README.md", figures, caption)


def _measured(names: Sequence[str], plan: tuple[Plan, float, tuple[int, ...]]) -> Iterator[Figure]:
    with _engines(needed=not _ON_BOTH_STORES.isdisjoint(names)) as engines, _folder() as folder, city(folder) as place:
        run = Run(place, engines, *plan)
        for name in names:
            ERR.print(f"measuring: {name} …", style="dim")
            for figure in SUBJECTS[name](run):
                ERR.print(Text("  ".join(filter(None, cells(figure))), "dim"), soft_wrap=True)
                yield figure


@contextmanager
def _engines(*, needed: bool) -> Iterator[tuple[Engine, ...]]:
    """Start Neo4j where a subject needs it and it can be had; say so where not."""
    pool = ServicePool()
    try:
        yield (EMBEDDED, Engine("Neo4j", pool.address("neo4j"))) if needed else (EMBEDDED,)
    except (DownloadFailedError, ServiceFailedError, FileNotFoundError) as problem:
        raise SystemExit(f"scripts/bench: Neo4j cannot be started ({problem}); name subjects without it") from problem
    finally:
        pool.close()


@contextmanager
def _folder() -> Iterator[Path]:
    """Give an empty folder below var/, removed afterwards."""
    place = PROJECT / "var" / "bench"
    place.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _in_order(asked: Sequence[str]) -> list[str]:
    """Return the subjects asked for, or all, in the table's order: the hub of one would find the seals of another's."""
    return [subject for subject in SUBJECTS if not asked or subject in asked]


def _plan(*, quick: bool) -> tuple[Plan, float, tuple[int, ...]]:
    if quick:
        return Plan(2, 10, 5), 0.5, (2_000, 10_000)
    return Plan(5, 40, 20), 2.0, (10_000, 100_000, 1_000_000)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", choices=[*SUBJECTS, []], help=", ".join(SUBJECTS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--update-readme", action="store_true", help="put the table into README.md")
    parser.add_argument("--quick", action="store_true", help="few rounds: to see that everything runs, not for figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
