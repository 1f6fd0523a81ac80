"""Certificates and revocation lists of any kind, which our own authority would refuse to sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pki.profiles import KEY_USAGES

AT = datetime(2026, 6, 1, 8, tzinfo=UTC)
"""The time in question."""
DAY = timedelta(days=1)
Extensions = tuple[tuple[x509.ExtensionType, bool], ...]


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a certificate shall say."""

    authority: bool = False
    path_length: int | None = None
    key_usage: tuple[str, ...] | None = None
    """None for the usual one."""
    extensions: Extensions = ()
    """Each with its criticality."""
    first: datetime = AT - 10 * DAY
    last: datetime = AT + 10 * DAY


AUTHORITY = Wish(authority=True)


def issue(name: str, issuer: Holder | None, wish: Wish) -> Holder:
    """Issue a certificate; without an issuer it is signed by its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wish.first)
        .not_valid_after(wish.last)
        .add_extension(x509.BasicConstraints(ca=wish.authority, path_length=wish.path_length), critical=True)
        .add_extension(_key_usage(wish), critical=True)
    )
    for extension, critical in wish.extensions:
        builder = builder.add_extension(extension, critical)
    return Holder(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def crl(
    issuer: Holder,
    *entries: x509.RevokedCertificate,
    made: datetime = AT + DAY,
    extensions: Extensions = (),
) -> bytes:
    """A revocation list that is current for five days; DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(made)
        .next_update(made + 5 * DAY)
    )
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def entry(holder: Holder, since: datetime, *extensions: x509.ExtensionType) -> x509.RevokedCertificate:
    """Revoke a certificate since a time."""
    builder = x509.RevokedCertificateBuilder().serial_number(holder.certificate.serial_number).revocation_date(since)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.build()


def crl_over_sha1(issuer: Holder) -> bytes:
    """An empty revocation list, rightly signed but over SHA-1; DER."""
    made = asn1_crl.CertificateList.load(crl(issuer)).copy()
    made["tbs_cert_list"]["signature"] = made["signature_algorithm"] = {"algorithm": "sha1_ecdsa"}
    made["signature"] = issuer.key.sign(made["tbs_cert_list"].dump(force=True), ec.ECDSA(hashes.SHA1()))
    return bytes(made.dump(force=True))


def certificate_over_sha1(issuer: Holder) -> bytes:
    """A seal's certificate, rightly signed but over SHA-1; DER."""
    made = asn1_x509.Certificate.load(issue("seal", issuer, Wish()).der).copy()
    made["tbs_certificate"]["signature"] = made["signature_algorithm"] = {"algorithm": "sha1_ecdsa"}
    made["signature_value"] = issuer.key.sign(made["tbs_certificate"].dump(force=True), ec.ECDSA(hashes.SHA1()))
    return bytes(made.dump(force=True))


def _key_usage(wish: Wish) -> x509.KeyUsage:
    usual = ("key_cert_sign", "crl_sign") if wish.authority else ("content_commitment",)
    bits = usual if wish.key_usage is None else wish.key_usage
    return x509.KeyUsage(**{bit: bit in bits for bit in KEY_USAGES}, encipher_only=False, decipher_only=False)
