"""Publishes committed events, in order for each unit, at least once; consumers drop repeats by the event's id."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from graph_models.casework import OutboxEvent
from graph_models.errors import StoreError
from graph_models.store import GraphStore
from hub.errors import UnavailableError
from hub.outbox_lanes import EveryLane, Lanes

LOG = structlog.get_logger("proofhub.outbox")

BATCH = 500
"""Most events sent in one go."""
IDLE_SECONDS = 0.25
"""How long the publisher rests when there is nothing to send."""


class EventBus(Protocol):
    """Where events go."""

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        """Send the events in their order and return once they are safe.

        Raises:
            UnavailableError: the bus cannot be reached; the events stay in the outbox.
        """
        ...

    async def close(self) -> None:
        """Send what is under way and let go."""
        ...


@dataclass(slots=True)
class InProcessBus:
    """Hands events to listeners in this process; one that is slow loses its place instead of holding the others."""

    listeners: set[asyncio.Queue[OutboxEvent]] = field(default_factory=set)

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        """See EventBus."""
        for listener in tuple(self.listeners):
            try:
                for event in events:
                    listener.put_nowait(event)
            except asyncio.QueueFull:
                self.listeners.discard(listener)
                LOG.warning("outbox.listener_dropped")

    def listen(self, capacity: int = 1000) -> asyncio.Queue[OutboxEvent]:
        """Return a queue that receives every event from now on, at most ``capacity`` waiting."""
        queue: asyncio.Queue[OutboxEvent] = asyncio.Queue(capacity)
        self.listeners.add(queue)
        return queue

    async def close(self) -> None:
        """See EventBus."""
        self.listeners.clear()


@dataclass(frozen=True, slots=True)
class Outbox:
    """Takes events out of the store and sends them."""

    store: GraphStore
    bus: EventBus
    lanes: Lanes = field(default_factory=EveryLane)

    async def send_waiting(self) -> int:
        """Send one batch of events that wait; return how many. Nothing is marked before the bus has it safe.

        What was sent on a lane that went to another process meanwhile is not marked: its new holder sends it again.

        Raises:
            UnavailableError: the bus cannot be reached.
        """
        events = await self.store.read(lambda tx: self.lanes.waiting(tx, BATCH))
        if not events:
            return 0
        with self.lanes.sending(events):
            await self.bus.publish(events)
            marked = await self.store.write(lambda tx: self.lanes.mark(tx, events))
        if marked < len(events):
            LOG.warning("outbox.lane_lost_while_sending", unmarked=len(events) - marked)
        return marked

    async def run(self) -> None:
        """Send for ever; a bus or a store that is down is tried again."""
        while True:
            try:
                sent = await self.send_waiting()
            except (UnavailableError, StoreError) as problem:
                LOG.warning("outbox.waiting", reason=type(problem).__name__)
                sent = 0
            except Exception:
                LOG.exception("outbox.failed")
                sent = 0
            if sent < BATCH:
                await asyncio.sleep(IDLE_SECONDS)
