"""Keys in encrypted PKCS#12 files (RFC 7292): one folder, one file for each label.

Files are encrypted with PBES2 and AES-256 (RFC 8018) and readable by their owner alone; a folder that others can read
is refused. A key is decrypted once and then kept in memory.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import pkcs12

from pki.errors import (
    CertificateMismatchError,
    DamagedKeyError,
    KeyExistsError,
    KeyStoreError,
    OpenKeyFolderError,
    UncertifiedKeyError,
    UnknownKeyError,
    WrongPassphraseError,
)
from pki.keystore import KeyAlgorithm, PublicKey, require_digest, require_label

KDF_ROUNDS = 600_000
"""Rounds of the derivation of the file's key from the passphrase."""

_SUFFIX = ".p12"
_PREHASHED = Prehashed(hashes.SHA256())
_PKCS1, _ECDSA = padding.PKCS1v15(), ec.ECDSA(_PREHASHED)
_RSA_BITS = {KeyAlgorithm.RSA_2048: 2048, KeyAlgorithm.RSA_3072: 3072}

_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class _Pkcs12Key:
    """A decrypted key with what is stored beside it."""

    label: str
    algorithm: KeyAlgorithm
    private_key: _PrivateKey = field(repr=False)
    stored_certificate: x509.Certificate | None
    chain: tuple[x509.Certificate, ...]

    @property
    def public_key(self) -> PublicKey:
        return self.private_key.public_key()

    @property
    def certificate(self) -> x509.Certificate:
        if self.stored_certificate is None:
            raise UncertifiedKeyError(f"the key {self.label!r} has no certificate yet")
        return self.stored_certificate

    def sign(self, digest: bytes) -> bytes:
        require_digest(digest)
        if isinstance(self.private_key, rsa.RSAPrivateKey):
            return self.private_key.sign(digest, _PKCS1, _PREHASHED)
        return self.private_key.sign(digest, _ECDSA)


class Pkcs12KeyStore:
    """A folder of PKCS#12 files that one passphrase opens; carries out `pki.keystore.KeyStore`."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        """Use a folder, which is made when there is none.

        Raises:
            OpenKeyFolderError: others than the owner may enter it.
            KeyStoreError: the passphrase is empty, or the folder cannot be made.
        """
        if not passphrase:
            raise KeyStoreError("the keys need a passphrase that is not empty")
        self._folder = folder
        self._passphrase = passphrase.encode()
        self._lock = threading.Lock()
        self._opened: dict[str, _Pkcs12Key] = {}
        _private_folder(folder)

    def labels(self) -> tuple[str, ...]:
        """Return the labels of all keys, sorted."""
        return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}")))

    def create(self, label: str, algorithm: KeyAlgorithm) -> _Pkcs12Key:
        """Make a new key without a certificate; see `KeyStore.create`."""
        with self._lock:
            path = self._path(label)
            if path.exists():
                raise KeyExistsError(f"there is a key {label!r} already")
            key = _Pkcs12Key(label, algorithm, _generate(algorithm), None, ())
            self._keep(path, key)
            return key

    def signing_key(self, label: str) -> _Pkcs12Key:
        """Return a key, whether it has a certificate or not; see `KeyStore.signing_key`."""
        with self._lock:
            return self._load(label)

    def open(self, label: str) -> _Pkcs12Key:
        """Return a key with its certificate; see `KeyStore.open`."""
        key = self.signing_key(label)
        if key.stored_certificate is None:
            raise UncertifiedKeyError(f"the key {label!r} has no certificate yet")
        return key

    def store_certificate(self, label: str, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> None:
        """Keep the certificate of a key and those above it; see `KeyStore.store_certificate`."""
        with self._lock:
            key = self._load(label)
            if certificate.public_key() != key.public_key:
                raise CertificateMismatchError(f"the certificate is not of the key {label!r}")
            self._keep(self._path(label), _Pkcs12Key(label, key.algorithm, key.private_key, certificate, chain))

    def destroy(self, label: str) -> None:
        """Remove a key's file; see `KeyStore.destroy`. Backups of the folder are its owner's to destroy."""
        with self._lock:
            self._opened.pop(label, None)
            try:
                self._path(label).unlink(missing_ok=True)
            except OSError as problem:
                raise KeyStoreError(f"the key {label!r} cannot be destroyed: {problem.strerror}") from problem

    def _path(self, label: str) -> Path:
        require_label(label)
        return self._folder / f"{label}{_SUFFIX}"

    def _load(self, label: str) -> _Pkcs12Key:
        if label not in self._opened:
            self._opened[label] = _read(self._path(label), label, self._passphrase)
        return self._opened[label]

    def _keep(self, path: Path, key: _Pkcs12Key) -> None:
        _write_private(path, _encrypted(key, self._passphrase))
        self._opened[key.label] = key


def _private_folder(folder: Path) -> None:
    """Make the folder with mode 0700, or see that an existing one is closed to others."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as problem:
        raise KeyStoreError(f"the folder of keys {folder} cannot be used: {problem.strerror}") from problem
    if mode & 0o077:
        raise OpenKeyFolderError(f"others can enter the folder of keys {folder}; close it with: chmod 700 {folder}")


def _generate(algorithm: KeyAlgorithm) -> _PrivateKey:
    if algorithm is KeyAlgorithm.P_256:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[algorithm])


def _algorithm(private_key: object) -> KeyAlgorithm | None:
    if isinstance(private_key, ec.EllipticCurvePrivateKey) and isinstance(private_key.curve, ec.SECP256R1):
        return KeyAlgorithm.P_256
    if isinstance(private_key, rsa.RSAPrivateKey):
        return next((name for name, bits in _RSA_BITS.items() if bits == private_key.key_size), None)
    return None


def _encrypted(key: _Pkcs12Key, passphrase: bytes) -> bytes:
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(KDF_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    return pkcs12.serialize_key_and_certificates(
        key.label.encode(), key.private_key, key.stored_certificate, key.chain or None, encryption
    )


def _read(path: Path, label: str, passphrase: bytes) -> _Pkcs12Key:
    try:
        data = path.read_bytes()
    except FileNotFoundError as problem:
        raise UnknownKeyError(f"there is no key {label!r}") from problem
    except OSError as problem:
        raise KeyStoreError(f"the key {label!r} cannot be read: {problem.strerror}") from problem
    try:
        content = pkcs12.load_pkcs12(data, passphrase)
    except ValueError as problem:
        raise _unreadable(label, problem) from problem
    algorithm = _algorithm(content.key)
    if algorithm is None or not isinstance(content.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise DamagedKeyError(f"the file of the key {label!r} holds no key that this hub uses")
    certificate = content.cert.certificate if content.cert else None
    chain = tuple(above.certificate for above in content.additional_certs)
    return _Pkcs12Key(label, algorithm, content.key, certificate, chain)


def _unreadable(label: str, problem: ValueError) -> KeyStoreError:
    # The library tells the two apart by its sentence alone.
    if "password" in str(problem).lower():
        return WrongPassphraseError(f"the passphrase does not open the key {label!r}")
    return DamagedKeyError(f"the file of the key {label!r} is damaged")


def _write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_suffix(".new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as problem:
        raise KeyStoreError(f"the key {path.stem!r} cannot be kept: {problem.strerror}") from problem
