"""Runs one server and ends it with whoever asked for it: `service_guard.py [--detached] FOLDER COMMAND…`.

The starter holds the other end of this process's standard input. When the starter ends, by whatever death, the pipe
closes, and the server is killed and its FOLDER removed: the data is for one run only. With --detached it runs until
SIGTERM. A server that ends by itself, or is killed by the number in FOLDER/pid, leaves its folder.
"""

from __future__ import annotations

import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

POLL_SECONDS = 0.2


def guard(folder: Path, command: list[str], *, detached: bool) -> int:
    """Run the command until its starter is gone or SIGTERM comes; gives its status if it ended by itself, else 0."""
    with (folder / "log").open("ab") as log:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    (folder / "pid").write_text(str(child.pid))
    watched = [] if detached else [sys.stdin.buffer]
    try:
        while child.poll() is None:
            if select.select(watched, [], [], POLL_SECONDS)[0]:
                break
    finally:
        status = child.poll()
        if status is None:
            child.kill()
            child.wait()
            shutil.rmtree(folder, ignore_errors=True)
    return status or 0


def main(arguments: list[str]) -> int:
    """Read the command line; SIGTERM and SIGINT end the guard by way of its `finally`."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    detached = arguments[0] == "--detached"
    folder, *command = arguments[1:] if detached else arguments
    return guard(Path(folder), command, detached=detached)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
