"""Watches a case by a subscription, resumed where it was cut off; asks now and then where there is none to be had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from hub.client import operations
from hub.client.answers import found_in
from hub.client.connection import HubConnection
from hub.client.errors import ClientError, ProtocolError, RefusedError, UnavailableError
from hub.client.operations import Operation
from hub.client.records import Case

_SHOWN = Operation("case", operations.WATCH_CASE, Case)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A CaseWatch that is told of changes; whenever the subscription ends, the case is read once before the next try.

    So where no hub offers subscriptions, or a proxy lets none through, it asks again and again in pauses that grow.
    """

    first_seconds: float = 0.5
    longest_seconds: float = 15.0
    growth: float = 2.0

    async def changes(self, connection: HubConnection, number: str) -> AsyncGenerator[Case, None]:
        """See CaseWatch. Raises the ClientError with which the hub refuses to read the case."""
        cursor: str | None = None
        pause = self.first_seconds
        while True:
            asked = {"number": number, "after": cursor}
            try:
                async with aclosing(connection.listen(operations.WATCH_CASE, asked)) as results:
                    async for data in results:
                        cursor, case = _seen(data)
                        pause = self.first_seconds
                        if case is not None:
                            yield case
            except ClientError as problem:  # what is wrong for good is so for reading the case as well
                cursor = None if isinstance(problem, RefusedError) else cursor
                told = problem.retry_after if isinstance(problem, UnavailableError) else None
                pause = min(max(pause, told or 0.0), self.longest_seconds)
            yield await connection.ask(operations.READ_CASE, {"number": number})
            await asyncio.sleep(pause)
            pause = min(pause * self.growth, self.longest_seconds)


def _seen(data: dict[str, Any]) -> tuple[str, Case | None]:
    """Return the cursor, and the case where something of it changed: the hub also says how far it has come."""
    event = data.get("caseUpdated")
    if isinstance(event, dict) and isinstance(event.get("cursor"), str) and "case" in event:
        return event["cursor"], None if event["case"] is None else found_in(_SHOWN, event, None)
    raise ProtocolError("caseUpdated is not in the result")
