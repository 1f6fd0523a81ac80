"""One case with a need that is met and one that is asked for, for tests of the pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from graph_models.casework import Case, CaseState, Need, NeedState, RequestState, VerificationRequest
from graph_models.catalogue import IssuingMode, Measure
from hub.clock import CITY_TIME
from tests.hub import small_catalogue as small
from tests.hub.office import matter

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=CITY_TIME)
DUE = NOW + timedelta(hours=5, minutes=40)
GIVEN = matter("I1")
CASE = Case(
    number="C1",
    unit_code="U0",
    business_number="B1",
    item_code="I1",
    region=small.HAISHU,
    applicant=GIVEN.applicant,
    identity=GIVEN.identity,
    answers=(),
    licences=(),
    subject=(),
    catalogue_version=7,
    content_digest="0" * 64,
    opened_at=NOW,
    opened_by="op-1",
    promised_at=None,
    state=CaseState.OPEN,
    version=1,
)
NEED = Need(
    id="C1/01",
    case_number="C1",
    requirement_id="I1-01",
    proof_type_code="T1",
    group=1,
    state=NeedState.MET,
    measure=Measure.ELECTRONIC_PROOF,
    mode=IssuingMode.SHARED,
    issuing_unit="U1",
    source="registry",
    reason="why",
    reason_zh="理由",
    expected_at=None,
    attempts=1,
    next_attempt_at=None,
    proof_number="P1",
    request_id=None,
    version=1,
)
REQUEST = VerificationRequest(
    id="R1",
    case_number="C1",
    need_id="C1/02",
    proof_type_code="T2",
    item_code="I1",
    asking_unit="U0",
    issuing_unit="U2",
    region=small.HAISHU,
    state=RequestState.CLAIMED,
    received_at=NOW,
    target_at=DUE,
    hard_limit_at=None,
    due_at=DUE,
    urgent=False,
    provisional=False,
    drafter="A",
    reviewer=None,
    seal_keeper=None,
    draft=None,
    remarks=None,
    steps=(),
    passed_by=(),
    version=1,
)
REQUESTED = replace(
    NEED,
    id="C1/02",
    requirement_id="I1-02",
    proof_type_code="T2",
    state=NeedState.REQUESTED,
    mode=IssuingMode.VERIFIED,
    issuing_unit="U2",
    proof_number=None,
    request_id="R1",
)
