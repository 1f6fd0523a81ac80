"""Tokens of SoftHSM2: a real PKCS#11 module whose tokens are folders.

The module reads which tokens there are when a process loads it, so all of a run are made beforehand.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pki.pkcs11 import Pkcs11KeyStore
from tests.simulators.key_places import KeyPlace

PIN = "2580-correct"
_FOLDERS = (
    "/usr/lib/softhsm",
    "/usr/local/lib/softhsm",
    "/opt/homebrew/lib/softhsm",
    *map(str, Path("/usr/lib").glob("*/softhsm")),
)


@dataclass(frozen=True, slots=True)
class SoftTokens:
    """The tokens of one folder."""

    module: Path
    configuration: Path
    """What SOFTHSM2_CONF has to name before the module is loaded."""

    def place(self, label: str) -> KeyPlace:
        return KeyPlace(self.module, PIN, label)

    def open(self, label: str) -> Pkcs11KeyStore:
        return Pkcs11KeyStore(self.module, label, PIN)

    def emptied(self, label: str) -> Pkcs11KeyStore:
        keys = self.open(label)
        keys._sessions.use(lambda token: [found.destroy() for found in list(token.session.get_objects())], writing=True)
        return keys


def module_path() -> Path:
    """Return where the package put the module."""
    return next(path for folder in _FOLDERS if (path := Path(folder) / "libsofthsm2.so").exists())


def make_tokens(folder: Path, labels: Iterable[str]) -> SoftTokens:
    """Make tokens that ``PIN`` opens."""
    (folder / "tokens").mkdir(parents=True)
    tokens = SoftTokens(module_path(), folder / "softhsm2.conf")
    tokens.configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    for label in labels:
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "so-pin-1"]
        environment = os.environ | {"SOFTHSM2_CONF": str(tokens.configuration)}
        subprocess.run(command, env=environment, capture_output=True, check=True)
    return tokens
