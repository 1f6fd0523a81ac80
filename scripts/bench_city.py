"""The city that is measured: the sample catalogue at full size, registers and hubs as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from hub.actors import Actor, Post
from hub.clock import SystemClock, SystemIds
from hub.entry.development import DevelopmentIssuer
from hub.entry.development_seals import (
    LocalSealCalls,
    prepare_development_authority,
    register_development_seals,
)
from hub.entry.settings import Settings, StoreEngine
from hub.entry.wiring import open_hub
from hub.errors import UnavailableError
from scripts.sample_catalogue import write_all
from scripts.sample_units import unit_rows
from scripts.service_process import free_ports

ITEM = "NB0100"
"""An item of the sample that needs exactly one proof, of shared data."""
VERIFIED_ITEM = "NB0001"
"""An item of the sample of which a unit is asked for at least one proof."""
ASKED_ITEM = "NB0307"
"""An item that needs, of whoever's identity is known, exactly one proof, and a unit is asked for it."""
REGION = "330203"
APPLICANT = {"kind": "NATURAL_PERSON", "name": "章示例", "identifier": "330211198603318599"}
_PASSPHRASE = "for measuring only"  # noqa: S105  protects keys that are made for one run
_START_SECONDS = 60
_AUTHORITY = Actor("bench", "NB-SF", frozenset({Post.CATALOGUE_AUTHORITY}))


class ProcessFailedError(Exception):
    """A process that is measured did not come up."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Which graph store."""

    name: str
    uri: str | None = None
    """Address of Neo4j; None for the embedded store."""


EMBEDDED = Engine("embedded")


@dataclass(frozen=True, slots=True)
class City:
    """A folder with all that hubs need."""

    folder: Path
    registry_port: int

    def settings(self, engine: Engine, port: int = 0, store: str = "served") -> Settings:
        """Return the settings of a hub; they are put into this process's environment too, for what it starts."""
        os.environ.update(self._environment(engine, port, store))
        return Settings()

    def token(self, settings: Settings, unit: str, *posts: Post, subject: str = "bench") -> str:
        """Return a token of the development issuer for a unit."""
        return DevelopmentIssuer.open(settings).token(subject, unit, posts, SystemClock().now(), timedelta(hours=6))

    def _environment(self, engine: Engine, port: int, store: str) -> dict[str, str]:
        place = self.folder
        return {
            "PROOFHUB_STORE__ENGINE": (StoreEngine.NEO4J if engine.uri else StoreEngine.LADYBUG).value,
            "PROOFHUB_STORE__URI": engine.uri or "neo4j://127.0.0.1:7687",
            "PROOFHUB_STORE__USER": "",
            "PROOFHUB_STORE__FOLDER": str(place / f"store-{store}"),
            "PROOFHUB_SEALS__FOLDER": str(place / "keys"),
            "PROOFHUB_SEALS__PASSPHRASE": _PASSPHRASE,
            "PROOFHUB_SEALS__PKI_FOLDER": str(place / "pki"),
            "PROOFHUB_AUTHORITY__FOLDER": str(place / "authority"),
            "PROOFHUB_AUTHORITY__PASSPHRASE": _PASSPHRASE,
            "PROOFHUB_SEALS__SIGNER_FOLDER": str(place / f"signer-{engine.name}-{store}"),
            "PROOFHUB_DOCUMENTS__FOLDER": str(place / "documents"),
            "PROOFHUB_IDENTITY__JWKS_FILE": str(place / "identity" / "jwks.json"),
            "PROOFHUB_IDENTITY__DEVELOPMENT": "true",
            "PROOFHUB_SOURCES__FILE": str(place / "sources.json"),
            "PROOFHUB_SERVER__PORT": str(port),
        }


@contextmanager
def city(folder: Path) -> Iterator[City]:
    """Make the catalogue, the keys and the registers in an empty folder; run the registers while it lasts."""
    write_all(folder / "sample")
    (port,) = free_ports(1)
    command = [sys.executable, "scripts/registry_server", "--port", str(port), "--data-dir", str(folder / "registry")]
    command += ["--types", str(folder / "sample" / "types.json")]
    with _process(command, folder / "registry.log", port, "/health"):
        made = City(folder, port)
        _write_sources(made)
        settings = made.settings(EMBEDDED)
        prepare_development_authority(settings, SystemClock().now(), SystemIds())
        DevelopmentIssuer.open(settings)
        yield made


async def publish(settings: Settings, sample: bytes) -> None:
    """Bring the seals with their grants, and the sample catalogue, into the store, unless they are there."""
    async with open_hub(settings) as hub:
        units = [str(unit["code"]) for unit in unit_rows()]
        calls = LocalSealCalls(hub.seals, hub.grants)
        await register_development_seals(settings, calls, units, SystemClock(), SystemIds())
        with suppress(UnavailableError):
            hub.snapshots.current()
            return
        await hub.catalogue.import_file(_AUTHORITY, sample, "sample.xlsx", "示例目录 Sample")
        await hub.catalogue.publish(_AUTHORITY)


@contextmanager
def served(place: City, settings: Settings, name: str) -> Iterator[int]:
    """Serve a hub with these settings in a process of its own; the value is its port."""
    port = settings.server.port
    with _process(
        [sys.executable, "-m", "scripts.bench_serve"], place.folder / f"hub-{name}.log", port, "/health/live"
    ):
        yield port


def _write_sources(place: City) -> None:
    credentials = json.loads((place.folder / "registry" / "credentials.json").read_text())
    address = f"http://127.0.0.1:{place.registry_port}/sources"
    sources = [
        {"code": code, "url": f"{address}/{code}/records", "token": entry["token"]}
        for code, entry in credentials.items()
    ]
    (place.folder / "sources.json").write_text(json.dumps(sources))


@contextmanager
def _process(command: list[str], log: Path, port: int, health: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            _wait(process, f"http://127.0.0.1:{port}{health}", log)
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(httpx.HTTPError):
            if httpx.get(address, timeout=1, trust_env=False).is_success:
                return
        time.sleep(0.1)
    raise ProcessFailedError(f"{log.name}: {log.read_text(errors='replace')[-2000:]}")
