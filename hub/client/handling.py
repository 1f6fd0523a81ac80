"""What a unit's handler is and how it is asked: in bounded time, a few times if it fails, and never trusted blindly."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from hub.client.issuing import Answer, NoSuchRecord, Reroute
from hub.client.records import VerificationRequest

LOG = structlog.get_logger("proofhub.worker")

Found = Answer | NoSuchRecord | Reroute | None
"""What a handler says; None leaves the request to a person."""
Handler = Callable[[VerificationRequest], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Handling:
    """A handler, and how often and how long it is asked."""

    handler: Handler
    tries: int = 3
    seconds: float = 60.0
    pause_seconds: float = 2.0
    """Before it is asked again; then twice as long."""

    async def ask(self, request: VerificationRequest) -> Found:
        """Return what the handler says; None, too, where it fails each time, which is logged under the request's id."""
        for tried in range(1, self.tries + 1):
            try:
                return await self._once(request)
            except Exception as problem:
                LOG.error(
                    "worker.handler_failed",
                    request=request.id,
                    tried=tried,
                    of=self.tries,
                    error=type(problem).__name__,
                    where=_place(problem),
                )
            if tried < self.tries:
                await asyncio.sleep(self.pause_seconds * 2 ** (tried - 1))
        return None

    async def _once(self, request: VerificationRequest) -> Found:
        async with asyncio.timeout(self.seconds):
            found = await self.handler(request)
        if not isinstance(found, Found):
            raise TypeError(f"the handler answers with {type(found).__name__}")
        _check_texts(found)
        return found


def _check_texts(found: Found) -> None:
    """Raise TypeError or ValueError where something that is said is no text, or none that can be sent."""
    match found:
        case Answer(facts=facts):
            texts: list[object] = [text for fact in facts.items() for text in fact]
        case NoSuchRecord(statement=statement):
            texts = [statement]
        case Reroute(to_unit=to_unit, reason=reason):
            texts = [to_unit, reason]
        case None:
            texts = []
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"the handler says {type(text).__name__} where a text belongs")
        text.encode()  # a lone surrogate cannot be


def _place(problem: Exception) -> str:
    """Return where it happened; never the message, which may hold personal data."""
    frames = traceback.extract_tb(problem.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
