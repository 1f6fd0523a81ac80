"""Where sealed files are kept: by the digest of their content, so that a file can be neither lost nor swapped."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Protocol

from hub.errors import UnavailableError


class DocumentStore(Protocol):
    """Keeps documents under their SHA-256."""

    async def put(self, data: bytes) -> str:
        """Keep the bytes and return their SHA-256 in lower-case hexadecimal; durable on return, twice is once.

        Raises:
            UnavailableError: they cannot be kept now.
        """
        ...

    async def get(self, sha256: str) -> bytes:
        """Return the bytes.

        Raises:
            UnavailableError: they are not there, or they are not what the digest says.
        """
        ...


class FolderDocumentStore:
    """A content-addressed folder: ``ab/cdef….pdf``, written beside its place, flushed, then renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._durable = set[Path]()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def put(self, data: bytes) -> str:
        """See DocumentStore."""
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            await asyncio.to_thread(self._write, self._place(sha256), data)
        except OSError as problem:
            raise unavailable("the document cannot be kept") from problem
        return sha256

    async def get(self, sha256: str) -> bytes:
        """See DocumentStore."""
        try:
            data = await asyncio.to_thread(self._place(sha256).read_bytes)
        except OSError as problem:
            raise unavailable("the document is not in the store") from problem
        return checked(data, sha256)

    def _place(self, sha256: str) -> Path:
        return self._folder / key_of(sha256)

    def _write(self, place: Path, data: bytes) -> None:
        if place.exists():
            return
        place.parent.mkdir(exist_ok=True, mode=0o700)
        if place.parent not in self._durable:  # another process may have made it, and not flushed it yet
            _flush_folder(self._folder)
            self._durable.add(place.parent)
        # A name that nobody else has, on any machine that mounts the folder: the same document may come twice at once.
        descriptor, beside = tempfile.mkstemp(prefix=f"{place.name}.", dir=place.parent)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(place)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        _flush_folder(place.parent)


def _flush_folder(folder: Path) -> None:
    """Make the new name in the folder durable too, not just the content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def key_of(sha256: str) -> str:
    """Return where a document is in its store, by its digest: ``ab/cdef….pdf``."""
    return f"{sha256[:2]}/{sha256[2:]}.pdf"


def checked(data: bytes, sha256: str) -> bytes:
    """Return the bytes if they have the digest. Raises UnavailableError."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise unavailable("the stored document does not have its digest")
    return data


def unavailable(message: str) -> UnavailableError:
    """Return what is raised where a document cannot be kept or had now."""
    return UnavailableError(
        message, message_zh="暂时无法存取该电子证明", mend="Try again later; the hub's operator has been told."
    )
