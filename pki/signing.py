"""Signs certificates, revocation lists and answers of services with a key that never leaves its store.

First the whole content is made and signed with a throw-away key of the same kind, so that it can be looked at as a
certificate; only what passed is signed by the real key, over the very same bytes. What was not checked cannot be
signed.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import ClassVar

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from pki.errors import KeyStoreError
from pki.keystore import KeyAlgorithm, PublicKey, SigningKey


def sign_certificate(
    builder: x509.CertificateBuilder, key: SigningKey, check: Callable[[x509.Certificate], None]
) -> x509.Certificate:
    """Check a certificate, then sign it with the real key over SHA-256.

    Args:
        builder: the certificate's content.
        key: the issuer's key.
        check: raises when the certificate must not be signed; its error passes through.

    Raises:
        KeyStoreError: the key cannot sign, or what it gave is no signature of its own.
    """
    draft = builder.sign(_throwaway(key.algorithm is KeyAlgorithm.P_256), hashes.SHA256())
    check(draft)
    return x509.load_der_x509_certificate(_sign_again(draft.public_bytes(Encoding.DER), key))


def sign_revocation_list(
    builder: x509.CertificateRevocationListBuilder, key: SigningKey
) -> x509.CertificateRevocationList:
    """Sign a revocation list with the real key over SHA-256.

    Raises:
        KeyStoreError: the key cannot sign, or what it gave is no signature of its own.
    """
    draft = builder.sign(_throwaway(key.algorithm is KeyAlgorithm.P_256), hashes.SHA256())
    return x509.load_der_x509_crl(_sign_again(draft.public_bytes(Encoding.DER), key))


def sign_content(content: bytes, key: SigningKey) -> bytes:
    """Sign bytes over SHA-256 with the real key.

    Returns:
        The signature, in the form that `SigningKey.sign` gives.

    Raises:
        KeyStoreError: the key cannot sign, or what it gave is no signature of its own.
    """
    signature = key.sign(hashlib.sha256(content).digest())
    _require_signature(key.public_key, signature, content)
    return signature


class _Signed(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """What a certificate and a revocation list have in common (RFC 5280, 4.1 and 5.1)."""

    _fields: ClassVar = [("content", core.Any), ("algorithm", core.Any), ("signature", core.OctetBitString)]


SIGNATURE_NAMES: dict[KeyAlgorithm, str] = {
    KeyAlgorithm.P_256: "sha256_ecdsa",
    KeyAlgorithm.RSA_2048: "sha256_rsa",
    KeyAlgorithm.RSA_3072: "sha256_rsa",
}
"""What the signatures of each kind of key are called in asn1crypto."""


def _sign_again(draft: bytes, key: SigningKey) -> bytes:
    """Return the same content with the real key's signature in place of the throw-away one."""
    signed = _Signed.load(draft)
    signed["signature"] = core.OctetBitString(sign_content(signed["content"].dump(), key))
    result: bytes = signed.dump()
    return result


def _require_signature(key: PublicKey, signature: bytes, content: bytes) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as problem:
        raise KeyStoreError("the key gave a signature that its own public half does not accept") from problem


@functools.cache
def _throwaway(elliptic: bool) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    """A key that signs drafts only; the signature algorithm it names is the real key's whatever its size."""
    if elliptic:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
