"""Time-stamp tokens of any kind, which our own authority would refuse to make."""

from __future__ import annotations

import hashlib
from typing import Any

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.pki.forged_certificates import AT, Holder

_SAME = object()


def forged_token(
    holder: Holder,
    digest: bytes,
    *,
    signer: Holder | None = None,
    carried: Holder | None = None,
    named: Any = _SAME,
    **changes: Any,
) -> bytes:
    """A token of a digest, made at AT; DER.

    `signer` signs in the holder's name, `carried` travels in its place, `named` is the certificate that the signed
    attributes name; `changes`: content_type and content_digest (attributes), digest_algorithm, imprint_algorithm.
    """
    certificate = asn1_x509.Certificate.load(holder.der)
    content = _content(digest, changes.get("imprint_algorithm", "sha256"))
    attributes = _attributes(content, holder.der if named is _SAME else named, changes)
    method = changes.get("digest_algorithm", "sha256")
    info = {
        "version": "v1",
        "sid": {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
        "digest_algorithm": {"algorithm": method},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": f"{method}_ecdsa"},
        "signature": (signer or holder).key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
    }
    info["sid"] = cms.IssuerAndSerialNumber(info["sid"])
    signed = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": method}],
        "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(content)},
        "certificates": [asn1_x509.Certificate.load((carried or holder).der)],
        "signer_infos": [info],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())


def _content(digest: bytes, algorithm: str) -> bytes:
    values = {
        "version": "v1",
        "policy": "1.2.3.4",
        "message_imprint": {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest},
        "serial_number": 1,
        "gen_time": AT,
    }
    return bytes(tsp.TSTInfo(values).dump())


def _attributes(content: bytes, named: bytes | None, changes: dict[str, Any]) -> cms.CMSAttributes:
    digest = changes.get("content_digest", hashlib.sha256(content).digest())
    attributes = [
        {"type": "content_type", "values": [changes.get("content_type", "tst_info")]},
        {"type": "message_digest", "values": [digest]},
    ]
    if named is not None:
        certificate = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(named).digest()})
        value = tsp.SigningCertificateV2({"certs": [certificate]})
        attributes.append({"type": "signing_certificate_v2", "values": [value]})
    return cms.CMSAttributes([cms.CMSAttribute(attribute) for attribute in attributes])
