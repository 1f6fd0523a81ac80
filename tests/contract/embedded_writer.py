"""Opens cases one after another in the store that its argument names, and prints each when it is durable.

The argument is a folder, or the address of a Neo4j. A program of its own, so that a test can kill it in the middle.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from graph_models.case_records import add_case, add_needs
from graph_models.journal_records import append_audit, append_event
from graph_models.ladybug_store import LadybugStore
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction
from tests.contract.records import audit, case, event, need


async def main(place: str) -> None:
    store = await (Neo4jStore.open(place) if "://" in place else LadybugStore.open(Path(place), buffer_bytes=192 << 20))
    await store.migrate()
    for one in range(100_000):
        number = f"C{one}"

        async def work(tx: Transaction, number: str = number) -> None:
            await add_case(tx, case(number))
            await add_needs(tx, [need(number)])
            await append_audit(tx, audit("busy"))
            await append_event(tx, event(f"E-{number}"))

        await store.write(work)
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
