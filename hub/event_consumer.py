"""Takes events in once each, whatever comes: repeats, gaps, a topic read again from its start, messages that are none.

A consumer remembers, for each unit, the highest sequence that it has seen and the holes below it. What it has handled
is passed over; what fills a hole is handled, however late it comes (a replayed dead letter does that). What it cannot
read or refuses goes to the dead letters with the reason, and leaves a hole where the message says its place.

An event is handled first and noted then: a consumer that dies in between gets it again, so its handler either commits
with the place (``Places`` of its own) or bears repeats by the event's id.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import structlog

from graph_models.casework import OutboxEvent
from graph_models.outbox import ConsumerPlace, DeadLetter
from graph_models.outbox_records import find_place, put_place
from graph_models.store import GraphStore
from hub.clock import Clock
from hub.cloud_events import UnreadableEventError, read_envelope
from hub.dead_letters import DeadLetters
from hub.event_feed import EventFeed

LOG = structlog.get_logger("proofhub.consumer")

_PLACE = re.compile("[1-9][0-9]{0,9}")
MOST_HOLES = 1000
"""More runs of missing events are not remembered for a unit; the oldest is given up, and said in the log."""


class Outcome(StrEnum):
    """What became of a message."""

    HANDLED = "handled"
    REPEATED = "repeated"
    DEAD = "dead"


class RefusedEventError(Exception):
    """A handler will never be able to handle this event; ``str`` says why, without personal data."""


class Places(Protocol):
    """Where a consumer notes how far it has come."""

    async def find(self, unit_code: str) -> ConsumerPlace:
        """Return how far it has come with the unit."""
        ...

    async def put(self, unit_code: str, place: ConsumerPlace) -> None:
        """Note how far it has come with the unit."""
        ...


@dataclass(frozen=True, slots=True)
class StoredPlaces:
    """Places in the graph store, under the consumer's name."""

    store: GraphStore
    consumer: str

    async def find(self, unit_code: str) -> ConsumerPlace:
        """See Places."""
        return await self.store.read(lambda tx: find_place(tx, self.consumer, unit_code))

    async def put(self, unit_code: str, place: ConsumerPlace) -> None:
        """See Places."""
        await self.store.write(lambda tx: put_place(tx, self.consumer, unit_code, place))


@dataclass(frozen=True, slots=True)
class PlacesInMemory:
    """Places of a consumer that begins anew with each start."""

    known: dict[str, ConsumerPlace] = field(default_factory=dict)

    async def find(self, unit_code: str) -> ConsumerPlace:
        """See Places."""
        return self.known.get(unit_code, ConsumerPlace())

    async def put(self, unit_code: str, place: ConsumerPlace) -> None:
        """See Places."""
        self.known[unit_code] = place


@dataclass(frozen=True, slots=True)
class EventConsumer:
    """Hands each event to its handler once, in its unit's order where nothing is missing."""

    name: str
    handle: Callable[[OutboxEvent], Awaitable[None]]
    places: Places
    letters: DeadLetters
    clock: Clock
    _attempts: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def take_message(self, message: bytes, hinted_id: str = "") -> Outcome:
        """Take a message in; ``hinted_id`` is the event's id as its carrier says it, if it does.

        Raises:
            Exception: the handler failed, or places or letters cannot be written; take it again later.
        """
        try:
            event = read_envelope(message)
        except UnreadableEventError as problem:
            if await self._handled(hinted_id):
                return Outcome.REPEATED
            return await self._bury(message, hinted_id, str(problem))
        return await self.take(event, message)

    async def take(self, event: OutboxEvent, message: bytes = b"") -> Outcome:
        """Take an event in. Raises as ``take_message``."""
        place = await self.places.find(event.unit_code)
        if not is_new(place, event.sequence):
            return Outcome.REPEATED
        if event.sequence > place.last + 1:
            LOG.warning("consumer.gap", consumer=self.name, first=place.last + 1, found=event.sequence)
        try:
            await self.handle(event)
        except RefusedEventError as problem:
            buried = await self._bury(message, event.id, str(problem))
            await self.places.put(event.unit_code, passed(place, event.sequence))
            return buried
        await self.places.put(event.unit_code, noted(place, event.sequence))
        return Outcome.HANDLED

    async def _handled(self, event_id: str) -> bool:
        """Tell whether an event was handled of which this message is an unreadable copy."""
        unit, _, sequence = event_id.rpartition(".")
        if not unit or not _PLACE.fullmatch(sequence):
            return False
        return not is_new(await self.places.find(unit), int(sequence))

    async def _bury(self, message: bytes, event_id: str, reason: str) -> Outcome:
        digest = hashlib.sha256(message).hexdigest()
        letter = DeadLetter(
            id=f"{self.name}/{event_id or digest[:32]}",
            consumer=self.name,
            event_id=event_id,
            reason=reason,
            size=len(message),
            sha256=digest,
            at=self.clock.now(),
            attempt=next(self._attempts),
        )
        await self.letters.put(letter, message)
        LOG.warning("consumer.dead_letter", consumer=self.name, letter=letter.id, reason=reason)
        return Outcome.DEAD


async def follow(consumer: EventConsumer, feed: EventFeed, unit_code: str, limit: int = 100) -> int:
    """Take in what the feed has of a unit behind the consumer's place; return how many events were read.

    Raises:
        EventsGoneError: it was away for so long that what follows is kept no more: it has to read the state instead.
    """
    after = (await consumer.places.find(unit_code)).last
    events = await feed.read(unit_code, after, limit)
    for event in events:
        await consumer.take(event)
    return len(events)


def is_new(place: ConsumerPlace, sequence: int) -> bool:
    """Tell whether the event at the sequence is not handled yet."""
    return sequence > place.last or any(first <= sequence <= last for first, last in place.holes)


def noted(place: ConsumerPlace, sequence: int) -> ConsumerPlace:
    """Return the place after the event at the sequence was handled."""
    if sequence > place.last:
        missing = ((place.last + 1, sequence - 1),) if sequence > place.last + 1 else ()
        return _bounded(replace(place, last=sequence, holes=place.holes + missing))
    parts = [part for hole in place.holes for part in _without(hole, sequence)]
    return _bounded(replace(place, holes=tuple(parts)))


def passed(place: ConsumerPlace, sequence: int) -> ConsumerPlace:
    """Return the place after the event at the sequence was seen and put aside: it stays a hole."""
    if sequence <= place.last:
        return place
    return _bounded(replace(place, last=sequence, holes=(*place.holes, (place.last + 1, sequence))))


def _without(hole: tuple[int, int], sequence: int) -> list[tuple[int, int]]:
    first, last = hole
    if not first <= sequence <= last:
        return [hole]
    return [(begin, end) for begin, end in ((first, sequence - 1), (sequence + 1, last)) if begin <= end]


def _bounded(place: ConsumerPlace) -> ConsumerPlace:
    if len(place.holes) <= MOST_HOLES:
        return place
    LOG.error("consumer.hole_given_up", first=place.holes[0][0], last=place.holes[0][1])
    return replace(place, holes=place.holes[-MOST_HOLES:])
