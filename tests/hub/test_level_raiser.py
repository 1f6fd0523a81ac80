"""Levels beside the calls: no service holds a proof up, each is raised once, and what waits too long stops sealing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from graph_models.archive_records import load_task, raising_backlog
from graph_models.casework import NeedState, Proof, ProofLevel
from graph_models.ladybug_store import LadybugStore
from hub.errors import UnavailableError
from hub.level_raiser import LEASE, LONGEST_REST, OWN_FAULT_REST
from seals.check_results import CheckStatus
from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.levels import SealLevel, level_of
from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from tests.hub import killed_archive
from tests.hub.archive_office import Archive, open_archive, own_seals, todays_policy
from tests.hub.failing_parts import assert_accounted_for, event_units, operations
from tests.hub.killed_office import BUFFER
from tests.hub.office import NOW, OPERATOR, Office, Seals, keeper, open_office, states, verifier_of
from tests.hub.office import call as step


@pytest.fixture(scope="module")
async def seals(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seals]:
    """An authority of this file's own: over the years that pass here its certificates are made anew."""
    async with own_seals(tmp_path_factory.mktemp("seals")) as made:
        yield made


@pytest.fixture
async def archive(hub_store: LadybugStore, seals: Seals, office: Office) -> AsyncIterator[Archive]:
    opened = await open_archive(hub_store, seals, office)
    yield opened
    await opened.office.extractor.drain()


async def level(archive: Archive, proof: Proof) -> SealLevel:
    return level_of(read_findings(await archive.office.documents.get(proof.document_sha256), DocumentLimits()))


async def raised_once(archive: Archive, before: Proof) -> Proof:
    """Return the proof, which was raised, recorded and told once."""
    (proof,) = await archive.proofs()
    assert (proof.level, proof.sealed_sha256) == (ProofLevel.B_LTA, before.document_sha256)
    assert await level(archive, proof) is SealLevel.B_LTA
    assert (await operations(archive.office, proof.case_number)).count("proof.raised") == 1
    assert await event_units(archive.office, "proof.raised") == sorted([proof.extraction_unit, proof.producing_unit])
    assert await archive.store.read(lambda tx: load_task(tx, proof.number)) is None
    await assert_accounted_for(archive.office, proof.case_number)
    return proof


@pytest.mark.requirement("I3")
async def test_sealed_while_the_service_is_down_a_proof_is_raised_as_soon_as_it_is_back(archive: Archive) -> None:
    archive.stamps.down, raiser = True, archive.raiser()
    issued = await archive.issued()
    assert await level(archive, issued) is SealLevel.B_B
    assert await raiser.look() == 0
    assert (await archive.levels.look(archive.store)).waiting == 1
    archive.stamps.down = False
    archive.office.clock.advance(seconds=LONGEST_REST.total_seconds())
    assert await raiser.look() == 1
    proof = await raised_once(archive, issued)
    assert (await archive.levels.look(archive.store)).waiting == 0
    document = await archive.office.reader.document(OPERATOR, proof.number)
    verdict = await verifier_of(archive.office, archive.seals).verify(document)
    assert (verdict.outcome, verdict.check("recorded").status) == (VerdictOutcome.GOOD, CheckStatus.PASSED)
    assert verdict.proven_at == archive.office.clock.now()


async def test_the_document_as_it_was_sealed_still_equals_the_record(archive: Archive) -> None:
    issued = await archive.issued()
    earlier = await archive.office.documents.get(issued.document_sha256)
    await archive.raiser().look()
    assert (await archive.office.documents.get((await archive.proofs())[0].document_sha256)).startswith(earlier)
    verdict = await verifier_of(archive.office, archive.seals).verify(earlier)
    assert (verdict.outcome, verdict.check("recorded").status) == (VerdictOutcome.GOOD, CheckStatus.PASSED)


async def test_of_several_processes_that_look_at_once_one_raises_a_proof_and_a_second_look_finds_nothing(
    archive: Archive,
) -> None:
    issued = await archive.issued()
    assert sum(await asyncio.gather(*(archive.raiser().look() for _ in range(3)))) == 1
    archive.office.clock.advance(days=1)
    assert await archive.raiser().look() == 0
    await raised_once(archive, issued)


@pytest.mark.requirement("I1")
async def test_killed_between_document_and_record_it_is_raised_once_after_the_lease(
    seals: Seals, tmp_path: Path
) -> None:
    command = (sys.executable, "-m", killed_archive.__name__, str(tmp_path), str(seals.folder))
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2], env=os.environ.copy())
    assert await process.wait() == -signal.SIGKILL
    seals.clock.at = NOW
    store = await LadybugStore.open(tmp_path / "graph", buffer_bytes=BUFFER)
    archive = await open_archive(store, seals, await open_office(store, seals, tmp_path))
    (issued,) = await archive.proofs()
    assert issued.level is None
    assert await archive.raiser().look() == 0
    archive.office.clock.advance(seconds=LEASE.total_seconds())
    assert await archive.raiser().look() == 1
    await raised_once(archive, issued)
    await store.close()


async def test_a_service_that_is_down_is_asked_ever_more_seldom_and_once_for_all_proofs(archive: Archive) -> None:
    archive.stamps.down, raiser = True, archive.raiser()
    for _ in range(3):
        await archive.issued()
    for _ in range(120):
        await raiser.look()
        archive.office.clock.advance(seconds=1)
    assert archive.stamps.asked == 8  # at 0, 1, 3, 7, 15, 31, 61 and 91 seconds


async def test_when_a_proof_waits_too_long_sealing_stops_until_it_is_raised(archive: Archive) -> None:
    reviewed = await archive.office.reviewed((await archive.office.open("VERIFIED")).requests[0])
    archive.stamps.down, limit = True, archive.levels.rule.limit
    await archive.issued()
    archive.office.clock.at += limit - timedelta(seconds=1)
    await archive.levels.look(archive.store)
    archive.levels.require_in_time(archive.office.clock.now())
    archive.office.clock.advance(seconds=1)
    with pytest.raises(UnavailableError, match="sealing has stopped"):
        await archive.office.requests.seal(keeper(reviewed.issuing_unit), step(reviewed))
    waiting = await archive.office.open("SHARED")
    assert set(states(waiting).values()) == {NeedState.PENDING.value}
    archive.stamps.down = False
    assert await archive.raiser().look() == 1
    await archive.levels.look(archive.store)
    sealed = await archive.office.requests.seal(keeper(reviewed.issuing_unit), step(reviewed))
    assert sealed.state.value == "DELIVERED"


async def test_with_lists_that_are_out_of_date_it_waits_for_new_ones_and_counts(archive: Archive) -> None:
    issued, raiser = await archive.issued(), archive.raiser()
    archive.office.clock.advance(days=20)
    assert await raiser.look() == 0
    assert (await archive.store.read(raising_backlog)).waiting == 1
    archive.publish_lists()
    archive.office.clock.advance(seconds=LONGEST_REST.total_seconds())
    assert await raiser.look() == 1
    await raised_once(archive, issued)


async def test_a_proof_that_cannot_be_raised_for_a_reason_of_its_own_stops_nobody(archive: Archive) -> None:
    await archive.issued()
    archive.office.clock.advance(days=1200)  # the seal's certificate has ended
    archive.publish_lists()
    assert await archive.raiser().look() == 0
    task = await archive.store.read(lambda tx: load_task(tx, ""))
    assert task is None
    (proof,) = await archive.proofs()
    task = await archive.store.read(lambda tx: load_task(tx, proof.number))
    assert task is not None
    assert "no longer good" in task.reason
    assert task.due_at == archive.office.clock.now() + OWN_FAULT_REST
    await archive.levels.look(archive.store)
    archive.levels.require_in_time(archive.office.clock.now())


async def test_the_audit_says_what_was_put_behind_the_seal(archive: Archive) -> None:
    issued = await archive.issued()
    await archive.raiser().look()
    (proof,) = await archive.proofs()
    entries = await archive.office.audit(proof.case_number)
    said = orjson.loads(next(entry.detail_json for entry in entries if entry.operation == "proof.raised"))
    assert (said["previous_sha256"], said["document_sha256"]) == (issued.document_sha256, proof.document_sha256)
    assert proof.stands_until is not None
    assert (said["level"], said["stands_until"]) == ("B_LTA", proof.stands_until.isoformat())
    at = archive.office.clock.now() + timedelta(days=2000)
    document = await archive.office.documents.get(proof.document_sha256)
    assert verify_document(document, todays_policy(archive.seals.authority), at=at).outcome is VerdictOutcome.GOOD
