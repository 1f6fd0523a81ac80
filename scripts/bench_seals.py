"""Subject: making a page, sealing it next to plain pyHanko, verifying it, all in this process on one core."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

from hub.clock import SystemClock, SystemIds
from hub.entry.wiring import trust_in
from pki.authority import Subject
from pki.development import DevelopmentPlan, SealOrder, create_development_authority
from pki.keystore import KeyAlgorithm
from pki.pkcs12 import Pkcs12KeyStore
from scripts.bench_harness import Figure, by_turns
from scripts.bench_run import Run
from seals.appearance import SealFace
from seals.endorsement import Endorsement, Fact, facts_digest
from seals.kinds import SEAL_NAMES, SEAL_POLICIES, SealKind
from seals.page import render_page
from seals.page_content import PageContent, PageFamily
from seals.sealing import Seal, seal_page
from seals.verdict import VerdictOutcome
from seals.verification import verify_document

KIND = SealKind.INFORMATION_SHARING
HOLDER = "宁波市公安局"
ALGORITHMS = {"P-256": KeyAlgorithm.P_256, "RSA-3072": KeyAlgorithm.RSA_3072}
_PASSPHRASE = "for measuring only"  # noqa: S105  protects keys that are made for one run
_LABEL = "sharing"
_FACTS = (
    Fact("name", "姓名", "Name", "章示例"),
    Fact("id_number", "公民身份号码", "Identity number", "330211198603318599"),
    Fact("address", "户籍地址", "Registered address", "浙江省宁波市海曙区示例街道1号"),
    Fact("since", "登记日期", "Registered on", "2020-01-01"),
)


def seal_figures(run: Run) -> Iterator[Figure]:
    """Make pages, then seal and verify with each kind of key."""
    contents = (_content(turn) for turn in itertools.count())
    name = "make a page (A4, four facts, QR code), each another"
    yield by_turns({name: lambda: render_page(next(contents))}, run.plan)[name].figure(name)
    for key, algorithm in ALGORITHMS.items():
        with tempfile.TemporaryDirectory(dir=run.city.folder) as folder:
            yield from _of_key(run, key, _office(Path(folder), algorithm))


def _of_key(run: Run, name: str, office: _Office) -> Iterator[Figure]:
    page, content = render_page(_content(0)), _content(0)

    def ours() -> bytes:
        return seal_page(page, content.endorsement, office.seal, SystemClock().now())

    sealed, policy = ours(), trust_in(office.root)

    def verify() -> None:
        if verify_document(sealed, policy, at=SystemClock().now()).outcome is not VerdictOutcome.GOOD:
            raise AssertionError("what was sealed is not good")

    titles = (f"seal a page, {name}", f"sign a page with plain pyHanko, {name}", f"verify a sealed page, {name}")
    found = by_turns(dict(zip(titles, (ours, _plain(page.pdf, office), verify), strict=True)), run.plan)
    yield found[titles[0]].figure(titles[0], (titles[1], found[titles[1]]))
    yield found[titles[1]].figure(titles[1])
    yield found[titles[2]].figure(titles[2])


def _plain(pdf: bytes, office: _Office) -> Callable[[], object]:
    """Return pyHanko's usual call: an invisible certifying PAdES signature, nothing prepared beforehand."""
    signer = signers.SimpleSigner.load_pkcs12(str(office.key_file), passphrase=_PASSPHRASE.encode())  # type: ignore[no-untyped-call]  # the library types it partly
    how = signers.PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )
    return lambda: signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), how, signer)


@dataclass(frozen=True, slots=True)
class _Office:
    root: Path
    seal: Seal
    key_file: Path


def _office(folder: Path, algorithm: KeyAlgorithm) -> _Office:
    keys = Pkcs12KeyStore(folder / "keys", _PASSPHRASE)
    subject = Subject(
        organisation=HOLDER,
        common_name=SEAL_NAMES[KIND].zh,
        organisation_identifier="NTRCN-000000000000000000",  # of the form that a seal asks for, and nobody's
    )
    plan = DevelopmentPlan(
        organisation=HOLDER, seals=(SealOrder(label=_LABEL, policy=SEAL_POLICIES[KIND], subject=subject),)
    )
    plan = replace(plan, algorithm=algorithm)
    made = create_development_authority(folder, keys, plan, SystemClock().now(), SystemIds().serial_number)
    seal = Seal.prepare(KIND, SealFace(HOLDER, SEAL_NAMES[KIND].zh), keys.open(_LABEL))
    return _Office(made.root_pem, seal, next((folder / "keys").glob(f"{_LABEL}*")))


def _content(turn: int) -> PageContent:
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
