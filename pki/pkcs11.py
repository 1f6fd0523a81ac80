"""Keys in a PKCS#11 token (Cryptoki 2.40): made there, used there, never to be had out of it.

Everything lies on the token, so that another process or machine with the same token and PIN finds it again: for each
key a private and a public object and its certificates, all under its label. A certificate above it is labelled
``<label>/<place in the chain>`` and carries the SHA-256 digest of the key's own certificate as its CKA_ID.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11.constants import Attribute, MechanismFlag, ObjectClass
from pkcs11.mechanisms import KeyType, Mechanism
from pkcs11.types import Object, PrivateKey, Session, SignMixin
from pkcs11.util.ec import encode_named_curve_parameters
from pkcs11.util.x509 import decode_x509_certificate

from pki.cryptoki import load_module
from pki.errors import (
    CertificateMismatchError,
    DamagedKeyError,
    KeyExistsError,
    KeyStoreError,
    TokenUnavailableError,
    UncertifiedKeyError,
    UnknownKeyError,
)
from pki.keystore import KeyAlgorithm, PublicKey, is_label, require_digest, require_label
from pki.token_sessions import TokenSession, TokenSessions

SESSIONS = 8
"""How many threads use a token at a time, unless another number is asked for."""

_P_256 = encode_named_curve_parameters("secp256r1")
_RSA_BITS = {KeyAlgorithm.RSA_2048: 2048, KeyAlgorithm.RSA_3072: 3072}
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # SHA-256 (RFC 8017, 9.2, note 1)
_PREHASHED = Prehashed(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class _TokenKey:
    """A key on a token, and the certificates that lay beside it when it was looked up."""

    label: str
    algorithm: KeyAlgorithm
    public_key: PublicKey
    sessions: TokenSessions = field(repr=False)
    stored_certificate: x509.Certificate | None = None
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def certificate(self) -> x509.Certificate:
        if self.stored_certificate is None:
            raise UncertifiedKeyError(f"the key {self.label!r} has no certificate yet")
        return self.stored_certificate

    def sign(self, digest: bytes) -> bytes:
        require_digest(digest)
        try:
            return self.sessions.use(lambda token: self._signature(token, digest))
        except UnknownKeyError:
            # A token that another process changes at the same time may lose sight of a key for a moment.
            return self.sessions.use(lambda token: self._signature(token, digest))

    def _signature(self, token: TokenSession, digest: bytes) -> bytes:
        private = cast("SignMixin", _private_key(token, self.label))
        if isinstance(self.public_key, rsa.RSAPublicKey):
            signature = private.sign(_DIGEST_INFO + digest, mechanism=Mechanism.RSA_PKCS)
        else:
            raw = private.sign(digest, mechanism=Mechanism.ECDSA)
            half = len(raw) // 2
            signature = encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
        # A token that fails, or another key that took the label, must not be found out only by those who verify.
        if not _accepts(self.public_key, signature, digest):
            raise KeyStoreError(f"the token made a signature that is not of the key {self.label!r}")
        return signature


class Pkcs11KeyStore:
    """A token that one PIN opens; carries out `pki.keystore.KeyStore`."""

    def __init__(self, module: Path, token_label: str, pin: str, *, sessions: int = SESSIONS) -> None:
        """Load the module, find the token and log in.

        Args:
            module: the token's PKCS#11 library.
            token_label: which of its tokens.
            pin: of the token's user.
            sessions: how many threads use the token at a time, at most.

        Raises:
            TokenUnavailableError: there is no such token.
            WrongPassphraseError: it does not take the PIN, which is then not tried again.
            KeyStoreError: the PIN is empty, or the module cannot be loaded.
        """
        if not pin:
            raise KeyStoreError("the token needs a PIN that is not empty")
        self._making = threading.Lock()
        self._sessions = TokenSessions(load_module(module), token_label, pin, limit=sessions)
        self.labels()

    def labels(self) -> tuple[str, ...]:
        """Return the labels of all keys, sorted; a label that no key of ours can have is another program's."""
        return self._sessions.use(_labels)

    def create(self, label: str, algorithm: KeyAlgorithm) -> _TokenKey:
        """Make a new key without a certificate on the token; see `KeyStore.create`."""
        require_label(label)
        tries = itertools.count()

        def make(token: TokenSession) -> _TokenKey:
            begun = next(tries) > 0
            if _objects(token.session, ObjectClass.PRIVATE_KEY, label):
                if not begun:
                    raise KeyExistsError(f"there is a key {label!r} already")
                return self._found(token, label)  # it was made, and the token was away before it could say so
            if begun:
                _destroy(token, label)  # half of it was made
            _generate(token.session, label, algorithm)
            return self._made(token, label)

        with self._making:  # a token lets two keys have one label
            return self._sessions.use(make, writing=True)

    def signing_key(self, label: str) -> _TokenKey:
        """Return a key, whether it has a certificate or not; see `KeyStore.signing_key`."""
        require_label(label)
        return self._sessions.use(lambda token: self._found(token, label))

    def open(self, label: str) -> _TokenKey:
        """Return a key with its certificate; see `KeyStore.open`."""
        key = self.signing_key(label)
        if key.stored_certificate is None:
            raise UncertifiedKeyError(f"the key {label!r} has no certificate yet")
        return key

    def store_certificate(self, label: str, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> None:
        """Keep the certificate of a key and those above it on the token; see `KeyStore.store_certificate`."""
        if certificate.public_key() != self.signing_key(label).public_key:
            raise CertificateMismatchError(f"the certificate is not of the key {label!r}")
        with self._making:
            self._sessions.use(lambda token: _replace(token.session, label, certificate, chain), writing=True)

    def destroy(self, label: str) -> None:
        """Destroy a key and its certificates on the token, the private half first; see `KeyStore.destroy`."""
        require_label(label)
        with self._making:
            self._sessions.use(lambda token: _destroy(token, label), writing=True)

    def _made(self, token: TokenSession, label: str) -> _TokenKey:
        try:
            return self._found(token, label)
        except UnknownKeyError as problem:
            raise TokenUnavailableError(f"the key {label!r} was made and is not to be seen") from problem

    def _found(self, token: TokenSession, label: str) -> _TokenKey:
        token.private_keys.pop(label, None)  # looked up anew: another session may have destroyed it
        _private_key(token, label)
        algorithm, public_key = _public_key(token.session, label)
        certificate = _certificate(token.session, label, public_key)
        chain = _chain(token.session, certificate) if certificate else ()
        return _TokenKey(label, algorithm, public_key, self._sessions, certificate, chain)


def _labels(token: TokenSession) -> tuple[str, ...]:
    private = token.session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
    return tuple(sorted({label for label in map(_label, private) if is_label(label)}))


def _label(key: Object) -> str:
    try:
        return str(key[Attribute.LABEL])
    except UnicodeDecodeError:
        return ""  # another program's


def _objects(session: Session, kind: ObjectClass, label: str) -> list[Object]:
    return list(session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label}))


def _only(found: list[Object], label: str) -> Object:
    if not found:
        raise UnknownKeyError(f"there is no key {label!r}")
    if len(found) > 1:
        raise DamagedKeyError(f"there are {len(found)} keys {label!r} on the token; remove all but one")
    return found[0]


def _private_key(token: TokenSession, label: str) -> PrivateKey:
    if label not in token.private_keys:
        found = _only(_objects(token.session, ObjectClass.PRIVATE_KEY, label), label)
        token.private_keys[label] = cast("PrivateKey", found)
    return token.private_keys[label]


def _public_key(session: Session, label: str) -> tuple[KeyAlgorithm, PublicKey]:
    found = _objects(session, ObjectClass.PUBLIC_KEY, label)
    if not found:
        raise DamagedKeyError(f"the key {label!r} on the token has no public half beside it")
    public = _only(found, label)
    kind = public[Attribute.KEY_TYPE]
    if kind is KeyType.EC and public[Attribute.EC_PARAMS] == _P_256:
        # An OCTET STRING around the point (PKCS#11 2.40, 2.3.3).
        point = public[Attribute.EC_POINT].removeprefix(b"\x04\x41")
        return KeyAlgorithm.P_256, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    if kind is KeyType.RSA:
        modulus = int.from_bytes(public[Attribute.MODULUS])
        algorithm = next((name for name, bits in _RSA_BITS.items() if bits == modulus.bit_length()), None)
        if algorithm is not None:
            exponent = int.from_bytes(public[Attribute.PUBLIC_EXPONENT])
            return algorithm, rsa.RSAPublicNumbers(exponent, modulus).public_key()
    raise DamagedKeyError(f"the key {label!r} on the token is none that this hub uses")


def _generate(session: Session, label: str, algorithm: KeyAlgorithm) -> None:
    """Make a pair that only signs and whose private half cannot leave the token."""
    private = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
    capabilities = MechanismFlag.SIGN | MechanismFlag.VERIFY
    if algorithm is KeyAlgorithm.P_256:
        curve = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _P_256}, local=True)
        curve.generate_keypair(
            id=label.encode(), label=label, store=True, capabilities=capabilities, private_template=private
        )
        return
    session.generate_keypair(
        KeyType.RSA,
        _RSA_BITS[algorithm],
        id=label.encode(),
        label=label,
        store=True,
        capabilities=capabilities,
        private_template=private,
    )


def _accepts(public_key: PublicKey, signature: bytes, digest: bytes) -> bool:
    try:
        if isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(signature, digest, padding.PKCS1v15(), _PREHASHED)
        else:
            public_key.verify(signature, digest, ec.ECDSA(_PREHASHED))
    except InvalidSignature:
        return False
    return True


def _certificate(session: Session, label: str, public_key: PublicKey) -> x509.Certificate | None:
    """Return the certificate of a key; the newest, should a replacement have been cut short."""
    stored = _parsed(_objects(session, ObjectClass.CERTIFICATE, label))
    own = [certificate for certificate in stored if certificate.public_key() == public_key]
    return max(own, key=lambda found: (found.not_valid_before_utc, found.serial_number), default=None)


def _chain(session: Session, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
    """Return the certificates above one, each place once, should a replacement have been cut short."""
    by_place = {int(found[Attribute.LABEL].rpartition("/")[2]): found for found in _above(session, certificate)}
    return tuple(_parsed(by_place[place] for place in sorted(by_place)))


def _above(session: Session, certificate: x509.Certificate) -> list[Object]:
    identifier = certificate.fingerprint(hashes.SHA256())
    return list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: identifier}))


def _parsed(stored: Iterable[Object]) -> list[x509.Certificate]:
    try:
        return [x509.load_der_x509_certificate(found[Attribute.VALUE]) for found in stored]
    except ValueError as problem:
        raise DamagedKeyError("a certificate on the token is damaged") from problem


def _replace(session: Session, label: str, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> None:
    """Write the chain, then the certificate that names it, and only then remove what was there before."""
    old = _objects(session, ObjectClass.CERTIFICATE, label)
    old += [above for stored in _parsed(old) for above in _above(session, stored)]
    identifier = certificate.fingerprint(hashes.SHA256())
    for place, above in enumerate(chain, start=1):
        _write(session, above, f"{label}/{place}", identifier)
    _write(session, certificate, label, label.encode())
    for stored in old:
        stored.destroy()


def _write(session: Session, certificate: x509.Certificate, label: str, identifier: bytes) -> None:
    content = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
    place = {Attribute.TOKEN: True, Attribute.LABEL: label, Attribute.ID: identifier}
    session.create_object(content | place)


def _destroy(token: TokenSession, label: str) -> None:
    token.private_keys.pop(label, None)
    for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
        for stored in _objects(token.session, kind, label):
            stored.destroy()
    certificates = _objects(token.session, ObjectClass.CERTIFICATE, label)
    for stored in [*(above for own in _parsed(certificates) for above in _above(token.session, own)), *certificates]:
        stored.destroy()
