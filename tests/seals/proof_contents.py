"""The content of two proofs, one of shared information and one of verified, and the seals for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from pki.authority import Subject
from pki.development import DevelopmentPlan, SealOrder
from seals.endorsement import EndorsedPart, Endorsement, Fact, facts_digest
from seals.kinds import SEAL_NAMES, SEAL_POLICIES, SealKind
from seals.page_content import PageContent, PageFamily

MADE_AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
HOLDER = "宁波市公安局"
_FACTS = (
    Fact("name", "姓名", "Name", "王小明"),
    Fact("result", "查询结果", "Result", "自2006年1月1日至2026年11月24日，未发现有犯罪记录"),
)
_ENDORSEMENT = Endorsement(
    proof_number="ND-2026-000001",
    seal_kind=SealKind.INFORMATION_SHARING,
    proof_type_code="P001",
    proof_type_name="无犯罪记录证明",
    negative=False,
    item_code="I001",
    item_name="教师资格认定",
    case_number="C-2026-000001",
    catalogue_version=1,
    extraction_unit_code="U001",
    extraction_unit_name="宁波市教育局",
    producing_unit_code="U002",
    producing_unit_name=HOLDER,
    extracted_at=MADE_AT,
    data_source="police-records",
    drafted_by=None,
    facts_sha256=facts_digest(_FACTS),
)
SHARED_CONTENT = PageContent(
    family=PageFamily.PERSON,
    title="无犯罪记录证明",
    title_en="Certificate of No Criminal Record",
    facts=_FACTS,
    endorsement=_ENDORSEMENT,
    check_url="https://proofs.example/verify?code=7Q2M-K4XW-9TRB-VH3D",
    seal_holder=HOLDER,
    valid_until="2027-02-24",
)
VERIFIED_CONTENT = replace(
    SHARED_CONTENT,
    endorsement=replace(
        _ENDORSEMENT,
        proof_number="ND-2026-000002",
        seal_kind=SealKind.INFORMATION_VERIFICATION,
        data_source=None,
        drafted_by="staff-7",
    ),
)
JOINT_CONTENT = replace(
    VERIFIED_CONTENT,
    endorsement=replace(
        VERIFIED_CONTENT.endorsement,
        parts=(
            EndorsedPart(
                unit_code="U003",
                unit_name="宁波市民政局",
                fields=("result",),
                labels=("查询结果",),
                negative=False,
                drafted_by="staff-9",
                confirmed_at=MADE_AT,
            ),
            EndorsedPart(
                unit_code="U004",
                unit_name="慈溪市公安局",
                fields=("school",),
                labels=("学校",),
                negative=True,
                drafted_by="staff-10",
                confirmed_at=MADE_AT,
            ),
        ),
    ),
)
"""Verified information of which another unit produced a part, and a third one has no record."""


def seal_plan() -> DevelopmentPlan:
    """Return what a development authority makes for one seal of each kind."""
    return DevelopmentPlan(organisation="Proofhub Test", seals=tuple(_seal_order(kind) for kind in SealKind))


def _seal_order(kind: SealKind) -> SealOrder:
    subject = Subject(
        organisation=HOLDER, common_name=SEAL_NAMES[kind].zh, organisation_identifier="NTRCN-91330200TEST00000X"
    )
    return SealOrder(label=kind.lower().replace("_", "-"), policy=SEAL_POLICIES[kind], subject=subject)
