"""The signer process as seen from the hub: carries out `SealingService` through a Unix socket.

A connection carries one question, or a page to be made ahead and then its order. When the signer or one of its workers
dies, what was asked is asked again until somebody answers: an order names its issuing key, so it is sealed once. After
a while the caller gets `SignerUnavailableError` and may come back later with the same order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from pki.authority import Subject
from pki.keystore import KeyAlgorithm
from seals.errors import SignerClosedError, SignerUnavailableError
from seals.page_content import PageContent
from seals.signer_connection import SignerConnection
from seals.signer_messages import Message, order_head, raise_failure, text_of
from seals.signer_orders import SealedDocument, SealingOrder, SealingService
from seals.signer_page_ahead import PageAhead
from seals.signer_records import SealRecord, written_record

MOST_CONNECTIONS = 64
"""Most questions under way at a time; more wait here, where they cost nothing."""
PATIENCE_SECONDS = 10.0
"""How long a question is asked again after the signer first failed to answer."""
ANSWER_SECONDS = 30.0
"""How long one answer may take."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0


class SignerClient(SealingService):
    """Asks the signer at a socket; safe to use from many tasks at a time."""

    def __init__(
        self, socket: Path, *, patience_seconds: float = PATIENCE_SECONDS, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """Take the path of the socket; nothing is opened yet."""
        self._socket = socket
        self._patience = patience_seconds
        self._answer_seconds = answer_seconds
        self._free = asyncio.Semaphore(MOST_CONNECTIONS)
        self._closed = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Have an order sealed; see `SealingService.seal`."""
        answer = await self._ask("seal", order_head(order))
        return SealedDocument(answer.body, text_of(answer.head, "sha256"))

    @asynccontextmanager
    async def ahead(self, content: PageContent) -> AsyncIterator[SealingService]:
        """Have a page made ahead; see `SealingService.ahead`."""
        if self._closed or self._free.locked():
            yield self
            return
        page = PageAhead(self._socket, content, self, self._answer_seconds)
        with self._counted():
            try:
                yield page
            finally:
                await page.close()

    async def suspend(self, seal_id: str) -> None:
        """Suspend a seal: when this returns, nothing more is sealed with it.

        Raises:
            SignerUnavailableError: nobody answers; whether it is suspended is not known, so ask again.
        """
        await self._ask("suspend", {"seal_id": seal_id})

    async def resume(self, seal_id: str) -> None:
        """Let a suspended seal be used again; raises as `suspend`."""
        await self._ask("resume", {"seal_id": seal_id})

    async def revoke_grant(self, grant_id: str) -> None:
        """Revoke a grant for ever: when this returns, nothing more is sealed under it; raises as `suspend`."""
        await self._ask("revoke_grant", {"grant_id": grant_id})

    async def create_key(self, label: str, algorithm: KeyAlgorithm, subject: Subject) -> str:
        """Make a key that never leaves the signer; return the request for its certificate, in PEM (PKCS#10).

        Raises:
            KeyExistsError: there is one of that label, with a certificate or of another kind.
            KeyStoreError: it cannot be kept.
            SignerUnavailableError: nobody answers; may be asked again.
        """
        fields = {
            "algorithm": algorithm.value,
            "common_name": subject.common_name,
            "country": subject.country,
            "label": label,
            "organisation": subject.organisation,
            "organisation_identifier": subject.organisation_identifier,
        }
        answer = await self._ask("create_key", fields)
        return text_of(answer.head, "request")

    async def install_certificate(self, record: SealRecord, certificates_pem: str) -> None:
        """Hand the certificate of a seal's key in, with those above it; from now on the seal seals with it.

        Raises:
            WrongSealError, PkiError: it is not one of this seal and key, or leads to no trust root.
            SignerUnavailableError: nobody answers; may be asked again.
        """
        await self._ask("install_certificate", {"certificates": certificates_pem, "seal": written_record(record)})

    async def destroy_key(self, label: str) -> None:
        """Destroy a seal's key for ever; one that is not there is destroyed already.

        Raises:
            WrongSealError: it is no key of a seal.
            KeyStoreError: the store cannot do it.
            SignerUnavailableError: nobody answers; may be asked again.
        """
        await self._ask("destroy_key", {"label": label})

    async def certificates(self) -> list[dict[str, Any]]:
        """Return every seal: ``seal_id``, ``kind``, ``key_label``, ``algorithm``, ``certificates`` (PEM, own first)."""
        found: list[dict[str, Any]] = (await self._ask("certificates")).head["certificates"]
        return found

    async def time_stamp(self, request_der: bytes) -> bytes:
        """Have a time-stamp request answered (RFC 3161), DER in and out; raises SignerProtocolError without a TSA."""
        return (await self._ask("time_stamp", body=request_der)).body

    async def ocsp(self, request_der: bytes) -> bytes:
        """Have a status request answered (RFC 6960), DER in and out; raises SignerProtocolError without a responder."""
        return (await self._ask("ocsp", body=request_der)).body

    async def ping(self) -> int:
        """Return the process number of a worker that answers; raises SignerUnavailableError."""
        pid: int = (await self._ask("ping")).head["pid"]
        return pid

    async def close(self) -> None:
        """Let questions under way finish and take no more."""
        self._closed = True
        await self._idle.wait()

    async def _ask(self, operation: str, fields: Mapping[str, Any] | None = None, body: bytes = b"") -> Message:
        if self._closed:
            raise SignerClosedError("the way to the signer has been closed")
        with self._counted():
            async with self._free:
                answer = await self._until_answered(Message({**(fields or {}), "operation": operation}, body).framed())
        raise_failure(answer.head)
        return answer

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count what is under way, for which closing waits."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _until_answered(self, question: bytes) -> Message:
        now: Callable[[], float] = asyncio.get_running_loop().time
        give_up_at, pause = None, _FIRST_PAUSE
        while True:
            try:
                async with asyncio.timeout(self._answer_seconds):
                    return await self._answered(question)
            except (OSError, EOFError) as problem:  # TimeoutError is an OSError, IncompleteReadError an EOFError
                give_up_at = give_up_at or now() + self._patience
                if now() + pause > give_up_at:
                    raise SignerUnavailableError("the signer does not answer") from problem
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _answered(self, question: bytes) -> Message:
        connection = await SignerConnection.open(self._socket)
        try:
            return await connection.ask(question)
        finally:
            connection.close()
