"""Grants: only the seal authority's signature makes one, and it covers what it says and no more."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from pki.development import DevelopmentPlan, create_development_authority
from pki.keystore import KeyAlgorithm
from pki.pkcs12 import Pkcs12KeyStore
from pki.revocation import Revocation
from seals.errors import GrantError, GrantPeriodError, GrantScopeError, MalformedGrantError, UntrustedGrantError
from seals.grants import (
    GRANT_TEXT_LIMIT,
    Grant,
    GrantUse,
    SignedGrant,
    sign_grant,
    using_unit,
    verify_grant,
)
from tests.seals.granting import grant_of, grants_key

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEAL, UNIT = "information-sharing", "U001"
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
moments = st.integers(0, 2**40).map(lambda milliseconds: EPOCH + timedelta(milliseconds=milliseconds))


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    first, last = sorted((draw(moments), draw(moments)))
    types = tuple(sorted(draw(st.frozensets(names, max_size=4))))
    limit = draw(st.none() | st.integers(1, 10**9))
    ids = draw(st.tuples(names, names, names))
    return Grant(
        id=ids[0],
        seal_id=ids[1],
        unit_code=ids[2],
        proof_types=types,
        not_before=first,
        not_after=last,
        daily_limit=limit,
    )


@pytest.fixture(scope="module")
def signed(seal_office) -> SignedGrant:
    return seal_office.granting.to(UNIT, SEAL)


def read(text: str, office) -> Grant:
    return verify_grant(SignedGrant.from_text(text), office.roots, office.now)


@pytest.mark.requirement("R15.1", "R15.2")
def test_what_the_seal_authority_signed_is_believed(seal_office, signed) -> None:
    assert read(signed.to_text(), seal_office) == grant_of(SEAL, UNIT, seal_office.granting.now)


@given(grants())
def test_the_canonical_form_is_read_back_as_it_was(grant: Grant) -> None:
    assert Grant.from_json(grant.to_json()) == grant


@given(st.data())
def test_any_changed_byte_is_refused(seal_office, signed, data: st.DataObject) -> None:
    text = signed.to_text()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="latin-1").filter(lambda character: character != text[place]))
    with pytest.raises(GrantError):
        read(text[:place] + other + text[place + 1 :], seal_office)


def test_a_certificate_of_another_version_is_refused(seal_office, signed) -> None:
    first, *above = signed.certificates
    broken = first.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    with pytest.raises(UntrustedGrantError):
        verify_grant(replace(signed, certificates=(broken, *above)), seal_office.roots, seal_office.now)


@given(st.data())
def test_a_changed_byte_of_grant_signature_or_certificate_is_refused(seal_office, signed, data) -> None:
    parts = [signed.grant_json, signed.signature, *signed.certificates]
    which = data.draw(st.integers(0, len(parts) - 1))
    place = data.draw(st.integers(0, len(parts[which]) - 1))
    changed = bytearray(parts[which])
    changed[place] ^= data.draw(st.integers(1, 255))
    parts[which] = bytes(changed)
    with pytest.raises(GrantError):
        verify_grant(SignedGrant(parts[0], parts[1], tuple(parts[2:])), seal_office.roots, seal_office.now)


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_text_cut_short_is_refused(signed, cut: int) -> None:
    with pytest.raises(MalformedGrantError):
        SignedGrant.from_text(signed.to_text()[:cut])


def test_a_text_that_is_too_long_is_refused(signed) -> None:
    with pytest.raises(MalformedGrantError, match="longer"):
        SignedGrant.from_text(signed.to_text() + "A" * GRANT_TEXT_LIMIT)


@pytest.mark.parametrize("more", ["=", "\n", " ", "证"])
def test_a_text_with_something_added_is_refused(signed, more: str) -> None:
    with pytest.raises(MalformedGrantError):
        SignedGrant.from_text(signed.to_text() + more)


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_each_kind_of_key_signs_grants(seal_office, algorithm: KeyAlgorithm) -> None:
    label = f"grants-{algorithm.value.lower().replace('_', '-')}"
    office = seal_office
    key = grants_key(office.keys, office.authority.issuing, office.granting.now, algorithm=algorithm, label=label)
    grant = grant_of(SEAL, UNIT, office.now)
    assert verify_grant(sign_grant(grant, key), office.roots, office.now) == grant


@pytest.mark.requirement("R15.1")
def test_the_key_of_a_seal_signs_no_grant(seal_office) -> None:
    with pytest.raises(UntrustedGrantError, match="not one for signing grants"):
        sign_grant(grant_of(SEAL, UNIT, seal_office.now), seal_office.keys.open(SEAL))


@pytest.mark.requirement("R15.1")
def test_a_grant_signed_by_the_key_of_a_seal_is_refused(seal_office, signed) -> None:
    key = seal_office.keys.open(SEAL)
    chain = tuple(each.public_bytes(Encoding.DER) for each in (key.certificate, *key.chain))
    with pytest.raises(UntrustedGrantError):
        verify_grant(replace(signed, certificates=chain), seal_office.roots, seal_office.now)


def test_a_grant_of_another_authority_is_refused(seal_office, signed, tmp_path) -> None:
    now = seal_office.granting.now
    keys = Pkcs12KeyStore(tmp_path / "keys", "correct horse")
    plan = DevelopmentPlan(organisation="Proofhub Test", seals=())
    issuing = create_development_authority(tmp_path, keys, plan, now, itertools.count(2**103).__next__).issuing
    other = sign_grant(grant_of(SEAL, UNIT, now), grants_key(keys, issuing, now))
    with pytest.raises(UntrustedGrantError, match="trusted root"):
        verify_grant(other, seal_office.roots, seal_office.now)
    with pytest.raises(UntrustedGrantError, match="trusted root"):
        verify_grant(signed, (), seal_office.now)


def test_other_certificates_than_the_path_are_refused(seal_office, signed) -> None:
    more = (*signed.certificates, seal_office.roots[0])
    with pytest.raises(UntrustedGrantError, match="other certificates"):
        verify_grant(replace(signed, certificates=more), seal_office.roots, seal_office.now)
    with pytest.raises(UntrustedGrantError, match="without a certificate"):
        verify_grant(replace(signed, certificates=()), seal_office.roots, seal_office.now)


def test_after_its_certificate_has_run_out_a_grant_is_not_believed(seal_office, signed) -> None:
    with pytest.raises(UntrustedGrantError):
        verify_grant(signed, seal_office.roots, seal_office.now + timedelta(days=2000))


def test_a_revoked_certificate_is_not_believed(seal_office, signed) -> None:
    office = seal_office
    serial = office.granting.key.certificate.serial_number
    reason = x509.ReasonFlags.superseded
    period = (office.now, office.now + timedelta(days=1))
    named = office.authority.issuing.revocation_list((Revocation(serial, office.now, reason),), 99, period)
    assert verify_grant(signed, office.roots, office.now - timedelta(minutes=1), revocation_lists=(named,))
    with pytest.raises(UntrustedGrantError, match="revoked"):
        verify_grant(signed, office.roots, office.now, revocation_lists=(named,))


_BAD = [
    {"id": ""},
    {"unit_code": "u" * 129},
    {"proof_types": ("b", "a")},
    {"proof_types": ("a", "a")},
    {"proof_types": ("",)},
    {"daily_limit": 0},
    {"daily_limit": True},
    {"daily_limit": 1.5},
    {"not_after": EPOCH},
    {"not_before": datetime(2026, 1, 1)},  # noqa: DTZ001  that is the fault
    {"not_before": datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)},
    {"seal_id": "\ud800"},
    {"seal_id": 7},
]


@pytest.mark.parametrize("changes", _BAD, ids=str)
def test_a_grant_that_contradicts_itself_is_not_signed(seal_office, changes: dict[str, object]) -> None:
    with pytest.raises(MalformedGrantError):
        sign_grant(replace(grant_of(SEAL, UNIT, seal_office.now), **changes), seal_office.granting.key)


@pytest.mark.parametrize("spoil", [b"{}", b"[]", b"null", b"", b"\xff", b"{"])
def test_json_of_another_form_is_refused(spoil: bytes) -> None:
    with pytest.raises(MalformedGrantError):
        Grant.from_json(spoil)


def test_json_with_more_in_it_is_refused(seal_office) -> None:
    record = orjson.loads(grant_of(SEAL, UNIT, seal_office.now).to_json())
    with pytest.raises(MalformedGrantError):
        Grant.from_json(orjson.dumps(record | {"extra": 1}, option=orjson.OPT_SORT_KEYS))


@pytest.mark.requirement("R15.2")
@pytest.mark.parametrize("wrong", [{"seal_id": "other"}, {"unit_code": "U002"}, {"proof_type": "P002"}], ids=str)
def test_a_grant_covers_its_seal_unit_and_types_only(seal_office, wrong: dict[str, str]) -> None:
    grant = grant_of(SEAL, UNIT, seal_office.now, proof_types=("P001",))
    use = GrantUse(SEAL, UNIT, "P001", seal_office.now)
    grant.require(use)
    with pytest.raises(GrantScopeError):
        grant.require(replace(use, **wrong))


def test_a_grant_without_types_is_for_all_of_them(seal_office) -> None:
    grant_of(SEAL, UNIT, seal_office.now).require(GrantUse(SEAL, UNIT, "whatever", seal_office.now))


@pytest.mark.requirement("R15.2")
def test_a_grant_is_in_force_from_its_first_to_its_last_moment(seal_office) -> None:
    grant, moment = grant_of(SEAL, UNIT, seal_office.now), timedelta(milliseconds=1)
    use = GrantUse(SEAL, UNIT, "P001", seal_office.now)
    for inside in (grant.not_before, grant.not_after):
        grant.require(replace(use, at=inside))
    for outside in (grant.not_before - moment, grant.not_after + moment):
        with pytest.raises(GrantPeriodError):
            grant.require(replace(use, at=outside))


def test_who_extracts_uses_one_seal_and_who_produces_the_other(shared_content, verified_content) -> None:
    assert using_unit(shared_content.endorsement) == "U001"
    assert using_unit(verified_content.endorsement) == "U002"
