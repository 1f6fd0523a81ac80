"""The signature itself (CMS SignedData, RFC 5652) as PAdES baseline B asks (ETSI EN 319 142-1, 6.3).

All that is the same for each seal of one key is encoded once; from seal to seal only the message digest, the
endorsement and the signature differ. The time of sealing stands in the PDF's signature dictionary, so the attribute
signing-time is absent (EN 319 142-1, table 1).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.general import as_signing_certificate_v2

from pki.keystore import LONGEST_SIGNATURE, KeyAlgorithm, SealingKey
from seals.endorsement import ENDORSEMENT_OID

_SEQUENCE, _SET, _OCTET_STRING, _TAGGED_0 = b"\x30", b"\x31", b"\x04", b"\xa0"
_KEPT = 1024
"""For how many lengths of endorsements and of signatures what is equal for all of them is kept."""
_SHA_256_LENGTH = hashlib.sha256().digest_size
_VERSION_1 = b"\x02\x01\x01"


class SignatureTemplate:
    """Makes the signatures of one key."""

    def __init__(self, key: SealingKey) -> None:
        """Encode what stays the same: certificates, algorithms, three of the five signed attributes."""
        certificate = _asn1(key.certificate)
        digest = algos.DigestAlgorithm({"algorithm": "sha256"})
        signature = algos.SignedDigestAlgorithm({"algorithm": _SIGNATURE_NAMES[key.algorithm]})
        self._key = key
        self._fixed_attributes = _fixed_attributes(certificate, digest, signature)
        self._digest_start = _opened(cms.CMSAttributeType("message_digest").dump(), _SHA_256_LENGTH)
        self._signed_data_type = cms.ContentType("signed_data").dump()
        self._before_signer = _VERSION_1 + _der(_SET, digest.dump()) + _data_content() + _certificates(key)
        self._signer_identity = _VERSION_1 + _identity(certificate) + digest.dump()
        self._signature_algorithm = signature.dump()
        self._frame = lru_cache(_KEPT)(self._new_frame)
        self._around = lru_cache(_KEPT)(self._new_around)

    def longest(self, endorsement: bytes) -> int:
        """Return how long a signature with this endorsement is at most, in bytes."""
        return self._frame(len(endorsement)).longest

    def sign(self, digest: bytes, endorsement: bytes) -> bytes:
        """Sign a document's SHA-256 digest together with its endorsement.

        Returns:
            The CMS ContentInfo in DER.

        Raises:
            pki.errors.KeyStoreError: the key cannot sign.
        """
        frame = self._frame(len(endorsement))
        attributes = frame.filled(digest, endorsement)
        to_sign = hashlib.sha256(frame.set_start + attributes).digest()  # a SET OF, whatever its tag later (5.4)
        signature = self._key.sign(to_sign)
        before, between = self._around(len(attributes), len(signature))
        return b"".join((before, attributes, between, signature))

    def _new_frame(self, length: int) -> _Frame:
        """Return the frame for endorsements of a length."""
        endorsement_start = _opened(core.ObjectIdentifier(ENDORSEMENT_OID).dump(), length)
        # Each begins with its length and its type, which differ: what follows does not change the order of DER.
        parts = sorted((*self._fixed_attributes, self._digest_start, endorsement_start))
        attributes = sum(map(len, parts)) + _SHA_256_LENGTH + length
        signature = LONGEST_SIGNATURE[self._key.algorithm]
        return _Frame(
            parts=tuple(parts),
            digest_at=parts.index(self._digest_start),
            endorsement_at=parts.index(endorsement_start),
            set_start=_head(_SET, attributes),
            longest=sum(map(len, self._around(attributes, signature))) + attributes + signature,
        )

    def _new_around(self, attributes: int, signature: int) -> tuple[bytes, bytes]:
        """Return what stands before the attributes and between them and the signature, for such lengths in bytes.

        Put together from the inside out: an element's head says how long all is that it holds.
        """
        between = self._signature_algorithm + _head(_OCTET_STRING, signature)
        rest = attributes + len(between) + signature
        before = self._signer_identity + _head(_TAGGED_0, attributes)
        for tag, outside in (
            (_SEQUENCE, b""),
            (_SET, self._before_signer),
            (_SEQUENCE, b""),
            (_TAGGED_0, self._signed_data_type),
            (_SEQUENCE, b""),
        ):
            before = outside + _head(tag, len(before) + rest) + before
        return before, between


@dataclass(frozen=True, slots=True)
class _Frame:
    """The signed attributes in the order of DER, but for what differs from seal to seal."""

    parts: tuple[bytes, ...]
    digest_at: int
    endorsement_at: int
    set_start: bytes
    """Tag and length of them all as a SET OF."""
    longest: int
    """The longest signature with them, in bytes."""

    def filled(self, digest: bytes, endorsement: bytes) -> bytes:
        """Return the attributes, without their outer tag."""
        parts = [*self.parts]
        parts[self.digest_at] += digest
        parts[self.endorsement_at] += endorsement
        return b"".join(parts)


_SIGNATURE_NAMES = {
    KeyAlgorithm.P_256: "sha256_ecdsa",
    KeyAlgorithm.RSA_2048: "sha256_rsa",
    KeyAlgorithm.RSA_3072: "sha256_rsa",
}


def _fixed_attributes(
    certificate: asn1_x509.Certificate, digest: algos.DigestAlgorithm, signature: algos.SignedDigestAlgorithm
) -> tuple[bytes, ...]:
    """Return content type, signing certificate (RFC 5035) and algorithm protection (RFC 6211), encoded."""
    protection = cms.CMSAlgorithmProtection({"digest_algorithm": digest, "signature_algorithm": signature})
    values = (
        ("content_type", cms.ContentType("data")),
        ("signing_certificate_v2", as_signing_certificate_v2(certificate)),
        ("cms_algorithm_protection", protection),
    )
    return tuple(_attribute(cms.CMSAttributeType(name).dump(), value.dump()) for name, value in values)


def _opened(kind: bytes, length: int) -> bytes:
    """Return an attribute that holds one octet string of a length, up to where the string begins."""
    whole = _attribute(kind, _der(_OCTET_STRING, bytes(length)))
    return whole[: len(whole) - length]


def _attribute(kind: bytes, value: bytes) -> bytes:
    return _der(_SEQUENCE, kind + _der(_SET, value))


def _data_content() -> bytes:
    """Return the content info of a detached signature: data, not enclosed."""
    return _der(_SEQUENCE, cms.ContentType("data").dump())


def _certificates(key: SealingKey) -> bytes:
    """Return the certificates that travel with the signature: the seal's and those above it, without the root."""
    encoded = sorted(certificate.public_bytes(Encoding.DER) for certificate in (key.certificate, *key.chain))
    return _der(_TAGGED_0, b"".join(encoded))


def _identity(certificate: asn1_x509.Certificate) -> bytes:
    encoded: bytes = cms.IssuerAndSerialNumber(
        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    ).dump()
    return encoded


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _der(tag: bytes, content: bytes) -> bytes:
    return _head(tag, len(content)) + content


def _head(tag: bytes, length: int) -> bytes:
    """Return tag and length, the length in its shortest form (X.690, 10.1)."""
    if length < 128:
        return tag + bytes((length,))
    encoded = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return tag + bytes((128 + len(encoded),)) + encoded
