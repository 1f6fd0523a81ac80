"""Wrappers that time the parts of one extraction; they go in where the parts themselves would."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from graph_models.store import GraphStore, Work
from hub.clock import Clock
from hub.connectors import DataSource, SourceOutcome, SourceQuery
from hub.documents import DocumentStore
from pki.keystore import KeyStore
from seals.kinds import SealKind
from seals.page import render_page
from seals.sealing import Seal, seal_page
from seals.signer_orders import SealedDocument, SealingOrder, SealingService
from seals.signer_records import SealRecord

T = TypeVar("T")

READS = ("look for the business number", "read the case file")
WRITES = ("commit the case", "commit the intent", "commit the proof")


@dataclass(slots=True)
class Stopwatch:
    """Collects seconds by the name of the part, for one extraction at a time."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _reads: Iterator[str] = field(default_factory=lambda: iter(READS))
    _writes: Iterator[str] = field(default_factory=lambda: iter(WRITES))

    def begin(self) -> None:
        """Start the next extraction: its transactions come in the order of READS and WRITES."""
        self._reads, self._writes = iter(READS), iter(WRITES)

    def forget(self) -> None:
        """Drop what was collected while warming up."""
        self.seconds.clear()

    def next_read(self) -> str:
        """Name the read that begins now."""
        return next(self._reads, "other reads")

    def next_write(self) -> str:
        """Name the write that begins now."""
        return next(self._writes, "other writes")

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name].append(time.perf_counter() - begin)


@dataclass(frozen=True, slots=True)
class TimedStore:
    """A graph store whose transactions are timed."""

    inner: GraphStore
    watch: Stopwatch

    async def read(self, work: Work[T]) -> T:
        """Time a read."""
        with self.watch.timing(self.watch.next_read()):
            return await self.inner.read(work)

    async def write(self, work: Work[T]) -> T:
        """Time a write with its commit."""
        with self.watch.timing(self.watch.next_write()):
            return await self.inner.write(work)

    async def migrate(self) -> None:
        """Pass on."""
        await self.inner.migrate()

    async def ping(self) -> None:
        """Pass on."""
        await self.inner.ping()

    async def close(self) -> None:
        """Pass on."""
        await self.inner.close()


@dataclass(frozen=True, slots=True)
class TimedSource:
    """A data source whose answers are timed."""

    inner: DataSource
    watch: Stopwatch

    @property
    def code(self) -> str:
        """Code by which the catalogue names the source."""
        return self.inner.code

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        """Time one question."""
        with self.watch.timing("ask the data source"):
            return await self.inner.fetch(query)

    async def close(self) -> None:
        """Pass on."""
        await self.inner.close()


@dataclass(frozen=True, slots=True)
class TimedDocuments:
    """A document store whose writes are timed."""

    inner: DocumentStore
    watch: Stopwatch

    async def put(self, data: bytes) -> str:
        """Time one document."""
        with self.watch.timing("keep the document"):
            return await self.inner.put(data)

    async def get(self, sha256: str) -> bytes:
        """Pass on."""
        return await self.inner.get(sha256)


class TimedSigner(SealingService):
    """Makes and seals pages in a thread of its own as `seals.signer.Signer` does, and times the two apart."""

    def __init__(self, keys: KeyStore, records: Iterable[SealRecord], clock: Clock, watch: Stopwatch) -> None:
        self._seals = {each.kind: Seal.prepare(each.kind, each.face, keys.open(each.key_label)) for each in records}
        self._clock = clock
        self._watch = watch
        self._threads = ThreadPoolExecutor(1)

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Make the page of an order and seal it."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._sealed, order)

    async def close(self) -> None:
        """Let go of the thread."""
        await asyncio.to_thread(self._threads.shutdown)

    def _sealed(self, order: SealingOrder) -> SealedDocument:
        endorsement = order.content.endorsement
        with self._watch.timing("make the page"):
            page = render_page(order.content)
        with self._watch.timing("seal the page"):
            pdf = seal_page(page, endorsement, self._seals[SealKind(endorsement.seal_kind)], self._at())
        return SealedDocument(pdf, hashlib.sha256(pdf).hexdigest())

    def _at(self) -> datetime:
        return self._clock.now()
