"""An OCSP responder (RFC 6960): is this certificate good, revoked, or unknown?

It answers for one authority with a key that this authority delegated to it (4.2.2.2). What an answer proves about a
time is judged in `pki.revocation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from pki.errors import ProfileViolationError
from pki.keystore import SealingKey
from pki.profiles import OCSP_RESPONDER, require_profile
from pki.revocation_statements import issuer_digests
from pki.serial_books import SerialBook
from pki.signing import SIGNATURE_NAMES, sign_content

LONGEST_REQUEST = 4096
"""Longest request that is read, in bytes."""
LONGEST_NONCE = 128
"""Longest nonce that is given back, in bytes (RFC 9654, 2.1)."""
_SAFE_HASHES: dict[str, hashes.HashAlgorithm] = {
    "1.3.14.3.2.26": hashes.SHA1(),  # noqa: S303  only finds the issuer, and is what most ask with (RFC 6960, 4.3)
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}


class OcspResponder:
    """Answers for one authority."""

    def __init__(
        self,
        issuer: x509.Certificate,
        key: SealingKey,
        book: SerialBook,
        *,
        period: timedelta = timedelta(hours=12),
    ) -> None:
        """Take the authority's certificate, the delegated key and the book.

        Args:
            issuer: the authority that issued both the certificates asked about and the key's own.
            key: of the profile OCSP_RESPONDER.
            book: what is known of certificates.
            period: for how long an answer is current.

        Raises:
            ProfileViolationError: the key's certificate is none of a responder, or of another authority.
        """
        require_profile(key.certificate, OCSP_RESPONDER)
        try:
            key.certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as problem:
            raise ProfileViolationError(OCSP_RESPONDER.name, ("another authority issued it",)) from problem
        self._issuer = issuer
        self._key = key
        self._book = book
        self._period = period
        self._certificate = asn1_x509.Certificate.load(key.certificate.public_bytes(Encoding.DER))

    def answer(self, request_der: bytes, now: datetime) -> bytes:
        """Answer a request, whatever it holds.

        Args:
            request_der: OCSPRequest in DER, about one certificate, from anybody.
            now: the time; aware.

        Returns:
            OCSPResponse in DER: signed, or the reason why there is no answer (RFC 6960, 2.3).

        Raises:
            KeyStoreError: the key cannot sign.
        """
        certificate = self._key.certificate
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return _refusal(ocsp.OCSPResponseStatus.TRY_LATER)
        try:
            asked = _read(request_der)
        except (ValueError, TypeError, RuntimeError, UnsupportedAlgorithm, OverflowError):  # or about several at once
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        if asked is None or not self._is_ours(asked):
            return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        return self._signed(self._content(asked, now))

    def _is_ours(self, asked: _Question) -> bool:
        return (asked.issuer_name_hash, asked.issuer_key_hash) == issuer_digests(self._issuer, asked.algorithm)

    def _content(self, asked: _Question, now: datetime) -> asn1_ocsp.ResponseData:
        this_update = now.astimezone(UTC).replace(microsecond=0)
        answer = {
            "cert_id": asked.certificate_id,
            "cert_status": self._status(asked.serial),
            "this_update": this_update,
            "next_update": this_update + self._period,
        }
        content: dict[str, Any] = {
            "responder_id": asn1_ocsp.ResponderId("by_key", self._certificate.public_key.sha1),
            "produced_at": this_update,
            "responses": [answer],
        }
        if asked.nonce is not None:
            content["response_extensions"] = [{"extn_id": "nonce", "extn_value": asked.nonce}]
        return asn1_ocsp.ResponseData(content)

    def _status(self, serial: int) -> asn1_ocsp.CertStatus:
        revocation = self._book.revocation(serial)
        if revocation is not None:
            values: dict[str, Any] = {"revocation_time": revocation.at.astimezone(UTC).replace(microsecond=0)}
            if revocation.reason is not x509.ReasonFlags.unspecified:
                values["revocation_reason"] = revocation.reason.name
            return asn1_ocsp.CertStatus("revoked", values)
        if self._book.issued(serial):
            return asn1_ocsp.CertStatus("good", asn1_ocsp.StatusGood())
        return asn1_ocsp.CertStatus("unknown", asn1_ocsp.StatusUnknown())

    def _signed(self, content: asn1_ocsp.ResponseData) -> bytes:
        basic = asn1_ocsp.BasicOCSPResponse(
            {
                "tbs_response_data": content,
                "signature_algorithm": {"algorithm": SIGNATURE_NAMES[self._key.algorithm]},
                "signature": sign_content(content.dump(), self._key),
                "certs": [self._certificate],
            }
        )
        body = {"response_type": "basic_ocsp_response", "response": basic}
        return bytes(asn1_ocsp.OCSPResponse({"response_status": "successful", "response_bytes": body}).dump())


@dataclass(frozen=True, slots=True)
class _Question:
    """What a request asks about."""

    algorithm: hashes.HashAlgorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    certificate_id: Any
    """As it was asked, which the answer repeats."""
    nonce: bytes | None


def _read(request_der: bytes) -> _Question | None:
    """Read a request; None if it uses a digest that nobody should ask with. Raises as its parsers do."""
    if len(request_der) > LONGEST_REQUEST:
        raise ValueError("the request is too long")
    request = ocsp.load_der_ocsp_request(request_der)
    certificate_id = asn1_ocsp.OCSPRequest.load(request_der)["tbs_request"]["request_list"][0]["req_cert"]
    algorithm = _SAFE_HASHES.get(certificate_id["hash_algorithm"]["algorithm"].dotted)
    if algorithm is None:
        return None
    return _Question(
        algorithm,
        request.issuer_name_hash,
        request.issuer_key_hash,
        request.serial_number,
        certificate_id.copy(),
        _nonce(request),
    )


def _nonce(request: ocsp.OCSPRequest) -> bytes | None:
    try:
        nonce = request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None
    if not 0 < len(nonce) <= LONGEST_NONCE:
        raise ValueError("the nonce is empty or too long")
    return nonce


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
