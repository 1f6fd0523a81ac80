"""Records with every field set, for the stores' tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graph_models.casework import (
    Answer,
    Applicant,
    Case,
    CaseState,
    DraftAnswer,
    IdentityEvidence,
    IntentState,
    IssuingIntent,
    Licence,
    Need,
    NeedState,
    Proof,
    ProofKind,
    ProofState,
    RequestState,
    RequestStep,
    VerificationRequest,
)
from graph_models.catalogue import ApplicantKind, IssuingMode, Measure
from graph_models.journal import AuditDraft, EventDraft, Receipt

AT = datetime(2026, 3, 2, 8, 15, 30, 123000, tzinfo=UTC)
"""A Monday, with milliseconds."""


def case(number: str = "C1", unit: str = "NB-GA", minutes: int = 0, state: CaseState = CaseState.OPEN) -> Case:
    return Case(
        number=number,
        unit_code=unit,
        business_number=f"B-{number}",
        item_code="NB0001",
        region="330203",
        applicant=Applicant(kind=ApplicantKind.NATURAL_PERSON, name="李“小”明\n𠮷", identifier="330203199001011234"),
        identity=IdentityEvidence(
            method=Measure.FACE_RECOGNITION, provider="window-7", assertion_id="A-9", at=AT, agent_name="王\\五"
        ),
        answers=(Answer(proof_type_code="P-MARRIAGE", region="330281"),),
        licences=(Licence(proof_type_code="P-BL", platform="zj", licence_number="L1", evidence="{}", at=AT),),
        subject=(("property_number", "甬(2026)001"), ("plot", "7'")),
        catalogue_version=3,
        content_digest="ab" * 32,
        opened_at=AT + timedelta(minutes=minutes),
        opened_by="operator-1",
        promised_at=AT + timedelta(days=5),
        state=state,
        version=1,
    )


def need(case_number: str = "C1", running: int = 1, state: NeedState = NeedState.PENDING) -> Need:
    pending = state is NeedState.PENDING
    return Need(
        id=f"{case_number}/{running:02}",
        case_number=case_number,
        requirement_id="NB0001-01",
        proof_type_code="P-MARRIAGE",
        group=1,
        state=state,
        measure=Measure.ELECTRONIC_PROOF,
        mode=IssuingMode.SHARED,
        issuing_unit="NB-MZ",
        source="registry",
        reason="the most specific unit",
        reason_zh="最具体的单位",
        expected_at=AT,
        attempts=2,
        next_attempt_at=AT + timedelta(minutes=running) if pending else None,
        proof_number=None,
        request_id=None,
        version=1,
    )


def verification_request(
    identifier: str = "R1", case_number: str = "C1", issuing: str = "NB-MZ", minutes: int = 0
) -> VerificationRequest:
    return VerificationRequest(
        id=identifier,
        case_number=case_number,
        need_id=f"{case_number}/01",
        proof_type_code="P-MARRIAGE",
        item_code="NB0001",
        asking_unit="NB-GA",
        issuing_unit=issuing,
        region="330203",
        state=RequestState.RECEIVED,
        received_at=AT,
        target_at=AT + timedelta(hours=24),
        hard_limit_at=None,
        due_at=AT + timedelta(minutes=minutes),
        urgent=False,
        provisional=True,
        drafter="drafter-1",
        reviewer=None,
        seal_keeper=None,
        draft=DraftAnswer(negative=False, facts=(("name", "李明"), ("date", "2020-01-02")), statement=""),
        remarks="请补充",
        steps=(RequestStep(step="CLAIM", at=AT, by="drafter-1", unit_code=issuing, remarks=None),),
        passed_by=("NB-X",),
        version=1,
    )


def intent(key: str = "C1/01@1", number: str = "NBP1", minutes: int = 0) -> IssuingIntent:
    return IssuingIntent(
        key=key,
        proof_number=number,
        check_code=f"code-{number}",
        case_number="C1",
        need_id="C1/01",
        request_id=None,
        order_json='{"facts":[]}',
        state=IntentState.INTENDED,
        intended_at=AT + timedelta(minutes=minutes),
        version=1,
    )


def proof(number: str = "NBP1", case_number: str = "C1") -> Proof:
    return Proof(
        number=number,
        check_code=f"code-{number}",
        kind=ProofKind.VERIFIED,
        negative=False,
        proof_type_code="P-MARRIAGE",
        case_number=case_number,
        need_id=f"{case_number}/01",
        request_id="R1",
        extraction_unit="NB-GA",
        producing_unit="NB-MZ",
        extracted_at=AT,
        valid_until=AT + timedelta(days=90),
        document_sha256="cd" * 32,
        document_bytes=34_567,
        endorsement_json='{"unit":"宁波市公安局"}',
        catalogue_version=3,
        state=ProofState.VALID,
        version=1,
    )


def audit(stream: str = "C1", operation: str = "openCase") -> AuditDraft:
    return AuditDraft(
        stream=stream, at=AT, actor="operator-1", unit_code="NB-GA", operation=operation, target="C1", detail_json="{}"
    )


def event(subject: str, unit: str = "NB-GA") -> EventDraft:
    return EventDraft(unit_code=unit, type="case.opened", subject=subject, at=AT, payload_json='{"a":1}')


def receipt(key: str = "k-1") -> Receipt:
    return Receipt(unit_code="NB-GA", operation="openCase", key=key, content_digest="ef" * 32, result="C1", at=AT)
