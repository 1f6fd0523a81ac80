"""The use of seals in issuing: only while active, only within a grant, counted, and refused uses are on record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from graph_models.casework import IntentState, NeedState, RequestState
from graph_models.journal_records import load_audit, verify_chain
from graph_models.ladybug_store import LadybugStore
from graph_models.proof_records import load_intent, save_intent
from graph_models.seal_records import list_seals
from graph_models.seals import Seal, SealKind
from graph_models.usage_records import find_use
from hub.audit import SEALS_STREAM, seal_stream
from hub.errors import SealExpiringError, SealNotGrantedError, SealSuspendedError
from hub.seal_usage import city_day
from tests.hub.failing_parts import FailingSigner, assert_accounted_for, event_units, intent_of, operations
from tests.hub.office import NOW, OPERATOR, Office, Parts, Seals, call, keeper, open_office, states, wire
from tests.hub.seal_authority import FIRST, SECOND, DeskSigner, SealServices, key
from tests.hub.seal_authority import call as seal_call

SHARING, VERIFYING = SealKind.INFORMATION_SHARING, SealKind.INFORMATION_VERIFICATION


@pytest.fixture
async def seals(seals: Seals, hub_store: LadybugStore, tmp_path: Path) -> AsyncIterator[Seals]:
    """The seals with a signer of this test's own: it remembers what is suspended and revoked."""
    await seals.register_in(hub_store)
    records = seals.signer.desk.records.all()
    signer = DeskSigner(replace(seals.signer.parts, records=records, folder=tmp_path / "signer"))
    yield replace(seals, authority=replace(seals.authority, signer=signer))
    await signer.close()


@pytest.fixture
async def police(office: Office, seals: Seals) -> SealServices:
    """The seal authority at the office's own register."""
    return seals.authority.services(office.store)


async def seal_of(office: Office, kind: SealKind) -> Seal:
    return next(seal for seal in await office.store.read(list_seals) if seal.kind is kind)


async def revoke_grants(office: Office, police: SealServices, kind: SealKind, unit: str) -> None:
    seal = await seal_of(office, kind)
    for grant in await police.grants.of_seal(FIRST, seal.id):
        if grant.unit_code == unit:
            await police.grants.revoke(SECOND, grant.id, "测试", key())


async def violations(office: Office, kind: SealKind) -> list[str]:
    stream = seal_stream((await seal_of(office, kind)).id)
    entries = await office.store.read(lambda tx: load_audit(tx, stream, 0, 1000))
    assert verify_chain(entries) is None
    return [entry.target for entry in entries if entry.operation == "seal.violation"]


@pytest.mark.requirement("R15.2", "R17.4")
async def test_each_committed_proof_has_its_line_in_the_usage_book(office: Office, police: SealServices) -> None:
    case = await office.open("WHOLE")
    await office.answered(case.requests[0])
    for proof in (await office.file(case.case.number)).proofs:
        intent = await intent_of(office, proof.request_id or proof.need_id)
        use = await office.store.read(lambda tx, number=proof.number: find_use(tx, number))
        assert use is not None
        assert (use.seal_id, use.grant_id, use.at) == (intent.seal_id, intent.grant_id, proof.extracted_at)
        unit = proof.producing_unit if proof.request_id else proof.extraction_unit
        assert (use.unit_code, use.proof_type_code) == (unit, proof.proof_type_code)
        page = await police.book.usage(FIRST, use.seal_id, NOW.date(), None, 9)
        assert use in page.entries
        assert page.used == len(page.entries)


@pytest.mark.requirement("R15.2", "R20.8")
async def test_without_a_grant_an_extraction_waits_and_the_use_is_recorded_once(
    office: Office, police: SealServices
) -> None:
    await revoke_grants(office, police, SHARING, "MZ-HS")
    number = (await office.open("SHARED")).case.number
    office.clock.advance(seconds=20)
    await office.extractor.take_up()
    await office.extractor.drain()
    case = await office.file(number)
    assert (case.needs[0].state, case.proofs, case.needs[0].attempts) == (NeedState.PENDING, (), 2)
    assert "holds no grant" in case.needs[0].reason
    assert await violations(office, SHARING) == [f"{number}/01"]
    assert await event_units(office, "seal.violation") == ["MZ-HS", "development"]
    assert "proof.intended" not in await operations(office, number)


@pytest.mark.requirement("R15.2", "R20.8")
async def test_a_keeper_whose_unit_holds_no_grant_does_not_seal_and_nothing_changes(
    office: Office, police: SealServices
) -> None:
    await revoke_grants(office, police, VERIFYING, "GA-HS")
    asked = (await office.open("VERIFIED")).requests[0]
    reviewed = await office.reviewed(asked)
    for _ in range(2):
        with pytest.raises(SealNotGrantedError, match="GA-HS holds no grant"):
            await office.requests.seal(keeper("GA-HS"), call(asked))
    assert await office.requests.read(OPERATOR, asked.id) == reviewed
    assert await office.store.read(lambda tx: load_intent(tx, asked.id)) is None
    assert await violations(office, VERIFYING) == [asked.id]
    await police.granted(await seal_of(office, VERIFYING), "GA-HS")
    assert (await office.requests.seal(keeper("GA-HS"), call(asked))).state is RequestState.DELIVERED


@pytest.mark.requirement("R15.2")
@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True),
        ({"proof_types": ("HJ", "WF")}, True),
        ({"proof_types": ("HJ",)}, False),
        ({"not_before": NOW + timedelta(seconds=1)}, False),
        ({"not_after": NOW}, True),
    ],
)
async def test_a_grant_covers_its_proof_types_and_its_period_alone(
    office: Office, police: SealServices, changes: dict[str, object], covered: bool
) -> None:
    await revoke_grants(office, police, VERIFYING, "GA-HS")
    await police.granted(await seal_of(office, VERIFYING), "GA-HS", **changes)
    asked = (await office.open("VERIFIED")).requests[0]
    await office.reviewed(asked)
    if covered:
        assert (await office.requests.seal(keeper("GA-HS"), call(asked))).state is RequestState.DELIVERED
    else:
        with pytest.raises(SealNotGrantedError):
            await office.requests.seal(keeper("GA-HS"), call(asked))


@pytest.mark.requirement("R15.2")
async def test_a_daily_limit_counts_the_citys_day_and_begins_anew_with_the_next(
    office: Office, police: SealServices
) -> None:
    await revoke_grants(office, police, SHARING, "MZ-HS")
    await police.granted(await seal_of(office, SHARING), "MZ-HS", daily_limit=2)
    cases = [await office.open("SHARED") for _ in range(3)]
    assert [states(case)["01"] for case in cases] == ["MET", "MET", "PENDING"]
    assert "used up" in (await office.file(cases[2].case.number)).needs[0].reason
    seal = await seal_of(office, SHARING)
    assert (await police.book.usage(FIRST, seal.id, NOW.date(), None, 9)).used == 2
    office.clock.at = NOW.replace(hour=16)
    assert city_day(office.clock.now()) == "2026-03-03"
    await office.extractor.take_up()
    await office.extractor.drain()
    assert states(await office.file(cases[2].case.number)) == {"01": "MET"}
    assert (await police.book.usage(FIRST, seal.id, NOW.date() + timedelta(days=1), None, 9)).used == 1


@pytest.mark.requirement("R15.1", "R15.2")
async def test_while_its_seal_is_suspended_nothing_is_intended_and_it_goes_on_when_it_is_resumed(
    office: Office, police: SealServices
) -> None:
    seal = await seal_of(office, SHARING)
    await police.register.suspend(SECOND, seal_call(seal))
    number = (await office.open("SHARED")).case.number
    assert await office.store.read(lambda tx: load_intent(tx, f"{number}/01")) is None
    assert await violations(office, SHARING) == [f"{number}/01"]
    asked = (await office.open("VERIFIED")).requests[0]
    assert (await office.answered(asked)).state is RequestState.DELIVERED
    await police.register.resume(FIRST, seal_call(seal))
    office.clock.advance(seconds=20)
    await office.extractor.take_up()
    await office.extractor.drain()
    assert states(await office.file(number)) == {"01": "MET"}


@pytest.fixture
async def halted(hub_store: LadybugStore, seals: Seals, tmp_path: Path) -> Office:
    """An office whose signer is out of order: what is intended stays open."""
    seals.clock.at = NOW
    return await open_office(hub_store, seals, tmp_path, Parts(signer=FailingSigner(seals.signer)))


@pytest.fixture
async def mended(halted: Office, seals: Seals, tmp_path: Path) -> Office:
    """The same office with its signer in order again."""
    return await open_office(halted.store, seals, tmp_path)


@pytest.mark.requirement("R15.1", "I1")
async def test_what_was_intended_before_a_suspension_is_not_committed_until_the_seal_is_resumed(
    halted: Office, mended: Office, seals: Seals
) -> None:
    police, seal = seals.authority.services(halted.store), await seal_of(halted, SHARING)
    number = (await halted.open("SHARED")).case.number
    await police.register.suspend(SECOND, seal_call(seal))
    mended.clock.advance(seconds=6)
    assert await mended.proofs.recover() == 1
    intent = await intent_of(mended, f"{number}/01")
    assert (intent.state, (await mended.file(number)).proofs) == (IntentState.INTENDED, ())
    with pytest.raises(SealSuspendedError):
        await mended.proofs.finish(intent)
    await police.register.resume(FIRST, seal_call(seal))
    await mended.proofs.recover()
    assert states(await mended.file(number)) == {"01": "MET"}
    await assert_accounted_for(mended, number)


@pytest.mark.requirement("R15.1", "I1", "I3")
@pytest.mark.parametrize("revoked", ["seal", "grant"])
async def test_what_was_intended_before_a_revocation_is_voided_and_uncounted(
    halted: Office, mended: Office, seals: Seals, revoked: str
) -> None:
    police, seal = seals.authority.services(halted.store), await seal_of(halted, SHARING)
    number = (await halted.open("SHARED")).case.number
    assert (await police.book.usage(FIRST, seal.id, NOW.date(), None, 9)).used == 1
    if revoked == "seal":
        await police.register.revoke(SECOND, seal_call(seal, remarks="密钥泄露"))
    else:
        await revoke_grants(halted, police, SHARING, "MZ-HS")
    mended.clock.advance(seconds=6)
    assert (await mended.proofs.recover(), await mended.proofs.recover()) == (1, 0)
    case = await mended.file(number)
    assert ((await intent_of(mended, f"{number}/01")).state, case.proofs) == (IntentState.VOID, ())
    assert (case.needs[0].state, case.needs[0].expected_at) == (NeedState.ASK_APPLICANT, None)
    assert "revoked" in case.needs[0].reason
    assert (await operations(mended, number))[-2:] == ["need.seal_revoked", "proof.voided"]
    assert (await police.book.usage(FIRST, seal.id, NOW.date(), None, 9)).used == 0


@pytest.mark.requirement("R15.1")
async def test_a_sealed_answer_whose_seal_is_revoked_ends_withdrawn_with_its_need(
    halted: Office, mended: Office, seals: Seals
) -> None:
    police = seals.authority.services(halted.store)
    asked = (await halted.open("VERIFIED")).requests[0]
    assert (await halted.answered(asked)).state is RequestState.SEALED
    await police.register.revoke(SECOND, seal_call(await seal_of(halted, VERIFYING), remarks="密钥泄露"))
    mended.clock.advance(seconds=6)
    await mended.proofs.recover()
    assert (await mended.requests.read(OPERATOR, asked.id)).state is RequestState.WITHDRAWN
    assert states(await mended.file(asked.case_number)) == {"01": "ASK_APPLICANT"}


async def test_a_seal_whose_certificate_ends_too_soon_does_not_seal_and_that_is_no_violation(
    office: Office, police: SealServices
) -> None:
    seal = await seal_of(office, VERIFYING)
    assert seal.key is not None
    assert seal.key.not_after is not None
    asked = (await office.open("VERIFIED")).requests[0]
    await office.reviewed(asked)
    office.clock.at = seal.key.not_after - timedelta(days=29)
    with pytest.raises(SealExpiringError, match=seal.number):
        await office.requests.seal(keeper("GA-HS"), call(asked))
    assert await violations(office, VERIFYING) == []


async def test_an_intent_of_before_the_register_gets_its_seal_when_it_is_finished(
    halted: Office, mended: Office
) -> None:
    number = (await halted.open("SHARED")).case.number
    intent = await intent_of(halted, f"{number}/01")
    old = replace(intent, seal_id=None, grant_id=None)
    await halted.store.write(lambda tx: save_intent(tx, old))
    mended.clock.advance(seconds=6)
    await mended.proofs.recover()
    assert states(await mended.file(number)) == {"01": "MET"}


@pytest.mark.requirement("R15.1", "R20.8")
async def test_where_there_is_no_seal_nothing_is_sealed_and_the_use_is_recorded(
    hub_store: LadybugStore, seals: Seals, tmp_path: Path
) -> None:
    seals.clock.at = NOW
    await hub_store.write(lambda tx: tx.run("MATCH (s:Seal) DETACH DELETE s"))
    office = wire(hub_store, seals, tmp_path)
    await office.cases.snapshots.refresh()
    number = (await office.open("SHARED")).case.number
    entries = await hub_store.read(lambda tx: load_audit(tx, SEALS_STREAM, 0, 9))
    assert [(entry.operation, entry.target) for entry in entries] == [("seal.violation", f"{number}/01")]
    assert states(await office.file(number)) == {"01": "PENDING"}
