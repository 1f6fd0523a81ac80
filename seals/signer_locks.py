"""Locks by name between all threads and processes of a signer; the kernel gives back those of a process that dies.

One file; each name is one byte of it, far beyond its end. The locks belong to an opening of the file and not to a
process ("open file description locks", fcntl(2)), so threads exclude each other too.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = 2**62


class NamedLocks:
    """The locks in one file."""

    def __init__(self, file: Path) -> None:
        """Use a file, which is made when there is none."""
        self._file = file

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Hold the lock alone; waits until nobody else does."""
        with self._held(name, fcntl.F_WRLCK):
            yield

    @contextmanager
    def shared(self, name: str) -> Iterator[None]:
        """Hold the lock beside others who share it."""
        with self._held(name, fcntl.F_RDLCK):
            yield

    @contextmanager
    def _held(self, name: str, kind: int) -> Iterator[None]:
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, _request(kind, name))
            yield
        finally:
            os.close(descriptor)


def _request(kind: int, name: str) -> bytes:
    """Return the kernel's ``struct flock`` for one byte at a place that the name decides."""
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % _PLACES
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, place, 1, 0)
