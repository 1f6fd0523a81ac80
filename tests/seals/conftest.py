"""Parts shared by the tests of sealing: an authority with one seal of each kind, and the content of two proofs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pki.authority import Subject
from pki.development import DevelopmentAuthority, DevelopmentPlan, SealOrder, create_development_authority
from pki.pkcs12 import Pkcs12KeyStore
from pki.trust import TrustRoot
from seals.appearance import SealFace
from seals.endorsement import Endorsement, Fact, facts_digest
from seals.kinds import SEAL_NAMES, SEAL_POLICIES, SealKind
from seals.page_content import PageContent, PageFamily
from seals.signer import SealRecord

MADE_AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
HOLDER = "宁波市公安局"


@dataclass(frozen=True)
class SealOffice:
    """Who makes and keeps the seals."""

    folder: Path
    keys: Pkcs12KeyStore
    authority: DevelopmentAuthority
    root: TrustRoot
    records: tuple[SealRecord, ...]
    now: datetime

    def record(self, kind: SealKind) -> SealRecord:
        return next(record for record in self.records if record.kind is kind)


def _label(kind: SealKind) -> str:
    return kind.lower().replace("_", "-")


def _seal_order(kind: SealKind) -> SealOrder:
    subject = Subject(
        organisation=HOLDER, common_name=SEAL_NAMES[kind].zh, organisation_identifier="NTRCN-91330200TEST00000X"
    )
    return SealOrder(label=_label(kind), policy=SEAL_POLICIES[kind], subject=subject)


@pytest.fixture(scope="session")
def seal_office(tmp_path_factory: pytest.TempPathFactory) -> SealOffice:
    folder = tmp_path_factory.mktemp("seal-office")
    keys = Pkcs12KeyStore(folder / "keys", "correct horse")
    plan = DevelopmentPlan(organisation="Proofhub Test", seals=tuple(_seal_order(kind) for kind in SealKind))
    authority = create_development_authority(folder, keys, plan, MADE_AT, itertools.count(2**100).__next__)
    records = tuple(SealRecord(kind, _label(kind), SealFace(HOLDER, SEAL_NAMES[kind].zh)) for kind in SealKind)
    root = TrustRoot.load(authority.root_pem)
    return SealOffice(folder, keys, authority, root, records, MADE_AT + timedelta(hours=1))


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


@pytest.fixture(scope="session")
def shared_content() -> PageContent:
    return PageContent(
        family=PageFamily.PERSON,
        title="无犯罪记录证明",
        title_en="Certificate of No Criminal Record",
        facts=_FACTS,
        endorsement=_ENDORSEMENT,
        check_url="https://proofs.example/verify?code=7Q2M-K4XW-9TRB-VH3D",
        seal_holder=HOLDER,
        valid_until="2027-02-24",
    )


@pytest.fixture(scope="session")
def verified_content(shared_content: PageContent) -> PageContent:
    endorsement = replace(
        _ENDORSEMENT,
        proof_number="ND-2026-000002",
        seal_kind=SealKind.INFORMATION_VERIFICATION,
        data_source=None,
        drafted_by="staff-7",
    )
    return replace(shared_content, endorsement=endorsement)
