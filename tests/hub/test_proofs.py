"""Issuing: intent, seal, commit; tried again it is the same proof, and what nobody wants any more is closed as void."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from graph_models.case_records import load_case
from graph_models.casework import IntentState, Proof, ProofKind, RequestState
from graph_models.errors import StaleVersionError
from graph_models.ladybug_store import LadybugStore
from graph_models.proof_records import load_intent
from graph_models.store import Transaction
from hub.documents import FolderDocumentStore
from hub.errors import NotIssuableError
from hub.issuing import IssueOrder
from hub.proofs import LEFT_AFTER, write_again
from hub.published import item_of, proof_type_of, unit_of
from seals.endorsement import Endorsement, Fact
from seals.errors import SealingError
from seals.kinds import SealKind
from tests.hub.failing_parts import (
    FailingDocuments,
    FailingSigner,
    assert_accounted_for,
    event_units,
    intent_of,
    operations,
)
from tests.hub.office import NAME, NOW, OPERATOR, Office, Parts, Seals, open_office, states

TOKEN = SealingError("the token is out of order")


async def order_of(office: Office, name: str = NAME) -> IssueOrder:
    """Return an order for what a new case waits for, as an extraction would make it."""
    need = (await office.open("VERIFIED")).needs[0]
    case = await office.store.read(lambda tx: load_case(tx, need.case_number))
    snapshot = office.cases.snapshots.current()
    return IssueOrder(
        key=need.id,
        kind=ProofKind.SHARED,
        case=case,
        need=need,
        item=item_of(snapshot, case.item_code),
        proof_type=proof_type_of(snapshot, need.proof_type_code),
        extraction_unit=unit_of(snapshot, case.unit_code),
        producing_unit=unit_of(snapshot, "GA"),
        facts=(Fact("name", "姓名", "Name", name),),
        negative=False,
        remarks=None,
        data_source="population",
        drafted_by=None,
        request_id=None,
    )


async def issued(office: Office, order: IssueOrder) -> Proof:
    proof = await office.proofs.issue(order, OPERATOR)
    assert proof is not None
    return proof


async def test_an_intent_is_committed_then_sealed_then_the_proof_is_committed(office: Office) -> None:
    order = await order_of(office)
    proof = await issued(office, order)
    intent = await intent_of(office, order.key)
    assert intent.state is IntentState.COMMITTED
    assert (proof.number, proof.check_code, proof.extracted_at) == (intent.proof_number, intent.check_code, NOW)
    assert (await operations(office, proof.case_number))[-2:] == ["proof.intended", "proof.issued"]
    assert (await office.needs(proof.case_number))[0].proof_number == proof.number
    assert await event_units(office, "proof.issued") == ["GA", "MZ-HS"]
    await assert_accounted_for(office, proof.case_number)


@pytest.mark.requirement("I2")
async def test_the_same_key_again_is_the_same_proof_and_nothing_is_written(office: Office) -> None:
    order = await order_of(office)
    first = await issued(office, order)
    office.clock.advance(minutes=1)
    again = await issued(office, replace(order, facts=(Fact("name", "姓名", "Name", "另一个人"),)))
    assert again == first
    assert len((await office.file(first.case_number)).proofs) == 1
    assert (await operations(office, first.case_number)).count("proof.issued") == 1


@pytest.mark.requirement("R14.1", "R17.3")
async def test_shared_information_names_its_source_and_verified_its_drafter(office: Office) -> None:
    case = await office.open("WHOLE")
    request = await office.answered(case.requests[0])
    proofs = {proof.proof_type_code: proof for proof in (await office.file(case.case.number)).proofs}
    said = {code: Endorsement.from_json(proof.endorsement_json.encode()) for code, proof in proofs.items()}
    shared, verified = said["HJ"], said["WF"]
    assert (shared.data_source, shared.drafted_by, shared.producing_unit_code) == ("population", None, "GA")
    assert (verified.data_source, verified.drafted_by) == (None, request.drafter)
    assert (verified.producing_unit_code, verified.extraction_unit_code) == ("GA-HS", "MZ-HS")
    assert shared.seal_kind is SealKind.INFORMATION_SHARING
    assert verified.seal_kind is SealKind.INFORMATION_VERIFICATION


@pytest.mark.requirement("I3")
async def test_what_no_page_can_be_made_of_is_refused_and_nothing_is_written(office: Office) -> None:
    for name in ("\ue000", "长" * 2001):
        order = await order_of(office, name)
        before = (await office.audit(order.case.number), await office.events())
        with pytest.raises(NotIssuableError) as refused:
            await office.proofs.issue(order, OPERATOR)
        assert refused.value.field == "facts"
        assert await office.store.read(lambda tx, key=order.key: load_intent(tx, key)) is None
        assert (await office.audit(order.case.number), await office.events()) == before


@pytest.fixture
def signer(seals: Seals) -> FailingSigner:
    return FailingSigner(seals.signer)


@pytest.fixture
def documents(tmp_path: Path) -> FailingDocuments:
    return FailingDocuments(FolderDocumentStore(tmp_path / "documents"))


@pytest.fixture
async def broken(
    hub_store: LadybugStore, seals: Seals, tmp_path: Path, signer: FailingSigner, documents: FailingDocuments
) -> Office:
    """An office whose token is out of order and whose disk is full."""
    seals.clock.at = NOW
    return await open_office(hub_store, seals, tmp_path, Parts(signer=signer, documents=documents))


@pytest.mark.requirement("I1", "I2")
async def test_a_failing_signer_or_disk_leaves_the_intent_and_recover_finishes_it(
    broken: Office, signer: FailingSigner, documents: FailingDocuments
) -> None:
    number = (await broken.open("SHARED")).case.number
    for signer.problem, documents.full in ((TOKEN, True), (None, True), (None, False)):
        broken.clock.advance(seconds=6)
        assert await broken.proofs.recover() == 1
    (proof,) = (await broken.file(number)).proofs
    intent = await intent_of(broken, f"{number}/01")
    assert (proof.number, proof.extracted_at, intent.intended_at) == (intent.proof_number, NOW, NOW)
    assert (intent.state, await broken.proofs.recover()) == (IntentState.COMMITTED, 0)
    assert {order.content.endorsement.proof_number for order in signer.orders} == {proof.number}
    assert len(await broken.reader.document(OPERATOR, proof.number)) == proof.document_bytes
    await assert_accounted_for(broken, number)


async def test_issuing_says_that_the_signer_failed_and_asked_again_it_is_the_same_proof(
    broken: Office, signer: FailingSigner, documents: FailingDocuments
) -> None:
    order = await order_of(broken)
    with pytest.raises(SealingError):
        await broken.proofs.issue(order, OPERATOR)
    number = (await intent_of(broken, order.key)).proof_number
    assert (await broken.file(order.case.number)).proofs == ()
    signer.problem, documents.full = None, False
    assert (await issued(broken, order)).number == number


async def test_a_sealed_answer_stays_sealed_while_the_signer_fails_and_is_then_delivered(
    broken: Office, signer: FailingSigner, documents: FailingDocuments
) -> None:
    asked = (await broken.open("VERIFIED")).requests[0]
    assert (await broken.answered(asked)).state is RequestState.SEALED
    signer.problem, documents.full = None, False
    broken.clock.advance(seconds=6)
    await broken.proofs.recover()
    done = await broken.requests.read(OPERATOR, asked.id)
    assert (done.state, [step.step for step in done.steps[-2:]]) == (RequestState.DELIVERED, ["SEAL", "DELIVER"])
    assert states(await broken.file(asked.case_number)) == {"01": "MET"}


async def test_an_intent_is_left_alone_until_it_is_nobodys_any_more(broken: Office, signer: FailingSigner) -> None:
    await broken.open("SHARED")
    tries = len(signer.orders)
    broken.clock.at = NOW + LEFT_AFTER - timedelta(milliseconds=1)
    assert (await broken.proofs.recover(), len(signer.orders)) == (0, tries)
    broken.clock.at = NOW + LEFT_AFTER
    assert (await broken.proofs.recover(), len(signer.orders)) == (1, tries + 1)


@pytest.mark.requirement("I1", "I3")
async def test_an_intent_of_a_case_that_was_withdrawn_is_closed_as_void_and_counted(
    broken: Office, signer: FailingSigner, documents: FailingDocuments
) -> None:
    number = (await broken.open("SHARED")).case.number
    await broken.cases.withdraw(OPERATOR, number, "w1")
    signer.problem, documents.full = None, False
    broken.clock.advance(seconds=6)
    assert (await broken.proofs.recover(), await broken.proofs.recover()) == (1, 0)
    intent = await intent_of(broken, f"{number}/01")
    assert (intent.state, (await broken.file(number)).proofs) == (IntentState.VOID, ())
    assert await broken.proofs.finish(intent) is None
    voided = (await broken.audit(number))[-1]
    assert (voided.operation, voided.target) == ("proof.voided", intent.proof_number)
    assert await event_units(broken, "proof.voided") == ["MZ-HS"]
    await assert_accounted_for(broken, number)


async def test_a_sealed_request_whose_case_was_withdrawn_ends_with_its_intent(
    broken: Office, signer: FailingSigner, documents: FailingDocuments
) -> None:
    asked = (await broken.open("VERIFIED")).requests[0]
    await broken.answered(asked)
    await broken.cases.withdraw(OPERATOR, asked.case_number, "w1")
    signer.problem, documents.full = None, False
    broken.clock.advance(seconds=6)
    await broken.proofs.recover()
    assert (await intent_of(broken, asked.id)).state is IntentState.VOID
    assert (await broken.requests.read(OPERATOR, asked.id)).state is RequestState.WITHDRAWN
    assert states(await broken.file(asked.case_number)) == {"01": "WITHDRAWN"}


async def test_an_intent_that_fails_in_an_unknown_way_holds_up_no_other(
    broken: Office, signer: FailingSigner, documents: FailingDocuments
) -> None:
    first, second = [(await broken.open("SHARED")).case.number for _ in range(2)]
    documents.full = False
    signer.problem, signer.faults = None, {f"{first}/01": ValueError("a fault of programming")}
    broken.clock.advance(seconds=6)
    assert await broken.proofs.recover() == 2
    assert [len((await broken.file(number)).proofs) for number in (first, second)] == [0, 1]


@pytest.mark.parametrize(("lost", "done"), [(0, True), (4, True), (5, False)])
async def test_a_work_that_lost_against_others_is_done_again_a_few_times(office: Office, lost: int, done: bool) -> None:
    tries: list[int] = []

    async def work(tx: Transaction) -> None:
        tries.append(len(tries))
        if len(tries) <= lost:
            raise StaleVersionError("somebody was first")

    if done:
        assert await write_again(office.store, work) is None
    else:
        with pytest.raises(StaleVersionError):
            await write_again(office.store, work)
    assert len(tries) == min(lost + 1, 5)
