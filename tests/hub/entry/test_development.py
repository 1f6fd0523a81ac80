"""What a developer has instead of a city stays on the developer's machine."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from hub.actors import Post
from hub.entry.development import (
    ISSUER,
    DevelopmentIssuer,
    UnsafeSettingError,
    require_loopback,
)
from hub.entry.settings import Settings
from hub.entry.tokens import TokenVerifier
from tests.hub.entry.door import settings_in
from tests.hub.office import NOW, SetClock


def listening(host: str, *, development: bool, issuer: str = ISSUER) -> Settings:
    return Settings(server={"host": host}, identity={"development": development, "issuer": issuer})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_the_development_issuer_is_believed_on_loopback(host: str) -> None:
    require_loopback(listening(host, development=True))


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "10.0.0.7", "hub.example", "127.0.0.1.example", "::ffff:10.0.0.7"]
)
def test_the_development_issuer_is_refused_anywhere_else(host: str) -> None:
    with pytest.raises(UnsafeSettingError, match="development issuer"):
        require_loopback(listening(host, development=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_its_name_alone_does_not_make_it_believed(host: str) -> None:
    with pytest.raises(UnsafeSettingError, match="not turned on"):
        require_loopback(listening(host, development=False))


def test_a_city_with_an_issuer_of_its_own_may_listen_anywhere() -> None:
    require_loopback(listening("0.0.0.0", development=False, issuer="https://sso.city.example"))


@pytest.mark.parametrize(("host", "refused"), [("127.0.0.1", False), ("0.0.0.0", True), ("hub.example", True)])
def test_webhooks_reach_this_machine_only_where_the_hub_is_on_loopback(host: str, refused: bool) -> None:
    city = {"development": False, "issuer": "https://sso.city.example"}
    given = Settings(server={"host": host}, identity=city, webhooks={"loopback": True})
    with pytest.raises(UnsafeSettingError, match="WEBHOOKS__LOOPBACK") if refused else nullcontext():
        require_loopback(given)


def test_its_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first, second = DevelopmentIssuer.open(settings), DevelopmentIssuer.open(settings)
    assert first.key.private_numbers() == second.key.private_numbers()
    folder = settings.identity.jwks_file.parent
    assert (folder / "issuer.pem").stat().st_mode & 0o077 == 0
    assert "d" not in json.loads(settings.identity.jwks_file.read_text())["keys"][0]


def test_its_tokens_are_those_that_the_hub_believes(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    token = DevelopmentIssuer.open(settings).token("op", "JY", [Post.OPERATOR], NOW, timedelta(hours=1))
    known = TokenVerifier.load(ISSUER, "proofhub", settings.identity.jwks_file, SetClock().now)
    assert known.admit(token).actor.posts == frozenset({Post.OPERATOR})
    assert jwt.get_unverified_header(token)["alg"] == "ES256"


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    settings = settings_in(tmp_path)
    folder = settings.identity.jwks_file.parent
    folder.mkdir()
    key = ed25519.Ed25519PrivateKey.generate()
    (folder / "issuer.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(UnsafeSettingError, match="holds no P-256 key"):
        DevelopmentIssuer.open(settings)
