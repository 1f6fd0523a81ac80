"""What the measurements of seals work on: an authority with one seal of one kind of key, and the content of pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.clock import SystemClock, SystemIds
from pki.authority import Subject
from pki.development import DevelopmentPlan, SealOrder, create_development_authority
from pki.keystore import KeyAlgorithm
from pki.pkcs12 import Pkcs12KeyStore
from pki.trust import TrustRoot
from seals.appearance import SealFace
from seals.endorsement import Endorsement, Fact, facts_digest
from seals.kinds import SEAL_NAMES, SEAL_POLICIES, SealKind
from seals.page_content import PageContent, PageFamily
from seals.sealing import Seal
from seals.verification_policy import VerificationPolicy

KIND = SealKind.INFORMATION_SHARING
HOLDER = "宁波市公安局"
PASSPHRASE = "for measuring only"  # noqa: S105  protects keys that are made for one run
LABEL = "sharing"
_FACTS = (
    Fact("name", "姓名", "Name", "章示例"),
    Fact("id_number", "公民身份号码", "Identity number", "330211198603318599"),
    Fact("address", "户籍地址", "Registered address", "浙江省宁波市海曙区示例街道1号"),
    Fact("since", "登记日期", "Registered on", "2020-01-01"),
)


@dataclass(frozen=True, slots=True)
class SealOffice:
    """One seal with its key, and what its proofs are verified against."""

    seal: Seal
    key_file: Path
    policy: VerificationPolicy


def make_office(folder: Path, algorithm: KeyAlgorithm) -> SealOffice:
    """Make an authority and a seal in an empty folder."""
    keys = Pkcs12KeyStore(folder / "keys", PASSPHRASE)
    subject = Subject(
        organisation=HOLDER,
        common_name=SEAL_NAMES[KIND].zh,
        organisation_identifier="NTRCN-000000000000000000",  # of the form that a seal asks for, and nobody's
    )
    plan = DevelopmentPlan(
        organisation=HOLDER, seals=(SealOrder(label=LABEL, policy=SEAL_POLICIES[KIND], subject=subject),)
    )
    plan = replace(plan, algorithm=algorithm)
    made = create_development_authority(folder, keys, plan, SystemClock().now(), SystemIds().serial_number)
    policy = VerificationPolicy(trust_roots=TrustRoot.load(made.root_pem).der, crls=made.revocation_lists)
    return SealOffice(open_seal(folder), next((folder / "keys").glob(f"{LABEL}*")), policy)


def open_seal(folder: Path) -> Seal:
    """Open the seal of an office that was made in a folder, as another process does."""
    keys = Pkcs12KeyStore(folder / "keys", PASSPHRASE)
    return Seal.prepare(KIND, SealFace(HOLDER, SEAL_NAMES[KIND].zh), keys.open(LABEL))


def content_of(turn: int) -> PageContent:
    """Return the content of a page that differs from all others in number, time and address."""
    endorsement = Endorsement(
        proof_number=f"P{turn:012}",
        seal_kind=KIND,
        proof_type_code="GA-HJ",
        proof_type_name="户籍证明",
        negative=False,
        item_code="NB0001",
        item_name="教师资格认定",
        case_number=f"C{turn:012}",
        catalogue_version=1,
        extraction_unit_code="HS-JY",
        extraction_unit_name="宁波市海曙区教育局",
        producing_unit_code="HS-GA",
        producing_unit_name="宁波市公安局海曙分局",
        extracted_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=turn),
        data_source="GA",
        drafted_by=None,
        facts_sha256=facts_digest(_FACTS),
    )
    return PageContent(
        family=PageFamily.PERSON,
        title="户籍证明",
        title_en="Certificate of Household Registration",
        facts=_FACTS,
        endorsement=endorsement,
        check_url=f"https://proofs.example/check/{turn:022}",
        seal_holder=HOLDER,
        valid_until=None,
    )
