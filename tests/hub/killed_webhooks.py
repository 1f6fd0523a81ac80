"""A hub process that posts to a webhook until it is killed: ``python -m tests.hub.killed_webhooks FOLDER URL``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from graph_models.ladybug_store import LadybugStore
from tests.hub.webhook_posts import WebhookHub

EVENTS = 4


async def main(folder: str, url: str) -> None:
    """Register the address, let something happen, and deliver."""
    store = await LadybugStore.open(Path(folder), buffer_bytes=192 << 20)
    await store.migrate()
    hub = WebhookHub(store)
    await hub.register(url)
    await hub.happen(EVENTS)
    await hub.deliver()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
