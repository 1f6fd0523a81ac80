"""A certificate authority: a root, an issuing authority below it, and the certificates of seals and services.

Each certificate is made from a profile, checked against it and only then signed (`pki.signing`). Times and serial
numbers are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID, ObjectIdentifier

from pki.errors import ProfileViolationError
from pki.keystore import PublicKey, SigningKey
from pki.profiles import KEY_USAGES, ROOT_AUTHORITY, CertificateProfile, require_profile
from pki.revocation import Revocation, make_revocation_list
from pki.signing import sign_certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who holds a certificate."""

    organisation: str
    common_name: str
    organisation_identifier: str | None = None
    """As EN 319 412-1, 5.1.4 forms it: NTRCN- and the unified social credit code 统一社会信用代码; seals need it."""
    country: str = "CN"

    def to_name(self) -> x509.Name:
        """Return the distinguished name."""
        values = (
            (NameOID.COUNTRY_NAME, self.country),
            (NameOID.ORGANIZATION_NAME, self.organisation),
            (NameOID.ORGANIZATION_IDENTIFIER, self.organisation_identifier),
            (NameOID.COMMON_NAME, self.common_name),
        )
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in values if value is not None])


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOrder:
    """What a new certificate shall say."""

    profile: CertificateProfile
    subject: Subject
    serial: int
    """At least 64 bits, unguessable and used once (RFC 5280, 4.1.2.2)."""
    not_before: datetime
    not_after: datetime
    """First and last moment of the period; aware."""
    revocation_list_url: str | None = None
    """Where the issuer's revocation list is; None when it is only handed around."""
    issuer_url: str | None = None
    """Where the issuer's own certificate is (caIssuers, RFC 5280, 4.2.2.1)."""
    responder_url: str | None = None
    """Where to ask by OCSP (RFC 6960, 3.1)."""


class CertificateAuthority:
    """Issues certificates and revocation lists under one certificate and key."""

    def __init__(self, certificate: x509.Certificate, key: SigningKey) -> None:
        """Take the authority's certificate and its key.

        Raises:
            ProfileViolationError: the certificate is not of this key, or of no authority.
        """
        if certificate.public_key() != key.public_key:
            raise ProfileViolationError("authority", ("the certificate is not of this key",))
        self.certificate = certificate
        self._key = key

    def issue(self, order: CertificateOrder, public_key: PublicKey) -> x509.Certificate:
        """Issue a certificate for a public key.

        Raises:
            ProfileViolationError: it would not be of its profile, or outlive its issuer; nothing was signed.
            KeyStoreError: the key cannot sign.
        """
        if order.not_before < self.certificate.not_valid_before_utc or (
            order.not_after > self.certificate.not_valid_after_utc
        ):
            raise ProfileViolationError(order.profile.name, ("the period is not within the issuer's",))
        issuers_key = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = _builder(order, self.certificate.subject, public_key).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuers_key), critical=False
        )
        return sign_certificate(builder, self._key, lambda draft: require_profile(draft, order.profile))

    def revocation_list(
        self, revocations: tuple[Revocation, ...], number: int, period: tuple[datetime, datetime]
    ) -> bytes:
        """Make a revocation list in DER; see `pki.revocation.make_revocation_list`."""
        return make_revocation_list(self.certificate, self._key, revocations, number, period)


def make_root(key: SigningKey, order: CertificateOrder) -> CertificateAuthority:
    """Make a root authority, which signs its own certificate.

    Raises:
        ProfileViolationError: the order is not of the root's profile; nothing was signed.
        KeyStoreError: the key cannot sign.
    """
    builder = _builder(order, order.subject.to_name(), key.public_key)
    certificate = sign_certificate(builder, key, lambda draft: require_profile(draft, ROOT_AUTHORITY))
    return CertificateAuthority(certificate, key)


def _builder(order: CertificateOrder, issuer: x509.Name, public_key: PublicKey) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(order.subject.to_name())
        .public_key(public_key)
        .serial_number(order.serial)
        .not_valid_before(order.not_before)
        .not_valid_after(order.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
    for extension, critical in _profile_extensions(order.profile):
        builder = builder.add_extension(extension, critical)
    if order.revocation_list_url is not None:
        builder = builder.add_extension(_distribution_point(order.revocation_list_url), critical=False)
    if access := _access(order):
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    return builder


def _profile_extensions(profile: CertificateProfile) -> list[tuple[x509.ExtensionType, bool]]:
    """Return what the profile asks for, each with its criticality."""
    usage = {bit: bit in profile.key_usage for bit in KEY_USAGES}
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=profile.authority, path_length=profile.path_length), True),
        (x509.KeyUsage(**usage, encipher_only=False, decipher_only=False), True),
    ]
    if profile.extended_key_usage is not None:
        usage_extension = x509.ExtendedKeyUsage([ObjectIdentifier(profile.extended_key_usage)])
        extensions.append((usage_extension, profile.extended_key_usage_critical))
    if profile.no_revocation_check:
        extensions.append((x509.OCSPNoCheck(), False))
    if profile.policy is not None:
        policy = x509.PolicyInformation(ObjectIdentifier(profile.policy), None)
        extensions.append((x509.CertificatePolicies([policy]), False))
    return extensions


def _access(order: CertificateOrder) -> list[x509.AccessDescription]:
    """Return where the issuer's certificate and its responder are, as far as the order says."""
    places = (
        (AuthorityInformationAccessOID.OCSP, order.responder_url),
        (AuthorityInformationAccessOID.CA_ISSUERS, order.issuer_url),
    )
    return [x509.AccessDescription(oid, x509.UniformResourceIdentifier(url)) for oid, url in places if url is not None]


def _distribution_point(url: str) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([point])
