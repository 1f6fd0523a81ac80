"""One process that seals as fast as it can on one core: `python -m scripts.bench_seal_worker FOLDER CORE`.

For each line, a number of seconds, it seals that long and answers with how many seals a second it made.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hub.clock import SystemClock
from scripts.bench_seal_office import content_of, open_seal
from scripts.service_process import PROJECT
from seals.page import render_page
from seals.sealing import seal_page


class SealWorkers:
    """Some workers, each on a core of its own."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def rate(self, number: int, seconds: float) -> float:
        """Let the first so many of them seal at the same time; return their seals a second, together."""
        chosen = self._processes[:number]
        for process in chosen:
            assert process.stdin is not None
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        return sum(float(process.stdout.readline()) for process in chosen if process.stdout is not None)


@contextmanager
def seal_workers(folder: Path, cores: Sequence[int]) -> Iterator[SealWorkers]:
    """Start one worker on each core, for the office that was made in a folder."""
    command = [sys.executable, "-m", "scripts.bench_seal_worker", str(folder)]
    with ExitStack() as stack:
        processes = []
        for core in cores:
            process = subprocess.Popen(
                [*command, str(core)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
            )
            stack.callback(process.communicate)  # closes its input, at which it ends
            processes.append(process)
        yield SealWorkers(processes)


def main() -> None:
    """Seal whenever asked to."""
    folder, core = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    seal, content, clock = open_seal(Path(folder)), content_of(0), SystemClock()
    page, endorsement = render_page(content), content.endorsement
    for line in sys.stdin:
        begin, made = time.perf_counter(), 0
        while time.perf_counter() - begin < float(line):
            seal_page(page, endorsement, seal, clock.now())
            made += 1
        print(made / (time.perf_counter() - begin), flush=True)


if __name__ == "__main__":
    main()
