"""A hub process that kills itself at one exact point of an issuing, so that a test can look at what is left.

    python -m tests.hub.killed_office POINT ITEM FOLDER SEALS

FOLDER receives the embedded store and the documents; SEALS holds what ``make_seals`` made. The kill is SIGKILL: nothing
is closed, flushed or rolled back by the process itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from graph_models.ladybug_store import LadybugStore
from graph_models.store import GraphStore, T, Work
from hub.connectors import DataSource, SourceOutcome, SourceQuery
from hub.documents import DocumentStore, FolderDocumentStore
from seals.signer import SealedDocument, SealingOrder, SealingService
from tests.hub.office import Parts, open_office, open_seals, publish, registers

BUFFER = 256 << 20


class Point(StrEnum):
    """Where the process is killed."""

    CASE_COMMITTED = "CASE_COMMITTED"
    """The case is committed, its source is being asked; there is no intent yet."""
    INTENT_COMMITTED = "INTENT_COMMITTED"
    """The intent is committed, nothing is sealed."""
    SEALED = "SEALED"
    """The page is sealed, its document is not kept."""
    KEPT = "KEPT"
    """The document is kept, the proof is not committed."""
    COMMITTED = "COMMITTED"
    """The proof is committed, nobody was told."""


def die() -> NoReturn:
    """End at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("the process outlived its kill")


@dataclass
class DeadlySource:
    """A register whose being asked is the end."""

    code: str

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        die()

    async def close(self) -> None:
        """There is nothing to give back."""


@dataclass
class DeadlySigner(SealingService):
    """A signer that ends the process before it seals."""

    inner: SealingService

    async def seal(self, order: SealingOrder) -> SealedDocument:
        die()

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class DeadlyDocuments:
    """A folder that ends the process before it keeps a document, or after, or says that one was kept."""

    inner: DocumentStore
    point: Point
    kept: bool = False

    async def put(self, data: bytes) -> str:
        if self.point is Point.SEALED:
            die()
        sha256 = await self.inner.put(data)
        if self.point is Point.KEPT:
            die()
        self.kept = True
        return sha256

    async def get(self, sha256: str) -> bytes:
        return await self.inner.get(sha256)


@dataclass
class DeadlyStore:
    """A store that ends the process after the first commit that follows the keeping of a document."""

    inner: GraphStore
    documents: DeadlyDocuments

    async def read(self, work: Work[T]) -> T:
        return await self.inner.read(work)

    async def write(self, work: Work[T]) -> T:
        result = await self.inner.write(work)
        if self.documents.kept:
            die()
        return result

    async def migrate(self) -> None:
        await self.inner.migrate()

    async def ping(self) -> None:
        await self.inner.ping()

    async def close(self) -> None:
        await self.inner.close()


async def main(point: Point, item: str, folder: Path, seals_folder: Path) -> None:
    """Open a case of the item; where its proof has to be verified, answer the request through all steps."""
    seals = open_seals(seals_folder)
    documents = DeadlyDocuments(FolderDocumentStore(folder / "documents"), point)
    store = DeadlyStore(await LadybugStore.open(folder / "graph", buffer_bytes=BUFFER), documents)
    await store.migrate()
    await publish(store)
    sources: tuple[DataSource, ...] = tuple(registers().values())
    if point is Point.CASE_COMMITTED:
        sources = tuple(DeadlySource(source.code) for source in sources)
    signer = DeadlySigner(seals.signer) if point is Point.INTENT_COMMITTED else seals.signer
    office = await open_office(store, seals, folder, Parts(documents=documents, signer=signer, sources=sources))
    case = await office.open(item)
    for request in case.requests:
        await office.answered(request)


if __name__ == "__main__":
    asyncio.run(main(Point(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
