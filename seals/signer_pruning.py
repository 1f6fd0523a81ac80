"""Takes old documents out of the signer's spool, a few at a time: the hub has committed them long before.

Done by the parent of the workers, which holds no key. Never one that may not be in the log yet, never a young one; a
stone stays for each (`signer_spool.py`). The age is that of the file, against the signer's clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from seals.errors import SealsError
from seals.signer_locks import NamedLocks
from seals.signer_log import SignerLog
from seals.signer_spool import Spool

LOOKED_AT = 500
"""Files that one step looks at, at most."""
PRUNED_AT_A_TIME = 20
"""Documents that one step prunes, at most: each is some writes that wait for the disk."""
PAUSE_SECONDS = 1.0
"""Pause between two steps of one round."""
ROUND_SECONDS = 600.0
"""Pause between two rounds, and after a step that failed."""
_LOG = logging.getLogger("proofhub.signer")


class SpoolPruner:
    """Goes round the spool in small steps."""

    def __init__(
        self,
        folder: Path,
        kept_for: timedelta,
        clock: Callable[[], datetime],
        *,
        looked_at: int = LOOKED_AT,
        pruned_at_a_time: int = PRUNED_AT_A_TIME,
    ) -> None:
        """Take the signer's own folder, how long a document is kept, and the signer's clock; nothing is opened yet."""
        self._folder, self._kept_for, self._clock = folder, kept_for, clock
        self._looked_at, self._pruned_at_a_time = looked_at, pruned_at_a_time
        self._locks = NamedLocks(folder / "locks")
        self._log: SignerLog | None = None
        self._round: Iterator[tuple[str, float] | None] | None = None

    def step(self) -> float:
        """Take one step and return how many seconds to wait for the next. Never raises for what is in the spool."""
        try:
            return PAUSE_SECONDS if self._go_on() else ROUND_SECONDS
        except (SealsError, OSError) as problem:
            _LOG.error("the signer's spool cannot be pruned now: %s", problem)
            self._round = None
            return ROUND_SECONDS

    def close(self) -> None:
        """Write in the log that this run ended, if anything was pruned in it."""
        if self._log is not None:
            self._log.close()

    def _go_on(self) -> bool:
        """Look at some files and prune what is old; tell whether the round has more."""
        spool, pruned = Spool(self._folder / "spool"), 0
        if self._round is None:
            self._round = spool.look_around()
        before = (self._clock() - self._kept_for).timestamp()
        for _ in range(self._looked_at):
            try:
                found = next(self._round)
            except StopIteration:
                self._round = None
                return False
            if found is not None and found[1] < before:
                pruned += self._prune(spool, found[0])
            if pruned == self._pruned_at_a_time:
                break
        return True

    def _prune(self, spool: Spool, key: str) -> bool:
        """Prune one document, unless it may not be in the log yet or cannot be read: that is for somebody to see."""
        with self._locks.exclusive(f"key:{key}"):
            if spool.is_unsettled(key):
                return False
            try:
                document = spool.find(key)
            except SealsError as problem:
                _LOG.error("%s; it is not pruned", problem)
                return False
            if document is None or document.pruned:
                return False
            self._opened_log().append("pruned", key=key, document_sha256=document.sha256)
            spool.bury(key, document)
            return True

    def _opened_log(self) -> SignerLog:
        if self._log is None:
            self._log = SignerLog(self._folder / "log", self._clock)
        return self._log
