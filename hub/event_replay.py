"""Puts events through the bus again: a run of a unit's events, or what consumers put aside.

Only what has left before goes again, under its own id: who has handled it passes over it, and who misses it takes it
(``hub.event_consumer``). So a replay may be repeated, and never comes before an event that has not left yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from graph_models.casework import OutboxEvent
from graph_models.journal_records import append_audit, append_audit_many
from graph_models.outbox import DeadLetter
from graph_models.outbox_records import published_events
from graph_models.retention_records import read_floor
from graph_models.store import GraphStore
from hub.actors import Actor
from hub.audit import entry
from hub.clock import Clock
from hub.dead_letters import DeadLetters
from hub.errors import InvalidInputError
from hub.event_feed import events_gone
from hub.outbox import EventBus
from hub.permission import Operation, require

EVENTS_STREAM = "events"
"""Audit stream of replays."""
BATCH = 500
MOST_EVENTS = 10_000
"""Most events of one replay."""
MOST_LETTERS = 1000
"""Most letters that are listed, or named."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did."""

    events: int
    """So many events went to the bus again."""
    letters: int
    """So many dead letters were settled by it."""
    left: int
    """So many of the letters asked for stay: they name no event of this hub."""


NOTHING = Replayed(0, 0, 0)


@dataclass(frozen=True, slots=True)
class EventReplay:
    """What the operator of the exchange does with dead letters."""

    store: GraphStore
    bus: EventBus
    letters: DeadLetters
    clock: Clock

    async def dead(self, actor: Actor, limit: int = MOST_LETTERS) -> tuple[DeadLetter, ...]:
        """Return dead letters, the newest first.

        Raises:
            NotPermittedError: the actor holds no post for it.
        """
        require(actor, Operation.READ_DEAD_LETTERS)
        return await self.letters.read(min(limit, MOST_LETTERS))

    async def replay_range(self, actor: Actor, unit_code: str, first: int, last: int) -> Replayed:
        """Put a unit's events through again, from one sequence to another.

        Raises:
            NotPermittedError: the actor holds no post for it.
            InvalidInputError: there is no such run, or it is too long.
            EventsGoneError: its first events are kept no more.
            UnavailableError: the bus cannot be reached; what went before may have arrived.
        """
        require(actor, Operation.REPLAY_EVENTS)
        if not 1 <= first <= last or last - first >= MOST_EVENTS:
            raise _no_run()
        pruned = (await self.store.read(lambda tx: read_floor(tx, unit_code))).pruned
        if first <= pruned:
            raise events_gone(pruned, "first")
        await self._note(actor, f"{unit_code}.{first}-{last}")
        return Replayed(len(await self._publish(unit_code, range(first, last + 1))), 0, 0)

    async def replay_letters(self, actor: Actor, ids: Iterable[str] | None = None) -> Replayed:
        """Put the events of dead letters through again, of those named by letter or event, or of all (None).

        Raises:
            NotPermittedError: the actor holds no post for it.
            UnavailableError: the bus cannot be reached; the letters stay that have not gone through yet.
        """
        require(actor, Operation.REPLAY_EVENTS)
        await self._note(actor, "dead letters")
        if ids is not None:
            return await self._replay(await self.letters.find(frozenset(ids)))
        done = [await self._replay(page) async for page in self.letters.pages(BATCH)]
        return Replayed(*(sum(counts) for counts in zip(*map(astuple, done), strict=True))) if done else NOTHING

    async def discard(self, actor: Actor, ids: Iterable[str]) -> int:
        """Take dead letters away, named by letter or event, that nobody will put through again; return how many.

        Raises:
            NotPermittedError: the actor holds no post for it.
        """
        require(actor, Operation.REPLAY_EVENTS)
        letters, now = await self.letters.find(frozenset(ids)), self.clock.now()
        notes = [
            entry(EVENTS_STREAM, actor, "events.discarded", letter.id, now, sha256=letter.sha256, size=letter.size)
            for letter in letters
        ]
        await self.store.write(lambda tx: append_audit_many(tx, notes))
        await self.letters.settle(letters)
        return len(letters)

    async def _replay(self, letters: Sequence[DeadLetter]) -> Replayed:
        events, settled = await self._send_letters(letters)
        if settled:
            await self.letters.settle(settled)
        return Replayed(events, len(settled), len(letters) - len(settled))

    async def _send_letters(self, letters: Sequence[DeadLetter]) -> tuple[int, list[DeadLetter]]:
        by_unit: defaultdict[str, set[int]] = defaultdict(set)
        for letter in letters:
            unit, _, sequence = letter.event_id.rpartition(".")
            if unit and sequence.isdecimal():
                by_unit[unit].add(int(sequence))
        sent = {event.id for unit in sorted(by_unit) for event in await self._publish(unit, sorted(by_unit[unit]))}
        return len(sent), [letter for letter in letters if letter.event_id in sent]

    async def _publish(self, unit_code: str, sequences: Sequence[int]) -> list[OutboxEvent]:
        sent: list[OutboxEvent] = []
        for start in range(0, len(sequences), BATCH):
            events = await self._published(unit_code, sequences[start : start + BATCH])
            if events:
                await self.bus.publish(events)
                sent += events
        return sent

    async def _published(self, unit_code: str, sequences: Sequence[int]) -> tuple[OutboxEvent, ...]:
        return await self.store.read(lambda tx: published_events(tx, unit_code, sequences))

    async def _note(self, actor: Actor, target: str) -> None:
        """Write down what somebody has put through again, before the first event goes."""
        asked = entry(EVENTS_STREAM, actor, "events.replayed", target, self.clock.now())
        await self.store.write(lambda tx: append_audit(tx, asked))


def _no_run() -> InvalidInputError:
    return InvalidInputError(
        f"give the first and the last sequence of a run of at most {MOST_EVENTS} events",
        message_zh=f"请给出起止序号，最多 {MOST_EVENTS} 个事件",
        mend="The first is at least 1 and at most the last.",
        field="first",
    )
