"""The OCSP responder: good, revoked, unknown, and every request that it must not answer otherwise."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from pki.errors import ProfileViolationError
from pki.keystore import KeyAlgorithm
from pki.ocsp import LONGEST_NONCE, LONGEST_REQUEST, OcspResponder
from pki.pkcs12 import Pkcs12KeyStore
from pki.profiles import OCSP_RESPONDER
from pki.revocation import Revocation
from pki.serial_books import ListedSerials
from tests.pki.forged_certificates import AUTHORITY, Wish, issue

REASON = x509.ReasonFlags.key_compromise


@dataclass(frozen=True)
class Answering:
    """A responder with one good and one revoked certificate."""

    responder: OcspResponder
    issuer: x509.Certificate
    good: x509.Certificate
    revoked: x509.Certificate
    unknown: x509.Certificate

    def request(self, certificate: x509.Certificate, nonce: bytes | None = None, algorithm=None) -> bytes:
        builder = ocsp.OCSPRequestBuilder()
        builder = builder.add_certificate(certificate, self.issuer, algorithm or hashes.SHA256())
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(Encoding.DER)


def answering(world, key) -> Answering:
    good, revoked = (world.keys.open(label).certificate for label in ("sharing", "verification"))
    at = world.now.replace(microsecond=0) - timedelta(days=1)
    revocation = Revocation(revoked.serial_number, at, REASON)
    book = ListedSerials(frozenset({good.serial_number}), {revoked.serial_number: revocation})
    issuer = world.authority.issuing.certificate
    return Answering(OcspResponder(issuer, key, book), issuer, good, revoked, world.keys.open("tsa").certificate)


@pytest.fixture(scope="module")
def desk(world) -> Answering:
    return answering(world, world.keys.open("ocsp"))


def answer(desk: Answering, world, request: bytes) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(desk.responder.answer(request, world.now))


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
@pytest.mark.parametrize(
    ("which", "status"),
    [
        ("good", ocsp.OCSPCertStatus.GOOD),
        ("revoked", ocsp.OCSPCertStatus.REVOKED),
        ("unknown", ocsp.OCSPCertStatus.UNKNOWN),
    ],
)
def test_a_certificate_is_good_revoked_or_unknown(world, desk, which, status, algorithm) -> None:
    certificate = getattr(desk, which)
    found = answer(desk, world, desk.request(certificate, algorithm=algorithm))
    assert found.certificate_status is status
    assert found.serial_number == certificate.serial_number
    assert found.revocation_reason is (REASON if which == "revoked" else None)


def test_the_answer_says_from_when_to_when_it_is_current_and_who_gives_it(world, desk) -> None:
    found = answer(desk, world, desk.request(desk.good))
    made = world.now.replace(microsecond=0)
    assert (found.this_update_utc, found.next_update_utc) == (made, made + timedelta(hours=12))
    assert found.certificates == [world.keys.open("ocsp").certificate]


@pytest.mark.parametrize("nonce", [b"x", bytes(32), bytes(LONGEST_NONCE)])
def test_a_nonce_is_given_back(world, desk, nonce) -> None:
    found = answer(desk, world, desk.request(desk.good, nonce))
    assert found.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce


def test_without_a_nonce_there_is_none(world, desk) -> None:
    assert list(answer(desk, world, desk.request(desk.good)).extensions) == []


def test_of_another_authority_it_says_nothing(world, desk) -> None:
    root = issue("root", None, AUTHORITY)
    seal = issue("seal", root, Wish()).certificate
    builder = ocsp.OCSPRequestBuilder().add_certificate(seal, root.certificate, hashes.SHA256())
    found = answer(desk, world, builder.build().public_bytes(Encoding.DER))
    assert found.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_what_is_no_request_is_called_malformed(world, desk) -> None:
    too_long = desk.request(desk.good, bytes(LONGEST_NONCE + 1))
    for request in (b"", b"rubbish", bytes(LONGEST_REQUEST + 1), too_long):
        assert answer(desk, world, request).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_request_about_several_certificates_is_called_malformed(world, desk) -> None:
    asked = asn1_ocsp.OCSPRequest.load(desk.request(desk.good))
    (one,) = asked["tbs_request"]["request_list"]
    asked["tbs_request"]["request_list"] = [one, one.copy()]
    found = answer(desk, world, asked.dump(force=True))
    assert found.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@given(data=st.data())
def test_a_request_with_any_byte_changed_is_answered(world, desk, data) -> None:
    request = bytearray(desk.request(desk.good, b"nonce"))
    request[data.draw(st.integers(0, len(request) - 1))] = data.draw(st.integers(0, 255))
    assert desk.responder.answer(bytes(request), world.now).startswith(b"\x30")


@given(garbage=st.binary(max_size=200))
def test_garbage_is_answered(world, desk, garbage) -> None:
    assert desk.responder.answer(garbage, world.now).startswith(b"\x30")


def test_out_of_its_certificates_period_it_asks_to_come_later(world, desk) -> None:
    late = desk.responder.answer(desk.request(desk.good), world.now + timedelta(days=400))
    assert ocsp.load_der_ocsp_response(late).response_status is ocsp.OCSPResponseStatus.TRY_LATER


def test_a_key_that_is_for_something_else_answers_nothing(world) -> None:
    with pytest.raises(ProfileViolationError):
        answering(world, world.keys.open("tsa"))


def test_a_key_that_another_authority_delegated_answers_nothing(world) -> None:
    stranger = issue("issuing", None, AUTHORITY).certificate
    with pytest.raises(ProfileViolationError, match="another authority"):
        OcspResponder(stranger, world.keys.open("ocsp"), ListedSerials(frozenset()))


@pytest.fixture(params=list(KeyAlgorithm))
def any_desk(world, order_of, tmp_path, request) -> Answering:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    issuing = world.authority.issuing
    certificate = issuing.issue(order_of(OCSP_RESPONDER), keys.create("ocsp", request.param).public_key)
    keys.store_certificate("ocsp", certificate, (issuing.certificate,))
    return answering(world, keys.open("ocsp"))


@pytest.mark.services("openssl")
@pytest.mark.parametrize("which", ["good", "revoked", "unknown"])
def test_openssl_accepts_the_answer(world, any_desk, tmp_path: Path, which: str) -> None:
    certificate = getattr(any_desk, which)
    response = any_desk.responder.answer(any_desk.request(certificate, algorithm=hashes.SHA1()), world.now)
    (tmp_path / "response.der").write_bytes(response)
    for name, found in (("issuer", any_desk.issuer), ("asked", certificate), ("root", world.root.certificates[0])):
        (tmp_path / f"{name}.pem").write_bytes(found.public_bytes(Encoding.PEM))
    command = ["openssl", "ocsp", "-respin", "response.der", "-issuer", "issuer.pem", "-cert", "asked.pem"]
    # The answer is of the time of the tests, openssl's clock is not: any age is right.
    options = ["-CAfile", "root.pem", "-attime", str(int(world.now.timestamp()) + 1), "-validity_period", "2000000000"]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Response verify OK" in done.stderr, done.stderr
    assert f"asked.pem: {which}" in done.stdout
