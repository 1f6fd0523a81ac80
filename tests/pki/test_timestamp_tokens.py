"""Time-stamp tokens of any origin: what makes them believed, and everything that must not."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from pki.errors import MalformedTimeStampError
from pki.timestamp_tokens import LONGEST_TOKEN, TimeStampToken, check_token, read_token
from pki.timestamps import TimeStampAuthority
from tests.pki.forged_certificates import AT, AUTHORITY, Holder, Wish, issue
from tests.pki.forged_tokens import forged_token

DIGEST = hashlib.sha256("证明".encode()).digest()
ROOT = issue("root", None, AUTHORITY)
_STAMPING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
_BOTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING])


def clock(usage: x509.ExtendedKeyUsage = _STAMPING, critical: bool = True, **wish: object) -> Holder:
    return issue("clock", ROOT, Wish(extensions=((usage, critical),), **wish))  # type: ignore[arg-type]


CLOCK = clock()


def problem(token: bytes, digest: bytes = DIGEST, roots: tuple[bytes, ...] = (ROOT.der,)) -> str | None:
    return check_token(read_token(token), digest, roots).problem


@pytest.fixture(scope="module")
def genuine(world) -> bytes:
    return TimeStampAuthority(world.keys.open("tsa")).stamp(DIGEST, world.now, 2**70)


def test_a_token_of_our_authority_is_believed_and_leads_to_the_root(world, genuine) -> None:
    answer = check_token(read_token(genuine), DIGEST, world.root.der)
    assert answer.problem is None
    assert answer.path.certificates[-1] == world.root.certificates[0]


def test_a_token_of_another_authority_is_believed_alike() -> None:
    assert problem(forged_token(CLOCK, DIGEST)) is None


def test_zeros_behind_it_are_passed_over_as_in_a_pdf(genuine) -> None:
    assert read_token(genuine + bytes(100)) == read_token(genuine)


def test_of_something_else_it_is_refused(genuine, world) -> None:
    assert problem(genuine, bytes(32), world.root.der) == "the time stamp is of something else"


def test_without_the_root_it_is_refused(genuine) -> None:
    assert problem(genuine) is not None
    assert problem(genuine, roots=()) == "no trust root is given"


@pytest.mark.parametrize(
    ("holder", "why"),
    [
        (clock(critical=False), "criticality"),
        (clock(_BOTH), "alone"),
        (issue("clock", ROOT, Wish()), ""),
        (clock(key_usage=("key_agreement",)), "not for signing"),
        (clock(last=AT - timedelta(seconds=1)), "not valid at"),
        (clock(first=AT + timedelta(seconds=1)), "not valid at"),
        (issue("clock", None, Wish(extensions=((_STAMPING, True),))), ""),
    ],
)
def test_a_certificate_that_is_not_for_stamping_time_then_is_refused(holder, why) -> None:
    found = problem(forged_token(holder, DIGEST))
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"named": None}, "do not name the certificate"),
        ({"named": ROOT.der}, "do not name the certificate"),
        ({"content_type": "data"}, "not say that it is a time stamp"),
        ({"content_digest": bytes(32)}, "content differs"),
        ({"digest_algorithm": "sha1"}, "sha1 is too weak"),
        ({"imprint_algorithm": "sha1"}, "sha1 is too weak"),
        ({"signer": ROOT}, "signature of the time stamp is not valid"),
    ],
)
def test_a_token_that_does_not_compute_is_refused(changes, why) -> None:
    assert why in (problem(forged_token(CLOCK, DIGEST, **changes)) or "")


def test_a_token_of_two_signers_or_without_its_certificate_is_none() -> None:
    made = cms.ContentInfo.load(forged_token(CLOCK, DIGEST))
    signed = made["content"]
    signed["signer_infos"] = cms.SignerInfos([signed["signer_infos"][0], signed["signer_infos"][0].copy()])
    for changed in (made.dump(), forged_token(CLOCK, DIGEST, carried=ROOT)):
        with pytest.raises(MalformedTimeStampError):
            read_token(changed)


@pytest.mark.parametrize("data", [b"", b"rubbish", b"\x30\x03\x02\x01\x00", CLOCK.der, bytes(LONGEST_TOKEN + 1)])
def test_what_is_no_token_is_refused(data) -> None:
    with pytest.raises(MalformedTimeStampError):
        read_token(data)


@given(data=st.data())
def test_with_any_byte_changed_it_is_no_token_or_says_the_same_or_is_refused(genuine, world, data) -> None:
    place = data.draw(st.integers(0, len(genuine) - 1))
    changed = bytearray(genuine)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        found: TimeStampToken = read_token(bytes(changed))
    except MalformedTimeStampError:
        return
    said = read_token(genuine)
    same = (found.at, found.imprint, found.certificate) == (said.at, said.imprint, said.certificate)
    assert same or check_token(found, DIGEST, world.root.der).problem is not None
