"""A server process under its guard: started, waited for until it answers, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PLACE = PROJECT / "var" / "services"
LOOPBACK = "127.0.0.1"
_FIRST_PORT, _PORTS = 18000, 12000
"""Below the range from which systems take the ports of outgoing connections, so that nobody takes one in between."""
_PROBE_PAUSE_SECONDS = 0.2


class ServiceFailedError(Exception):
    """A server did not come up; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started: where it will answer, the probe that tells whether it does, its guard."""

    name: str
    address: str
    answers: Callable[[], bool]
    folder: Path
    guard: subprocess.Popen[bytes]
    command: tuple[str, ...] = ()

    def wait_until_ready(self, seconds: float = 90.0) -> None:
        """Return once the server answers its own protocol; ServiceFailedError when it ends or is too slow."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if self.guard.poll() is not None:
                raise ServiceFailedError(f"{self.name} ended while starting:\n{self._end_of_log()}")
            if time.monotonic() > deadline:
                raise ServiceFailedError(f"{self.name} is silent after {seconds:.0f} s:\n{self._end_of_log()}")
            time.sleep(_PROBE_PAUSE_SECONDS)

    def stop(self) -> None:
        """End the server and remove its data; calling it again does nothing."""
        if self.guard.stdin is not None:
            self.guard.stdin.close()
        else:
            self.guard.terminate()
        self.guard.wait(timeout=30)

    def kill(self) -> None:
        """End the server itself by SIGKILL; its data stays, for ``again``."""
        number = self.folder / "pid"
        os.kill(int(number.read_text()), signal.SIGKILL)
        number.unlink()
        self.guard.wait(timeout=30)  # before its input ends: by that it would remove the data
        if self.guard.stdin is not None:
            self.guard.stdin.close()

    def again(self) -> Running:
        """Start a server that was killed with what it left, at its address; gives at once, before it answers."""
        return replace(self, guard=start_guarded(self.folder, list(self.command), detached=False))

    def _end_of_log(self) -> str:
        log = self.folder / "log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else "(no log)"


def new_folder(name: str) -> Path:
    """An empty folder for one run of a service, under the ignored var/."""
    PLACE.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=PLACE))


def free_ports(count: int) -> list[int]:
    """Free loopback ports; where the search begins depends on the process, so that two runs seldom meet."""
    found: list[int] = []
    start = (os.getpid() * 37 + time.monotonic_ns() // 1000) % _PORTS
    for step in range(_PORTS):
        port = _FIRST_PORT + (start + step) % _PORTS
        if _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise ServiceFailedError("no free loopback port was found")


def listens(port: int) -> bool:
    """Whether anything accepts connections at the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def start_guarded(folder: Path, command: list[str], *, detached: bool) -> subprocess.Popen[bytes]:
    """Start the command under its guard; `detached` lets it outlive this process, until SIGTERM."""
    guard = [sys.executable, str(Path(__file__).with_name("service_guard.py"))]
    arguments = ["--detached"] if detached else []
    return subprocess.Popen(
        [*guard, *arguments, str(folder), *command],
        stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def guard_is_alive(pid: int) -> bool:
    """Whether the process of that number is a guard of ours (numbers are used again)."""
    of_linux = Path(f"/proc/{pid}/cmdline")
    if of_linux.exists():
        return b"service_guard.py" in of_linux.read_bytes()
    done = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return "service_guard.py" in done.stdout


def stop_guard(pid: int) -> None:
    """Tell a detached guard, perhaps of another process, to end its server."""
    if guard_is_alive(pid):
        os.kill(pid, signal.SIGTERM)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
