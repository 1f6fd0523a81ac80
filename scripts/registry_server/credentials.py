"""Who may ask a source: one credential for each, kept in a file that the hub reads too.

    {"population": {"header": "Authorization", "token": "…"}, …}

Under ``Authorization`` the token is a Bearer token; under any other header it is an API key as it stands.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Credential:
    """A header and the token that it must carry."""

    header: str
    token: str = field(repr=False)

    def is_shown(self, headers: Mapping[str, str]) -> bool:
        """Tell whether the headers carry the token; takes the same time for any wrong one."""
        expected = f"Bearer {self.token}" if self.header.lower() == "authorization" else self.token
        return hmac.compare_digest(headers.get(self.header, "").encode(), expected.encode())


def read_or_make_credentials(file: Path, sources: Iterable[str]) -> dict[str, Credential]:
    """Return the credentials of the file; it is made, for its owner's eyes only, when it is not there.

    Raises:
        KeyError: the file lacks one of the sources.
    """
    names = sorted(set(sources))
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = {name: Credential("Authorization", secrets.token_urlsafe(32)) for name in names}
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as target:
            json.dump({name: asdict(credential) for name, credential in made.items()}, target, indent=1)
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {name: Credential(kept[name]["header"], kept[name]["token"]) for name in names}
