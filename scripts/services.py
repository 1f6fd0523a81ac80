"""The command `scripts/services`: Neo4j, Kafka, an S3 server and the class paths of the validators, without containers.

scripts/services start [neo4j|kafka|s3 ...] start what does not run yet; prints `export NAME=address` lines
scripts/services status                    the same lines for what runs
scripts/services stop                      end all of it and remove its data
scripts/services run COMMAND ...           run a command with all services, ended when it ends or is killed
scripts/services classpath NAME            neo4j, kafka, s3, verapdf, dss: the Java class path, downloaded if need be
scripts/services node-modules              the folder with graphql-http
scripts/services install-programs          install missing programs by apt-get (root on Debian)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable

from scripts.service_downloads import MAVEN_ARTIFACTS, DownloadFailedError, java_classpath, node_modules
from scripts.service_pool import STARTERS, VARIABLES, ServicePool
from scripts.service_process import PLACE, Running, ServiceFailedError, guard_is_alive, stop_guard
from scripts.service_programs import install_missing, missing_programs

_RECORD = PLACE / "running.json"


def _running() -> dict[str, tuple[int, str]]:
    """Name -> number of the guard and address, of what `start` left running."""
    record = json.loads(_RECORD.read_text()) if _RECORD.exists() else {}
    return {name: (pid, address) for name, (pid, address) in record.items() if guard_is_alive(pid)}


def _start(names: list[str]) -> int:
    running = _running()
    started: list[Running] = []
    try:
        for name in names or STARTERS:
            if name not in running:
                started.append(STARTERS[name](detached=True))
        for service in started:
            service.wait_until_ready()
            running[service.name] = (service.guard.pid, service.address)
    except (DownloadFailedError, ServiceFailedError):
        for service in started:
            service.stop()
        raise
    PLACE.mkdir(parents=True, exist_ok=True)
    _RECORD.write_text(json.dumps(running))
    return _status()


def _status() -> int:
    for name, (_, address) in _running().items():
        print(f"export {VARIABLES[name]}={address}")
    return 0


def _stop() -> int:
    for pid, _ in _running().values():
        stop_guard(pid)
    _RECORD.unlink(missing_ok=True)
    return 0


def _run(command: list[str]) -> int:
    pool = ServicePool()
    try:
        for name in STARTERS:
            pool.launch(name)
        addresses = {VARIABLES[name]: pool.address(name) for name in STARTERS}
        return subprocess.run(command, env=os.environ | addresses, check=False).returncode
    finally:
        pool.close()


def _classpath(name: str) -> int:
    print(java_classpath(name))
    return 0


def _node_modules() -> int:
    print(node_modules())
    return 0


def _install_programs() -> int:
    missing = install_missing()
    print(f"Still missing: {', '.join(missing)}" if missing else "All programs are there.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/services", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION", title="actions")

    def action(name: str, does: Callable[..., int]) -> argparse.ArgumentParser:
        added = actions.add_parser(name)
        added.set_defaults(does=does)
        return added

    action("start", _start).add_argument("names", nargs="*", metavar="|".join(STARTERS), type=_startable)
    action("run", _run).add_argument("command", nargs=argparse.REMAINDER)
    action("classpath", _classpath).add_argument("name", choices=MAVEN_ARTIFACTS)
    action("status", _status)
    action("stop", _stop)
    action("node-modules", _node_modules)
    action("install-programs", _install_programs)
    return parser


def _startable(name: str) -> str:
    if name not in STARTERS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(STARTERS)}")
    return name


def main() -> int:
    """Do what the command line asks; the status is that of the command for `run`, else 0, or 1 with a sentence."""
    asked = vars(_parser().parse_args())
    does: Callable[..., int] = asked.pop("does")
    if does in {_start, _run} and (missing := missing_programs(STARTERS)):
        print(f"scripts/services: not found on PATH: {', '.join(missing)}", file=sys.stderr)
        return 1
    try:
        return does(**asked)
    except (DownloadFailedError, ServiceFailedError) as error:
        print(f"scripts/services: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
