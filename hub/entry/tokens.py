"""Bearer tokens: an issuer's signed statements of who calls, for which unit, in which posts (RFC 7519, 9068)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import jwt
from cachetools import LRUCache

from hub.actors import Actor, Admitted, Post
from hub.errors import UnauthenticatedError

TOKEN_LIMIT = 8192
"""Longest token, in characters."""
_ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
_REMEMBERED = 10_000


class TokenVerifier:
    """Believes the tokens of one issuer; remembers those it has checked until they end."""

    def __init__(self, issuer: str, audience: str, jwks: dict[str, object], now: Callable[[], datetime]) -> None:
        """Take the issuer's name and public keys (RFC 7517), the audience that we are, and the clock."""
        self._issuer = issuer
        self._audience = audience
        self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(jwks).keys}
        self._now = now
        self._checked: LRUCache[bytes, tuple[Actor, float]] = LRUCache(_REMEMBERED)

    @classmethod
    def load(cls, issuer: str, audience: str, jwks_file: Path, now: Callable[[], datetime]) -> TokenVerifier:
        """Read the issuer's keys from a file. Raises OSError or ValueError where it is not a key set."""
        return cls(issuer, audience, json.loads(jwks_file.read_text()), now)

    def admit(self, token: str) -> Admitted:
        """Return who calls, and how long the token is good.

        Raises:
            UnauthenticatedError: the token is not the issuer's, not for us, out of its time, or lacks a claim.
        """
        actor, until = self._known(token)
        return Admitted(actor, until - self._now().timestamp())

    def _known(self, token: str) -> tuple[Actor, float]:
        name = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._checked.get(name)
        if known is not None and self._now().timestamp() < known[1]:
            return known
        checked = self._checked[name] = self._check(token)
        return checked

    def _check(self, token: str) -> tuple[Actor, float]:
        if len(token) > TOKEN_LIMIT:
            raise _refused("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(
                token,
                self._keys[header.get("kid")],
                algorithms=_ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": ["exp", "iat", "sub", "unit"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            actor = Actor(
                subject=_name(claims["sub"]),
                unit_code=_name(claims["unit"]),
                posts=frozenset(Post(post) for post in claims.get("posts", ())),
            )
            begin, end = float(claims.get("nbf", claims["iat"])), float(claims["exp"])
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError, RecursionError) as problem:
            raise _refused("the token is not valid here") from problem
        if not begin - 60 <= self._now().timestamp() < end:
            raise _refused("the token is out of its time")
        return actor, end


def bearer(authorization: str | None) -> str | None:
    """Return the token of an Authorization header (RFC 6750), or None where there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _name(claim: object) -> str:
    if not isinstance(claim, str) or not claim.strip():
        raise ValueError("a name is empty or no text")
    return claim


def _refused(message: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        message, message_zh="令牌无效或已过期", mend="Get a new token from the issuer of your department."
    )
