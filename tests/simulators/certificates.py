"""Certificates for a data source on loopback and for the hub that asks it, from an authority of their own."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_FROM, _TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Identity:
    """Files of one certificate and its key, in PEM."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates into a folder; ``file`` is its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        basics = (x509.BasicConstraints(ca=True, path_length=0), _usage(ca=True), self._own_identifier())
        self.file.write_bytes(self._issue(self._name, self._key, basics))

    def issue(self, name: str) -> Identity:
        """Return a certificate for 127.0.0.1 that serves either end of a connection."""
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        more = (x509.BasicConstraints(ca=False, path_length=None), _usage(ca=False), address, authority)
        files = Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        files.certificate.write_bytes(self._issue(subject, key, more))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    def _own_identifier(self) -> x509.ExtensionType:
        return x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())

    def _issue(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extensions: tuple[x509.ExtensionType, ...]
    ) -> bytes:
        builder = x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=_FROM,
            not_valid_after=_TO,
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
