"""One signature of a PDF as typed facts: what it covers, whether it computes, who made it, what it says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from asn1crypto import cms, core
from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, read_certification_data

from seals.endorsement import ENDORSEMENT_OID
from seals.hostile_input import one_line
from seals.pdf_coverage import Coverage, padding_is_clean, read_coverage
from seals.pdf_signature_form import signature_form_problem
from seals.pdf_time_stamps import TimeStampFinding, read_document_stamp, read_signature_stamps


class SignatureType(StrEnum):
    """What a signature field holds."""

    SIGNATURE = "SIGNATURE"
    DOCUMENT_TIME_STAMP = "DOCUMENT_TIME_STAMP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed, as the certificate in the signature says; nothing here is trusted yet."""

    certificate: bytes
    """DER."""
    others: tuple[bytes, ...]
    """The other certificates in the signature, DER."""
    subject: str
    """RFC 4514."""
    policies: tuple[str, ...]
    """Certificate policies (RFC 5280, 4.2.1.4), dotted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """Whether the signature computes; says nothing of trust."""

    digest_matches: bool
    signature_valid: bool
    digest_algorithm: str
    signing_certificate_named: bool
    """Whether the signed attributes name the certificate (ESS, RFC 5035), as PAdES asks."""
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFinding:
    """Everything read of one signature field with a value."""

    field_name: str
    type: SignatureType
    subfilter: str
    coverage: Coverage
    covered_sha256: str
    """SHA-256 of the file as it was when signed, lower-case hexadecimal; empty if the byte range cannot be used."""
    padding_clean: bool
    certifying: bool
    """The catalogue's /Perms /DocMDP names this signature."""
    permission: int | None
    """DocMDP /P: 1 allows no change."""
    computation: Computation
    signer: Signer
    claimed_time: datetime | None
    """/M of the signature dictionary, in UTC: claimed by whoever signed."""
    endorsements: tuple[bytes, ...]
    """Values of the signed attribute that carries the endorsement."""
    time_stamps: tuple[TimeStampFinding, ...] = ()
    """Those in the signature; of a document time stamp, itself."""


def read_signature(data: bytes, reader: PdfFileReader, name: str, field: generic.DictionaryObject) -> SignatureFinding:
    """Read one signature; raises whatever the file provokes, which the caller turns into a fact."""
    embedded = EmbeddedPdfSignature(reader, field, name)
    coverage = read_coverage(data, embedded)
    time_stamp = embedded.sig_object_type == "/DocTimeStamp"
    covered = data[: coverage.covered_to]
    clean = padding_is_clean(embedded.pkcs7_content)
    return SignatureFinding(
        field_name=name,
        type=SignatureType.DOCUMENT_TIME_STAMP if time_stamp else SignatureType.SIGNATURE,
        subfilter=str(embedded.sig_object["/SubFilter"]),
        coverage=coverage,
        covered_sha256=hashlib.sha256(covered).hexdigest() if covered else "",
        padding_clean=clean,
        certifying=_is_certifying(reader, embedded),
        permission=_permission(embedded),
        computation=_compute(embedded),
        signer=_signer(embedded),
        claimed_time=_claimed_time(embedded),
        endorsements=_endorsements(embedded.signer_info),
        time_stamps=(read_document_stamp(embedded, coverage, clean),)
        if time_stamp
        else read_signature_stamps(embedded.signer_info, coverage),
    )


def _is_certifying(reader: PdfFileReader, embedded: EmbeddedPdfSignature) -> bool:
    certification = read_certification_data(reader)
    if certification is None:
        return False
    author = certification.author_sig
    return bool(author.container_ref == embedded.sig_object.container_ref)


def _permission(embedded: EmbeddedPdfSignature) -> int | None:
    level = embedded.docmdp_level
    return None if level is None else int(level.value)


def _compute(embedded: EmbeddedPdfSignature) -> Computation:
    signer_info = embedded.signer_info
    algorithm = str(embedded.md_algorithm)
    try:
        named = get_signing_cert_attr(signer_info["signed_attrs"]) is not None
        expected = "tst_info" if embedded.sig_object_type == "/DocTimeStamp" else "data"
        intact, valid = validate_sig_integrity(
            signer_info, embedded.signer_cert, expected, embedded.compute_digest(algorithm)
        )
        problem = _encapsulated(embedded) or _form(embedded)
    except SignatureValidationError as refused:
        named = intact = valid = False
        problem = one_line(refused)
    return Computation(
        digest_matches=intact,
        signature_valid=valid,
        digest_algorithm=algorithm,
        signing_certificate_named=named,
        problem=problem,
    )


def _encapsulated(embedded: EmbeddedPdfSignature) -> str | None:
    """A detached signature carries no content of its own (ISO 32000-2, 12.8.3.3)."""
    content = embedded.signed_data["encap_content_info"]["content"]
    if embedded.sig_object_type == "/Sig" and not isinstance(content, core.Void):
        return "the signature carries content of its own"
    return None


def _form(embedded: EmbeddedPdfSignature) -> str | None:
    """A time stamp comes from elsewhere, and has the form that its authority gives it."""
    if embedded.sig_object_type == "/DocTimeStamp":
        return None
    return signature_form_problem(embedded.pkcs7_content, embedded.signed_data)


def _signer(embedded: EmbeddedPdfSignature) -> Signer:
    der = bytes(embedded.signer_cert.dump())
    certificate = x509.load_der_x509_certificate(der)
    return Signer(
        certificate=der,
        others=tuple(bytes(other.dump()) for other in embedded.other_embedded_certs),
        subject=certificate.subject.rfc4514_string(),
        policies=_policies(certificate),
    )


def _policies(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(policy.policy_identifier.dotted_string for policy in policies)


def _claimed_time(embedded: EmbeddedPdfSignature) -> datetime | None:
    if "/M" not in embedded.sig_object:
        return None
    moment = generic.parse_pdf_date(str(embedded.sig_object["/M"]), strict=True)
    return moment.astimezone(UTC) if moment.tzinfo else None


def _endorsements(signer_info: cms.SignerInfo) -> tuple[bytes, ...]:
    values = [
        value
        for attribute in signer_info["signed_attrs"]
        if attribute["type"].dotted == ENDORSEMENT_OID
        for value in attribute["values"]
    ]
    return tuple(bytes(core.OctetString.load(value.dump()).native) for value in values)
