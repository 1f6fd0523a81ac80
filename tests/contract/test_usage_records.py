"""The usage book: one entry a proof, counted by grant and day, however many write at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.case_records import add_case
from graph_models.casework import ProofState
from graph_models.errors import DuplicateKeyError, RecordNotFoundError
from graph_models.proof_records import add_proof
from graph_models.rows import milliseconds
from graph_models.seals import LivingProofs
from graph_models.store import GraphStore, Transaction
from graph_models.usage_records import add_use, count_use, find_use, living_proofs, used_on_day, uses_of_day
from tests.contract.records import AT, case, proof
from tests.contract.seals import DAY, use

NUMBERS = [f"NBP{number}" for number in range(1, 6)]


@pytest.fixture
async def book(store: GraphStore) -> GraphStore:
    """Three uses of one grant and two of another, on one day."""

    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        for number, name in enumerate(NUMBERS):
            await add_proof(tx, proof(name))
            grant_id = "G1" if number < 3 else "G2"
            await count_use(tx, grant_id, DAY)
            await add_use(tx, use(name, grant_id, minutes=10 - number), DAY)

    await store.write(work)
    return store


@pytest.mark.requirement("R15.2")
async def test_uses_come_back_in_the_order_of_time_page_by_page(book: GraphStore) -> None:
    both = ["G1", "G2", "G9", "G1"]
    first = await book.read(lambda tx: uses_of_day(tx, both, DAY, None, 2))
    assert [each.proof_number for each in first] == ["NBP5", "NBP4"]
    after = (milliseconds(first[-1].at), first[-1].proof_number)
    rest = await book.read(lambda tx: uses_of_day(tx, both, DAY, after, 9))
    assert [each.proof_number for each in rest] == ["NBP3", "NBP2", "NBP1"]
    assert rest[-1] == use("NBP1", minutes=10)
    assert await book.read(lambda tx: uses_of_day(tx, ["G2"], DAY, None, 9)) == first
    assert await book.read(lambda tx: uses_of_day(tx, both, "2026-03-03", None, 9)) == ()
    assert await book.read(lambda tx: uses_of_day(tx, [], DAY, None, 9)) == ()


async def test_a_use_is_found_by_its_proof_and_written_once(book: GraphStore) -> None:
    assert await book.read(lambda tx: find_use(tx, "NBP4")) == use("NBP4", "G2", minutes=7)
    assert await book.read(lambda tx: find_use(tx, "NBP9")) is None
    with pytest.raises(DuplicateKeyError):
        await book.write(lambda tx: add_use(tx, use("NBP1"), DAY))
    for entry, day in ((use("NBP9"), DAY), (use("NBP1", "G9"), DAY), (use("NBP1"), "2026-03-03")):
        with pytest.raises(RecordNotFoundError):
            await book.write(lambda tx, entry=entry, day=day: add_use(tx, entry, day))


async def test_uses_are_counted_by_grant_and_day_and_uncounted(book: GraphStore) -> None:
    assert await book.write(lambda tx: count_use(tx, "G1", DAY)) == 4
    assert await book.write(lambda tx: count_use(tx, "G1", DAY, -1)) == 3
    assert await book.write(lambda tx: count_use(tx, "G1", "2026-03-03")) == 1
    assert await book.read(lambda tx: used_on_day(tx, ["G1", "G2", "G9"], DAY)) == 5
    assert await book.read(lambda tx: used_on_day(tx, ["G9"], DAY)) == 0
    assert await book.read(lambda tx: used_on_day(tx, [], DAY)) == 0


@pytest.mark.requirement("R15.2")
async def test_uses_at_the_same_time_are_counted_one_after_the_other(store: GraphStore) -> None:
    counts = await asyncio.gather(*(store.write(lambda tx: count_use(tx, "G1", DAY)) for _ in range(30)))
    assert sorted(counts) == list(range(1, 31))


async def test_living_proofs_are_counted_by_key(store: GraphStore) -> None:
    proofs = [
        proof("NBP1"),
        replace(proof("NBP2"), valid_until=None),
        replace(proof("NBP3"), valid_until=AT),
        replace(proof("NBP4"), state=ProofState.WITHDRAWN),
        replace(proof("NBP5"), valid_until=AT + timedelta(days=5)),
    ]

    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        await count_use(tx, "G1", DAY)
        for each in proofs:
            await add_proof(tx, each)
            await add_use(tx, use(each.number, key="new" if each.number == "NBP2" else "old"), DAY)

    await store.write(work)
    now = AT + timedelta(days=1)
    assert await store.read(lambda tx: living_proofs(tx, now)) == (
        LivingProofs(key_label="new", count=1, last_until=None, endless=1),
        LivingProofs(key_label="old", count=2, last_until=AT + timedelta(days=90), endless=0),
    )
