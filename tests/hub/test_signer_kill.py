"""Kill signer, worker, token and hub at random under load: all their books agree afterwards, one to one."""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  # for its type; the dice come from signer_killer
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from graph_models.ladybug_store import LadybugStore
from graph_models.seal_records import grants_of_seal, list_seals
from graph_models.seals import SealKind
from tests.hub.killed_office import BUFFER
from tests.hub.loaded_office import LoadedOffice
from tests.hub.office import NOW, OPERATOR, Seals, make_seals, publish
from tests.hub.seal_authority import SECOND, key, signer_place
from tests.hub.what_was_issued import Books, read_books
from tests.seals.signer_host import RunningSigner
from tests.seals.signer_killer import Blow, kill_each, restart, signer_blows, thrown_dice
from tests.simulators.key_places import KeyStoreKind
from tests.simulators.soft_token import SoftTokens
from tests.simulators.token_server import TokenServer

TIMES = 2
"""How often each of them is killed, at least."""
MOST_SECONDS = 120.0
"""How long the killing may last, at most; it takes about fifteen on a machine that does nothing else."""
DAILY_LIMIT = 100_000
pytestmark = [pytest.mark.both_key_stores, pytest.mark.services("softhsm", "p11kit")]


@dataclass
class City:
    """A hub and a signer, each in its processes, and the token, if there is one."""

    seals: Seals
    hub: LoadedOffice
    running: RunningSigner
    token: TokenServer | None

    @property
    def store(self) -> Path:
        return self.hub.folder / "graph"


@pytest.fixture
async def city(
    key_store: KeyStoreKind, soft_tokens: SoftTokens, token_server: TokenServer, tmp_path: Path
) -> AsyncIterator[City]:
    """The signer reaches a token through the token's own process; who prepares the test reaches it without."""
    folder, on_token = tmp_path / "seals", key_store is KeyStoreKind.PKCS11
    place = behind = signer_place(folder)
    if on_token:
        soft_tokens.emptied("killed")
        place = soft_tokens.place("killed")
        behind = replace(place, path=token_server.client)
    await token_server.start()
    seals = make_seals(folder, place)
    await _prepare(seals, tmp_path / "graph")
    with tempfile.TemporaryDirectory(prefix="signer-") as socket:
        running = RunningSigner(
            folder,
            behind,
            tmp_path / "signer",
            Path(socket) / "s",
            NOW,
            workers=2,
            root="pki/root.pem",
            records=seals.signer.desk.records.all(),
            environment=token_server.environment,
        )
        assert await running.start() == "started"
        hub = LoadedOffice(tmp_path, folder, place, running.socket)
        yield City(seals, hub, running, token_server if on_token else None)
        await running.end()
    await token_server.kill()
    await seals.judges.close()
    await seals.signer.close()


async def _prepare(seals: Seals, folder: Path) -> None:
    """Fill a store as before a hub's first start; the handling unit uses the seal by a grant with a daily limit."""
    store = await LadybugStore.open(folder, buffer_bytes=BUFFER)
    await store.migrate()
    await publish(store)
    await seals.register_in(store)
    police = seals.authority.services(store)
    seal = next(seal for seal in await store.read(list_seals) if seal.kind is SealKind.INFORMATION_SHARING)
    for grant in await store.read(lambda tx: grants_of_seal(tx, seal.id)):
        if grant.unit_code == OPERATOR.unit_code:
            await police.grants.revoke(SECOND, grant.id, "测试", key())
    await police.granted(seal, OPERATOR.unit_code, daily_limit=DAILY_LIMIT)
    await store.close()


@dataclass
class Outages:
    """Takes the token away at random and brings it back a while later, whatever else is killed meanwhile."""

    token: TokenServer
    dice: random.Random
    under_way: asyncio.Task[None] | None = None

    async def blow(self) -> bool:
        if self.under_way is not None and not self.under_way.done():
            return False
        await self.token.kill()
        self.under_way = asyncio.create_task(self._bring_back(self.dice.uniform(0, 2)))
        return True

    async def end(self) -> None:
        if self.under_way is not None:
            await self.under_way

    async def _bring_back(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.token.start()


@pytest.mark.requirement("I1", "I2", "I3", "R15.2", "R15.3")
async def test_nothing_is_lost_and_nothing_sealed_twice(city: City) -> None:
    dice = thrown_dice()
    outages = Outages(city.token, dice) if city.token else None
    blows: dict[str, Blow] = {**signer_blows(city.running), "hub": city.hub.kill}
    blows |= {"token": outages.blow} if outages else {}
    await city.hub.start()
    async with asyncio.timeout(MOST_SECONDS):
        print(await kill_each(blows, dice, TIMES))
    if outages:
        await outages.end()
    await city.hub.finish()
    await restart(city.running)
    store = await LadybugStore.open(city.store, buffer_bytes=BUFFER)
    books = await read_books(store, city.hub.folder / "documents", city.running.folder)
    await store.close()
    assert_agreed(books, city.hub.accepted)


def assert_agreed(books: Books, accepted: list[str]) -> None:
    """Every book has the same proofs, each once; every number that was intended is one of them or void, and counted."""
    proofs, voided = sorted(books.proofs), sorted(books.voided)
    print(f"{len(accepted)} accepted, {len(books.needs)} needs, {len(proofs)} proofs, {len(voided)} voided")
    assert proofs
    assert set(accepted) <= books.cases
    assert set(books.needs.values()) <= {"MET", "WITHDRAWN"}
    assert books.intended == {"COMMITTED": proofs, "INTENDED": [], "VOID": voided}
    assert books.audited == {"proof.intended": sorted(proofs + voided), "proof.issued": proofs, "proof.voided": voided}
    assert books.told == {"proof.intended": [], "proof.issued": sorted(proofs * 2), "proof.voided": voided}
    assert books.used == proofs
    assert books.used_on_day == len(proofs)
    assert books.documents == books.proofs
    assert books.sealed.items() >= books.proofs.items()
    assert books.sealed.keys() <= {*proofs, *voided}
    assert books.counted_by_signer == sorted(set(books.counted_by_signer))
    assert set(books.sealed_keys) <= set(books.counted_by_signer)
