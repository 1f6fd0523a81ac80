"""OCSP answers of anybody about anything, produced at any time, which our own responder would refuse to give."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asn1crypto import ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from pki.revocation_statements import issuer_digests
from tests.pki.forged_certificates import Holder

_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}


def ocsp_answer(
    responder: Holder,
    about: x509.Certificate,
    issuer: x509.Certificate,
    *,
    status: tuple[str, Any],
    period: tuple[datetime, datetime],
    carried: list[bytes],
    signed_over: str = "sha256",
) -> bytes:
    """Return an OCSPResponse in DER."""
    value = (
        status[1] if status[1] is not None else {"good": ocsp.StatusGood(), "unknown": ocsp.StatusUnknown()}[status[0]]
    )
    single = {
        "cert_id": _identity(about, issuer),
        "cert_status": ocsp.CertStatus(status[0], value),
        "this_update": period[0],
        "next_update": period[1],
    }
    key_identifier = asn1_x509.Certificate.load(responder.der).public_key.sha1
    content = ocsp.ResponseData(
        {"responder_id": ocsp.ResponderId("by_key", key_identifier), "produced_at": period[0], "responses": [single]}
    )
    basic = ocsp.BasicOCSPResponse(
        {
            "tbs_response_data": content,
            "signature_algorithm": {"algorithm": f"{signed_over}_ecdsa"},
            "signature": responder.key.sign(content.dump(), ec.ECDSA(_HASHES[signed_over])),
            "certs": [asn1_x509.Certificate.load(der) for der in carried],
        }
    )
    body = {"response_type": "basic_ocsp_response", "response": basic}
    return bytes(ocsp.OCSPResponse({"response_status": "successful", "response_bytes": body}).dump())


def _identity(about: x509.Certificate, issuer: x509.Certificate) -> dict[str, Any]:
    name_hash, key_hash = issuer_digests(issuer, hashes.SHA256())
    return {
        "hash_algorithm": {"algorithm": "sha256"},
        "issuer_name_hash": name_hash,
        "issuer_key_hash": key_hash,
        "serial_number": about.serial_number,
    }
