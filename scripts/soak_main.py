"""Breaks a running exchange again and again, and holds what it did against what it promised.

scripts/soak                           ten minutes, every fault in turns mixed by a seed that is printed
scripts/soak --minutes 60 --seed X     longer, in the order of that seed
scripts/soak --faults kill-hub-a ...   these faults only
scripts/soak --json FILE               also write the report as JSON

Two hubs, a signer, Neo4j and Kafka run as processes of their own; a network that can be cut lies between. Ends with
status 1 where a check has failed; the logs stay below var/soak then, and with --keep.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import signal
import tempfile
from itertools import islice
from pathlib import Path

import structlog
import uvloop
from rich.console import Console

from hub.clock import SystemIds
from scripts.demonstration.processes import StartError
from scripts.service_downloads import DownloadFailedError
from scripts.service_process import PROJECT, ServiceFailedError
from scripts.service_programs import missing_programs
from scripts.soak_plan import Fault, turns
from scripts.soak_report import show, write_json
from scripts.soak_run import Outcome, Plan, Run
from scripts.soak_stage import staged

OUT = Console()
ERR = Console(stderr=True)
_MOST_FAULTS = 100_000


def main() -> None:
    """Carry out a run and say what it has shown."""
    arguments = _arguments()
    if missing := missing_programs(["neo4j", "kafka"]):
        raise SystemExit(f"scripts/soak: {', '.join(missing)} not found on PATH")
    seed = arguments.seed or SystemIds().identifier("")
    ERR.print(f"seed {seed}", highlight=False)
    place = PROJECT / "var" / "soak"
    place.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=place))
    plan = Plan(
        faults=islice(turns(arguments.faults, seed), _MOST_FAULTS),
        seconds=arguments.minutes * 60,
        cases_per_second=arguments.cases_per_second,
        away_seconds=arguments.away_seconds,
    )
    try:
        found = uvloop.run(_run(folder, plan))
    except asyncio.CancelledError:
        raise SystemExit("scripts/soak: told to end") from None
    except (DownloadFailedError, ServiceFailedError, StartError) as problem:
        raise SystemExit(f"scripts/soak: {problem}") from problem
    show(OUT, found, seed)
    if arguments.json:
        write_json(arguments.json, found, seed)
    if found.failures or arguments.keep:
        ERR.print(f"the logs are in {folder}", highlight=False)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(1 if found.failures else 0)


async def _run(folder: Path, plan: Plan) -> Outcome:
    log = (folder / "soak.log").open("a", encoding="utf-8")  # workers, Kafka; open until the process ends
    logging.basicConfig(stream=log, level=logging.WARNING)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(log))
    ERR.print("starting Neo4j, Kafka, the signer and two hubs …", style="dim")
    run = asyncio.current_task()
    assert run is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, run.cancel)  # so that what was started ends, too
    async with staged(folder) as stage:
        return await Run(stage, plan, lambda text: ERR.print(text, style="dim", highlight=False)).carry_out()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long faults are done (10)")
    parser.add_argument("--seed", help="mixes the order of the faults")
    parser.add_argument(
        "--faults", nargs="+", metavar="FAULT", type=Fault, choices=list(Fault), default=list(Fault),
        help=", ".join(Fault),
    )  # fmt: skip
    parser.add_argument("--cases-per-second", type=float, default=1.0, metavar="RATE", help="load (1)")
    parser.add_argument("--away-seconds", type=float, default=8.0, metavar="S", help="how long a network is away (8)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--keep", action="store_true", help="keep the logs of a run that has passed, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
