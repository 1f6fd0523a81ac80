"""Gives what the signer pruned from the hub's own document store: the same document, and never a second one.

Needed where the hub asks again long after: its store was restored from an old copy, or a seal was suspended for weeks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from seals.errors import PrunedDocumentError
from seals.page_content import PageContent
from seals.signer_orders import SealedDocument, SealingOrder, SealingService


class RecallingService(SealingService):
    """Seals by a signer; what that has sealed and pruned comes from where the hub keeps it."""

    def __init__(self, signer: SealingService, recall: Callable[[str], Awaitable[bytes]]) -> None:
        """Take the signer, and what gives a kept document by its SHA-256 or raises an error of its own."""
        self._signer, self._recall = signer, recall

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Have an order sealed; see `SealingService.seal`. What nobody keeps raises as `recall` does."""
        try:
            return await self._signer.seal(order)
        except PrunedDocumentError as pruned:
            return SealedDocument(await self._recall(pruned.document_sha256), pruned.document_sha256)

    @asynccontextmanager
    async def ahead(self, content: PageContent) -> AsyncIterator[SealingService]:
        """Have a page made ahead; see `SealingService.ahead`."""
        async with self._signer.ahead(content) as signer:
            yield RecallingService(signer, self._recall)

    async def close(self) -> None:
        """Close the signer; see `SealingService.close`."""
        await self._signer.close()
