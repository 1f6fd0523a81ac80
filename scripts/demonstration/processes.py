"""Starts the registry server and the hub as processes of their own, waits until they answer, and ends them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from scripts.demonstration.city import City, Place

_START_SECONDS = 90
_PROGRAM = Path(__file__).parents[1] / "registry_server"


class StartError(Exception):
    """A process did not come up; the text says where its log is."""


@contextmanager
def registry(place: Place) -> Iterator[str]:
    """Run the bundled data sources on a free port; give their address."""
    port = free_port()
    place.registry.mkdir(exist_ok=True)
    command = [sys.executable, str(_PROGRAM), "--port", str(port)]
    command += ["--data-dir", str(place.registry), "--types", str(place.sample / "types.json")]
    with _process(command, os.environ, place.folder / "registry.log", f"http://127.0.0.1:{port}/health"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def hub(city: City) -> Iterator[subprocess.Popen[bytes]]:
    """Run the hub; its log goes to ``hub.log`` in the city's folder."""
    port = city.settings.server.port
    if _is_taken(port):
        raise StartError(f"port {port} is taken: stop what listens there, or choose another with --port")
    command = [str(Path(sys.executable).with_name("proofhub")), "serve"]
    environment = os.environ | city.environment
    with _process(command, environment, city.place.folder / "hub.log", f"{city.url}/health/live") as process:
        yield process


def free_port() -> int:
    """Return a loopback port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _process(
    command: list[str], environment: Mapping[str, str], log: Path, health: str
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment)
        try:
            _wait(process, health, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], health: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            lines = log.read_text(errors="replace").splitlines()[-3:]
            raise StartError(f"the {log.stem} ended at once; the end of {log}:\n" + "\n".join(lines))
        try:
            if httpx.get(health, timeout=1, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise StartError(f"the {log.stem} did not answer within {_START_SECONDS} seconds; see {log}")
