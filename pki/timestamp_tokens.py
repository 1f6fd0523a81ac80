"""Time-stamp tokens, read and judged (RFC 3161, 2.4.2; ETSI EN 319 422), whoever made them.

A token is believed when its digest is the one in question, its signature computes over what it says, its certificate
is named in it and is for stamping time alone, and led to a trust root when the stamp was made. Whether it was revoked
is asked apart (`pki.revocation`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from pki.errors import MalformedTimeStampError
from pki.trust import STAMPING, CertificatePath, find_path

IMPRINT_BYTES: dict[str, int] = {"sha256": 32, "sha384": 48, "sha512": 64}
"""The digests that are stamped and believed, and how long each is."""
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    AttributeError,
    RecursionError,
    x509.InvalidVersion,
)
"""What asn1crypto raises for bytes that are not what they claim to be."""
LONGEST_TOKEN = 64 * 1024
"""Longest token that is read, in bytes."""
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampToken:
    """What a token says; nothing here is trusted yet."""

    at: datetime
    """When it says that the digest existed, UTC."""
    serial: int
    policy: str
    """Under which it was made, dotted."""
    algorithm: str
    """Of the digest, as asn1crypto names it."""
    imprint: bytes
    certificate: bytes
    """The one that is said to have signed, DER."""
    others: tuple[bytes, ...]
    """The other certificates in it, DER."""
    problem: str | None
    """Why it does not compute, in one line, or None."""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """Whether a token can be believed."""

    path: CertificatePath
    """From its certificate to a trust root, at the time of the stamp."""
    problem: str | None
    """Why not, in one line, or None."""


def read_token(token_der: bytes) -> TimeStampToken:
    """Read a token of any origin.

    Args:
        token_der: ContentInfo in DER; zeros behind it are passed over, as in a PDF's string.

    Raises:
        MalformedTimeStampError: it is none.
    """
    if len(token_der) > LONGEST_TOKEN:
        raise MalformedTimeStampError(f"the time stamp is longer than {LONGEST_TOKEN} bytes")
    try:
        return _read(cms.ContentInfo.load(token_der)["content"])
    except UNREADABLE as problem:
        raise MalformedTimeStampError("this is no time-stamp token") from problem


def check_token(
    token: TimeStampToken, digest: bytes, roots: Iterable[bytes], helpers: Iterable[bytes] = ()
) -> TokenAnswer:
    """Judge a token at the time that it gives.

    Args:
        token: as `read_token` read it.
        digest: what it should be of, by the token's own algorithm.
        roots: trust roots, DER.
        helpers: further certificates that may lie between, DER.

    Returns:
        The path and why the token cannot be believed; never raises for what the token holds.
    """
    path = find_path(token.certificate, (*token.others, *helpers), roots, token.at, purpose=STAMPING)
    if token.problem is not None:
        return TokenAnswer(path, token.problem)
    if token.imprint != digest:
        return TokenAnswer(path, "the time stamp is of something else")
    return TokenAnswer(path, path.problem)


def _read(signed: Any) -> TimeStampToken:
    content = signed["encap_content_info"]["content"]
    info = content.parsed
    if signed["encap_content_info"]["content_type"].native != "tst_info" or not isinstance(info, tsp.TSTInfo):
        raise ValueError("the content is no time stamp")
    (signer,) = signed["signer_infos"]
    named = signer["sid"].chosen
    certificates = [found.chosen for found in signed["certificates"] if found.name == "certificate"]
    mine = [found for found in certificates if is_named(found, named)]
    if len(mine) != 1:
        raise ValueError("the certificate that signed is not in it")
    certificate = bytes(mine[0].dump())
    algorithm = info["message_imprint"]["hash_algorithm"]["algorithm"].native
    return TimeStampToken(
        at=info["gen_time"].native.astimezone(UTC),
        serial=int(info["serial_number"].native),
        policy=str(info["policy"].dotted),
        algorithm=str(algorithm),
        imprint=bytes(info["message_imprint"]["hashed_message"].native),
        certificate=certificate,
        others=tuple(bytes(found.dump()) for found in certificates if found is not mine[0]),
        problem=_problem(signer, bytes(content), certificate, info),
    )


def is_named(certificate: Any, sid: Any) -> bool:
    """Whether a signer's identifier names a certificate: by its issuer, byte for byte, and number, or by its key.

    Names are the same in any case (RFC 5280, 7.1); but nobody signs how they stand in an identifier.
    """
    if isinstance(sid, cms.IssuerAndSerialNumber):
        same_issuer = certificate.issuer.dump() == sid["issuer"].dump()
        return bool(same_issuer and certificate.serial_number == sid["serial_number"].native)
    return bool(certificate.key_identifier == sid.native)


def _problem(signer: Any, content: bytes, certificate: bytes, info: Any) -> str | None:
    """The first reason why the token does not compute (RFC 5652, 5.4 and 5.6; RFC 5816)."""
    algorithm = str(signer["digest_algorithm"]["algorithm"].native)
    imprint = str(info["message_imprint"]["hash_algorithm"]["algorithm"].native)
    weak = next((name for name in (algorithm, imprint) if name not in _HASHES), None)
    if weak is not None:
        return f"{weak} is too weak"
    attributes = _attributes(signer)
    reasons = (
        (attributes.get("content_type") != ["tst_info"], "the signed attributes do not say that it is a time stamp"),
        (
            attributes.get("message_digest") != [hashlib.new(algorithm, content).digest()],
            "the digest of the time stamp's content differs",
        ),
        (not _names_certificate(signer, certificate), "the signed attributes do not name the certificate"),
        (not _signature_computes(signer, certificate, algorithm), "the signature of the time stamp is not valid"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _attributes(signer: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        values = attribute["values"].native if name in ("content_type", "message_digest") else []
        found.setdefault(name, []).extend(values)
    return found


def _names_certificate(signer: Any, certificate: bytes) -> bool:
    """Whether the first certificate that the attributes name is the one that signed (RFC 5035; RFC 5816, 2.2.1)."""
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name not in ("signing_certificate_v2", "signing_certificate"):
            continue
        first = attribute["values"][0]["certs"][0]
        algorithm = first["hash_algorithm"]["algorithm"].native if name == "signing_certificate_v2" else "sha1"
        return bool(hashlib.new(algorithm, certificate, usedforsecurity=False).digest() == first["cert_hash"].native)
    return False


def _signature_computes(signer: Any, certificate: bytes, digest: str) -> bool:
    signed = bytes(signer["signed_attrs"].untag().dump())
    signature = bytes(signer["signature"].native)
    method = signer["signature_algorithm"]
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        algorithm = _HASHES[_signature_hash(method, digest)]
        if isinstance(key, rsa.RSAPublicKey) and method.signature_algo == "rsassa_pkcs1v15":
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, rsa.RSAPublicKey) and method.signature_algo == "rsassa_pss":
            salt = int(method["parameters"]["salt_length"].native)
            key.verify(signature, signed, padding.PSS(padding.MGF1(algorithm), salt), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and method.signature_algo == "ecdsa":
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, *UNREADABLE):
        return False
    return True


def _signature_hash(method: Any, digest: str) -> str:
    """The digest that the signature algorithm names; where it names none, that of the signer."""
    try:
        return str(method.hash_algo)
    except ValueError:
        return digest
