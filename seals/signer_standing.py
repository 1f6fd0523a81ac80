"""Which seals are suspended and which grants revoked, as the signer itself keeps it: binding before the call returns.

One small file that all workers read. Who seals holds the seal's and the grant's lock beside others; who suspends
writes the list first and then waits until nobody holds the lock who began before it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from seals.errors import RevokedGrantError, SealingError, SuspendedSealError
from seals.signer_files import replace_through
from seals.signer_locks import NamedLocks


@dataclass(frozen=True, slots=True)
class _Lists:
    suspended: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()


class Standing:
    """The two lists in one file."""

    def __init__(self, file: Path, locks: NamedLocks) -> None:
        self._file = file
        self._locks = locks
        self._seen: tuple[object, _Lists] = (None, _Lists())

    @contextmanager
    def used(self, seal_id: str, grant_id: str) -> Iterator[None]:
        """Let a seal be used under a grant: a suspension that comes meanwhile returns after it.

        Raises:
            SuspendedSealError: the seal is suspended.
            RevokedGrantError: the grant is revoked.
            SealingError: the lists cannot be read.
        """
        with self._locks.shared(f"seal:{seal_id}"), self._locks.shared(f"grant:{grant_id}"):
            lists = self._lists()
            if seal_id in lists.suspended:
                raise SuspendedSealError(f"the seal {seal_id} is suspended")
            if grant_id in lists.revoked:
                raise RevokedGrantError(f"the grant {grant_id} is revoked")
            yield

    def suspend(self, seal_id: str) -> None:
        """Suspend a seal; when this returns, nothing more is sealed with it."""
        with self._locks.exclusive("standing"):
            lists = self._lists()
            self._keep(replace(lists, suspended=lists.suspended | {seal_id}))
        self.wait_for_those_before(seal_id)

    def resume(self, seal_id: str) -> None:
        """Let a suspended seal be used again."""
        with self._locks.exclusive("standing"):
            lists = self._lists()
            self._keep(replace(lists, suspended=lists.suspended - {seal_id}))

    def revoke(self, grant_id: str) -> None:
        """Revoke a grant for ever; when this returns, nothing more is sealed under it."""
        with self._locks.exclusive("standing"):
            lists = self._lists()
            self._keep(replace(lists, revoked=lists.revoked | {grant_id}))
        with self._locks.exclusive(f"grant:{grant_id}"):
            return

    def suspended(self) -> frozenset[str]:
        """Return the suspended seals."""
        return self._lists().suspended

    def wait_for_those_before(self, seal_id: str) -> None:
        """Wait until whatever was being sealed with a seal is done."""
        with self._locks.exclusive(f"seal:{seal_id}"):
            return

    def _lists(self) -> _Lists:
        """Return the lists, read again only when the file is another one than before."""
        try:
            found = os.stat(self._file)
            stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._seen[0] != stamp:
                self._seen = (stamp, _read(self._file.read_bytes()))
        except FileNotFoundError:
            return _Lists()
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise SealingError("the signer cannot read which seals are suspended") from problem
        return self._seen[1]

    def _keep(self, lists: _Lists) -> None:
        record = {"revoked_grants": sorted(lists.revoked), "suspended_seals": sorted(lists.suspended)}
        replace_through(self._file, orjson.dumps(record))


def _read(data: bytes) -> _Lists:
    record = orjson.loads(data)
    return _Lists(frozenset(record["suspended_seals"]), frozenset(record["revoked_grants"]))
