"""Kill the signer and its workers at random under load: log, spool and what was returned agree, one to one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from seals.errors import SignerUnavailableError
from seals.signer_client import SignerClient
from seals.signer_orders import SealedDocument, SealingOrder
from tests.seals.signer_host import RunningSigner
from tests.seals.signer_killer import kill_at_random, restart, sealed_documents, thrown_dice

pytestmark = pytest.mark.both_key_stores

ORDERS = 120
CALLERS = 12


@pytest.fixture
async def running(seal_office, tmp_path: Path) -> AsyncIterator[RunningSigner]:
    with tempfile.TemporaryDirectory(prefix="signer-") as place:
        made = RunningSigner(
            seal_office.folder, seal_office.place, tmp_path / "signer", Path(place) / "s", seal_office.now, workers=2
        )
        assert await made.start() == "started"
        yield made
        await made.end()


def orders(seal_office, content) -> list[SealingOrder]:
    """Return many orders, each of a proof of its own; each third one is counted against a daily limit."""
    made = []
    for number in range(ORDERS):
        endorsement = replace(content.endorsement, proof_number=f"P-{number}")
        limit = {"id": "limited", "daily_limit": ORDERS // 3} if number % 3 == 0 else {}
        made.append(seal_office.order(f"need-{number}", replace(content, endorsement=endorsement), **limit))
    return made


async def sealed(client: SignerClient, order: SealingOrder) -> SealedDocument:
    """Have an order sealed as the hub does: where nobody answers for a while, it comes again later."""
    while True:
        try:
            return await client.seal(order)
        except SignerUnavailableError:
            continue


@pytest.mark.requirement("I2", "R15.3")
async def test_nothing_is_lost_and_nothing_sealed_twice(seal_office, shared_content, running) -> None:
    client, places, done = (
        SignerClient(running.socket, patience_seconds=0.2),
        asyncio.Semaphore(CALLERS),
        asyncio.Event(),
    )
    wanted = orders(seal_office, shared_content)

    async def one(order: SealingOrder) -> SealedDocument:
        async with places:
            return await sealed(client, order)

    killing = asyncio.create_task(kill_at_random(running, thrown_dice(), done))
    returned = await asyncio.gather(*(one(order) for order in (*wanted, *wanted[: ORDERS // 3])))
    done.set()
    await killing
    await restart(running)
    numbers = [order.content.endorsement.proof_number for order in (*wanted, *wanted[: ORDERS // 3])]
    by_number = {number: document.sha256 for number, document in zip(numbers, returned, strict=True)}
    assert sealed_documents(running.folder) == by_number
    assert len(set(by_number.values())) == ORDERS
    assert [await client.seal(order) for order in wanted] == returned[:ORDERS]
