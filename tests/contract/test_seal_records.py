"""Seals and grants come back, a change is seen by whoever seals, and nothing is committed behind a suspension."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from graph_models.case_records import add_case, load_case
from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.seal_records import (
    GATES,
    add_grant,
    add_seal,
    grants_of_seal,
    grants_of_unit,
    hold_gate,
    hold_grant,
    list_seals,
    load_grant,
    load_grant_with_seal,
    load_seal,
    save_grant,
    save_seal,
)
from graph_models.seals import GrantState, SealState
from graph_models.store import GraphStore, Transaction
from tests.contract.records import case
from tests.contract.seals import grant, seal


async def test_a_seal_comes_back_by_identifier_and_all_of_them_by_number(store: GraphStore) -> None:
    await store.write(lambda tx: add_seal(tx, seal("S2", "2")))
    await store.write(lambda tx: add_seal(tx, seal("S1", "3")))
    assert await store.read(lambda tx: load_seal(tx, "S1")) == seal("S1", "3")
    assert await store.read(list_seals) == (seal("S2", "2"), seal("S1", "3"))


async def test_no_two_seals_share_a_number_or_an_identifier(store: GraphStore) -> None:
    await store.write(lambda tx: add_seal(tx, seal("S1", "3")))
    for other in (seal("S2", "3"), seal("S1", "4")):
        with pytest.raises(DuplicateKeyError):
            await store.write(lambda tx, other=other: add_seal(tx, other))
    assert len(await store.read(list_seals)) == 1


async def test_a_seal_is_saved_once_for_each_version(store: GraphStore) -> None:
    await store.write(lambda tx: add_seal(tx, seal()))
    saved = await store.write(lambda tx: save_seal(tx, replace(seal(), state=SealState.SUSPENDED)))
    assert saved == replace(seal(), state=SealState.SUSPENDED, version=2)
    assert await store.read(lambda tx: load_seal(tx, "S1")) == saved
    with pytest.raises(StaleVersionError, match="seal S1"):
        await store.write(lambda tx: save_seal(tx, seal()))


async def test_every_gate_is_open_exactly_while_the_seal_is_active(store: GraphStore) -> None:
    current = seal(state=SealState.MADE)
    await store.write(lambda tx: add_seal(tx, current))
    for state in (None, SealState.ACTIVE, SealState.SUSPENDED, SealState.ACTIVE, SealState.REVOKED):
        if state is not None:
            changed = replace(current, state=state)
            current = await store.write(lambda tx, changed=changed: save_seal(tx, changed))
        found = {await store.write(lambda tx, n=n: hold_gate(tx, "S1", f"C{n}")) for n in range(3 * GATES)}
        assert found == {state is SealState.ACTIVE}


async def test_a_seal_that_is_not_there_is_not_found(store: GraphStore) -> None:
    works = (
        lambda tx: load_seal(tx, "S9"),
        lambda tx: hold_gate(tx, "S9", "C1"),
        lambda tx: add_grant(tx, grant(seal_id="S9")),
    )
    for work in works:
        with pytest.raises(RecordNotFoundError, match="seal S9"):
            await store.write(work)
    for work in (load_grant, load_grant_with_seal, hold_grant):
        with pytest.raises(RecordNotFoundError, match="grant G9"):
            await store.write(lambda tx, work=work: work(tx, "G9"))


async def test_grants_come_back_by_seal_and_by_unit(store: GraphStore) -> None:
    given = [grant("G2"), grant("G1"), grant("G3", unit="NB-GA"), grant("G4", seal_id="S2")]

    async def work(tx: Transaction) -> None:
        for identifier in ("S1", "S2"):
            await add_seal(tx, seal(identifier, identifier))
        for each in given:
            await add_grant(tx, each)

    await store.write(work)
    assert await store.read(lambda tx: load_grant(tx, "G3")) == given[2]
    assert await store.read(lambda tx: grants_of_seal(tx, "S1")) == (given[1], given[0], given[2])
    first, other = seal("S1", "S1"), seal("S2", "S2")
    pairs = ((given[1], first), (given[0], first), (given[3], other))
    assert await store.read(lambda tx: grants_of_unit(tx, "NB-MZ")) == pairs
    assert await store.read(lambda tx: load_grant_with_seal(tx, "G4")) == (given[3], other)
    assert await store.read(lambda tx: grants_of_unit(tx, "NB-X")) == ()
    with pytest.raises(DuplicateKeyError):
        await store.write(lambda tx: add_grant(tx, grant("G1", seal_id="S2")))


async def test_a_revoked_grant_is_what_the_next_one_holds(store: GraphStore) -> None:
    await store.write(lambda tx: add_seal(tx, seal()))
    await store.write(lambda tx: add_grant(tx, grant()))
    revoked = replace(grant(), state=GrantState.REVOKED, revoked_by="police-1", reason="停用")
    saved = await store.write(lambda tx: save_grant(tx, revoked))
    assert await store.write(lambda tx: hold_grant(tx, "G1")) == saved
    with pytest.raises(StaleVersionError, match="grant G1"):
        await store.write(lambda tx: save_grant(tx, grant()))


@pytest.mark.requirement("R15.1")
async def test_nothing_is_committed_under_a_seal_after_its_suspension_returned(store: GraphStore) -> None:
    await store.write(lambda tx: add_seal(tx, seal()))

    async def seals(number: str) -> bool:
        async def work(tx: Transaction) -> bool:
            if not await hold_gate(tx, "S1", number):
                return False
            await add_case(tx, case(number))
            return True

        return await store.write(work)

    async def suspend() -> None:
        await store.write(lambda tx: save_seal(tx, replace(seal(), state=SealState.SUSPENDED)))

    early = [asyncio.ensure_future(seals(f"C{n}")) for n in range(40)]
    await suspend()
    late = [await seals(f"D{n}") for n in range(20)]
    done = await asyncio.gather(*early)
    assert not any(late)
    for number, sealed in enumerate(done):
        if sealed:
            assert await store.read(lambda tx, n=number: load_case(tx, f"C{n}")) == case(f"C{number}")
