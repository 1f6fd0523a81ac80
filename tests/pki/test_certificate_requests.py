"""Requests to an outside authority, and what comes back: kept only when it is what a seal needs."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from pki.certificate_requests import LONGEST_REQUEST, accept_certificate, make_request, requested_key
from pki.errors import (
    CertificateMismatchError,
    MalformedRequestError,
    ProfileViolationError,
    UncertifiedKeyError,
    UntrustedCertificateError,
)
from pki.keystore import KeyAlgorithm
from pki.pkcs12 import Pkcs12KeyStore
from pki.profiles import POLICY_INFORMATION_SHARING, POLICY_INFORMATION_VERIFICATION, seal_profile
from pki.trust import SEALING
from tests.pki.forged_certificates import AUTHORITY, issue

PROFILE = seal_profile(POLICY_INFORMATION_SHARING)


@pytest.fixture
def keys(tmp_path) -> Pkcs12KeyStore:
    made = Pkcs12KeyStore(tmp_path / "keys", "x")
    made.create("seal", KeyAlgorithm.P_256)
    return made


@pytest.fixture
def accept(world, keys):
    def call(*certificates: x509.Certificate, **changes: object) -> None:
        given = {"profile": PROFILE, "purpose": SEALING, "roots": world.root.der, "at": world.now} | changes
        accept_certificate(keys, "seal", certificates, **given)  # type: ignore[arg-type]

    return call


@pytest.fixture
def issued(world, keys, order_of) -> x509.Certificate:
    request = make_request(keys.signing_key("seal"), world.plan.seals[0].subject)
    return world.authority.issuing.issue(order_of(PROFILE), requested_key(request))


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
@pytest.mark.services("openssl")
def test_a_request_names_key_and_subject_and_openssl_accepts_it(world, keys, tmp_path, algorithm) -> None:
    key = keys.create("other", algorithm)
    subject = world.plan.seals[0].subject
    request = make_request(key, subject)
    assert x509.load_pem_x509_csr(request.encode()).subject == subject.to_name()
    assert requested_key(request) == key.public_key
    (tmp_path / "request.pem").write_text(request)
    command = ["openssl", "req", "-in", "request.pem", "-verify", "-noout"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "verify OK" in done.stderr


def test_what_is_no_request_is_refused(world, keys) -> None:
    good = make_request(keys.signing_key("seal"), world.plan.seals[0].subject)
    for data in ("", "rubbish", good[:200], "x" * (LONGEST_REQUEST + 1), b"\xff"):
        with pytest.raises(MalformedRequestError):
            requested_key(data)


def test_a_request_that_its_key_did_not_sign_is_refused(world, keys) -> None:
    der = bytearray(
        x509.load_pem_x509_csr(
            make_request(keys.signing_key("seal"), world.plan.seals[0].subject).encode()
        ).public_bytes(Encoding.DER)
    )
    der[der.index("宁波市".encode())] ^= 1
    with pytest.raises(MalformedRequestError, match=r"not signed|no certificate request"):
        requested_key(x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM))


def test_a_request_for_a_key_that_seals_do_not_use_is_refused(world) -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(world.plan.seals[0].subject.to_name())
    made = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
    with pytest.raises(MalformedRequestError, match="neither"):
        requested_key(made.public_bytes(Encoding.PEM))


def test_a_certificate_that_leads_to_the_root_is_kept_with_what_is_above_it(world, keys, issued, accept) -> None:
    issuing = world.authority.issuing.certificate
    accept(issued, issuing, world.root.certificates[0])
    assert keys.open("seal").certificate == issued
    assert keys.open("seal").chain == (issuing,)


def test_nothing_is_kept_of_what_is_not_the_keys(world, keys, accept) -> None:
    for certificates in ((), (world.keys.open("sharing").certificate, world.authority.issuing.certificate)):
        with pytest.raises(CertificateMismatchError):
            accept(*certificates)
    with pytest.raises(UncertifiedKeyError):
        keys.open("seal")


def test_a_certificate_of_another_profile_is_not_kept(world, keys, issued, accept) -> None:
    with pytest.raises(ProfileViolationError):
        accept(issued, world.authority.issuing.certificate, profile=seal_profile(POLICY_INFORMATION_VERIFICATION))


def test_a_certificate_that_leads_to_no_root_now_is_not_kept(world, keys, issued, accept) -> None:
    issuing = world.authority.issuing.certificate
    stranger = issue("root", None, AUTHORITY).der
    for certificates, changes in (
        ((issued,), {}),
        ((issued, issuing), {"roots": (stranger,)}),
        ((issued, issuing), {"at": world.now + timedelta(days=4000)}),
    ):
        with pytest.raises(UntrustedCertificateError):
            accept(*certificates, **changes)
    with pytest.raises(UncertifiedKeyError):
        keys.open("seal")
