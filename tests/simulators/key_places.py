"""Places of keys that several processes open: a folder of PKCS#12 files, or a token."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pki.keystore import KeyStore
from pki.pkcs11 import Pkcs11KeyStore
from pki.pkcs12 import Pkcs12KeyStore


class KeyStoreKind(StrEnum):
    """The two stores of keys."""

    PKCS12 = "pkcs12"
    PKCS11 = "pkcs11"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """A folder, or a token behind its module."""

    path: Path
    """The folder, or the module."""
    secret: str
    """The passphrase, or the PIN."""
    token: str | None = None
    """The token's label; None for a folder."""

    @property
    def secret_name(self) -> str:
        return "passphrase" if self.token is None else "PIN"

    def open(self) -> KeyStore:
        if self.token is None:
            return Pkcs12KeyStore(self.path, self.secret)
        return Pkcs11KeyStore(self.path, self.token, self.secret)

    def to_record(self) -> dict[str, str | None]:
        return {"path": os.fspath(self.path), "secret": self.secret, "token": self.token}

    @classmethod
    def from_record(cls, found: Mapping[str, str | None]) -> KeyPlace:
        return cls(Path(found["path"] or ""), found["secret"] or "", found["token"])
