"""Kill the signer and its workers at random under a hub: its log, its spool and the proofs agree, one to one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph_models.casework import IntentState
from graph_models.ladybug_store import LadybugStore
from graph_models.proof_records import load_intent
from hub.case_files import CaseFile
from seals.signer_client import SignerClient
from tests.hub.office import NOW, Office, Parts, Seals, open_office
from tests.seals.signer_host import RunningSigner
from tests.seals.signer_killer import kill_at_random, restart, sealed_documents, thrown_dice

WAVES, CASES = 3, 12
"""So many cases at a time, so often."""


@pytest.fixture
async def running(hub_store: LadybugStore, seals: Seals, tmp_path: Path) -> AsyncIterator[RunningSigner]:
    """A signer process with the keys of the city's seals and a folder of its own."""
    await seals.register_in(hub_store)
    with tempfile.TemporaryDirectory(prefix="signer-") as place:
        made = RunningSigner(
            seals.folder,
            tmp_path / "signer",
            Path(place) / "s",
            NOW,
            workers=2,
            passphrase="another horse",
            keys="signer-keys",
            root="pki/root.pem",
            records=seals.signer.desk.records.all(),
        )
        assert await made.start() == "started"
        yield made
        await made.end()


@pytest.fixture
async def office_behind(
    hub_store: LadybugStore, seals: Seals, tmp_path: Path, running: RunningSigner
) -> AsyncIterator[Office]:
    """An office whose signer is behind the socket; it waits for it a short time only."""
    seals.clock.at = NOW
    signer = SignerClient(running.socket, patience_seconds=0.3)
    office = await open_office(hub_store, seals, tmp_path, Parts(signer=signer))
    yield office
    await office.extractor.drain()


async def finish_all(office: Office) -> None:
    """Let the hub finish what it left open, as its background does."""
    await office.extractor.drain()
    for _ in range(500):
        office.clock.advance(seconds=10)
        if not await office.proofs.recover():
            return
    raise AssertionError("something is left open for ever")


@pytest.mark.requirement("I2", "R15.3")
async def test_nothing_is_lost_and_nothing_sealed_twice(office_behind: Office, running: RunningSigner) -> None:
    done = asyncio.Event()
    killing = asyncio.create_task(kill_at_random(running, thrown_dice(), done))
    files: list[CaseFile] = []
    for _ in range(WAVES):
        files += await asyncio.gather(*(office_behind.open("SHARED") for _ in range(CASES)))
        await finish_all(office_behind)
    done.set()
    await killing
    await finish_all(office_behind)
    await restart(running)
    await assert_one_to_one(office_behind, running.folder, files)


async def assert_one_to_one(office: Office, folder: Path, files: list[CaseFile]) -> None:
    """Every document that was sealed is in spool and log once, and is one proof; every number is accounted for."""
    after = [await office.file(file.case.number) for file in files]
    proofs = {proof.number: proof.document_sha256 for file in after for proof in file.proofs}
    assert len(proofs) == WAVES * CASES
    assert sealed_documents(folder) == proofs
    for need in (need for file in after for need in file.needs):
        intent = await office.store.read(lambda tx, key=need.id: load_intent(tx, key))
        assert intent is None or intent.state is IntentState.COMMITTED
    for sha256 in proofs.values():
        assert (await office.documents.get(sha256)).startswith(b"%PDF")
