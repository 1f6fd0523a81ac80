"""The time-stamp authority: what it grants, what it rejects, and that nothing brings it down."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from hypothesis import given
from hypothesis import strategies as st

from pki.errors import MalformedTimeStampError, ProfileViolationError
from pki.keystore import KeyAlgorithm
from pki.pkcs12 import Pkcs12KeyStore
from pki.profiles import POLICY_TIME_STAMPING, TIME_STAMPING
from pki.timestamp_tokens import check_token, read_token
from pki.timestamps import (
    LONGEST_REQUEST,
    TimeStampAuthority,
    granted_token,
    time_stamp_request,
)

DIGEST = hashlib.sha256("证明".encode()).digest()
NONCE = 2**63 + 5


@pytest.fixture(scope="module")
def authority(world) -> TimeStampAuthority:
    return TimeStampAuthority(world.keys.open("tsa"))


def answered(authority, world, request: bytes) -> tsp.TimeStampResp:
    return tsp.TimeStampResp.load(authority.answer(request, world.now, world.serial()))


def request(**changes: object) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": DIGEST}
    return tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, **changes}).dump()


def test_a_request_is_granted_with_a_token_of_its_digest(authority, world) -> None:
    token = granted_token(authority.answer(time_stamp_request(DIGEST, NONCE), world.now, 2**70), NONCE)
    said = read_token(token)
    assert (said.at, said.serial, said.imprint) == (world.now.replace(microsecond=0), 2**70, DIGEST)
    assert said.policy == POLICY_TIME_STAMPING
    assert check_token(said, DIGEST, world.root.der).problem is None


def test_the_answer_says_how_exact_it_is_and_gives_the_nonce_back(authority, world) -> None:
    response = answered(authority, world, time_stamp_request(DIGEST, NONCE))
    info = response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert info["accuracy"].native["seconds"] == 1
    assert info["nonce"].native == NONCE


@pytest.mark.parametrize("asked", [True, False])
def test_the_certificates_travel_with_it_when_they_are_asked_for(authority, world, asked) -> None:
    signed = answered(authority, world, request(cert_req=asked))["time_stamp_token"]["content"]
    serials = {found.chosen.serial_number for found in signed["certificates"]}
    certificates = (world.keys.open("tsa").certificate, world.authority.issuing.certificate)
    assert serials == ({certificate.serial_number for certificate in certificates} if asked else set())


def _imprint(algorithm: str, size: int) -> dict[str, object]:
    return {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": bytes(size)}


@pytest.mark.parametrize(
    ("asked", "failure"),
    [
        (request(message_imprint=_imprint("sha1", 20)), "bad_alg"),
        (request(message_imprint=_imprint("md5", 16)), "bad_alg"),
        (request(message_imprint=_imprint("sha256", 20)), "bad_data_format"),
        (request(req_policy="1.2.3.4"), "unaccepted_policy"),
        (request(extensions=[{"extn_id": "1.2.3", "extn_value": b"x"}]), "unaccepted_extensions"),
        (request(version="v2"), "bad_request"),
        (request(nonce=2**300), "bad_request"),
        (bytes(LONGEST_REQUEST + 1), "bad_request"),
        (b"", "bad_data_format"),
        (b"rubbish", "bad_data_format"),
        (request() + b"more", "bad_data_format"),
    ],
)
def test_what_cannot_be_stamped_is_rejected_with_its_reason(authority, world, asked, failure) -> None:
    response = authority.answer(asked, world.now, world.serial())
    status = tsp.PKIStatusInfo.load(_first_element(response))
    assert status["status"].native == "rejection"
    assert status["fail_info"].native == {failure}
    with pytest.raises(MalformedTimeStampError, match=failure):
        granted_token(response, NONCE)


def _first_element(der: bytes) -> bytes:
    """A rejection is the status alone: what is inside the outer sequence."""
    return der[2:] if der[1] < 128 else der[2 + der[1] - 128 :]


@pytest.mark.parametrize("away", [timedelta(days=-1), timedelta(days=4000)])
def test_out_of_its_certificates_period_it_stamps_nothing(authority, world, away) -> None:
    response = authority.answer(time_stamp_request(DIGEST, NONCE), world.now + away, world.serial())
    with pytest.raises(MalformedTimeStampError, match="system_failure"):
        granted_token(response, NONCE)


@given(garbage=st.binary(max_size=200))
def test_garbage_is_answered_and_never_stamped(authority, world, garbage) -> None:
    response = authority.answer(garbage, world.now, 2**70)
    with pytest.raises(MalformedTimeStampError):
        granted_token(response, NONCE)


@given(place=st.integers(0, len(request()) - 1), value=st.integers(0, 255))
def test_a_request_with_any_byte_changed_is_answered(authority, world, place, value) -> None:
    changed = bytearray(request())
    changed[place] = value
    assert authority.answer(bytes(changed), world.now, 2**70).startswith(b"\x30")


@given(garbage=st.binary(max_size=200))
def test_garbage_is_no_answer(garbage) -> None:
    with pytest.raises(MalformedTimeStampError):
        granted_token(garbage, NONCE)


def test_an_answer_to_another_request_is_refused(authority, world) -> None:
    response = authority.answer(time_stamp_request(DIGEST, NONCE), world.now, world.serial())
    with pytest.raises(MalformedTimeStampError, match="another request"):
        granted_token(response, NONCE + 1)


def test_a_key_that_is_for_something_else_stamps_nothing(world) -> None:
    for label in ("sharing", "ocsp", "grants", "issuing"):
        with pytest.raises(ProfileViolationError):
            TimeStampAuthority(world.keys.open(label))


@pytest.fixture
def rsa_authority(world, order_of, tmp_path) -> TimeStampAuthority:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    issuing = world.authority.issuing
    certificate = issuing.issue(order_of(TIME_STAMPING), keys.create("tsa", KeyAlgorithm.RSA_2048).public_key)
    keys.store_certificate("tsa", certificate, (issuing.certificate,))
    return TimeStampAuthority(keys.open("tsa"))


@pytest.mark.services("openssl")
@pytest.mark.parametrize("kind", ["authority", "rsa_authority"])
def test_openssl_accepts_the_answer(world, tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    stamps = request.getfixturevalue(kind)
    asked = time_stamp_request(DIGEST, NONCE)
    (tmp_path / "query.tsq").write_bytes(asked)
    (tmp_path / "answer.tsr").write_bytes(stamps.answer(asked, world.now, world.serial()))
    (tmp_path / "root.pem").write_bytes(world.authority.root_pem.read_bytes())
    command = ["openssl", "ts", "-verify", "-in", "answer.tsr", "-queryfile", "query.tsq", "-CAfile", "root.pem"]
    options = ["-attime", str(int(world.now.timestamp()) + 1)]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr, done.stderr
