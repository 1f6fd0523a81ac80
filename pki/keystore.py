"""Where keys live: the interface that a PKCS#12 folder and a PKCS#11 token both carry out.

A private key never leaves its store. Who uses it hands in a SHA-256 digest and gets a signature back.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pki.errors import KeyStoreError

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
"""The public keys that this room deals with."""


class KeyAlgorithm(StrEnum):
    """Kinds of key that a store can make; each signs with SHA-256."""

    P_256 = "P_256"
    RSA_2048 = "RSA_2048"
    RSA_3072 = "RSA_3072"


LONGEST_SIGNATURE: dict[KeyAlgorithm, int] = {
    KeyAlgorithm.P_256: 72,  # SEQUENCE of two INTEGERs of at most 33 octets (RFC 3279, 2.2.3)
    KeyAlgorithm.RSA_2048: 256,
    KeyAlgorithm.RSA_3072: 384,
}
"""The longest signature of each algorithm, in bytes."""


_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_DIGEST_BYTES = 32


def is_label(text: str) -> bool:
    """Tell whether a key can be called so."""
    return _LABEL.fullmatch(text) is not None


def require_label(text: str) -> None:
    """Raise KeyStoreError for what no key can be called."""
    if not is_label(text):
        raise KeyStoreError(f"{text!r} is no label: small letters, digits and hyphens, at most 64")


def require_digest(digest: bytes) -> None:
    """Raise KeyStoreError for what is no SHA-256 digest."""
    if len(digest) != _DIGEST_BYTES:
        raise KeyStoreError(f"a SHA-256 digest has {_DIGEST_BYTES} bytes")


class SigningKey(Protocol):
    """A private key in its store, with or without a certificate."""

    @property
    def label(self) -> str:
        """The name of the key in its store."""

    @property
    def algorithm(self) -> KeyAlgorithm:
        """What kind of key it is."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest of 32 bytes.

        Returns:
            For RSA a PKCS#1 v1.5 signature (RFC 8017, 8.2); for P-256 a DER ECDSA-Sig-Value (RFC 3279, 2.2.3).

        Raises:
            KeyStoreError: the store cannot sign.
        """


class SealingKey(SigningKey, Protocol):
    """A key with its certificate, ready to seal."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of this key."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates above it, nearest first, without the root."""


class KeyStore(Protocol):
    """A place that makes keys, keeps them and signs with them."""

    def labels(self) -> tuple[str, ...]:
        """Return the labels of all keys, sorted.

        Raises:
            KeyStoreError: the store cannot be reached.
        """

    def create(self, label: str, algorithm: KeyAlgorithm) -> SigningKey:
        """Make a new key that has no certificate yet.

        Raises:
            KeyExistsError: there is one of that label; it is left as it is.
            KeyStoreError: the store cannot keep it.
        """

    def signing_key(self, label: str) -> SigningKey:
        """Return a key, whether it has a certificate or not.

        Raises:
            UnknownKeyError, WrongPassphraseError, DamagedKeyError: it cannot be had.
        """

    def store_certificate(self, label: str, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> None:
        """Keep the certificate of a key, and those above it, in place of what was kept before.

        Raises:
            CertificateMismatchError: the certificate is not of this key.
            KeyStoreError: the key cannot be had.
        """

    def open(self, label: str) -> SealingKey:
        """Return a key with its certificate.

        Raises:
            UncertifiedKeyError: it has no certificate yet.
            UnknownKeyError, WrongPassphraseError, DamagedKeyError: it cannot be had.
        """

    def destroy(self, label: str) -> None:
        """Destroy a key with its certificates for ever; one that is not there is destroyed already.

        Raises:
            KeyStoreError: the store cannot do it.
        """
