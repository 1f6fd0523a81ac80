import subprocess
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from pki.authority import CertificateOrder, Subject
from pki.errors import KeyStoreError
from pki.keystore import KeyAlgorithm, SealingKey
from pki.profiles import seal_profile
from seals.appearance import SealFace
from seals.endorsement import ENDORSEMENT_OID
from seals.errors import ExpiredSealError, SealingError, WrongSealError
from seals.kinds import SEAL_POLICIES, SealKind
from seals.page import RenderedPage, render_page
from seals.sealing import Seal, seal_page
from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from seals.verification_policy import VerificationPolicy

pytestmark = pytest.mark.both_key_stores


@pytest.fixture(scope="module")
def seals(seal_office) -> dict[SealKind, Seal]:
    return {
        record.kind: Seal.prepare(record.kind, record.face, seal_office.keys.open(record.key_label))
        for record in seal_office.records
    }


@pytest.fixture(scope="module")
def page(shared_content) -> RenderedPage:
    return render_page(shared_content)


@pytest.fixture(scope="module")
def sealed(page, shared_content, seals, seal_office) -> bytes:
    seal = seals[SealKind.INFORMATION_SHARING]
    return seal_page(page, shared_content.endorsement, seal, seal_office.now)


@pytest.fixture(scope="module")
def signature(sealed):
    (found,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    return found


@pytest.fixture
def certified_key(seal_office):
    """Makes a sharing seal's key of any algorithm, with a certificate."""

    def make(algorithm: KeyAlgorithm) -> SealingKey:
        keys, label = seal_office.keys, algorithm.lower().replace("_", "-")
        face = seal_office.record(SealKind.INFORMATION_SHARING).face
        subject = Subject(
            organisation=face.holder, common_name=face.name, organisation_identifier="NTRCN-91330200TEST00000X"
        )
        order = CertificateOrder(
            profile=seal_profile(SEAL_POLICIES[SealKind.INFORMATION_SHARING]),
            subject=subject,
            serial=2**80,
            not_before=seal_office.now - timedelta(minutes=1),
            not_after=seal_office.now + timedelta(days=1),
        )
        issuing = seal_office.authority.issuing
        certificate = issuing.issue(order, keys.create(label, algorithm).public_key)
        keys.store_certificate(label, certificate, (issuing.certificate,))
        return keys.open(label)

    return make


async def _validated(signature, seal_office):
    roots = list(load_certs_from_pemder_data(seal_office.authority.root_pem.read_bytes()))
    context = ValidationContext(
        trust_roots=roots,
        moment=seal_office.now,
        crls=seal_office.authority.revocation_lists,
        revocation_mode="require",
    )
    return await async_validate_pdf_signature(signature, context)


async def test_pyhanko_finds_it_intact_trusted_and_covering_the_whole_file(signature, seal_office) -> None:
    status = await _validated(signature, seal_office)
    assert status.bottom_line
    assert status.summary() == "INTACT:TRUSTED,UNTOUCHED"


def test_it_certifies_the_document_and_allows_no_change(signature) -> None:
    assert signature.docmdp_level is MDPPerm.NO_CHANGES
    assert signature.reader.root["/Perms"].raw_get("/DocMDP").reference == signature.sig_field.raw_get("/V").reference


def test_it_is_a_pades_signature_whose_dictionary_carries_the_time(signature, seal_office) -> None:
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.sig_object["/M"] == f"D:{seal_office.now:%Y%m%d%H%M%S}Z"


@pytest.mark.requirement("R14.2")
def test_the_endorsement_is_inside_the_signature(signature, shared_content) -> None:
    attributes = {a["type"].dotted: a["values"][0] for a in signature.signer_info["signed_attrs"]}
    assert attributes[ENDORSEMENT_OID].parse().native == shared_content.endorsement.to_json()


def test_the_page_is_unchanged_before_the_update(sealed, page) -> None:
    assert sealed.startswith(page.pdf + b"\n")
    assert sealed.endswith(b"%%EOF\n")


def test_metadata_is_not_written_again(sealed, page) -> None:
    update = sealed[len(page.pdf) :]
    assert b"/Metadata" not in update.replace(b"/Metadata ", b"", 1)
    assert b"xpacket" not in update


def test_the_seal_is_where_the_page_left_room_and_has_a_name(signature, page, shared_content) -> None:
    box = page.seal_box
    rectangle = [float(side) for side in signature.sig_field["/Rect"]]
    assert rectangle == pytest.approx([box.left, box.bottom, box.right, box.top], abs=0.01)
    assert signature.sig_field["/TU"] == f"电子证明共享信息专用章（{shared_content.seal_holder}）"
    assert signature.sig_field["/AP"]["/N"].data.startswith(b"/Ink gs\n")


@pytest.mark.services("qpdf", "pdfsig")
def test_qpdf_and_pdfsig_find_nothing_wrong(sealed, tmp_path) -> None:
    (tmp_path / "proof.pdf").write_bytes(sealed)
    checked = subprocess.run(["qpdf", "--check", tmp_path / "proof.pdf"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    shown = subprocess.run(["pdfsig", "-nocert", tmp_path / "proof.pdf"], capture_output=True, text=True, check=False)
    assert "Signature is Valid." in shown.stdout
    assert "Total document signed" in shown.stdout


@pytest.mark.services("verapdf")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_the_sealed_page_is_still_archivable_and_accessible(sealed, tmp_path, verapdf_classpath, flavour) -> None:
    (tmp_path / "proof.pdf").write_bytes(sealed)
    program = ["java", "-cp", verapdf_classpath, "org.verapdf.apps.GreenfieldCliWrapper"]
    options = ["-f", flavour, "--format", "text", "-v", str(tmp_path / "proof.pdf")]
    shown = subprocess.run([*program, *options], capture_output=True, text=True, check=False)
    assert shown.stdout.startswith("PASS"), shown.stdout + shown.stderr


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
async def test_a_seal_of_any_algorithm_in_any_store_is_good(
    page, shared_content, seal_office, certified_key, algorithm
) -> None:
    record = seal_office.record(SealKind.INFORMATION_SHARING)
    seal = Seal.prepare(record.kind, record.face, certified_key(algorithm))
    sealed = seal_page(page, shared_content.endorsement, seal, seal_office.now)
    (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    assert (await _validated(signature, seal_office)).bottom_line
    policy = VerificationPolicy(trust_roots=seal_office.root.der, crls=seal_office.authority.revocation_lists)
    assert verify_document(sealed, policy, at=seal_office.now).outcome is VerdictOutcome.GOOD


@pytest.mark.requirement("R14.1")
def test_a_seal_does_not_seal_what_is_of_the_other_kind(page, verified_content, seals, seal_office) -> None:
    with pytest.raises(WrongSealError):
        seal_page(page, verified_content.endorsement, seals[SealKind.INFORMATION_SHARING], seal_office.now)


@pytest.mark.requirement("R14.1")
def test_a_key_of_one_kind_cannot_be_prepared_as_a_seal_of_the_other(seal_office) -> None:
    sharing = seal_office.record(SealKind.INFORMATION_SHARING)
    verifying = seal_office.record(SealKind.INFORMATION_VERIFICATION)
    with pytest.raises(WrongSealError):
        Seal.prepare(sharing.kind, sharing.face, seal_office.keys.open(verifying.key_label))


def test_a_seal_put_together_around_a_wrong_key_refuses(page, shared_content, seals, seal_office) -> None:
    other = seals[SealKind.INFORMATION_VERIFICATION]
    forged = replace(seals[SealKind.INFORMATION_SHARING], key=other.key, template=other.template)
    with pytest.raises(WrongSealError):
        seal_page(page, shared_content.endorsement, forged, seal_office.now)


def test_the_key_of_an_authority_is_no_seal(seal_office) -> None:
    record = seal_office.record(SealKind.INFORMATION_SHARING)
    with pytest.raises(WrongSealError):
        Seal.prepare(record.kind, record.face, seal_office.keys.open("issuing"))


@pytest.mark.parametrize("face", [SealFace("宁波市教育局", "电子证明共享信息专用章"), SealFace("宁波市公安局", "章")])
def test_a_face_that_the_certificate_does_not_name_is_refused(seal_office, face) -> None:
    record = seal_office.record(SealKind.INFORMATION_SHARING)
    with pytest.raises(WrongSealError, match="does not name"):
        Seal.prepare(record.kind, face, seal_office.keys.open(record.key_label))


@pytest.mark.parametrize("days", [-2, 4 * 365])
def test_nothing_is_sealed_out_of_the_certificates_period(page, shared_content, seals, seal_office, days) -> None:
    at = seal_office.now + timedelta(days=days)
    with pytest.raises(ExpiredSealError):
        seal_page(page, shared_content.endorsement, seals[SealKind.INFORMATION_SHARING], at)


@pytest.mark.parametrize("pdf", [b"", b"rubbish", b"%PDF-1.7\n%%EOF"])
def test_what_is_no_page_is_an_error_of_this_room(page, shared_content, seals, seal_office, pdf) -> None:
    with pytest.raises(SealingError):
        seal_page(
            replace(page, pdf=pdf), shared_content.endorsement, seals[SealKind.INFORMATION_SHARING], seal_office.now
        )


def test_a_page_that_is_sealed_already_takes_no_second_seal(sealed, page, shared_content, seals, seal_office) -> None:
    with pytest.raises(SealingError):
        seal_page(
            replace(page, pdf=sealed), shared_content.endorsement, seals[SealKind.INFORMATION_SHARING], seal_office.now
        )


def test_an_endorsement_beyond_the_limit_is_refused(page, shared_content, seals, seal_office) -> None:
    endorsement = replace(shared_content.endorsement, item_name="长" * 3000)
    with pytest.raises(SealingError, match="longer"):
        seal_page(page, endorsement, seals[SealKind.INFORMATION_SHARING], seal_office.now)


class BrokenKey:
    """A key whose store has gone away."""

    def __init__(self, key) -> None:
        self.label, self.algorithm, self.public_key = key.label, key.algorithm, key.public_key
        self.certificate, self.chain = key.certificate, key.chain

    def sign(self, digest: bytes) -> bytes:
        raise KeyStoreError("the token was pulled out")


def test_a_key_that_fails_is_an_error_of_this_room(page, shared_content, seal_office) -> None:
    record = seal_office.record(SealKind.INFORMATION_SHARING)
    seal = Seal.prepare(record.kind, record.face, BrokenKey(seal_office.keys.open(record.key_label)))
    with pytest.raises(SealingError, match="cannot sign"):
        seal_page(page, shared_content.endorsement, seal, seal_office.now)
