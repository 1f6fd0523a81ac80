"""Prepares a small city in a folder: secrets, development seals and issuer, the sample catalogue, the data sources."""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hub.actors import Post
from hub.clock import SystemClock, SystemIds
from hub.entry.development import DevelopmentIssuer
from hub.entry.development_seals import prepare_development_authority
from hub.entry.settings import Settings
from scripts import sample_catalogue

_TOKEN_LIFE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a city, and what lies where in it."""

    folder: Path = Path("var")

    @property
    def sample(self) -> Path:
        """The tables of the sample catalogue."""
        return self.folder / "sample"

    @property
    def registry(self) -> Path:
        """The data of the bundled registers."""
        return self.folder / "registry"

    @property
    def sources(self) -> Path:
        """Where the hub finds its data sources."""
        return self.folder / "sources.json"

    @property
    def variables(self) -> Path:
        """The settings of the hub, for a shell."""
        return self.folder / "hub.env"

    @property
    def proofs(self) -> Path:
        """The sealed PDFs of the story."""
        return self.folder / "proofs"


@dataclass(frozen=True, slots=True)
class City:
    """What is ready before anything is started."""

    place: Place
    environment: Mapping[str, str]
    """The settings, as the hub takes them."""
    settings: Settings
    issuer: DevelopmentIssuer
    root: Path

    @property
    def url(self) -> str:
        """Where the hub answers."""
        return self.settings.server.public_url

    def token(self, subject: str, unit: str, *posts: Post) -> str:
        """Return a token of the development issuer."""
        return self.issuer.token(subject, unit, posts, SystemClock().now(), _TOKEN_LIFE)

    def another(self, port: int, **more: str) -> City:
        """Return the same city behind another hub, on another port; ``more`` are settings by their names."""
        environment = {**self.environment, **_address(port), **more}
        return replace(self, environment=environment, settings=_settings(environment))


def prepare(place: Place, port: int, **defaults: str) -> City:
    """Make what is missing and return the city; what is there is kept.

    ``defaults`` are settings by their names, where the environment says nothing else.
    """
    place.folder.mkdir(parents=True, exist_ok=True)
    if not (place.sample / "types.json").exists():
        sample_catalogue.write_all(place.sample)
    given = {name: value for name, value in os.environ.items() if name.startswith("PROOFHUB_")}
    environment = defaults | given | _environment(place) | _address(port)
    _write_private(
        place.variables, "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items()))
    )
    settings = _settings(environment)
    root = prepare_development_authority(settings, SystemClock().now(), SystemIds())
    return City(place, environment, settings, DevelopmentIssuer.open(settings), root)


def write_sources(place: Place, registry_url: str) -> None:
    """Tell the hub where the bundled registry answers for each source, and by which credential."""
    credentials = json.loads((place.registry / "credentials.json").read_text())
    sources = [
        {"code": code, "url": f"{registry_url}/sources/{code}/records", "token": entry["token"]}
        for code, entry in credentials.items()
    ]
    _write_private(place.sources, json.dumps(sources, indent=1))


def _environment(place: Place) -> dict[str, str]:
    passphrase = place.folder / "passphrase"
    if not passphrase.exists():
        _write_private(passphrase, secrets.token_urlsafe(24))
    folder = place.folder
    return {
        "PROOFHUB_STORE__FOLDER": str(folder / "store"),
        "PROOFHUB_SEALS__FOLDER": str(folder / "keys"),
        "PROOFHUB_SEALS__PASSPHRASE": passphrase.read_text(),
        "PROOFHUB_SEALS__PKI_FOLDER": str(folder / "pki"),
        "PROOFHUB_AUTHORITY__FOLDER": str(folder / "authority"),
        "PROOFHUB_AUTHORITY__PASSPHRASE": passphrase.read_text(),
        "PROOFHUB_SEALS__SIGNER_FOLDER": str(folder / "signer"),
        "PROOFHUB_DOCUMENTS__FOLDER": str(folder / "documents"),
        "PROOFHUB_IDENTITY__JWKS_FILE": str(folder / "identity" / "jwks.json"),
        "PROOFHUB_IDENTITY__DEVELOPMENT": "true",
        "PROOFHUB_SOURCES__FILE": str(place.sources),
    }


def _address(port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}"
    return {"PROOFHUB_SERVER__PORT": str(port), "PROOFHUB_SERVER__PUBLIC_URL": url, "PROOFHUB_URL": url}


def _settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that a hub started with this environment has."""
    rooms: dict[str, dict[str, str]] = {}
    for name, value in environment.items():
        room, parted, setting = name.removeprefix("PROOFHUB_").lower().partition("__")
        if parted:
            rooms.setdefault(room, {})[setting] = value
    given: dict[str, Any] = dict(rooms)
    return Settings(**given)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
