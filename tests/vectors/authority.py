"""Certificates for the test vectors: the city's, and those of somebody who copies every name of them.

All keys are made anew each time and thrown away: what is kept are certificates and revocation lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pki.profiles import (
    ANY_POLICY,
    DOCUMENT_SIGNING,
    POLICY_INFORMATION_SHARING,
    POLICY_INFORMATION_VERIFICATION,
    TIME_STAMP_SIGNING,
)

SEALED_AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
"""When the proofs are sealed."""
HOLDER = "宁波市公安局（测试）"
"""On the seals' arc, and in every certificate."""
JUDGED_AT = datetime(2026, 6, 1, tzinfo=UTC)
"""When they are judged."""


@dataclass(frozen=True)
class Holder:
    """A certificate, its key, and the certificates above it but the root."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class City:
    """A root, an issuing authority below it, and the seals."""

    root: Holder
    issuing: Holder
    sharing: Holder
    verification: Holder
    lapsed: Holder
    """A sharing seal whose certificate ran out before SEALED_AT."""
    below_seal: Holder
    """A certificate that the sharing seal signed as if it were an authority."""
    clock: Holder
    """Signs time stamps; RSA, because pyHanko's own time-stamp authority speaks nothing else."""
    false_clock: Holder
    """Signs time stamps with a certificate that is for signing documents."""


def make_city() -> City:
    """Make keys and certificates; two cities made so have the same names and nothing else in common."""
    root = _issue("Ningbo Test Root CA", None, authority=True)
    issuing = _issue("Ningbo Test Issuing CA", root, authority=True, policy=ANY_POLICY)
    above = (issuing.certificate,)
    name = "电子证明共享信息专用章"
    sharing = _issue(name, issuing, policy=POLICY_INFORMATION_SHARING, chain=above)
    return City(
        root=root,
        issuing=issuing,
        sharing=sharing,
        verification=_issue("电子证明核实信息专用章", issuing, policy=POLICY_INFORMATION_VERIFICATION, chain=above),
        lapsed=_issue(
            name, issuing, policy=POLICY_INFORMATION_SHARING, chain=above, last=SEALED_AT - timedelta(days=1)
        ),
        clock=_issue("Ningbo Test Clock", issuing, purpose=TIME_STAMP_SIGNING, chain=above, key=_rsa()),
        false_clock=_issue("Ningbo Test Clock", issuing, chain=above, key=_rsa()),
        below_seal=_issue(name, sharing, policy=POLICY_INFORMATION_SHARING, chain=(sharing.certificate, *above)),
    )


def self_signed_seal() -> Holder:
    """A certificate of the sharing seal's name and policy that its holder issued to themselves."""
    return _issue("电子证明共享信息专用章", None, policy=POLICY_INFORMATION_SHARING)


def odd_seal(city: City, **choices: Any) -> Holder:
    """A certificate of the sharing seal's name that the city issued, different in what is chosen."""
    chosen = {"policy": POLICY_INFORMATION_SHARING, "chain": (city.issuing.certificate,), **choices}
    return _issue("电子证明共享信息专用章", city.issuing, **chosen)


def revocation_list(
    issuer: Holder, revoked: x509.Certificate | None = None, since: datetime | None = None, compromised: bool = False
) -> bytes:
    """A list of the issuer, made the day before JUDGED_AT, with one certificate on it or none; DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(JUDGED_AT - timedelta(days=1))
        .next_update(JUDGED_AT + timedelta(days=6))
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    if revoked is not None and since is not None:
        entry = x509.RevokedCertificateBuilder().serial_number(revoked.serial_number).revocation_date(since)
        if compromised:
            entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _issue(
    name: str,
    issuer: Holder | None,
    *,
    authority: bool = False,
    policy: str | None = None,
    second_policy: str | None = None,
    chain: tuple[x509.Certificate, ...] = (),
    first: datetime | None = None,
    last: datetime | None = None,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    purpose: str = DOCUMENT_SIGNING,
) -> Holder:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    above = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first or SEALED_AT - timedelta(days=60))
        .not_valid_after(last or SEALED_AT + timedelta(days=700))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_key_usage(authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose)])
        builder = builder.add_extension(usage, critical=purpose == TIME_STAMP_SIGNING)
    if policy is not None:
        policies = (x509.ObjectIdentifier(oid) for oid in (policy, second_policy) if oid is not None)
        information = [x509.PolicyInformation(oid, None) for oid in policies]
        builder = builder.add_extension(x509.CertificatePolicies(information), critical=False)
    return Holder(builder.sign(above, hashes.SHA256()), key, chain)


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, HOLDER),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, "NTRCN-113302000029530000"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
