"""Raises and renews documents on a thread, so that calls go on meanwhile; the event loop asks for time stamps."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509

from graph_models.casework import ProofLevel
from hub.clock import Clock
from hub.proof_levels import RaisedDocument
from pki.errors import PkiError, TimeStampUnavailableError
from pki.timestamp_tokens import check_token, read_token
from pki.timestamps import TimeStamper
from seals.errors import LongTermError
from seals.findings import read_findings
from seals.levels import SealLevel, level_of
from seals.long_term import LongTermMeans, raise_level, renew, stands_until

__all__ = ["LongTermError", "LongTermMeans", "LongTermWork", "TimeStampUnavailableError"]

_Change = Callable[[LongTermMeans, datetime], Awaitable[bytes]]
_PROBE = hashlib.sha256(b"proofhub").digest()


@dataclass(frozen=True, slots=True)
class LongTermWork:
    """Does the work, with what is trusted at the moment."""

    means: Callable[[], LongTermMeans]
    """Reads whom to trust and the revocation lists of today; raises OSError or ValueError where it cannot."""
    clock: Clock

    async def raised(self, pdf: bytes, level: ProofLevel) -> RaisedDocument:
        """Return a proof's document at a level, or as it is where it has that level already.

        Raises:
            LongTermError: it cannot be raised, or there is nothing current to put into it.
            TimeStampUnavailableError: no time stamp can be had at the moment.
        """
        return await self._done(lambda means, at: raise_level(pdf, SealLevel(level), means, at))

    async def renewed(self, pdf: bytes) -> RaisedDocument:
        """Return a document with a new time stamp over all of it; raises as `raised`."""
        return await self._done(lambda means, at: renew(pdf, means, at))

    async def would_stand_until(self) -> datetime:
        """Return until when a document would stand that is renewed now; asks for a time stamp to find out.

        Raises:
            TimeStampUnavailableError: none can be had at the moment.
        """
        means = await asyncio.to_thread(self._current)
        token = read_token(await means.stamper.stamp(_PROBE))
        roots = means.policy.time_stamp_roots or means.policy.trust_roots
        path = check_token(token, _PROBE, roots, means.policy.intermediates).path.certificates
        if not path:
            raise TimeStampUnavailableError("the time-stamp authority is not trusted")
        return min(certificate.not_valid_after_utc for certificate in path)

    async def lists_are_current(self) -> bool:
        """Tell whether there are revocation lists and all of them are in their period."""
        try:
            crls = (await asyncio.to_thread(self._current)).policy.crls
            ends = [x509.load_der_x509_crl(der).next_update_utc for der in crls]
        except (LongTermError, ValueError):
            return False
        return bool(ends) and all(end is not None and end > self.clock.now() for end in ends)

    async def _done(self, change: _Change) -> RaisedDocument:
        loop = asyncio.get_running_loop()

        def work() -> RaisedDocument:
            means, at = self._current(), self.clock.now()
            bridged = replace(means, stamper=_Bridge(means.stamper, loop))
            return _described(asyncio.run(_awaited(change(bridged, at))), means, at)

        return await asyncio.to_thread(work)

    def _current(self) -> LongTermMeans:
        try:
            return self.means()
        except (OSError, ValueError, PkiError) as problem:
            raise LongTermError(f"whom to trust cannot be read: {problem}") from problem


@dataclass(frozen=True, slots=True)
class _Bridge:
    """Has a stamper of another event loop asked there."""

    stamper: TimeStamper
    loop: asyncio.AbstractEventLoop

    async def stamp(self, digest: bytes) -> bytes:
        """See TimeStamper."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._asked(digest), self.loop))

    async def _asked(self, digest: bytes) -> bytes:
        return await self.stamper.stamp(digest)


async def _awaited(change: Awaitable[bytes]) -> bytes:
    return await change


def _described(pdf: bytes, means: LongTermMeans, at: datetime) -> RaisedDocument:
    end = stands_until(pdf, means.policy, at)
    if end is None:
        raise LongTermError("the proof is not good")
    level = ProofLevel(level_of(read_findings(pdf, means.policy.limits)))
    return RaisedDocument(pdf, hashlib.sha256(pdf).hexdigest(), level, end)
