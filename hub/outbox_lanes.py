"""Which process publishes which units' events: units are spread over lanes, and a lane is held by a lease.

A holder renews its leases each second; one that dies loses them when they run out, ``LEASE`` after it wrote them last.
Each process takes as many lanes as its share is, and leaves what is above it.

Time is each process's own. A clock that is wrong by less than ``LEASE`` minus a renewal changes nothing but how soon a
dead holder is followed; one that is wrong by more lets two processes believe that a lane is theirs, for as long as it
takes the slower one to look. Neither loses nor disorders an event: before it marks, a holder makes sure in the marking
transaction that the lane is its own, and what two send is a repeat (``docs/events.md`` says why). A lease that ends
``FAR`` ahead was written by a clock that jumped, and does not count. Unless its process lives, which renews what it
wrote: then whose clock is wrong cannot be told, and this process takes no lane that is not its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final, Protocol

import structlog

from graph_models.casework import OutboxEvent
from graph_models.journal_records import mark_events_published, unpublished_events
from graph_models.outbox import LANES, OutboxLane, lane_of
from graph_models.outbox_records import (
    Lease,
    hold_lanes,
    leave_lanes,
    meet,
    members_ahead,
    part,
    read_lanes,
    take_lanes,
)
from graph_models.store import GraphStore, Transaction
from hub.clock import Clock

LOG = structlog.get_logger("proofhub.outbox")

LEASE: Final = timedelta(seconds=5)
FAR: Final = timedelta(seconds=60)


class Lanes(Protocol):
    """Says which events this process may publish."""

    async def look(self) -> int:
        """Renew what is held and take what is free; return how many lanes are held."""
        ...

    async def leave(self) -> None:
        """Let others take over at once: this process ends."""
        ...

    async def waiting(self, tx: Transaction, limit: int) -> tuple[OutboxEvent, ...]:
        """Return events that wait and are this process's to publish, of each unit its share, in order."""
        ...

    def sending(self, events: Sequence[OutboxEvent], /) -> AbstractContextManager[None]:
        """Leave none of the lanes of these events while they are sent."""
        ...

    async def mark(self, tx: Transaction, events: Sequence[OutboxEvent]) -> int:
        """Note that the events have left, those whose lanes are still held; return how many."""
        ...


@dataclass(frozen=True, slots=True)
class EveryLane:
    """All lanes, held without a lease: of a process that has its store for itself."""

    async def look(self) -> int:
        """See Lanes."""
        return LANES

    async def leave(self) -> None:
        """See Lanes."""

    async def waiting(self, tx: Transaction, limit: int) -> tuple[OutboxEvent, ...]:
        """See Lanes."""
        return await unpublished_events(tx, limit)

    def sending(self, _: Sequence[OutboxEvent], /) -> AbstractContextManager[None]:
        """See Lanes."""
        return nullcontext()

    async def mark(self, tx: Transaction, events: Sequence[OutboxEvent]) -> int:
        """See Lanes."""
        await mark_events_published(tx, [event.id for event in events])
        return len(events)


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A process whose time is ``FAR`` ahead: until when it is there by its clock, seen to say so since when by ours."""

    until: datetime
    since: datetime


@dataclass(slots=True)
class LeasedLanes:
    """Lanes held by leases in a store that several processes share."""

    store: GraphStore
    clock: Clock
    holder: str
    """The process's own name, new with each start."""
    _held: frozenset[int] = frozenset()
    _until: datetime | None = None
    _leaving: frozenset[int] = frozenset()
    _busy: frozenset[int] = frozenset()
    _ahead: Mapping[str, _Ahead] = field(default_factory=dict)

    @property
    def held(self) -> frozenset[int]:
        """The lanes that may be used now; none when the leases have run out."""
        if self._until is None or self.clock.now() >= self._until:
            return frozenset()
        return self._held

    async def look(self) -> int:
        """See Lanes. What has to be left is left in the look after the one that found so, and not while it is sent."""
        now = self.clock.now()
        lease = Lease(self.holder, now, now + LEASE, now + FAR)
        leave = self._leaving - self._busy

        async def work(tx: Transaction) -> tuple[frozenset[int], frozenset[int], Mapping[str, _Ahead]]:
            members, ahead = await meet(tx, lease), _seen(self._ahead, await members_ahead(tx, lease), now)
            await leave_lanes(tx, self.holder, leave)
            lanes = await read_lanes(tx)
            if any(now - each.since < LEASE for each in ahead.values()):
                lanes = tuple(lane for lane in lanes if lane.holder == self.holder)
            wanted, above = share(lanes, lease, len(members))
            return await take_lanes(tx, lease, wanted | above), above, ahead

        found, leaving, self._ahead = await self.store.write(work)
        if lost := self._held - found - leave:
            LOG.warning("outbox.lanes_lost", lanes=sorted(lost))
        self._held, self._leaving, self._until = found - leaving, leaving, lease.until
        return len(self._held)

    async def leave(self) -> None:
        """See Lanes."""
        self._until = None

        async def work(tx: Transaction) -> None:
            await part(tx, self.holder)
            await leave_lanes(tx, self.holder, range(LANES))

        await self.store.write(work)

    async def waiting(self, tx: Transaction, limit: int) -> tuple[OutboxEvent, ...]:
        """See Lanes."""
        held = self.held
        return await unpublished_events(tx, limit, lambda unit: lane_of(unit) in held) if held else ()

    @contextmanager
    def sending(self, events: Sequence[OutboxEvent], /) -> Iterator[None]:
        """See Lanes."""
        self._busy = frozenset(lane_of(event.unit_code) for event in events)
        try:
            yield
        finally:
            self._busy = frozenset()

    async def mark(self, tx: Transaction, events: Sequence[OutboxEvent]) -> int:
        """See Lanes."""
        still = await hold_lanes(tx, self.holder, {lane_of(event.unit_code) for event in events})
        marked = [event.id for event in events if lane_of(event.unit_code) in still]
        await mark_events_published(tx, marked)
        return len(marked)


def _seen(before: Mapping[str, _Ahead], ahead: Mapping[str, datetime], now: datetime) -> Mapping[str, _Ahead]:
    """Return the processes that are far ahead; one that says the same as before has said so since then."""
    found = {holder: _Ahead(until, now) for holder, until in ahead.items()}
    return {holder: before[holder] if _same(before, holder, each) else each for holder, each in found.items()}


def _same(before: Mapping[str, _Ahead], holder: str, found: _Ahead) -> bool:
    return holder in before and before[holder].until == found.until


def share(lanes: Sequence[OutboxLane], lease: Lease, members: int) -> tuple[frozenset[int], frozenset[int]]:
    """Return the lanes to take or keep when so many processes live, and those of the holder's above its share."""
    most = ceil(LANES / max(members, 1))
    own = [lane.lane for lane in lanes if lane.holder == lease.holder]
    free = [lane.lane for lane in lanes if lane.holder != lease.holder and not lease.now < lane.until <= lease.latest]
    kept = own[:most]
    return frozenset(kept + free[: most - len(kept)]), frozenset(own[most:])
