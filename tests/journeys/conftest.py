"""One city and its registers for all journeys, and the hubs that serve it: each process is started once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from scripts.demonstration.city import City, Place, prepare, write_sources
from scripts.demonstration.processes import free_port, registry
from tests.journeys.stage import Stage, staged
from tests.simulators.hostile_source import HostileSource, hang
from tests.simulators.hostile_thread import hostile


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The sample city as `./scripts/run` makes it, with its registers running."""
    made = prepare(Place(tmp_path_factory.mktemp("journeys") / "var"), free_port())
    with registry(made.place) as address:
        write_sources(made.place, address)
        yield made


@pytest.fixture(scope="session")
def stage(city: City) -> Iterator[Stage]:
    """A hub on the embedded store, with every default of production that needs no service."""
    with staged(city) as opened:
        yield opened


@pytest.fixture(scope="session")
def register() -> Iterator[HostileSource]:
    """A data source that does what its script says."""
    with hostile(hang) as source:
        yield source


@pytest.fixture(scope="session")
def shaken_city(city: City, register: HostileSource) -> City:
    """The city as a hub sees it that has a store of its own, and whose every register misbehaves."""
    sources = json.loads(city.place.sources.read_text())
    file = city.place.folder / "hostile.json"
    file.write_text(json.dumps([source | {"url": register.url} for source in sources]))
    own = {"STORE__FOLDER": "shaken-store", "SEALS__SIGNER_FOLDER": "shaken-signer", "SEALS__FOLDER": "shaken-keys"}
    settings = {f"PROOFHUB_{name}": str(city.place.folder / folder) for name, folder in own.items()}
    return city.another(free_port(), PROOFHUB_SOURCES__FILE=str(file), **settings)


@pytest.fixture(scope="session")
def shaken(shaken_city: City) -> Iterator[Stage]:
    """A hub of which nothing is spared: its registers misbehave, and it may be killed."""
    with staged(shaken_city) as opened:
        yield opened
