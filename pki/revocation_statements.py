"""What one revocation list or one OCSP answer (RFC 6960) says of one certificate, if it can be relied on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ObjectIdentifier

from pki.profiles import OCSP_SIGNING

SAFE_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
"""Digests under which a signature still proves something."""
_COMPROMISED = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}
_MOST_RESPONDERS = 4
_MOST_SINGLE_ANSWERS = 64
_BROKEN = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.DuplicateExtension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one genuine source says of one certificate."""

    revoked_at: datetime | None
    """Since when it is revoked; None if it is not."""
    leaked: bool
    """Whether it is revoked because the key leaked, or for a reason that cannot be read."""
    made: datetime
    current_until: datetime
    """When the next word is due: till then, silence means that it is not revoked."""
    source: str
    """What says it, in words."""

    def speaks_of(self, at: datetime) -> bool:
        """Whether it was still current then, or was made after it."""
        return self.current_until > at


def has_leaked(reason: x509.ReasonFlags | None) -> bool:
    """Whether a reason means that somebody else may have the key."""
    return reason in _COMPROMISED


def load_answers(answers: Iterable[bytes]) -> list[ocsp.OCSPResponse]:
    """Return the successful OCSP responses among those in DER; what is none is passed over."""
    loaded = []
    for der in answers:
        try:
            found = ocsp.load_der_ocsp_response(der)
        except _BROKEN:
            continue
        if found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
            loaded.append(found)
    return loaded


def statements_of_answers(
    certificate: x509.Certificate, issuer: x509.Certificate, answers: Sequence[ocsp.OCSPResponse]
) -> list[Statement]:
    """Return what genuine OCSP answers say of a certificate; "unknown" says nothing."""
    statements = []
    for answer in answers:
        try:
            about = [single for single in _singles(answer) if _is_about(single, certificate, issuer)]
            if about and _is_genuine(answer, issuer):
                statements += [found for single in about if (found := _statement(single)) is not None]
        except _BROKEN:
            continue
    return statements


def _singles(answer: ocsp.OCSPResponse) -> Iterator[ocsp.OCSPSingleResponse]:
    for number, single in enumerate(answer.responses):
        if number == _MOST_SINGLE_ANSWERS:
            return
        yield single


def _is_about(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if single.serial_number != certificate.serial_number:
        return False
    return (single.issuer_name_hash, single.issuer_key_hash) == issuer_digests(issuer, single.hash_algorithm)


def issuer_digests(issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """The digests by which OCSP names an issuer: of its name, and of its key's bits (RFC 6960, 4.1.1)."""
    authority = asn1_x509.Certificate.load(issuer.public_bytes(Encoding.DER))
    digests = []
    for part in (authority.subject.dump(), bytes(authority.public_key["public_key"])):
        digest = hashes.Hash(algorithm)
        digest.update(part)
        digests.append(digest.finalize())
    return digests[0], digests[1]


def _statement(single: ocsp.OCSPSingleResponse) -> Statement | None:
    if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        return None
    made = single.this_update_utc
    return Statement(
        revoked_at=single.revocation_time_utc,
        leaked=has_leaked(single.revocation_reason),
        made=made,
        current_until=single.next_update_utc or made,
        source="OCSP answer",
    )


def _is_genuine(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """Did the issuer sign it, or whom it delegated to answer for it (RFC 6960, 4.2.2.2)?"""
    if not isinstance(answer.signature_hash_algorithm, SAFE_HASHES):
        return False
    delegated = [found for found in answer.certificates[:_MOST_RESPONDERS] if _may_answer(found, issuer, answer)]
    return any(_signed_by(answer, responder) for responder in (issuer, *delegated))


def _may_answer(responder: x509.Certificate, issuer: x509.Certificate, answer: ocsp.OCSPResponse) -> bool:
    """Whether the authority delegated answering to it; only those that need not be asked for themselves are believed.

    To ask for a responder's own revocation would need a list, and with a list there is no need of the responder.
    """
    if not responder.not_valid_before_utc <= answer.produced_at_utc <= responder.not_valid_after_utc:
        return False
    try:
        responder.verify_directly_issued_by(issuer)
        usages = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        signs = responder.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
        responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except (x509.ExtensionNotFound, *_BROKEN):
        return False
    return signs and ObjectIdentifier(OCSP_SIGNING) in usages


def _signed_by(answer: ocsp.OCSPResponse, responder: x509.Certificate) -> bool:
    key, algorithm = responder.public_key(), answer.signature_hash_algorithm
    if algorithm is None:
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except _BROKEN:
        return False
    return True
