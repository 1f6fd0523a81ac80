"""Trust: the roots we rely on, and whether a certificate led to one of them at a given time (RFC 5280, section 6).

Trust is judged at the time of sealing, not of looking: a certificate that has run out since then still seals.
Nothing is fetched: certificates are those handed in. Whether one was revoked is asked apart (`pki.revocation`),
because the two answers differ in what they do to a verdict.

Building and checking the path is the library's: `cryptography.x509.verification` takes any time, any store and own
rules for extensions, so it is not bound to TLS. It holds signatures, periods, path lengths and names of the path
together and refuses critical extensions that it does not know, policy constraints and name constraints on
directories among them. Its interface may still change: the version is pinned and every refusal has its test. What
is added here are the rules of a seal: which usages its certificate and its issuers must have. Chosen over
pyhanko-certvalidator, which is as thorough but needs about ten times as long, each certificate parsed again and an
event loop, and which gives one error where a path and its revocation are two answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from pki.errors import MalformedCertificateError
from pki.profiles import DOCUMENT_SIGNING, GRANT_SIGNING, TIME_STAMP_SIGNING, TIME_STAMPING

MOST_ROOTS = 64
"""Most certificates accepted in one file of trust roots."""
MOST_ISSUERS = 4
"""Most authorities between a certificate and its root."""
_PROBLEM_LENGTH = 200


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """The self-signed certificates that everything else is traced back to."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def der(self) -> tuple[bytes, ...]:
        """The roots in DER, as `find_path` takes them."""
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in self.certificates)

    @classmethod
    def from_pem(cls, data: bytes) -> TrustRoot:
        """Read one root or several in PEM.

        Raises:
            MalformedCertificateError: there is none, there are too many, or one is not self-signed.
        """
        try:
            certificates = tuple(x509.load_pem_x509_certificates(data))
        except (ValueError, x509.InvalidVersion) as problem:
            raise MalformedCertificateError("the trust root is not a certificate in PEM") from problem
        if not 0 < len(certificates) <= MOST_ROOTS:
            raise MalformedCertificateError(f"there must be 1 to {MOST_ROOTS} trust roots")
        if any(certificate.issuer != certificate.subject for certificate in certificates):
            raise MalformedCertificateError("a trust root is self-signed; this certificate names another issuer")
        return cls(certificates)

    @classmethod
    def load(cls, path: Path) -> TrustRoot:
        """Read a file of roots in PEM.

        Raises:
            MalformedCertificateError: as `from_pem`, or the file cannot be read.
        """
        try:
            return cls.from_pem(path.read_bytes())
        except OSError as problem:
            raise MalformedCertificateError(f"the trust root {path} cannot be read: {problem.strerror}") from problem


@dataclass(frozen=True, slots=True)
class CertificatePath:
    """A path from a seal's certificate to a trust root, the seal's first; empty if there is none."""

    certificates: tuple[x509.Certificate, ...]
    problem: str | None
    """Why there is none, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What the certificate at the end of a path must be for (RFC 5280, 4.2.1.3 and 4.2.1.12)."""

    name: str
    key_usage: frozenset[str]
    """Bits of `pki.profiles.KEY_USAGES`, of which it has at least one."""
    extended_key_usage: str | None
    """The purpose that it names, where it names any; None where it names none."""
    required: bool = False
    """Whether it must name its purpose."""
    alone: bool = False
    """Whether it must name this purpose and no other, in a critical extension."""


SEALING = Purpose(
    name="signing documents",
    key_usage=frozenset({"digital_signature", "content_commitment"}),
    extended_key_usage=DOCUMENT_SIGNING,
)
"""Sealing documents (RFC 9336)."""
GRANTING = Purpose(name="signing grants", key_usage=GRANT_SIGNING.key_usage, extended_key_usage=None)
"""Signing grants of seals."""
STAMPING = Purpose(
    name="stamping time",
    key_usage=TIME_STAMPING.key_usage | {"content_commitment"},
    extended_key_usage=TIME_STAMP_SIGNING,
    required=True,
    alone=True,
)
"""Signing time stamps (RFC 3161, 2.3)."""


def find_path(
    certificate: bytes,
    others: Iterable[bytes],
    roots: Iterable[bytes],
    at: datetime,
    *,
    purpose: Purpose = SEALING,
) -> CertificatePath:
    """Find a path that was good at a time. All certificates are DER, and may come from a hostile file.

    Args:
        certificate: the one in question: a seal's, where no other purpose is given.
        others: what may lie in between, in any order; what is no certificate is passed over.
        roots: what to trace it back to; they too must be within their period.
        at: the time; aware.
        purpose: what the certificate in question must be for.

    Returns:
        The path, or why there is none; never raises for what the certificates hold.
    """
    anchors = _load(roots)
    if not anchors:
        return CertificatePath((), "no trust root is given")
    try:
        leaf = x509.load_der_x509_certificate(certificate)
        verified = _verifier(anchors, at, purpose).verify(leaf, _load(others))
    except (verification.VerificationError, ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as problem:
        return CertificatePath((), " ".join(str(problem).split())[:_PROBLEM_LENGTH])
    return CertificatePath(tuple(verified.chain), None)


def belong_together(brought: Iterable[bytes], path: CertificatePath, roots: Iterable[bytes]) -> bool:
    """Whether each certificate that a signature brings is on its path, or leads to one that is there or to a root.

    Nobody signs which certificates a signature brings: another program could put anything among them. All are DER.
    """
    believed = [*path.certificates, *_load(roots)]
    try:
        left = {x509.load_der_x509_certificate(der) for der in brought} - set(believed)
    except (ValueError, x509.InvalidVersion):
        return False
    while led := {one for one in left if any(issued(one, issuer) for issuer in believed)}:
        believed += led
        left -= led
    return not left


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether an issuer signed a certificate, by name and by signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def _load(certificates: Iterable[bytes]) -> list[x509.Certificate]:
    loaded = []
    for der in certificates:
        try:
            loaded.append(x509.load_der_x509_certificate(der))
        except (ValueError, x509.InvalidVersion):
            continue
    return loaded


def _verifier(anchors: list[x509.Certificate], at: datetime, purpose: Purpose) -> verification.ClientVerifier:
    """Return the library's verifier of clients: the one that asks for no host name."""
    return (
        verification.PolicyBuilder()
        .store(verification.Store(anchors))
        .time(at.astimezone(UTC).replace(tzinfo=None))
        .max_chain_depth(MOST_ISSUERS)
        .extension_policies(ca_policy=_issuers(), ee_policy=_leaves(purpose))
        .build_client_verifier()
    )


def _issuers() -> verification.ExtensionPolicy:
    """An issuer is a certificate authority that may sign certificates (RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.10)."""
    return (
        verification.ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, verification.Criticality.CRITICAL, None)  # cA: the verifier itself
        .require_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _signs_certificates)
        # Those on directory names are not understood: refused when critical, but overlooked when not.
        .may_be_present(x509.NameConstraints, verification.Criticality.CRITICAL, None)
    )


def _leaves(purpose: Purpose) -> verification.ExtensionPolicy:
    """The certificate in question is none of an authority, and is for its purpose (RFC 5280, 4.2.1.12; RFC 9336)."""

    def signs(_policy: verification.Policy, _of: x509.Certificate, value: x509.KeyUsage) -> None:
        if not any(getattr(value, bit) for bit in purpose.key_usage):
            raise ValueError("the certificate is not for signing")

    def serves(_policy: verification.Policy, _of: x509.Certificate, value: x509.ExtendedKeyUsage | None) -> None:
        named = [] if value is None else [usage.dotted_string for usage in value]
        if (value is not None or purpose.required) and purpose.extended_key_usage not in named:
            raise ValueError(f"the certificate is for other purposes than {purpose.name}")
        if purpose.alone and len(named) != 1:
            raise ValueError(f"the certificate is not for {purpose.name} alone")

    agnostic, critical = verification.Criticality.AGNOSTIC, verification.Criticality.CRITICAL
    return (
        verification.ExtensionPolicy.permit_all()
        .may_be_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, _is_no_authority)
        .require_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, signs)
        .may_be_present(x509.ExtendedKeyUsage, critical if purpose.alone else agnostic, serves)
    )


def _is_no_authority(_policy: verification.Policy, _of: x509.Certificate, value: x509.BasicConstraints | None) -> None:
    if value is not None and value.ca:
        raise ValueError("the certificate is one of an authority")


def _signs_certificates(_policy: verification.Policy, _of: x509.Certificate, value: x509.KeyUsage) -> None:
    if not value.key_cert_sign:
        raise ValueError("an issuer may not sign certificates")
