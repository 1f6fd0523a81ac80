"""The handler of docs/examples before a database that takes its time, and that keeps a list of what it was asked."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from pathlib import Path

from hub.client.handling import Found
from hub.client.records import VerificationRequest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "examples"))
EXAMPLE = importlib.import_module("issuing_unit")
SECONDS = 0.3


async def answer(request: VerificationRequest) -> Found:
    """Answer as the example does, only later."""
    with Path(os.environ["ASKED"]).open("a") as asked:  # noqa: ASYNC230  one line
        asked.write(f"{request.id}\n")
    await asyncio.sleep(SECONDS)
    found: Found = await EXAMPLE.answer(request)
    return found
