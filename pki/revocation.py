"""Certificate revocation lists (RFC 5280, section 5), made by an authority; and was a certificate revoked at a time?

Lists and OCSP answers (RFC 6960) are asked about the time of sealing, whenever they were made: revocations here are
never taken back. So a certificate that any genuine list names counts as revoked since the time it gives, though a
newer list may have dropped it after it ran out (RFC 5280, 3.3); not to be named proves something only on a list that
was still current at that time or was made after it. What is asked here the libraries do not answer: `cryptography`
knows no revocation in a path, pyhanko-certvalidator does not tell a key that leaked later from a seal that was given
up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPResponse

from pki.errors import ProfileViolationError
from pki.keystore import SigningKey
from pki.revocation_statements import SAFE_HASHES, Statement, has_leaked, load_answers, statements_of_answers
from pki.signing import sign_revocation_list

LONGEST_LIST_PERIOD = timedelta(days=31)
"""Longest time from one list to the next that an authority may promise."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """One certificate that is no longer good."""

    serial: int
    at: datetime
    """Since when; aware."""
    reason: x509.ReasonFlags


class RevocationStatus(StrEnum):
    """What revocation lists and OCSP answers say of a path, the worst first."""

    REVOKED = "REVOKED"
    """A certificate was revoked before or at the time asked for."""
    COMPROMISED_LATER = "COMPROMISED_LATER"
    """Revoked later, because the key leaked: a time that only the signer claims no longer proves anything."""
    UNKNOWN = "UNKNOWN"
    """For at least one certificate there is nothing that speaks of the time asked for."""
    GOOD = "GOOD"


@dataclass(frozen=True, slots=True)
class RevocationAnswer:
    """What revocation lists and OCSP answers come to, and what it rests on."""

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


def check_revocation(
    path: Sequence[x509.Certificate], lists: Iterable[bytes], at: datetime, answers: Iterable[bytes] = ()
) -> RevocationAnswer:
    """Ask lists and OCSP answers about every certificate of a path but its root.

    Args:
        path: from the certificate in question to its root, as `pki.trust.find_path` found it.
        lists: in DER; what is no list, or none of an authority of the path, is passed over.
        at: the time in question; aware.
        answers: OCSP responses in DER; likewise passed over when they are of no use.

    Returns:
        The worst of what is found; never raises for what lists and answers hold.
    """
    sources = _Sources(_load(lists), load_answers(answers))
    found = [_ask(certificate, issuer, sources, at) for certificate, issuer in pairwise(path)]
    if not found:
        return RevocationAnswer(RevocationStatus.UNKNOWN, "no authority stands above the certificate")
    severity = tuple(RevocationStatus)
    worst = min(found, key=lambda answer: severity.index(answer.status))
    if worst.status is RevocationStatus.GOOD:
        return RevocationAnswer(worst.status, "; ".join(answer.evidence for answer in found))
    return worst


@dataclass(frozen=True, slots=True)
class _Sources:
    """What is asked."""

    lists: list[x509.CertificateRevocationList]
    answers: list[OCSPResponse]

    def statements(self, certificate: x509.Certificate, issuer: x509.Certificate) -> list[Statement]:
        """Return what the genuine ones among them say of one certificate."""
        genuine = [found for found in self.lists if _is_genuine(found, issuer)]
        of_lists = [said for found in genuine if (said := _statement(certificate, found)) is not None]
        return of_lists + statements_of_answers(certificate, issuer, self.answers)


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
        except (ValueError, x509.InvalidVersion, x509.DuplicateExtension):
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
    sources: _Sources,
    at: datetime,
) -> RevocationAnswer:
    statements = sources.statements(certificate, issuer)
    revoked_at = [said.revoked_at for said in statements if said.revoked_at is not None]
    serial = f"{certificate.serial_number:x}"
    if revoked_at:
        leaked = any(said.leaked for said in statements)
        return RevocationAnswer(_status(min(revoked_at), leaked, at), f"{serial} revoked {min(revoked_at).isoformat()}")
    current = [said for said in statements if said.speaks_of(at)]
    if not current:
        name = issuer.subject.rfc4514_string()
        return RevocationAnswer(RevocationStatus.UNKNOWN, f"no list of {name} for that time")
    latest = max(current, key=lambda said: said.made)
    return RevocationAnswer(
        RevocationStatus.GOOD, f"{serial} is not on the {latest.source} of {latest.made.isoformat()}"
    )


def _status(revoked_at: datetime, leaked: bool, at: datetime) -> RevocationStatus:
    if revoked_at <= at:
        return RevocationStatus.REVOKED
    return RevocationStatus.COMPROMISED_LATER if leaked else RevocationStatus.GOOD


def _statement(certificate: x509.Certificate, found: x509.CertificateRevocationList) -> Statement | None:
    entry = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None and found.next_update_utc is None:  # of no use: nobody can tell until when it was current
        return None
    return Statement(
        revoked_at=entry.revocation_date_utc if entry is not None else None,
        leaked=entry is not None and _has_leaked(entry),
        made=found.last_update_utc,
        current_until=found.next_update_utc or found.last_update_utc,
        source="list",
    )


def _has_leaked(entry: x509.RevokedCertificate) -> bool:
    try:
        return has_leaked(entry.extensions.get_extension_for_class(x509.CRLReason).value.reason)
    except x509.ExtensionNotFound:
        return False
    except (ValueError, x509.DuplicateExtension):  # a reason that cannot be read is taken for the worst
        return True


def _is_genuine(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Did the issuer, who may do so (RFC 5280, 6.3.3), sign the list with what is still safe?"""
    if found.issuer != issuer.subject or not _signs_lists(issuer):
        return False
    try:
        if not isinstance(found.signature_hash_algorithm, SAFE_HASHES):
            return False
        return bool(found.is_signature_valid(issuer.public_key()))  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _signs_lists(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
