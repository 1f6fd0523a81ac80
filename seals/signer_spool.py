"""What the signer sealed, one file for each issuing key: asked again, it gives the same document.

A document is first written to ``pending``, then linked to its place (the first one wins), then logged, and only then
leaves ``pending``. So what lies in ``pending`` after a crash is exactly what may not be in the log yet. Who calls
holds the lock of the issuing key.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from seals.errors import SealingError
from seals.signer_files import flush_folder, private_folder, write_through


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A sealed document with what was asked for."""

    content_sha256: str
    """Digest of the content's JSON, lower-case hexadecimal."""
    pdf: bytes
    sha256: str
    """Digest of the PDF, lower-case hexadecimal."""
    details: Mapping[str, str]
    """What the log says of it: seal, grant, proof number."""

    @classmethod
    def of(cls, content_sha256: str, pdf: bytes, **details: str) -> KeptDocument:
        """Return a document that was just sealed."""
        return cls(content_sha256, pdf, hashlib.sha256(pdf).hexdigest(), details)


class Spool:
    """A folder of sealed documents, shared by all workers of a signer."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made when there is none.

        Raises:
            SealingError: it cannot be used, or others may enter it.
        """
        self._folder = private_folder(folder)
        self._pending = private_folder(folder / "pending")

    def find(self, key: str) -> KeptDocument | None:
        """Return what was sealed under a key (64 hexadecimal digits), if anything was."""
        return _read(self._place(key))

    def prepared(self, key: str) -> KeptDocument | None:
        """Return what was made under a key by a worker that died before it was in its place or in the log."""
        try:
            return _read(self._pending / key)
        except SealingError:  # that worker died while it wrote
            return None

    def prepare(self, key: str, document: KeptDocument) -> None:
        """Write a document beside its place."""
        head = {"content": document.content_sha256, "details": document.details, "document": document.sha256}
        write_through(self._pending / key, orjson.dumps(head) + b"\n" + document.pdf)

    def publish(self, key: str) -> None:
        """Put a prepared document in its place; from now on it is the one."""
        place = self._place(key)
        if not place.parent.exists():
            private_folder(place.parent)
            flush_folder(self._folder)
        os.link(self._pending / key, place)
        flush_folder(place.parent)

    def settle(self, key: str) -> None:
        """Take a document out of ``pending``: it is in the log."""
        (self._pending / key).unlink(missing_ok=True)

    def is_unsettled(self, key: str) -> bool:
        """Tell whether a document may not be in the log yet."""
        return (self._pending / key).exists()

    def unsettled(self) -> tuple[str, ...]:
        """Return the keys of all documents in ``pending``."""
        return tuple(sorted(path.name for path in self._pending.iterdir()))

    def __iter__(self) -> Iterator[str]:
        """Yield the keys of all documents in their places."""
        for folder in sorted(self._folder.iterdir()):
            if folder != self._pending:
                yield from (folder.name + path.name for path in sorted(folder.iterdir()))

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]


def _read(path: Path) -> KeptDocument | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    head, _, pdf = data.partition(b"\n")
    try:
        found = orjson.loads(head)
        kept = KeptDocument(found["content"], pdf, found["document"], found["details"])
    except (ValueError, KeyError, TypeError) as problem:
        raise SealingError(f"the signer's spool is damaged: {path.name}") from problem
    if hashlib.sha256(pdf).hexdigest() != kept.sha256:
        raise SealingError(f"the signer's spool is damaged: {path.name}")
    return kept
