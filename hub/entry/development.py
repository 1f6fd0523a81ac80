"""What a developer has instead of a city: an issuer of tokens, and seals of a development authority. Loopback only."""

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
from hub.clock import Ids
from hub.entry.settings import Settings
from hub.entry.wiring import key_label, open_keys
from pki.authority import Subject
from pki.development import DevelopmentPlan, SealOrder, create_development_authority
from seals.kinds import SEAL_NAMES, SEAL_POLICIES, SealKind

ISSUER = "proofhub-development"
"""The ``iss`` of the development issuer."""
_KEY_FILE = "issuer.pem"
_KEY_ID = "development-1"
_NO_ORGANISATION = "NTRCN-000000000000000000"  # of the form that a seal asks for, and nobody's


class UnsafeSettingError(Exception):
    """A setting that is safe on loopback only is used elsewhere."""


def require_loopback(settings: Settings) -> None:
    """Return if nothing unsafe is reachable from outside this machine.

    Raises:
        UnsafeSettingError: the development issuer is believed on an address that is not loopback.
    """
    if settings.identity.development and not _is_loopback(settings.server.host):
        raise UnsafeSettingError(
            f"the development issuer is believed, but the hub listens on {settings.server.host}: "
            "set PROOFHUB_IDENTITY__DEVELOPMENT=false and the issuer of your city, or listen on 127.0.0.1"
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


def create_development_seals(settings: Settings, now: datetime, ids: Ids) -> Path:
    """Make the two seals with their keys and certificates where they are missing; return the path of the root.

    Raises:
        PkiError: the keys cannot be opened or written.
    """
    plan = DevelopmentPlan(
        organisation=settings.seals.holder,
        seals=tuple(
            SealOrder(
                label=key_label(kind),
                policy=SEAL_POLICIES[kind],
                subject=Subject(
                    organisation=settings.seals.holder,
                    common_name=SEAL_NAMES[kind].zh,
                    organisation_identifier=_NO_ORGANISATION,
                ),
            )
            for kind in SealKind
        ),
    )
    folder = settings.seals.pki_folder
    folder.mkdir(parents=True, exist_ok=True)
    made = create_development_authority(folder, open_keys(settings.seals), plan, now, ids.serial_number)
    return made.root_pem


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
