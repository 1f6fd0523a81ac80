"""Certificates of outside authorities: the request goes out (PKCS#10, RFC 2986), the certificate comes in.

What comes in is checked against the key, the profile and the trust roots before it is kept: an authority may have
mistaken the key, or given a certificate with which a seal would not be believed.
"""

from __future__ import annotations

import textwrap
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from asn1crypto import csr, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pki.errors import CertificateMismatchError, MalformedRequestError, UntrustedCertificateError
from pki.keystore import KeyStore, PublicKey, SigningKey
from pki.profiles import CertificateProfile, require_profile
from pki.signing import SIGNATURE_NAMES, sign_content
from pki.trust import Purpose, find_path

if TYPE_CHECKING:
    from pki.authority import Subject

LONGEST_REQUEST = 16 * 1024
"""Longest certificate request that is read, in bytes."""
_PEM_LABEL = "CERTIFICATE REQUEST"


def make_request(key: SigningKey, subject: Subject) -> str:
    """Return a certificate request in PEM, signed by the key itself.

    Raises:
        KeyStoreError: the key cannot sign.
    """
    public = key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    content = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": asn1_x509.Name.load(subject.to_name().public_bytes()),
            "subject_pk_info": keys.PublicKeyInfo.load(public),
            "attributes": [],
        }
    )
    request = csr.CertificationRequest(
        {
            "certification_request_info": content,
            "signature_algorithm": {"algorithm": SIGNATURE_NAMES[key.algorithm]},
            "signature": sign_content(content.dump(), key),
        }
    )
    lines = textwrap.wrap(b64encode(request.dump()).decode("ascii"), 64)
    return "\n".join((f"-----BEGIN {_PEM_LABEL}-----", *lines, f"-----END {_PEM_LABEL}-----", ""))


def requested_key(pem: str | bytes) -> PublicKey:
    """Return the public key of a certificate request; what else it asks for, the issuer decides.

    Raises:
        MalformedRequestError: it is none, or it is not signed by the key that it names, or of another kind than ours.
    """
    data = pem.encode() if isinstance(pem, str) else pem
    if len(data) > LONGEST_REQUEST:
        raise MalformedRequestError(f"the request is longer than {LONGEST_REQUEST} bytes")
    try:
        request = x509.load_pem_x509_csr(data)
        genuine, key = request.is_signature_valid, request.public_key()
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as problem:
        raise MalformedRequestError("this is no certificate request in PEM") from problem
    if not genuine:
        raise MalformedRequestError("the request is not signed by the key that it names")
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise MalformedRequestError("the key of the request is neither P-256 nor RSA")
    return key


def accept_certificate(
    keys_kept: KeyStore,
    label: str,
    certificates: tuple[x509.Certificate, ...],
    *,
    profile: CertificateProfile,
    purpose: Purpose,
    roots: Iterable[bytes],
    at: datetime,
) -> None:
    """Keep a certificate that an outside authority issued for one of our keys.

    Args:
        keys_kept: where the key is.
        label: of the key.
        certificates: the key's first, then those above it; a root among them is left out.
        profile: what it must hold.
        purpose: what its path is asked for.
        roots: the trust roots, DER.
        at: the time; aware.

    Raises:
        CertificateMismatchError: it is not of this key, or there is none.
        ProfileViolationError: it is not of its profile.
        UntrustedCertificateError: it leads to no trust root now.
        KeyStoreError: the key cannot be had, or the certificate not be kept.
    """
    if not certificates or certificates[0].public_key() != keys_kept.signing_key(label).public_key:
        raise CertificateMismatchError(f"the certificate is not of the key {label!r}")
    require_profile(certificates[0], profile)
    leaf, *above = (certificate.public_bytes(Encoding.DER) for certificate in certificates)
    path = find_path(leaf, above, roots, at, purpose=purpose)
    if path.problem is not None:
        raise UntrustedCertificateError(f"the certificate leads to no trust root: {path.problem}")
    keys_kept.store_certificate(label, path.certificates[0], path.certificates[1:-1])
