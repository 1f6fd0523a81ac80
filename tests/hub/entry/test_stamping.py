"""Time stamps as the settings say, from the seal to the archive renewed, through a hub wired as it is served."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from graph_models.archive_records import proofs_after
from graph_models.casework import Proof, ProofLevel
from hub.actors import Actor, Post
from hub.clock import SystemClock, SystemIds
from hub.entry.settings import SealSettings, TimeStampSource
from hub.entry.stamping import stamp_at_sealing
from pki.errors import KeyStoreError
from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.levels import SealLevel, level_of
from tests.hub.entry.door import KNOWN, OPERATOR, Door, open_door, settings_in
from tests.simulators.hostile_source import HostileSource

POLICE = Actor("police-9", "GA", frozenset({Post.SEAL_AUTHORITY}))
VERIFY = """query V($file: Base64!) { verifyProof(document: $file) { ... on Verdict { outcome sealedAt provenAt
  checks { name status } } } }"""
PROOF = "query P($number: String!) { proof(number: $number) { ... on Proof { level standsUntil documentSha256 } } }"
RENEW = """mutation R($input: RenewArchiveInput!) { renewArchive(input: $input) {
  progress { takenIn renewed failed left after } errors { code } } }"""


@asynccontextmanager
async def opened(folder: Path, **seals: Any) -> AsyncIterator[Door]:
    """Open a hub with settings of its seals."""
    async with HostileSource(KNOWN) as register:
        settings = settings_in(folder, register.url)
        given = settings.seals.model_dump() | seals
        async with open_door(settings.model_copy(update={"seals": SealSettings.model_validate(given)})) as door:
            yield door


async def issued(door: Door) -> Proof:
    number = (await door.open_case("ST-1"))["case"]["proofs"][0]["number"]
    return next(proof for proof in await proofs(door) if proof.number == number)


async def proofs(door: Door) -> tuple[Proof, ...]:
    return await door.hub.store.read(lambda tx: proofs_after(tx, "", 100))


async def level(door: Door, proof: Proof) -> SealLevel:
    document = await door.hub.proofs.document(OPERATOR, proof.number)
    return level_of(read_findings(document, DocumentLimits()))


async def test_with_the_embedded_authority_a_proof_is_stamped_when_sealed_and_raised_beside_the_calls(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, tsa="embedded") as door:
        first = await issued(door)
        assert await level(door, first) is SealLevel.B_T
        async with door.hub.background.running(), asyncio.timeout(30):
            while (await proofs(door))[0].level is None:  # noqa: ASYNC110  # what is waited for has no event of its own
                await asyncio.sleep(0.05)
        assert await level(door, first) is SealLevel.B_LTA
        shown = (await door.ask(PROOF, {"number": first.number})).json()["data"]["proof"]
        assert shown["level"] == "B_LTA"
        assert shown["standsUntil"] > door.clock.now().isoformat()
        document = base64.b64encode(await door.hub.proofs.document(OPERATOR, first.number)).decode()
        verdict = (await door.ask(VERIFY, {"file": document})).json()["data"]["verifyProof"]
        assert verdict["outcome"] == "GOOD"
        assert verdict["provenAt"] >= verdict["sealedAt"]
        for _ in range(2):
            answer = (await door.ask(RENEW, {"input": {"withinDays": 36_500}}, POLICE)).json()
            assert answer["data"]["renewArchive"]["progress"]["takenIn"] == 0


async def test_with_services_that_are_down_it_is_sealed_all_the_same_and_waits(tmp_path: Path) -> None:
    urls = ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]
    async with opened(tmp_path, tsa="urls", tsa_urls=urls, tsa_seconds=1.0) as door:
        first = await issued(door)
        assert await level(door, first) is SealLevel.B_B
        assert await door.hub.background.raiser.look() == 0
        assert (await proofs(door)) == (first,)


async def test_with_no_time_stamps_set_nothing_waits_for_any(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        first = await issued(door)
        assert await level(door, first) is SealLevel.B_B
        assert (await door.hub.background.raiser.levels.look(door.hub.store)).waiting == 0
        answer = (await door.ask(RENEW, {"input": {"withinDays": 30}}, POLICE)).json()["data"]["renewArchive"]
        assert answer["errors"] == [{"code": "WRONG_STATE"}]
        assert door.settings.seals.wanted_level is ProofLevel.B_B


def test_an_embedded_authority_without_a_key_stops_the_start(tmp_path: Path) -> None:
    none = settings_in(tmp_path).seals
    assert stamp_at_sealing(none, SystemClock(), SystemIds()) is None
    embedded = none.model_copy(update={"tsa": TimeStampSource.EMBEDDED})
    with pytest.raises(KeyStoreError):
        stamp_at_sealing(embedded, SystemClock(), SystemIds())
