"""Prepares a small city in ``var/``: secrets, development seals and issuer, the sample catalogue, the data sources."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.actors import Post
from hub.clock import SystemClock, SystemIds
from hub.entry.development import DevelopmentIssuer, create_development_seals
from hub.entry.settings import Settings
from scripts import sample_catalogue

VAR = Path("var")
SAMPLE = VAR / "sample"
REGISTRY = VAR / "registry"
SOURCES = VAR / "sources.json"
ENVIRONMENT = VAR / "hub.env"
PROOFS = VAR / "proofs"
_PASSPHRASE = VAR / "passphrase"
_TOKEN_LIFE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class City:
    """What is ready before anything is started."""

    settings: Settings
    issuer: DevelopmentIssuer
    root: Path

    def token(self, subject: str, unit: str, *posts: Post) -> str:
        """Return a token of the development issuer."""
        return self.issuer.token(subject, unit, posts, SystemClock().now(), _TOKEN_LIFE)


def prepare(port: int) -> City:
    """Make what is missing and return the city; what is there is kept."""
    VAR.mkdir(exist_ok=True)
    if not (SAMPLE / "types.json").exists():
        sample_catalogue.write_all(SAMPLE)
    os.environ.update(_environment(port))
    _write_environment()
    settings = Settings()
    root = create_development_seals(settings, SystemClock().now(), SystemIds())
    return City(settings, DevelopmentIssuer.open(settings), root)


def write_sources(registry_url: str) -> None:
    """Tell the hub where the bundled registry answers for each source, and by which credential."""
    credentials = json.loads((REGISTRY / "credentials.json").read_text())
    sources = [
        {"code": code, "url": f"{registry_url}/sources/{code}/records", "token": entry["token"]}
        for code, entry in credentials.items()
    ]
    _write_private(SOURCES, json.dumps(sources, indent=1))


def _environment(port: int) -> dict[str, str]:
    if not _PASSPHRASE.exists():
        _write_private(_PASSPHRASE, secrets.token_urlsafe(24))
    return {
        "PROOFHUB_SEALS__PASSPHRASE": _PASSPHRASE.read_text(),
        "PROOFHUB_IDENTITY__DEVELOPMENT": "true",
        "PROOFHUB_SOURCES__FILE": str(SOURCES),
        "PROOFHUB_SERVER__PORT": str(port),
        "PROOFHUB_SERVER__PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def _write_environment() -> None:
    """Keep the settings for whoever starts the hub or asks for a token by hand."""
    lines = [f"{name}={value}\n" for name, value in sorted(os.environ.items()) if name.startswith("PROOFHUB_")]
    _write_private(ENVIRONMENT, "".join(lines))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
