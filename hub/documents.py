"""Where sealed files are kept: by the digest of their content, so that a file can be neither lost nor swapped."""

from __future__ import annotations

import asyncio
import hashlib
import os
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
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def put(self, data: bytes) -> str:
        """See DocumentStore."""
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            await asyncio.to_thread(self._write, self._place(sha256), data)
        except OSError as problem:
            raise _unavailable("the document cannot be kept") from problem
        return sha256

    async def get(self, sha256: str) -> bytes:
        """See DocumentStore."""
        try:
            data = await asyncio.to_thread(self._place(sha256).read_bytes)
        except OSError as problem:
            raise _unavailable("the document is not in the store") from problem
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _unavailable("the stored document does not have its digest")
        return data

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256[2:]}.pdf"

    def _write(self, place: Path, data: bytes) -> None:
        if place.exists():
            return
        place.parent.mkdir(exist_ok=True, mode=0o700)
        _flush_folder(self._folder)
        beside = place.with_name(f"{place.name}.{os.getpid()}.{id(data):x}")
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        _flush_folder(place.parent)


def _flush_folder(folder: Path) -> None:
    """Make the new name in the folder durable too, not just the content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(message: str) -> UnavailableError:
    return UnavailableError(
        message, message_zh="暂时无法存取该电子证明", mend="Try again later; the hub's operator has been told."
    )
