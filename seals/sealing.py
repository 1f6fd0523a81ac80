"""Puts a seal on a page: a certifying PAdES signature that allows no change (ETSI EN 319 142-1, ISO 32000-1, 12.8).

A seal refuses what is not its own: it checks the endorsement's kind against its certificate, and the certificate's
period, before its key is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from cryptography import x509
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from pki.errors import PkiError
from pki.keystore import SealingKey
from pki.profiles import policies_of, seal_profile, violations
from seals.appearance import SealFace
from seals.cms import SignatureTemplate
from seals.endorsement import ENDORSEMENT_LIMIT, Endorsement
from seals.errors import ExpiredSealError, SealingError, WrongSealError
from seals.kinds import SEAL_POLICIES, SealKind, kind_of_policies
from seals.page import RenderedPage
from seals.page_changes import PageChanges
from seals.page_shape import UnfamiliarPage
from seals.page_update import UpdateTemplate
from seals.seal_pictures import SealPicture
from seals.signature_field import FIELD_NAME, PageWriter, SealForm, draw_seal, field_spec, tag_field
from seals.signature_stamp import SignatureStamp


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal, ready for use: its key is open, its appearance drawn, its signature prepared."""

    kind: SealKind
    face: SealFace
    key: SealingKey
    form: SealForm
    template: SignatureTemplate
    update: UpdateTemplate
    checked: tuple[x509.Certificate, SealKind]
    """The certificate that was found to be one of this kind when the seal was prepared."""

    @classmethod
    def prepare(cls, kind: SealKind, face: SealFace, key: SealingKey, picture: SealPicture | None = None) -> Seal:
        """Prepare a seal of a kind; it shows its face, or a picture instead.

        Raises:
            WrongSealError: the key's certificate is not one of this kind of seal, or not of this holder and name.
            UnprintableCharacterError, PageError: its face cannot be drawn.
        """
        _require_kind(key, kind)
        _require_face(key, face)
        form = SealForm.of(face, picture)
        return cls(kind, face, key, form, SignatureTemplate(key), UpdateTemplate(form), (key.certificate, kind))


def seal_page(
    page: RenderedPage, endorsement: Endorsement, seal: Seal, at: datetime, stamp: SignatureStamp | None = None
) -> bytes:
    """Seal a page.

    Args:
        page: what the renderer made of the same endorsement.
        endorsement: goes into the signature.
        seal: the one of the endorsement's kind.
        at: the time of sealing, aware; stands in the signature dictionary to the second.
        stamp: puts a time stamp into the signature (PAdES B-T); where none is to be had, the seal is B-B.

    Returns:
        The sealed PDF: the page unchanged, one incremental update after it.

    Raises:
        WrongSealError: the seal is of another kind than the endorsement.
        ExpiredSealError: the certificate is out of its period.
        SealingError: the key or the page does not allow it.
    """
    if seal.kind is not endorsement.seal_kind:
        raise WrongSealError(f"a seal of the kind {seal.kind} cannot seal what is {endorsement.seal_kind}")
    _require_checked(seal, endorsement.seal_kind)
    _require_period(seal.key, at)
    encoded = endorsement.to_json()
    if len(encoded) > ENDORSEMENT_LIMIT:
        raise SealingError(f"the endorsement is longer than {ENDORSEMENT_LIMIT} bytes")
    try:
        if isinstance(page.changes, UnfamiliarPage):
            return _embedded(page, _Signing(seal.template, encoded, stamp), seal, at)
        return _appended(page.pdf, page.changes, _Signing(seal.template, encoded, stamp), seal, at)
    except (PdfError, SigningError) as problem:
        raise SealingError("the page cannot take a seal") from problem
    except PkiError as problem:
        raise SealingError(f"the key of the seal {seal.face.name} cannot sign") from problem


@dataclass(frozen=True, slots=True)
class _Signing:
    """The signature that is to be made."""

    template: SignatureTemplate
    endorsement: bytes
    stamp: SignatureStamp | None

    def longest(self) -> int:
        """How long it is at most, in bytes."""
        return self.template.longest(self.endorsement) + (self.stamp.room if self.stamp is not None else 0)

    def sign(self, digest: bytes) -> bytes:
        """Make it over a document's digest."""
        signature = self.template.sign(digest, self.endorsement)
        return signature if self.stamp is None else self.stamp.put(signature)


def _appended(page: bytes, changes: PageChanges, signing: _Signing, seal: Seal, at: datetime) -> bytes:
    """Seal a page whose shape is known."""
    update = seal.update.prepare(page, changes, at, signing.longest())
    return update.filled(signing.sign(update.digest()))


def _embedded(page: RenderedPage, signing: _Signing, seal: Seal, at: datetime) -> bytes:
    """Seal any other page by way of the PDF library: field, place in the structure, signature as one update."""
    # PDF/A wants the first file's end marker to end its line (ISO 19005-3, 6.1.9); the renderer ends with the marker.
    writer = PageWriter(BytesIO(page.pdf + b"\n"))
    steps = PdfCMSEmbedder(field_spec(seal.form, page.seal_box)).write_cms(FIELD_NAME, writer)
    field = next(steps)
    draw_seal(writer, field, seal.form)
    tag_field(writer, field, seal.form)
    steps.send(_signature_dictionary(signing.longest(), at))
    prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    steps.send(signing.sign(prepared.document_digest))
    sealed: bytes = output.getvalue()
    return sealed


def _signature_dictionary(longest: int, at: datetime) -> SigObjSetup:
    placeholder = SignatureObject(
        timestamp=at.astimezone(UTC),
        subfilter=SigSeedSubFilter.PADES,
        bytes_reserved=2 * longest,  # two hexadecimal digits each
    )
    certifying = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    return SigObjSetup(sig_placeholder=placeholder, mdp_setup=certifying)


def _require_checked(seal: Seal, kind: SealKind) -> None:
    """See that it is the key that was checked for this kind; a seal that was put together otherwise is checked now."""
    certificate, found = seal.checked
    if seal.key.certificate is not certificate or found is not kind:
        _require_kind(seal.key, kind)


def _require_kind(key: SealingKey, kind: SealKind) -> None:
    found = kind_of_policies(policies_of(key.certificate))
    if found is not kind:
        raise WrongSealError(f"the certificate of the key {key.label!r} is of {found or 'no seal'}, not of {kind}")
    differences = violations(key.certificate, seal_profile(SEAL_POLICIES[kind]))
    if differences:
        raise WrongSealError(f"the certificate of the key {key.label!r}: {'; '.join(differences)}")


def _require_face(key: SealingKey, face: SealFace) -> None:
    """See that the certificate says in letters what the seal shows (EN 319 412-3, 4.2.1)."""
    for oid, shown in ((NameOID.ORGANIZATION_NAME, face.holder), (NameOID.COMMON_NAME, face.name)):
        if [attribute.value for attribute in key.certificate.subject.get_attributes_for_oid(oid)] != [shown]:
            raise WrongSealError(f"the certificate of the key {key.label!r} does not name {shown}")


def _require_period(key: SealingKey, at: datetime) -> None:
    certificate = key.certificate
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise ExpiredSealError(f"the certificate of the key {key.label!r} is not valid at the time of sealing")
