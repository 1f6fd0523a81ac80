"""Certificate revocation lists (RFC 5280, section 5): made by an authority, asked by whoever checks.

A list is asked about the time of sealing, whenever it was made: revocations here are never taken back. So a
certificate that any genuine list names counts as revoked since the time it gives, though a newer list may have
dropped it after it ran out (RFC 5280, 3.3); not to be named proves something only on a list that was still current
at that time or was made after it. What is asked here the libraries do not answer: `cryptography` knows no
revocation in a path, pyhanko-certvalidator does not tell a key that leaked later from a seal that was given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pki.errors import ProfileViolationError
from pki.keystore import SigningKey
from pki.signing import sign_revocation_list

LONGEST_LIST_PERIOD = timedelta(days=31)
"""Longest time from one list to the next that an authority may promise."""
_COMPROMISED = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}
_SAFE_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True)
class Revocation:
    """One certificate that is no longer good."""

    serial: int
    at: datetime
    """Since when; aware."""
    reason: x509.ReasonFlags


class RevocationStatus(StrEnum):
    """What the revocation lists say of a path, the worst first."""

    REVOKED = "REVOKED"
    """A certificate was revoked before or at the time asked for."""
    COMPROMISED_LATER = "COMPROMISED_LATER"
    """Revoked later, because the key leaked: a time that only the signer claims no longer proves anything."""
    UNKNOWN = "UNKNOWN"
    """For at least one certificate there is no list that speaks of the time asked for."""
    GOOD = "GOOD"


@dataclass(frozen=True, slots=True)
class RevocationAnswer:
    """The answer of the revocation lists, and what it rests on."""

    status: RevocationStatus
    evidence: str


def make_revocation_list(
    issuer: x509.Certificate,
    key: SigningKey,
    revocations: tuple[Revocation, ...],
    number: int,
    period: tuple[datetime, datetime],
) -> bytes:
    """Make and sign a revocation list.

    Args:
        issuer: the authority's certificate.
        key: the authority's key.
        revocations: all that are revoked.
        number: higher than that of every list before (RFC 5280, 5.2.3).
        period: when the list is made and when the next one comes at the latest; aware.

    Returns:
        The list in DER.

    Raises:
        ProfileViolationError: the period is empty or too long, or the number is negative.
        KeyStoreError: the key cannot sign.
    """
    this_update, next_update = period
    if not timedelta(0) < next_update - this_update <= LONGEST_LIST_PERIOD or number < 0:
        raise ProfileViolationError("revocation list", ("the period or the number is out of bounds",))
    authority_key = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(this_update)
        .next_update(next_update)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for revocation in revocations:
        builder = builder.add_revoked_certificate(_entry(revocation))
    return sign_revocation_list(builder, key).public_bytes(Encoding.DER)


def check_revocation(path: Sequence[x509.Certificate], lists: Iterable[bytes], at: datetime) -> RevocationAnswer:
    """Ask the lists about every certificate of a path but its root.

    Args:
        path: from the certificate in question to its root, as `pki.trust.find_path` found it.
        lists: in DER; what is no list, or none of an authority of the path, is passed over.
        at: the time in question; aware.

    Returns:
        The worst of the answers; never raises for what the lists hold.
    """
    loaded = _load(lists)
    answers = [_ask(certificate, issuer, loaded, at) for certificate, issuer in pairwise(path)]
    if not answers:
        return RevocationAnswer(RevocationStatus.UNKNOWN, "no authority stands above the certificate")
    severity = tuple(RevocationStatus)
    worst = min(answers, key=lambda answer: severity.index(answer.status))
    if worst.status is RevocationStatus.GOOD:
        return RevocationAnswer(worst.status, "; ".join(answer.evidence for answer in answers))
    return worst


def _entry(revocation: Revocation) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(revocation.serial).revocation_date(revocation.at)
    if revocation.reason is not x509.ReasonFlags.unspecified:  # not written, says RFC 5280, 5.3.1
        builder = builder.add_extension(x509.CRLReason(revocation.reason), critical=False)
    return builder.build()


def _load(lists: Iterable[bytes]) -> list[x509.CertificateRevocationList]:
    """Return the lists that can be read and that speak of all certificates of their issuer."""
    loaded = []
    for der in lists:
        try:
            found = x509.load_der_x509_crl(der)
            if not _is_partial(found):
                loaded.append(found)
        except (ValueError, x509.DuplicateExtension):
            continue
    return loaded


def _is_partial(found: x509.CertificateRevocationList) -> bool:
    """A delta list, or one limited to some certificates by a critical extension, does not speak for all."""
    return any(
        extension.critical or isinstance(extension.value, x509.DeltaCRLIndicator) for extension in found.extensions
    )


def _ask(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    lists: list[x509.CertificateRevocationList],
    at: datetime,
) -> RevocationAnswer:
    genuine = [found for found in lists if _is_genuine(found, issuer)]
    named = [entry for found in genuine if (entry := _entry_of(certificate, found)) is not None]
    serial = f"{certificate.serial_number:x}"
    if named:
        first = min(named, key=lambda entry: entry.revocation_date_utc)
        return RevocationAnswer(_status(named, at), f"{serial} revoked {first.revocation_date_utc.isoformat()}")
    current = [found.last_update_utc for found in genuine if _speaks_of(found, at)]
    if not current:
        name = issuer.subject.rfc4514_string()
        return RevocationAnswer(RevocationStatus.UNKNOWN, f"no list of {name} for that time")
    return RevocationAnswer(RevocationStatus.GOOD, f"{serial} is not on the list of {max(current).isoformat()}")


def _entry_of(certificate: x509.Certificate, found: x509.CertificateRevocationList) -> x509.RevokedCertificate | None:
    return found.get_revoked_certificate_by_serial_number(certificate.serial_number)


def _status(named: list[x509.RevokedCertificate], at: datetime) -> RevocationStatus:
    if any(entry.revocation_date_utc <= at for entry in named):
        return RevocationStatus.REVOKED
    leaked = any(_has_leaked(entry) for entry in named)
    return RevocationStatus.COMPROMISED_LATER if leaked else RevocationStatus.GOOD


def _has_leaked(entry: x509.RevokedCertificate) -> bool:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason in _COMPROMISED
    except x509.ExtensionNotFound:
        return False
    except (ValueError, x509.DuplicateExtension):  # a reason that cannot be read is taken for the worst
        return True


def _speaks_of(found: x509.CertificateRevocationList, at: datetime) -> bool:
    return found.next_update_utc is not None and found.next_update_utc > at


def _is_genuine(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Did the issuer, who may do so (RFC 5280, 6.3.3), sign the list with what is still safe?"""
    if found.issuer != issuer.subject or not _signs_lists(issuer):
        return False
    try:
        if not isinstance(found.signature_hash_algorithm, _SAFE_HASHES):
            return False
        return bool(found.is_signature_valid(issuer.public_key()))  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _signs_lists(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
