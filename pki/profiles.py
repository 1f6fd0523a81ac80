"""Certificate profiles: what each kind of certificate holds, checked before the real key signs it.

Sources: RFC 5280 for the fields; ETSI EN 319 412-2 and 412-3 for certificates of seals, which are held by legal
persons; RFC 9336 for the extended key usage of signing documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

from pki.errors import ProfileViolationError

POLICY_INFORMATION_SHARING = "2.25.12340748167528968737319257074633337746"
"""Certificate policy of information-sharing seals; an own arc under 2.25 (ITU-T X.667)."""
POLICY_INFORMATION_VERIFICATION = "2.25.234131790469600515647077031763804480660"
"""Certificate policy of information-verification seals; likewise."""
POLICY_GRANT_SIGNING = "2.25.323111871177756114932088595901956424830"
"""Certificate policy of the key that signs grants of seals; likewise."""
POLICY_TIME_STAMPING = "2.25.330853244973825942207394933405285304845"
"""Policy under which time stamps are made (RFC 3161, 2.4.2), and of the certificate that signs them; likewise."""
ANY_POLICY = "2.5.29.32.0"
"""The policy of an authority that may issue under any policy (RFC 5280, 4.2.1.4)."""
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
"""Extended key usage id-kp-documentSigning (RFC 9336)."""
TIME_STAMP_SIGNING = "1.3.6.1.5.5.7.3.8"
"""Extended key usage id-kp-timeStamping (RFC 3161, 2.3)."""
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
"""Extended key usage id-kp-OCSPSigning (RFC 6960, 4.2.2.2)."""

KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
"""The bits of the key usage extension (RFC 5280, 4.2.1.3), as `cryptography` names them."""

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_ORGANISATION_IDENTIFIER = re.compile(r"([A-Z]{3}[A-Z]{2}|[A-Z]{2}:[A-Z]{2})-[0-9A-Za-z]+")
_KNOWN_EXTENSIONS = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        ExtensionOID.OCSP_NO_CHECK,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProfile:
    """What every certificate of one kind holds."""

    name: str
    authority: bool
    """Whether it may issue certificates."""
    path_length: int | None
    """How many authorities may follow below it; None for a certificate that is no authority."""
    key_usage: frozenset[str]
    """Exactly these bits, of `KEY_USAGES`."""
    extended_key_usage: str | None
    policy: str | None
    """The one certificate policy, as a dotted object identifier."""
    subject: tuple[ObjectIdentifier, ...]
    """Attributes that the subject has, each exactly once."""
    longest_days: int
    """Longest period of validity, in days."""
    extended_key_usage_critical: bool = False
    """Whether who does not know the extended key usage must refuse the certificate."""
    no_revocation_check: bool = False
    """Whether it says that nobody need ask whether it was revoked (RFC 6960, 4.2.2.2.1)."""


ROOT_AUTHORITY = CertificateProfile(
    name="root authority",
    authority=True,
    path_length=1,
    key_usage=frozenset({"key_cert_sign", "crl_sign"}),
    extended_key_usage=None,
    policy=None,
    subject=(NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME),
    longest_days=20 * 366,
)
"""The trust root: signs issuing authorities and its own revocation list."""

ISSUING_AUTHORITY = CertificateProfile(
    name="issuing authority",
    authority=True,
    path_length=0,
    key_usage=frozenset({"key_cert_sign", "crl_sign"}),
    extended_key_usage=None,
    policy=ANY_POLICY,
    subject=(NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME),
    longest_days=10 * 366,
)
"""Signs the certificates of seals and their revocation list; no authority below it."""

GRANT_SIGNING = CertificateProfile(
    name="grant signing",
    authority=False,
    path_length=None,
    key_usage=frozenset({"digital_signature"}),
    extended_key_usage=None,
    policy=POLICY_GRANT_SIGNING,
    subject=(NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME),
    longest_days=3 * 366,
)
"""Signs the grants by which units use seals (Art. 15); seals nothing itself."""

TIME_STAMPING = CertificateProfile(
    name="time-stamping unit",
    authority=False,
    path_length=None,
    key_usage=frozenset({"digital_signature"}),
    extended_key_usage=TIME_STAMP_SIGNING,
    extended_key_usage_critical=True,
    policy=POLICY_TIME_STAMPING,
    subject=(NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME),
    longest_days=10 * 366,
)
"""Signs time stamps and nothing else: its one purpose is critical (RFC 3161, 2.3; EN 319 422, 6.2)."""

OCSP_RESPONDER = CertificateProfile(
    name="OCSP responder",
    authority=False,
    path_length=None,
    key_usage=frozenset({"digital_signature"}),
    extended_key_usage=OCSP_SIGNING,
    policy=None,
    subject=(NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME),
    longest_days=366,
    no_revocation_check=True,
)
"""Answers for the authority that issued it (RFC 6960, 4.2.2.2); lives short, as nobody asks whether it was revoked."""


def seal_profile(policy: str) -> CertificateProfile:
    """Return the profile of seals under one policy: for legal persons (EN 319 412-3, 4.2.1)."""
    return CertificateProfile(
        name=f"seal under policy {policy}",
        authority=False,
        path_length=None,
        key_usage=frozenset({"content_commitment"}),
        extended_key_usage=DOCUMENT_SIGNING,
        policy=policy,
        subject=(
            NameOID.COUNTRY_NAME,
            NameOID.ORGANIZATION_NAME,
            NameOID.ORGANIZATION_IDENTIFIER,
            NameOID.COMMON_NAME,
        ),
        longest_days=3 * 366,
    )


def policies_of(certificate: x509.Certificate) -> frozenset[str]:
    """Return the certificate policies as dotted object identifiers; none when there is no such extension."""
    found = _extension(certificate, x509.CertificatePolicies)
    return frozenset() if found is None else frozenset(policy.policy_identifier.dotted_string for policy in found)


def violations(certificate: x509.Certificate, profile: CertificateProfile) -> tuple[str, ...]:
    """Return what about the certificate is not of the profile, a sentence each; empty when all is well."""
    return tuple(sentence for sentence, holds in _CHECKS if not holds(certificate, profile))


def require_profile(certificate: x509.Certificate, profile: CertificateProfile) -> None:
    """Let a certificate of the profile pass.

    Raises:
        ProfileViolationError: it is not of the profile; names each difference.
    """
    found = violations(certificate, profile)
    if found:
        raise ProfileViolationError(profile.name, found)


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _serial_is_sound(certificate: x509.Certificate, _profile: CertificateProfile) -> bool:
    return 64 <= certificate.serial_number.bit_length() <= 159


def _key_is_strong(certificate: x509.Certificate, _profile: CertificateProfile) -> bool:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return isinstance(key.curve, ec.SECP256R1)
    return isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048


def _signed_over_sha256(certificate: x509.Certificate, _profile: CertificateProfile) -> bool:
    return isinstance(certificate.signature_hash_algorithm, hashes.SHA256)


def _period_is_allowed(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    period = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return timedelta(0) < period <= timedelta(days=profile.longest_days)


def _subject_is_complete(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    return sorted(attribute.oid.dotted_string for attribute in certificate.subject) == sorted(
        oid.dotted_string for oid in profile.subject
    )


def _organisation_identifier_is_formed(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    if NameOID.ORGANIZATION_IDENTIFIER not in profile.subject:
        return True
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    return bool(found) and bool(_ORGANISATION_IDENTIFIER.fullmatch(str(found[0].value)))


def _constraints_match(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    found = _extension(certificate, x509.BasicConstraints)
    return found is not None and found.ca == profile.authority and found.path_length == profile.path_length


def _key_usage_matches(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    found = _extension(certificate, x509.KeyUsage)
    return found is not None and frozenset(bit for bit in KEY_USAGES if getattr(found, bit)) == profile.key_usage


def _extended_key_usage_matches(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    found = _extension(certificate, x509.ExtendedKeyUsage)
    wanted = [] if profile.extended_key_usage is None else [profile.extended_key_usage]
    return [usage.dotted_string for usage in found or ()] == wanted


def _extended_key_usage_is_as_critical(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return not profile.extended_key_usage_critical
    return found.critical == profile.extended_key_usage_critical


def _no_check_matches(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    return (_extension(certificate, x509.OCSPNoCheck) is not None) == profile.no_revocation_check


def _policy_matches(certificate: x509.Certificate, profile: CertificateProfile) -> bool:
    return policies_of(certificate) == (frozenset() if profile.policy is None else frozenset({profile.policy}))


def _names_its_key(certificate: x509.Certificate, _profile: CertificateProfile) -> bool:
    return _extension(certificate, x509.SubjectKeyIdentifier) is not None


def _names_its_issuers_key(certificate: x509.Certificate, _profile: CertificateProfile) -> bool:
    self_issued = certificate.issuer == certificate.subject
    return self_issued or _extension(certificate, x509.AuthorityKeyIdentifier) is not None


def _has_known_extensions_only(certificate: x509.Certificate, _profile: CertificateProfile) -> bool:
    return all(extension.oid in _KNOWN_EXTENSIONS for extension in certificate.extensions)


_CHECKS: tuple[tuple[str, Callable[[x509.Certificate, CertificateProfile], bool]], ...] = (
    ("the serial number has no 64 to 159 bits (RFC 5280, 4.1.2.2)", _serial_is_sound),
    ("the key is none of P-256 or RSA with 2048 bits or more", _key_is_strong),
    ("it is not signed over SHA-256", _signed_over_sha256),
    ("the period is empty or too long", _period_is_allowed),
    ("the subject lacks an attribute or has one too many", _subject_is_complete),
    ("the organisation identifier is not formed as EN 319 412-1, 5.1.4 asks", _organisation_identifier_is_formed),
    ("the basic constraints differ", _constraints_match),
    ("the key usage differs", _key_usage_matches),
    ("the extended key usage differs", _extended_key_usage_matches),
    ("the extended key usage is critical where it should not be, or the other way", _extended_key_usage_is_as_critical),
    ("it says wrongly whether its revocation is asked for", _no_check_matches),
    ("the certificate policy differs", _policy_matches),
    ("the subject key identifier is missing", _names_its_key),
    ("the authority key identifier is missing", _names_its_issuers_key),
    ("there is an extension that no profile knows", _has_known_extensions_only),
)
