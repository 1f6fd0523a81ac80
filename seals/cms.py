"""The signature itself (CMS SignedData, RFC 5652) as PAdES baseline B asks (ETSI EN 319 142-1, 6.3).

All that is the same for each seal of one key is encoded once; from seal to seal only the message digest, the
endorsement and the signature differ. The time of sealing stands in the PDF's signature dictionary, so the attribute
signing-time is absent (EN 319 142-1, table 1).
"""

from __future__ import annotations

import hashlib

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.general import as_signing_certificate_v2

from pki.keystore import LONGEST_SIGNATURE, KeyAlgorithm, SealingKey
from seals.endorsement import ENDORSEMENT_OID

_SEQUENCE, _SET, _OCTET_STRING, _TAGGED_0 = b"\x30", b"\x31", b"\x04", b"\xa0"
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
        self._digest_type = cms.CMSAttributeType("message_digest").dump()
        self._endorsement_type = core.ObjectIdentifier(ENDORSEMENT_OID).dump()
        self._signed_data_type = cms.ContentType("signed_data").dump()
        self._before_signer = _VERSION_1 + _der(_SET, digest.dump()) + _data_content() + _certificates(key)
        self._signer_identity = _VERSION_1 + _identity(certificate) + digest.dump()
        self._signature_algorithm = signature.dump()

    def longest(self, endorsement: bytes) -> int:
        """Return how long a signature with this endorsement is at most, in bytes."""
        attributes = self._attributes(bytes(hashlib.sha256().digest_size), endorsement)
        return len(self._assembled(attributes, bytes(LONGEST_SIGNATURE[self._key.algorithm])))

    def sign(self, digest: bytes, endorsement: bytes) -> bytes:
        """Sign a document's SHA-256 digest together with its endorsement.

        Returns:
            The CMS ContentInfo in DER.

        Raises:
            pki.errors.KeyStoreError: the key cannot sign.
        """
        attributes = self._attributes(digest, endorsement)
        to_sign = hashlib.sha256(_der(_SET, attributes)).digest()  # as a SET OF, whatever its tag later (RFC 5652, 5.4)
        return self._assembled(attributes, self._key.sign(to_sign))

    def _attributes(self, digest: bytes, endorsement: bytes) -> bytes:
        """Return the signed attributes in the order of DER, without their outer tag."""
        variable = (
            _attribute(self._digest_type, _der(_OCTET_STRING, digest)),
            _attribute(self._endorsement_type, _der(_OCTET_STRING, endorsement)),
        )
        return b"".join(sorted((*self._fixed_attributes, *variable)))

    def _assembled(self, attributes: bytes, signature: bytes) -> bytes:
        signer = _der(
            _SEQUENCE,
            self._signer_identity
            + _der(_TAGGED_0, attributes)
            + self._signature_algorithm
            + _der(_OCTET_STRING, signature),
        )
        signed_data = _der(_SEQUENCE, self._before_signer + _der(_SET, signer))
        return _der(_SEQUENCE, self._signed_data_type + _der(_TAGGED_0, signed_data))


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
    """Return a DER element: tag, length in its shortest form (X.690, 10.1), content."""
    length = len(content)
    if length < 128:
        return tag + bytes((length,)) + content
    encoded = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return tag + bytes((128 + len(encoded),)) + encoded + content
