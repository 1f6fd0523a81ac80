"""The signer: the only one that uses the keys of the seals (Art. 15).

It takes facts and an endorsement and makes the page itself. No call takes a PDF or a digest, so nothing else can be put
before a key.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cachetools import LRUCache

from pki.errors import PkiError
from pki.keystore import KeyStore
from seals.appearance import SealFace
from seals.endorsement import facts_digest
from seals.errors import ReusedIssuingKeyError, SealingError, SignerClosedError, WrongSealError
from seals.kinds import SealKind
from seals.page import render_page
from seals.page_content import PageContent, content_json
from seals.sealing import Seal, seal_page

REMEMBERED_KEYS = 100_000
"""How many issuing keys are remembered, each with the digest of its content."""


@dataclass(frozen=True, slots=True)
class SealingOrder:
    """What is to be sealed."""

    issuing_key: str
    """Names the intent that this proof carries out: the same key always comes with the same content."""
    content: PageContent


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A sealed proof."""

    pdf: bytes
    sha256: str
    """Digest of the whole file, lower-case hexadecimal."""


class SealingService(Protocol):
    """Makes sealed proofs of orders, wherever the keys are."""

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Make the page of an order and seal it.

        Raises:
            ReusedIssuingKeyError: the same issuing key came before with other content.
            WrongSealError: there is no seal of the endorsement's kind, or it names another holder.
            ExpiredSealError: the seal's certificate is out of its period.
            UnprintableCharacterError, PageError: the page cannot be made.
            SealingError: the seal cannot be applied, or the content contradicts itself.
        """

    async def close(self) -> None:
        """Finish what was begun and take no more orders."""


@dataclass(frozen=True, slots=True)
class SealRecord:
    """One seal as its keeper recorded it."""

    kind: SealKind
    key_label: str
    face: SealFace


class Signer:
    """Seals in threads of its own; carries out `SealingService` in this process."""

    def __init__(
        self, keys: KeyStore, records: Iterable[SealRecord], clock: Callable[[], datetime], *, threads: int = 1
    ) -> None:
        """Open the key of each seal and draw its face, once.

        Args:
            keys: where the keys are.
            records: one seal of each kind.
            clock: gives the time of sealing; aware.
            threads: how many proofs are sealed at a time.

        Raises:
            WrongSealError: a certificate is not of its seal's kind, or a kind is there twice.
            SealingError: a key cannot be opened.
            UnprintableCharacterError, PageError: a face cannot be drawn.
        """
        self._seals = _prepared(keys, records)
        self._clock = clock
        self._seen: LRUCache[str, bytes] = LRUCache(REMEMBERED_KEYS)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="signer")
        self._closed = False

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Make the page of an order and seal it; see `SealingService.seal`."""
        if self._closed:
            raise SignerClosedError("the signer has been closed")
        self._remember(order)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._sealed, order.content)

    async def close(self) -> None:
        """Finish what was begun and take no more orders."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)

    def _remember(self, order: SealingOrder) -> None:
        """Refuse a key that came with other content; runs on the event loop, so one call at a time."""
        digest = hashlib.sha256(content_json(order.content).encode()).digest()
        if self._seen.setdefault(order.issuing_key, digest) != digest:
            raise ReusedIssuingKeyError(f"the issuing key {order.issuing_key!r} came before with other content")

    def _sealed(self, content: PageContent) -> SealedDocument:
        seal = self._seal_for(content)
        pdf = seal_page(render_page(content), content.endorsement, seal, self._clock())
        return SealedDocument(pdf, hashlib.sha256(pdf).hexdigest())

    def _seal_for(self, content: PageContent) -> Seal:
        """Choose the seal by the endorsement, after seeing that the content agrees with itself."""
        endorsement = content.endorsement
        if endorsement.facts_sha256 != facts_digest(content.facts):
            raise SealingError("the endorsement is of other facts than the page shows")
        seal = self._seals.get(endorsement.seal_kind)
        if seal is None:
            raise WrongSealError(f"there is no seal of the kind {endorsement.seal_kind}")
        if seal.face.holder != content.seal_holder:
            raise WrongSealError(f"the seal is held by {seal.face.holder}, the page names {content.seal_holder}")
        return seal


def _prepared(keys: KeyStore, records: Iterable[SealRecord]) -> dict[SealKind, Seal]:
    seals: dict[SealKind, Seal] = {}
    for record in records:
        if record.kind in seals:
            raise WrongSealError(f"there are two seals of the kind {record.kind}")
        try:
            key = keys.open(record.key_label)
        except PkiError as problem:
            raise SealingError(f"the key of the seal {record.face.name} cannot be opened: {problem}") from problem
        seals[record.kind] = Seal.prepare(record.kind, record.face, key)
    return seals
