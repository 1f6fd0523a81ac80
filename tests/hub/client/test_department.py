"""A department's system at a real hub: cases from opening to end, waiting, questions, files, the catalogue."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from hub.actors import Post
from hub.client.connection import HubConnection
from hub.client.department import Department
from hub.client.errors import DocumentError, NotAllowedError, NotFoundError, OvertakenError, StillWaitingError
from hub.client.inputs import RegionAnswer
from hub.client.issuing import Answer, NoSuchRecord
from hub.client.operations import READ_PROOF
from hub.client.records import Case, VerificationRequest
from hub.client.words import ApplicantKind, CaseState, NeedState, ProofKind
from tests.hub.client.served import SECONDS, Served, a_token
from tests.simulators.hostile_source import Behaviour, HostileSource
from tests.simulators.hostile_source import answer as answering

HERE = RegionAnswer(proof_type_code="JH", region="330203")


async def answer(served: Served, request: VerificationRequest, found: Answer | NoSuchRecord) -> VerificationRequest:
    """Answer a request as three people would."""
    drafter = served.drafter()
    drafted = await drafter.draft(await drafter.claim(request), found)
    reviewed = await served.unit("reviewer-1", Post.REVIEWER).review(drafted, approve=True)
    return await served.unit("keeper-1", Post.SEAL_KEEPER).seal(reviewed)


@pytest.mark.requirement("R14.4", "I2")
async def test_a_case_is_opened_waited_for_and_closed(served: Served) -> None:
    department = served.department()
    given = served.matter()
    case = await department.open(given)
    assert (await department.open(given)).number == case.number
    assert {need.state for need in case.needs} == {NeedState.MET, NeedState.REQUESTED}
    waiting = asyncio.create_task(department.wait_for(case, SECONDS))
    (asked,) = (need.request_id for need in case.needs if need.request_id)
    await answer(served, await served.drafter().read(asked), Answer({"name": "王小明"}))
    whole = await waiting
    assert {(proof.kind, proof.negative) for proof in whole.proofs} == {
        (ProofKind.SHARED, False),
        (ProofKind.VERIFIED, False),
    }
    closed = await department.close(whole)
    assert closed.state == (await department.close(whole)).state == CaseState.CLOSED


@pytest.mark.requirement("R16.1")
async def test_no_such_record_is_what_the_case_waited_for_too(served: Served) -> None:
    case, request = await served.asked()
    await answer(served, request, NoSuchRecord("无犯罪记录库，按公民身份号码查询"))
    whole = await served.department().wait_for(case, SECONDS)
    assert NeedState.NEGATIVE in {need.state for need in whole.needs}
    assert any(proof.negative for proof in whole.proofs)


async def test_waiting_ends_in_time_and_says_how_the_case_stands(served: Served) -> None:
    case, _ = await served.asked()
    with pytest.raises(StillWaitingError, match=f"case {case.number} is not complete") as raised:
        await served.department().wait_for(case, 0.3)
    assert isinstance(raised.value.case, Case)
    assert raised.value.case.moves


async def test_waiting_ends_at_a_question_which_is_then_answered(served: Served) -> None:
    department = served.department()
    case = await department.wait_for(await department.open(served.matter(itemCode="NB0002")), SECONDS)
    (asking,) = case.questions
    assert asking.question is not None
    assert HERE.region in {choice.region for choice in asking.question.choices}
    answered = await department.answer(case, HERE)
    assert [need.state for need in answered.needs] == [NeedState.REQUESTED]
    assert (await department.answer(case, HERE)).version == answered.version


async def test_a_withdrawn_case_waits_for_nothing(served: Served) -> None:
    case, request = await served.asked()
    department = served.department()
    assert (await department.withdraw(case)).state == CaseState.WITHDRAWN
    assert not (await department.wait_for(case, SECONDS)).moves
    with pytest.raises(OvertakenError) as refused:
        await served.drafter().claim(request)
    assert refused.value.code == "WRONG_STATE"


async def test_a_sealed_file_is_taken_with_its_digest(served: Served) -> None:
    case, _ = await served.asked()
    (proof,) = case.proofs
    pdf = await served.department().download(proof)
    assert pdf.startswith(b"%PDF-")
    assert hashlib.sha256(pdf).hexdigest() == proof.document_sha256


async def test_a_file_that_was_raised_since_is_taken_by_its_new_record(served: Served) -> None:
    case, _ = await served.asked()
    before = case.proofs[0].model_copy(update={"document_sha256": "0" * 64})
    assert (await served.department().download(before)).startswith(b"%PDF-")


def said(sha256: str) -> Behaviour:
    """Answer as the hub does that is asked for a proof's record."""
    record = {"__typename": "Proof", "number": "P1", "kind": "SHARED", "negative": False, "proofTypeCode": "HJ"}
    record |= {"requestId": None, "producingUnit": "GA", "extractedAt": "2026-03-02T01:00:00Z", "validUntil": None}
    record |= {"documentSha256": sha256, "documentBytes": 4}
    return answering(json.dumps({"data": {"proof": record}}).encode())


async def test_a_file_that_is_never_what_its_record_says_is_refused() -> None:
    file, other = answering(b"%PDF", media_type="application/pdf"), "0" * 64
    async with HostileSource(said(other), file, said(other), file) as hub:
        connection = HubConnection(hub.url.removesuffix("/records"), a_token)
        proof = await connection.ask(READ_PROOF, {"number": "P1"})
        with pytest.raises(DocumentError, match="proof P1 does not have the digest"):
            await Department(connection).download(proof)
        await connection.close()
    assert hub.asked == 4


async def test_a_plan_says_what_would_come_and_items_are_looked_up(served: Served) -> None:
    department = served.department()
    plan = await department.plan("NB0001", "330203", ApplicantKind.NATURAL_PERSON)
    assert {line.proof_type_code for line in plan.lines} == {"WFZ", "HJ"}
    asked = await department.plan("NB0002", "330203", ApplicantKind.NATURAL_PERSON, [HERE])
    assert [line.issuing_unit for line in asked.lines] == ["GA-HS"]
    found = [item.code async for item in department.items(search="事项")]
    assert found == sorted(found)
    assert len(found) == 8
    assert (await department.item("NB0001")).name == "教师资格认定"


async def test_another_unit_sees_no_case_and_a_drafter_opens_none(served: Served) -> None:
    case, _ = await served.asked()
    with pytest.raises(NotFoundError) as hidden:
        await served.department("op-9", "GA").read(case.number)
    assert hidden.value.request_id
    with pytest.raises(NotAllowedError, match="NOT_PERMITTED"):
        await Department(served.connection("d-1", "GA-HS", Post.DRAFTER)).open(served.matter())
