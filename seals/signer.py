"""The signer in this process, for tests and measurements; the hub speaks to a process of its own (`signer_client`).

It takes facts, an endorsement and a grant, and makes the page itself. No call takes a PDF or a digest, so nothing else
can be put before a key (Art. 15).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from seals.errors import SignerClosedError
from seals.signer_desk import GrantTrust, SignerParts, SigningDesk
from seals.signer_orders import SealedDocument, SealingOrder, SealingService
from seals.signer_records import SealRecord

__all__ = ["GrantTrust", "SealRecord", "SealedDocument", "SealingOrder", "SealingService", "Signer", "SignerParts"]


class Signer(SealingService):
    """Seals in threads of its own; carries out `SealingService` in this process."""

    def __init__(self, parts: SignerParts, *, threads: int = 1) -> None:
        """Open the key of each seal, once; `threads` is how many proofs are sealed at a time.

        Raises:
            SealsError: as `SigningDesk` does.
        """
        self._desk = SigningDesk(parts)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="signer")
        self._closed = False

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Make the page of an order and seal it; see `SealingService.seal`."""
        if self._closed:
            raise SignerClosedError("the signer has been closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._desk.seal, order)

    async def close(self) -> None:
        """Finish what was begun and take no more orders."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        self._desk.close()
