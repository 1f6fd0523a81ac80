"""What the signer does for the making of a seal: a new key and the request for its certificate, then the certificate.

Both may be asked again: a key that has no certificate yet gives its request once more.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pki.authority import Subject
from pki.certificate_requests import accept_certificate, make_request
from pki.errors import KeyExistsError, UncertifiedKeyError
from pki.keystore import KeyAlgorithm, KeyStore, SigningKey
from pki.profiles import policies_of, seal_profile
from pki.trust import SEALING
from seals.errors import SignerProtocolError, WrongSealError
from seals.kinds import SEAL_POLICIES, kind_of_policies
from seals.sealing import Seal
from seals.signer_desk import SignerParts, SigningDesk
from seals.signer_messages import text_of
from seals.signer_records import SealRecord, read_record

_PEM_LIMIT = 64 * 1024


class KeyDesk:
    """Makes keys and takes certificates in, beside the desk that seals."""

    def __init__(self, parts: SignerParts, desk: SigningDesk) -> None:
        self._parts = parts
        self._desk = desk

    def create(self, head: dict[str, Any]) -> str:
        """Make a key and return the request for its certificate, in PEM (PKCS#10).

        Raises:
            SignerProtocolError: the question is not of its form.
            KeyExistsError: there is a key of that label, and it has a certificate or is of another kind.
            KeyStoreError: the store cannot keep it.
        """
        label, algorithm, subject = text_of(head, "label"), _algorithm(head), _subject(head)
        keys = self._parts.open_keys()
        if label in keys.labels():
            key = _uncertified(keys, label, algorithm)
        else:
            self._desk.log.append("create_key", label=label, algorithm=algorithm)
            key = keys.create(label, algorithm)
        return make_request(key, subject)

    def install(self, head: dict[str, Any]) -> None:
        """Take the certificate of a seal's key in; from now on the seal seals with it.

        Raises:
            SignerProtocolError: the question is not of its form.
            WrongSealError: the certificate is not one of this seal.
            SealPictureError: its picture is not of its form.
            PkiError: it is not of the key, not of its profile, or leads to no trust root.
        """
        record, certificates = _seal_record(head), _certificates(head)
        keys = self._parts.open_keys()
        accept_certificate(
            keys,
            record.key_label,
            certificates,
            profile=seal_profile(SEAL_POLICIES[record.kind]),
            purpose=SEALING,
            roots=self._parts.trust().roots,
            at=self._parts.clock(),
        )
        Seal.prepare(record.kind, record.face, keys.open(record.key_label), record.picture)
        shown = {} if record.picture is None else {"picture": record.picture.sha256}
        self._desk.log.append("install_certificate", seal=record.id, label=record.key_label, **shown)
        self._desk.records.put(record)

    def destroy(self, label: str) -> None:
        """Destroy a seal's key; its seal seals nothing more, from before this returns. One that is gone is destroyed.

        Raises:
            WrongSealError: it is no key of a seal: the services' and the authority's keys are not destroyed here.
            KeyStoreError: the store cannot do it.
        """
        keys = self._parts.open_keys()
        if label in keys.labels() and not _is_of_seal(keys, label):
            raise WrongSealError(f"the key {label!r} is no seal's")
        used = [record.id for record in self._desk.records.all() if record.key_label == label]
        self._desk.log.append("destroy_key", label=label)
        self._desk.records.drop(label)
        for seal_id in used:
            self._desk.standing.wait_for_those_before(seal_id)
        keys.destroy(label)

    def certificates(self) -> list[dict[str, Any]]:
        """Return every seal with the certificate of its key and those above it, in PEM."""
        keys = self._parts.open_keys()
        return [_shown(record, keys) for record in self._desk.records.all()]


def _shown(record: SealRecord, keys: KeyStore) -> dict[str, Any]:
    key = keys.open(record.key_label)
    chain = (key.certificate, *key.chain)
    return {
        "algorithm": key.algorithm,
        "certificates": [certificate.public_bytes(Encoding.PEM).decode() for certificate in chain],
        "key_label": record.key_label,
        "kind": record.kind,
        "seal_id": record.id,
    }


def _is_of_seal(keys: KeyStore, label: str) -> bool:
    """Tell whether a key is a seal's, or has no certificate yet."""
    try:
        return kind_of_policies(policies_of(keys.open(label).certificate)) is not None
    except UncertifiedKeyError:
        return True


def _uncertified(keys: KeyStore, label: str, algorithm: KeyAlgorithm) -> SigningKey:
    key = keys.signing_key(label)
    try:
        keys.open(label)
    except UncertifiedKeyError:
        if key.algorithm is algorithm:
            return key
    raise KeyExistsError(f"there is a key {label!r} already")


def _algorithm(head: dict[str, Any]) -> KeyAlgorithm:
    try:
        return KeyAlgorithm(text_of(head, "algorithm"))
    except ValueError as problem:
        raise SignerProtocolError("there is no such kind of key") from problem


def _subject(head: dict[str, Any]) -> Subject:
    names = ("organisation", "common_name", "organisation_identifier", "country")
    subject = Subject(**{name: text_of(head, name) for name in names})
    try:
        subject.to_name()
    except ValueError as problem:
        raise SignerProtocolError(f"the subject cannot be written: {problem}") from problem
    return subject


def _seal_record(head: dict[str, Any]) -> SealRecord:
    try:
        return read_record(head["seal"])
    except (KeyError, TypeError, ValueError) as problem:
        raise SignerProtocolError("the message lacks the seal's record") from problem


def _certificates(head: dict[str, Any]) -> tuple[x509.Certificate, ...]:
    pem = text_of(head, "certificates")
    try:
        if len(pem) <= _PEM_LIMIT:
            return tuple(x509.load_pem_x509_certificates(pem.encode()))
    except (ValueError, x509.InvalidVersion) as problem:
        raise SignerProtocolError("the certificates are not PEM") from problem
    raise SignerProtocolError("the certificates are longer than allowed")
