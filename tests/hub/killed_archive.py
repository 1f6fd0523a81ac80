"""A hub process that kills itself while it raises a proof: its document is kept, its record is not changed yet.

    python -m tests.hub.killed_archive FOLDER SEALS

FOLDER receives the embedded store and the documents; SEALS holds what ``make_seals`` made.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from graph_models.ladybug_store import LadybugStore
from hub.documents import DocumentStore
from tests.hub.archive_office import open_archive
from tests.hub.killed_office import BUFFER, die
from tests.hub.office import open_office, open_seals, publish


@dataclass
class DeadlyDocuments:
    """A folder that ends the process when it has kept a document."""

    inner: DocumentStore

    async def put(self, data: bytes) -> str:
        await self.inner.put(data)
        die()

    async def get(self, sha256: str) -> bytes:
        return await self.inner.get(sha256)


async def run(folder: Path, seals_folder: Path) -> None:
    """Have a proof issued, and die while it is raised."""
    seals = open_seals(seals_folder)
    store = await LadybugStore.open(folder / "graph", buffer_bytes=BUFFER)
    await store.migrate()
    await publish(store)
    archive = await open_archive(store, seals, await open_office(store, seals, folder))
    await archive.issued()
    await archive.raiser(DeadlyDocuments(archive.office.documents)).look()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2])))
