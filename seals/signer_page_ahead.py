"""A page that the signer makes while its order is still being allowed: making takes longer than all the rest.

The order goes through the connection on which its page was made. Whatever is amiss with that, a signer that died or
let the page go among it, the order is given as if nothing had been made ahead: it names its issuing key.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from seals.errors import SealsError
from seals.page_content import PageContent, content_json
from seals.signer_connection import SignerConnection
from seals.signer_messages import Message, order_head, raise_failure, text_of
from seals.signer_orders import SealedDocument, SealingOrder, SealingService


class PageAhead(SealingService):
    """Seals orders by a signer; the first one with the page that is being made meanwhile."""

    def __init__(self, socket: Path, content: PageContent, signer: SealingService, seconds: float) -> None:
        """Begin to make the page.

        Args:
            socket: where the signer listens.
            content: what will be on the page.
            signer: takes the order where nothing was made ahead.
            seconds: how long the signer may take for an answer.
        """
        self._socket, self._signer, self._seconds = socket, signer, seconds
        self._begun: asyncio.Task[SignerConnection] | None = asyncio.create_task(self._make(content))

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Have an order sealed; see `SealingService.seal`."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._with_page(order)
        except (OSError, EOFError):  # TimeoutError is an OSError, IncompleteReadError an EOFError
            answer = None
        if answer is None:
            return await self._signer.seal(order)
        raise_failure(answer.head)
        return SealedDocument(answer.body, text_of(answer.head, "sha256"))

    async def close(self) -> None:
        """Let the page go, if no order has taken it."""
        begun, self._begun = self._begun, None
        if begun is None:
            return
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        if not begun.cancelled() and begun.exception() is None:
            begun.result().close()

    async def _make(self, content: PageContent) -> SignerConnection:
        connection = await SignerConnection.open(self._socket)
        try:
            question = Message({"content": content_json(content), "operation": "make_page"})
            raise_failure((await connection.ask(question.framed())).head)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _with_page(self, order: SealingOrder) -> Message | None:
        """Give the order to where its page is; None where there is none."""
        begun, self._begun = self._begun, None
        if begun is None:
            return None
        try:
            connection = await begun
        except SealsError:  # the order gets the signer's own word on it
            return None
        try:
            return await connection.ask(Message({**order_head(order), "operation": "seal"}).framed())
        finally:
            connection.close()
