"""How often each grant was used on a day, by the signer's own count.

A file for each day and grant with a limit holds the digest of each issuing key that was counted, so that an order is
counted once however often it comes. Days are the city's (Asia/Shanghai). Who fails after being counted stays
counted: the limit errs to the safe side.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from seals.errors import DailyLimitError
from seals.grants import Grant
from seals.signer_files import flush_folder, private_folder
from seals.signer_locks import NamedLocks

_SHANGHAI = timezone(timedelta(hours=8))
_DIGEST = 32


class DailyUses:
    """The counts in one folder."""

    def __init__(self, folder: Path, locks: NamedLocks) -> None:
        """Use a folder, which is made when there is none.

        Raises:
            SealingError: it cannot be used, or others may enter it.
        """
        self._folder = private_folder(folder)
        self._locks = locks

    def count(self, grant: Grant, key: str, at: datetime) -> None:
        """Count one use of a grant under an issuing key (64 hexadecimal digits), unless it was counted that day.

        Raises:
            DailyLimitError: the grant's uses for the day are used up.
        """
        if grant.daily_limit is None:
            return
        day = at.astimezone(_SHANGHAI).date().isoformat()
        name = hashlib.sha256(grant.id.encode()).hexdigest()
        with self._locks.exclusive(f"day:{day}:{name}"):
            file = self._of_day(day) / name
            counted = file.read_bytes() if file.exists() else b""
            if _holds(counted, bytes.fromhex(key)):
                return
            if len(counted) // _DIGEST >= grant.daily_limit:
                raise DailyLimitError(f"the grant {grant.id} allows {grant.daily_limit} proofs a day")
            _append(file, bytes.fromhex(key), at=len(counted) // _DIGEST * _DIGEST)

    def _of_day(self, day: str) -> Path:
        folder = self._folder / day
        if not folder.exists():
            private_folder(folder)
            flush_folder(self._folder)
        return folder


def _holds(counted: bytes, key: bytes) -> bool:
    return any(counted[place : place + _DIGEST] == key for place in range(0, len(counted), _DIGEST))


def _append(file: Path, key: bytes, *, at: int) -> None:
    """Write a digest at a place: over what a worker that died may have begun there."""
    new = not file.exists()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, key, at)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        flush_folder(file.parent)
