"""Parts shared by the tests of the hub: the seals once, an office for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path

import pytest

from graph_models.ladybug_store import LadybugStore
from tests.hub.office import NOW, Office, Seals, SetClock, make_seals, open_office, publish
from tests.hub.seal_authority import SealAuthority, SealServices, make_authority
from tests.hub.village import Village, open_village
from tests.simulators.key_places import KeyStoreKind


@pytest.fixture(scope="session")
async def seals(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seals]:
    made = make_seals(tmp_path_factory.mktemp("seals"))
    yield made
    await made.judges.close()
    await made.signer.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LadybugStore]:
    """An embedded store, empty."""
    opened = await LadybugStore.open(tmp_path / "graph", buffer_bytes=256 << 20)
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
async def hub_store(store: LadybugStore) -> LadybugStore:
    """An embedded store with the city's catalogue."""
    await publish(store)
    return store


@pytest.fixture
async def office(hub_store: LadybugStore, seals: Seals, tmp_path: Path) -> AsyncIterator[Office]:
    """The rooms on a store of their own, at nine in the morning."""
    seals.clock.at = NOW
    opened = await open_office(hub_store, seals, tmp_path)
    yield opened
    await opened.extractor.drain()


@pytest.fixture(scope="session")
def seal_authorities(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[KeyStoreKind], SealAuthority]:
    """Makes the seal authority with the signer's keys in either store, once."""

    @cache
    def made(kind: KeyStoreKind) -> SealAuthority:
        folder = tmp_path_factory.mktemp("seal-authority")
        if kind is KeyStoreKind.PKCS12:
            return make_authority(folder, SetClock())
        tokens = request.getfixturevalue("soft_tokens")
        tokens.emptied("authority")
        return make_authority(folder, SetClock(), tokens.place("authority"))

    return made


@pytest.fixture(scope="module")
def seal_authority(seal_authorities: Callable[[KeyStoreKind], SealAuthority], key_store: KeyStoreKind) -> SealAuthority:
    return seal_authorities(key_store)


@pytest.fixture
async def services(seal_authority: SealAuthority, tmp_path: Path) -> AsyncIterator[SealServices]:
    """The seal authority's services on an embedded store of their own, with a signer that has no seal yet."""
    store = await LadybugStore.open(tmp_path / "graph", buffer_bytes=192 << 20)
    await store.migrate()
    seal_authority.signer.down, seal_authority.clock.at = False, NOW
    yield seal_authority.services(store)
    await store.close()


@pytest.fixture
async def village(office: Office) -> AsyncIterator[Village]:
    """A unit without a system, its three people registered."""
    async with open_village(office) as opened:
        yield opened
