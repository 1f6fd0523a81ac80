"""What a developer has instead of a city's identity provider: an issuer of tokens. Loopback only."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from hub.actors import Post
from hub.entry.settings import Settings

ISSUER = "proofhub-development"
"""The ``iss`` of the development issuer."""
_KEY_FILE = "issuer.pem"
_KEY_ID = "development-1"


class UnsafeSettingError(Exception):
    """A setting that is safe on loopback only is used elsewhere."""


def require_loopback(settings: Settings) -> None:
    """Return if nothing unsafe is reachable from outside this machine.

    Raises:
        UnsafeSettingError: the development issuer is believed on an address that is not loopback, or is the one that
            the settings name without being turned on; or this machine may be posted to from such an address.
    """
    if settings.identity.issuer == ISSUER and not settings.identity.development:
        raise UnsafeSettingError(
            "PROOFHUB_IDENTITY__ISSUER names the development issuer, which is not turned on: set the issuer of your "
            "city and PROOFHUB_IDENTITY__JWKS_FILE, or PROOFHUB_IDENTITY__DEVELOPMENT=true on loopback"
        )
    if settings.identity.development and not _is_loopback(settings.server.host):
        raise UnsafeSettingError(
            f"the development issuer is believed, but the hub listens on {settings.server.host}: "
            "set PROOFHUB_IDENTITY__DEVELOPMENT=false and the issuer of your city, or listen on 127.0.0.1"
        )
    if settings.webhooks.loopback and not _is_loopback(settings.server.host):
        raise UnsafeSettingError(
            f"webhooks may post to this machine itself, but the hub listens on {settings.server.host}: "
            "set PROOFHUB_WEBHOOKS__LOOPBACK=false, or listen on 127.0.0.1"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class DevelopmentIssuer:
    """Issues tokens for anybody who can read its key's file."""

    key: ec.EllipticCurvePrivateKey
    audience: str

    @classmethod
    def open(cls, settings: Settings) -> DevelopmentIssuer:
        """Read the issuer's key, or make it and publish its public half where the hub looks for it."""
        folder = settings.identity.jwks_file.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / _KEY_FILE
        if not path.exists():
            _write_private(path, _new_key())
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise UnsafeSettingError(f"{path} holds no P-256 key; remove it to have a new one made")
        public = {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": _KEY_ID, "use": "sig", "alg": "ES256"}
        settings.identity.jwks_file.write_text(json.dumps({"keys": [public]}))
        return cls(key, settings.identity.audience)

    def token(self, subject: str, unit: str, posts: Iterable[Post], now: datetime, lifetime: timedelta) -> str:
        """Return a token for the person or system, signed with ES256."""
        claims = {
            "iss": ISSUER,
            "aud": self.audience,
            "sub": subject,
            "unit": unit,
            "posts": sorted(posts),
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
        }
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": _KEY_ID})


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
