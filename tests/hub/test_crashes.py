"""A hub killed between any two steps of an issuing: opened again it has each proof once, under the number intended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from graph_models.case_records import list_cases
from graph_models.casework import IntentState, IssuingIntent, NeedState, Proof, RequestState
from graph_models.ladybug_store import LadybugStore
from graph_models.proof_records import load_intent, open_intents
from seals.verdict import VerdictOutcome
from tests.hub import killed_office
from tests.hub.failing_parts import assert_accounted_for, event_units, intent_of, operations
from tests.hub.killed_office import BUFFER, Point
from tests.hub.office import NOW, OPERATOR, Office, Seals, open_office, verifier_of

AFTER_THE_INTENT = (Point.INTENT_COMMITTED, Point.SEALED, Point.KEPT)
ISSUERS = {"SHARED": "GA", "VERIFIED": "GA-HS"}
"""Who produces the one proof of each item."""
Killed = Callable[[Point, str], Awaitable[Office]]


async def _kill(point: Point, item: str, folder: Path, seals: Seals) -> None:
    """Run a hub that ends at the point, and see that this is how it ended."""
    command = (sys.executable, "-m", killed_office.__name__, point, item, str(folder), str(seals.folder))
    root = Path(__file__).parents[2]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, cwd=root, env=os.environ.copy(), stdout=quiet)
    assert await process.wait() == -signal.SIGKILL


@pytest.fixture
async def killed(seals: Seals, tmp_path: Path) -> AsyncIterator[Killed]:
    """Run a hub until its kill; return another on what it left, at the same time of day."""
    stores: list[LadybugStore] = []

    async def run(point: Point, item: str) -> Office:
        await _kill(point, item, tmp_path, seals)
        seals.clock.at = NOW
        stores.append(await LadybugStore.open(tmp_path / "graph", buffer_bytes=BUFFER))
        return await open_office(stores[0], seals, tmp_path)

    yield run
    for store in stores:
        await store.close()


async def the_case(office: Office) -> str:
    """Return the number of the only case there is."""
    (case,) = await office.store.read(lambda tx: list_cases(tx, OPERATOR.unit_code, None, None, 10))
    return case.number


async def key_of(office: Office, number: str) -> str:
    """Return the issuing key of the case's only need: its request's identifier, or its own."""
    need = (await office.needs(number))[0]
    return need.request_id or need.id


async def left_open(office: Office) -> tuple[IssuingIntent, ...]:
    return await office.store.read(lambda tx: open_intents(tx, 10))


async def go_on(office: Office) -> None:
    """Do what the loops of a hub do, later than any lease lasts, and twice: the second time finds nothing."""
    for _ in range(2):
        office.clock.advance(seconds=20)
        await office.proofs.recover()
        await office.extractor.take_up()
        await office.extractor.drain()
    assert await left_open(office) == ()


async def the_proof(office: Office, number: str, issuer: str) -> Proof:
    """Return the case's only proof, which was issued, recorded, told and, where it was asked for, delivered once."""
    (proof,) = (await office.file(number)).proofs
    done = await operations(office, number)
    assert (done.count("proof.intended"), done.count("proof.issued"), done.count("proof.voided")) == (1, 1, 0)
    assert await event_units(office, "proof.issued") == sorted(["MZ-HS", issuer])
    (need,) = await office.needs(number)
    assert (need.state, need.proof_number) == (NeedState.MET, proof.number)
    for request in (await office.file(number)).requests:
        assert (request.state, request.id) == (RequestState.DELIVERED, proof.request_id)
        assert [step.step for step in request.steps] == ["CLAIM", "DRAFT", "APPROVE", "SEAL", "DELIVER"]
    return proof


@pytest.mark.requirement("I1", "I2", "I3")
@pytest.mark.parametrize("item", ISSUERS)
@pytest.mark.parametrize("point", [*AFTER_THE_INTENT, Point.COMMITTED])
async def test_a_hub_killed_while_it_issues_has_the_proof_once_under_the_number_intended(
    killed: Killed, seals: Seals, point: Point, item: str
) -> None:
    office = await killed(point, item)
    number = await the_case(office)
    intended = await intent_of(office, await key_of(office, number))
    committed = point is Point.COMMITTED
    assert intended.state is (IntentState.COMMITTED if committed else IntentState.INTENDED)
    assert len((await office.file(number)).proofs) == committed
    await go_on(office)
    proof = await the_proof(office, number, ISSUERS[item])
    assert (proof.number, proof.check_code, proof.extracted_at) == (intended.proof_number, intended.check_code, NOW)
    assert (await intent_of(office, intended.key)).state is IntentState.COMMITTED
    document = await office.reader.document(OPERATOR, proof.number)
    assert (await verifier_of(office, seals).verify(document)).outcome is VerdictOutcome.GOOD
    await assert_accounted_for(office, number)


@pytest.mark.requirement("I1", "I3")
@pytest.mark.parametrize("item", ISSUERS)
@pytest.mark.parametrize("point", AFTER_THE_INTENT)
async def test_a_case_withdrawn_after_the_kill_has_its_number_closed_as_void_and_counted(
    killed: Killed, point: Point, item: str
) -> None:
    office = await killed(point, item)
    number = await the_case(office)
    (intended,) = await left_open(office)
    await office.cases.withdraw(OPERATOR, number, "w1")
    await go_on(office)
    file = await office.file(number)
    assert (await intent_of(office, intended.key)).state is IntentState.VOID
    assert (file.proofs, [need.state for need in file.needs]) == ((), [NeedState.WITHDRAWN])
    assert all(request.state is RequestState.WITHDRAWN for request in file.requests)
    voided = [entry for entry in await office.audit(number) if entry.operation == "proof.voided"]
    assert [entry.target for entry in voided] == [intended.proof_number]
    assert await event_units(office, "proof.voided") == ["MZ-HS"]
    await assert_accounted_for(office, number)


@pytest.mark.requirement("I1")
async def test_a_proof_committed_before_the_kill_outlives_a_withdrawal_of_its_case(killed: Killed) -> None:
    office = await killed(Point.COMMITTED, "SHARED")
    number = await the_case(office)
    await office.cases.withdraw(OPERATOR, number, "w1")
    await go_on(office)
    await the_proof(office, number, "GA")
    await assert_accounted_for(office, number)


@pytest.mark.requirement("I1")
async def test_a_hub_killed_before_the_intent_extracts_again_after_the_restart(killed: Killed) -> None:
    office = await killed(Point.CASE_COMMITTED, "SHARED")
    number = await the_case(office)
    key = await key_of(office, number)
    assert await office.store.read(lambda tx: load_intent(tx, key)) is None
    assert (await office.needs(number))[0].state is NeedState.PENDING
    await go_on(office)
    await the_proof(office, number, "GA")
    assert len(office.registers["population"].asked) == 1
    await assert_accounted_for(office, number)


@pytest.mark.requirement("I2")
async def test_two_hubs_that_find_what_a_third_left_finish_it_once(
    killed: Killed, seals: Seals, tmp_path: Path
) -> None:
    first = await killed(Point.INTENT_COMMITTED, "SHARED")
    second = await open_office(first.store, seals, tmp_path)
    number = await the_case(first)
    first.clock.advance(seconds=20)
    looks = [office.proofs.recover() for office in (first, second)]
    await asyncio.gather(*looks, *(office.extractor.take_up() for office in (first, second)))
    await asyncio.gather(first.extractor.drain(), second.extractor.drain())
    await the_proof(first, number, "GA")
    await assert_accounted_for(first, number)
