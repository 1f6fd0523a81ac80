"""What the signer sealed, one file for each issuing key: asked again, it gives the same document.

A document is first written to ``pending``, then linked to its place (the first one wins), then logged, and only then
leaves ``pending``. So what lies in ``pending`` after a crash is exactly what may not be in the log yet. Who calls
holds the lock of the issuing key.

A document is kept for some weeks (`signer_pruning.py`); then a stone stays in its place for ever: what was asked for
and which document it was, without the document. So nothing is ever sealed twice under one key.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from seals.errors import SealingError
from seals.signer_files import flush_folder, private_folder, replace_through, write_through

_NAME_LENGTH = 62
"""A document's name in its folder: its key without the first two digits, which name the folder."""


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
    pruned: bool = False
    """Whether the document itself is gone, and the PDF empty."""

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
        place = self._place(key)
        return _read(place) or _read_stone(_stone(place))

    def prepared(self, key: str) -> KeptDocument | None:
        """Return what was made under a key by a worker that died before it was in its place or in the log."""
        try:
            return _read(self._pending / key)
        except SealingError:  # that worker died while it wrote
            return None

    def prepare(self, key: str, document: KeptDocument) -> None:
        """Write a document beside its place."""
        write_through(self._pending / key, _head(document) + document.pdf)

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

    def bury(self, key: str, document: KeptDocument) -> None:
        """Leave a stone in the place of a settled document; found again after a crash, it is buried again."""
        place = self._place(key)
        replace_through(_stone(place), _head(document))
        place.unlink()

    def __iter__(self) -> Iterator[str]:
        """Yield the keys of all documents in their places."""
        for folder in sorted(self._folder.iterdir()):
            if folder != self._pending:
                yield from sorted(folder.name + path.name for path in folder.iterdir() if _is_document(path.name))

    def look_around(self) -> Iterator[tuple[str, float] | None]:
        """Yield the key of each document and when it was written, in seconds since 1970; None for what is none.

        It goes through the folders while others work in them: each document that stays is met once.
        """
        for folder in sorted(os.listdir(self._folder)):
            if folder == self._pending.name:
                continue
            with os.scandir(self._folder / folder) as found:
                for each in found:
                    try:
                        yield (folder + each.name, each.stat().st_mtime) if _is_document(each.name) else None
                    except FileNotFoundError:
                        yield None

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]


def _is_document(name: str) -> bool:
    return len(name) == _NAME_LENGTH


def _stone(place: Path) -> Path:
    return place.with_name(f"{place.name}.gone")


def _head(document: KeptDocument) -> bytes:
    head = {"content": document.content_sha256, "details": document.details, "document": document.sha256}
    return orjson.dumps(head) + b"\n"


def _read(path: Path) -> KeptDocument | None:
    kept = _read_file(path)
    if kept is not None and hashlib.sha256(kept.pdf).hexdigest() != kept.sha256:
        raise _damaged(path)
    return kept


def _read_stone(path: Path) -> KeptDocument | None:
    kept = _read_file(path)
    if kept is not None and kept.pdf:
        raise _damaged(path)
    return None if kept is None else replace(kept, pruned=True)


def _read_file(path: Path) -> KeptDocument | None:
    try:
        head, _, pdf = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    try:
        found = orjson.loads(head)
        return KeptDocument(found["content"], pdf, found["document"], found["details"])
    except (ValueError, KeyError, TypeError) as problem:
        raise _damaged(path) from problem


def _damaged(path: Path) -> SealingError:
    return SealingError(f"the signer's spool is damaged: {path.name}")
