"""Whose tokens are believed, and for how long."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm

from hub.actors import Actor, Post
from hub.entry.tokens import TOKEN_LIMIT, TokenVerifier, bearer
from hub.errors import UnauthenticatedError
from tests.hub.office import NOW, SetClock

KEY = ec.generate_private_key(ec.SECP256R1())
JWKS: dict[str, object] = {
    "keys": [{**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1", "alg": "ES256", "use": "sig"}]
}
SECOND = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": "city",
    "aud": "proofhub",
    "sub": "staff-1",
    "unit": "NB-GA",
    "posts": ["OPERATOR", "DRAFTER"],
    "iat": SECOND,
    "exp": SECOND + 3600,
}


def verifier(clock: SetClock | None = None) -> TokenVerifier:
    return TokenVerifier("city", "proofhub", JWKS, (clock or SetClock()).now)


def signed(key: Any = KEY, kid: str = "k1", algorithm: str = "ES256", **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def unsigned(header: dict[str, Any], payload: bytes, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), payload, signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.requirement("R14.3")
def test_a_good_token_says_who_calls_for_which_unit_in_which_posts() -> None:
    actor = verifier().admit(signed()).actor
    assert actor == Actor("staff-1", "NB-GA", frozenset({Post.OPERATOR, Post.DRAFTER}))
    assert verifier().admit(signed(posts=None)).actor.posts == frozenset()


@pytest.mark.parametrize(
    "token",
    [
        signed(iss="another"),
        signed(aud="another"),
        signed(kid="k2"),
        signed(key=ec.generate_private_key(ec.SECP256R1())),
        signed(key=rsa.generate_private_key(65537, 2048), algorithm="RS256"),
        signed(key="x" * 32, algorithm="HS256"),
        unsigned({"alg": "none", "kid": "k1"}, json.dumps(CLAIMS).encode()),
        unsigned({"alg": "ES256", "kid": ["k1"]}, b"{}", b"x"),
        unsigned({"alg": "ES256", "kid": "k1"}, json.dumps(CLAIMS).encode(), b"x" * 64),
        signed(exp=SECOND),
        signed(exp=SECOND - 1),
        signed(iat=SECOND + 3600, exp=SECOND + 7200),
        signed(nbf=SECOND + 61),
        signed(posts=["OPERATOR", "MAYOR"]),
        signed(posts="OPERATOR"),
        signed(posts=7),
        signed(sub=None),
        signed(sub=" "),
        signed(unit=None),
        signed(unit=["NB-GA"]),
        signed(exp=None),
        signed(exp="soon"),
        signed(exp=10**400),
        signed(exp=float("nan")),
        signed(more="x" * TOKEN_LIMIT),
        "",
        "a.b.c",
        "证明",
        "\ud800",
        unsigned({"alg": "ES256", "kid": "k1"}, b"[" * 4000),
        ".".join([base64.urlsafe_b64encode(b"[" * 5000).decode(), "e30", "x"]),
    ],
)
def test_any_other_token_is_refused_without_saying_what_it_held(token: str) -> None:
    with pytest.raises(UnauthenticatedError) as refused:
        verifier().admit(token)
    assert refused.value.mend
    assert not token or token not in str(refused.value)


def test_a_clock_that_is_a_minute_behind_the_issuers_is_forgiven() -> None:
    assert verifier().admit(signed(nbf=SECOND + 60)).actor.unit_code == "NB-GA"


def test_a_remembered_token_ends_when_it_says() -> None:
    clock = SetClock()
    known, token = verifier(clock), signed()
    first = known.admit(token).actor
    clock.at = NOW + timedelta(seconds=3599)
    assert known.admit(token).actor is first
    clock.at = NOW + timedelta(seconds=3600)
    with pytest.raises(UnauthenticatedError):
        known.admit(token)


def test_who_is_admitted_is_so_for_as_long_as_the_token_is_good() -> None:
    clock = SetClock()
    known, token = verifier(clock), signed()
    assert known.admit(token).seconds == 3600
    clock.at = NOW + timedelta(minutes=59)
    assert (known.admit(token).actor.subject, known.admit(token).seconds) == ("staff-1", 60)


def test_a_refused_token_is_not_remembered_as_good_when_its_time_comes() -> None:
    clock = SetClock(NOW - timedelta(hours=1))
    known, token = verifier(clock), signed()
    with pytest.raises(UnauthenticatedError):
        known.admit(token)
    clock.at = NOW
    assert known.admit(token).actor.subject == "staff-1"


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_garbage_is_refused_and_nothing_else_happens(token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        verifier().admit(token)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64"]), st.text() | st.none() | st.integers()),
    st.binary(),
)
def test_a_garbled_token_is_refused_and_nothing_else_happens(header: dict[str, Any], payload: bytes) -> None:
    with pytest.raises(UnauthenticatedError):
        verifier().admit(unsigned({"alg": "ES256", "kid": "k1"} | header, payload, b"x" * 64))


json_values = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(st.sampled_from(sorted(CLAIMS)), json_values)
def test_a_signed_token_with_any_claim_is_believed_or_refused(name: str, value: Any) -> None:
    claims = json.dumps({**CLAIMS, name: value}).encode()
    token = jwt.api_jws.encode(claims, KEY, algorithm="ES256", headers={"kid": "k1"})
    try:
        actor = verifier().admit(token).actor
    except UnauthenticatedError:
        return
    assert actor.subject.strip()
    assert actor.unit_code.strip()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer  ", None),
        ("Basic abc", None),
        ("bearer abc", "abc"),
        ("Bearer  abc ", "abc"),
    ],
)
def test_the_token_is_taken_from_a_bearer_header_alone(header: str | None, token: str | None) -> None:
    assert bearer(header) == token


def test_a_file_that_holds_no_keys_is_an_error_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    with pytest.raises(OSError, match=r"jwks\.json"):
        TokenVerifier.load("city", "proofhub", file, SetClock().now)
    file.write_text("no json")
    with pytest.raises(ValueError):
        TokenVerifier.load("city", "proofhub", file, SetClock().now)
    file.write_text(json.dumps(JWKS))
    assert TokenVerifier.load("city", "proofhub", file, SetClock().now).admit(signed()).actor.subject == "staff-1"
