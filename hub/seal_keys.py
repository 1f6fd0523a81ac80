"""The keys of the seals as the register deals with them: made by the signer, certified by an authority, checked here.

A key's private half never leaves the signer (Art. 15). What comes back from an authority is checked against the key,
the profile of the seal's kind, the names on the seal and the trust roots before it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from graph_models.seals import Seal, SealKey
from hub.errors import InvalidInputError
from pki.authority import Subject
from pki.certificate_requests import requested_key
from pki.keystore import KeyAlgorithm
from pki.profiles import seal_profile, violations
from pki.trust import find_path
from seals.appearance import SealFace
from seals.kinds import SEAL_POLICIES, SealKind
from seals.seal_pictures import SealPicture
from seals.signer_records import SealRecord

__all__ = [
    "CERTIFICATE_LIMIT",
    "KeyAlgorithm",
    "SealKeys",
    "authorities_of",
    "certified",
    "check_holder",
    "key_label",
    "keys_of",
    "name_of",
    "signer_record",
    "subject_of",
]

CERTIFICATE_LIMIT = 64 * 1024
"""Longest text with a certificate and those above it, in characters."""


class SealKeys(Protocol):
    """What the register asks of the signer; each may be asked again with the same outcome.

    Each raises SealsError or PkiError where it cannot be done now.
    """

    async def create_key(self, label: str, algorithm: KeyAlgorithm, subject: Subject) -> str:
        """Make the key where it is missing; return the request for its certificate in PEM (PKCS#10)."""
        ...

    async def install_certificate(self, record: SealRecord, certificates_pem: str) -> None:
        """Keep the certificates of a seal's key, its own first; the seal seals with that key from now on."""
        ...

    async def suspend(self, seal_id: str) -> None:
        """Seal nothing more with the seal, from before this returns."""
        ...

    async def resume(self, seal_id: str) -> None:
        """Seal with it again."""
        ...

    async def revoke_grant(self, grant_id: str) -> None:
        """Seal nothing more under the grant, for ever, from before this returns."""
        ...

    async def destroy_key(self, label: str) -> None:
        """Destroy a key; one that is not there is destroyed."""
        ...


def subject_of(seal: Seal) -> Subject:
    """Return whom the certificate of a seal names."""
    return Subject(
        organisation=seal.holder, common_name=seal.name, organisation_identifier=seal.holder_identifier or None
    )


def signer_record(seal: Seal, label: str, picture: SealPicture | None = None) -> SealRecord:
    """Return the seal as the signer records it, with the key of that label and the picture that it shows."""
    face = SealFace(seal.holder, seal.name, seal.number)
    return SealRecord(seal.id, SealKind(seal.kind.value), label, face, picture)


def key_label(seal: Seal) -> str:
    """Return the label of the seal's next key: the seal's identifier and a running number."""
    return f"{seal.id.lower()}-{len(keys_of(seal)) + 1}"


def check_holder(holder: str, holder_identifier: str, name: str) -> None:
    """Return if a certificate can name the holder. Raises InvalidInputError."""
    try:
        Subject(organisation=holder, common_name=name, organisation_identifier=holder_identifier).to_name()
    except ValueError as problem:
        raise InvalidInputError(
            f"no certificate can name this holder: {problem}",
            message_zh="证书无法载明该持有单位",
            mend="Give a holder and a seal name of at most 64 characters each.",
            field="holder",
        ) from problem


def certified(seal: Seal, key: SealKey, pem: str, roots: Iterable[bytes], at: datetime) -> SealKey:
    """Check an issued certificate and return the key with it.

    Args:
        seal: whose key it is.
        key: the key that waits for it.
        pem: the certificate, and after it those of its authorities where they are needed, in PEM.
        roots: the trust roots in DER.
        at: the time; aware.

    Raises:
        InvalidInputError: it is no certificate, of another key, kind or name, or leads to no trust root.
    """
    found = _read(pem)
    if found[0].public_key() != requested_key(key.request):
        raise _refused("the certificate is not of the key that was made for this seal")
    differences = violations(found[0], seal_profile(SEAL_POLICIES[SealKind(seal.kind.value)]))
    if differences:
        raise _refused(f"the certificate is not one of this kind of seal: {'; '.join(differences)}")
    if found[0].subject != subject_of(seal).to_name():
        raise _refused("the certificate does not name the holder and the seal as the register does")
    leaf, *above = (each.public_bytes(Encoding.DER) for each in found)
    path = find_path(leaf, above, roots, at)
    if path.problem is not None:
        raise _refused(f"the certificate leads to no trust root: {path.problem}")
    chain = path.certificates[:-1]
    return replace(
        key,
        certificate="".join(each.public_bytes(Encoding.PEM).decode() for each in chain),
        not_before=chain[0].not_valid_before_utc,
        not_after=chain[0].not_valid_after_utc,
    )


def authorities_of(keys: Iterable[SealKey], roots: Iterable[bytes]) -> dict[str, tuple[x509.Certificate, ...]]:
    """Return the certificates above each certified key, by its label: those kept with it, then its root."""
    by_name = {root.subject: root for root in (x509.load_der_x509_certificate(der) for der in roots)}
    above: dict[str, tuple[x509.Certificate, ...]] = {}
    for key in keys:
        if key.certificate is not None:
            chain = x509.load_pem_x509_certificates(key.certificate.encode())
            root = by_name.get(chain[-1].issuer)
            above[key.label] = (*chain[1:], *([root] if root is not None else []))
    return above


def name_of(certificate: x509.Certificate) -> str:
    """Return the common name of an authority, or its whole name where it has none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def keys_of(seal: Seal) -> tuple[SealKey, ...]:
    """Return all keys of a seal: those of before, the present one, the next one."""
    return (*seal.old_keys, *filter(None, (seal.key, seal.next_key)))


def _read(pem: str) -> list[x509.Certificate]:
    if len(pem) > CERTIFICATE_LIMIT:
        raise _refused(f"the text has more than {CERTIFICATE_LIMIT} characters")
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, x509.InvalidVersion) as problem:
        raise _refused("this is no certificate in PEM") from problem


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError(
        message,
        message_zh="证书不符合该印章的要求",
        mend="Have the certificate request of this seal certified by the seal authority, with the profile of its kind.",
        field="certificate",
    )
