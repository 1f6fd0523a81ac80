"""Delivers events to webhooks: a unit's in their order, one at a time for each webhook, at least once.

One process has a webhook's turn at a time. It shows signs of life in the store; who sees none for ``TURN_SECONDS`` by
its own monotonic clock takes over, so no clock of another machine matters. The next event is posted only when it is in
the store that the one before was taken: whoever posts, a receiver that drops repeats sees the unit's order. A turn is
short, and the next one goes to who had none for longest: slow receivers hold nobody up.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from graph_models.casework import OutboxEvent
from graph_models.errors import RecordNotFoundError, StoreError
from graph_models.journal_records import append_audit, append_events
from graph_models.store import GraphStore, Transaction
from graph_models.webhook_records import LONGEST_WAIT, hold_webhook, waiting_webhooks, write_webhook
from graph_models.webhooks import DeliveryProgress, PauseReason, StoredWebhook, WaitingWebhook, Webhook, WebhookState
from hub.actors import SYSTEM_ACTOR
from hub.audit import entry
from hub.clock import Clock, Ids
from hub.errors import UnavailableError
from hub.event_feed import EventFeed
from hub.events import EventType, event
from hub.webhook_messages import Message, WebhookMessages

LOG = structlog.get_logger("proofhub.webhooks")

TURN_SECONDS = 5.0
"""A turn without a sign of life for so long is over."""
BEAT_SECONDS = 1.0
"""How often whoever has the turn shows that it lives."""
BATCH = 100
"""Events read in one go."""
TURN_BATCHES = 10
"""So often events are read in one turn."""
TURN_LONGEST_SECONDS = 10.0
"""After so long a turn ends with the event that is under way."""
FIRST_WAIT_SECONDS = 1.0
"""About how long the second attempt waits; each further one twice as long, up to ``LONGEST_WAIT``."""
_GONE = 410


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one attempt: a status, or why there was none."""

    status: int | None
    problem: str | None

    @property
    def taken(self) -> bool:
        """Whether the receiver has the message."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def failure(self) -> str:
        """Why it was not taken, as a code."""
        return self.problem or f"HTTP_{self.status}"


class Poster(Protocol):
    """Posts a message once."""

    async def post(self, url: str, message: Message) -> Posted:
        """Post the message; nothing is raised for what goes wrong outside."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRule:
    """When a webhook that fails is given up."""

    attempts: int = 60
    """Attempts in a row that may fail."""
    hours: float = 48.0
    """How long it may fail without a break."""
    at_once: int = 100
    """Webhooks served at a time by one process."""

    @property
    def of_unit(self) -> int:
        """Webhooks of one unit served at a time."""
        return max(1, self.at_once // 5)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A turn that is under way in this process."""

    unit_code: str
    task: asyncio.Task[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """The deliveries of one hub process."""

    store: GraphStore
    feed: EventFeed
    poster: Poster
    messages: WebhookMessages
    clock: Clock
    ids: Ids
    rule: DeliveryRule = DeliveryRule()
    monotonic: Callable[[], float] = time.monotonic
    _running: dict[str, _Begun] = field(default_factory=dict)
    _seen: dict[str, tuple[WaitingWebhook, float]] = field(default_factory=dict)
    """Turns of others as they were seen last, and since when they show no other sign of life."""

    async def look(self) -> int:
        """Begin to deliver what waits and nobody delivers; return how many webhooks were begun with."""
        if not self.messages.secrets.keys:
            return 0
        now = self.clock.now()
        waiting = await self.store.read(lambda tx: waiting_webhooks(tx, now, self.rule.at_once * 4))
        self._forget({each.id for each in waiting})
        begun, of_unit = 0, Counter(each.unit_code for each in self._running.values())
        for each in waiting:
            place = len(self._running) < self.rule.at_once and of_unit[each.unit_code] < self.rule.of_unit
            if each.id not in self._running and place and self._is_free(each):
                self._running[each.id] = _Begun(each.unit_code, asyncio.create_task(self._take(each)))
                of_unit[each.unit_code] += 1
                begun += 1
        return begun

    async def settle(self) -> None:
        """Return when everything that was begun has ended."""
        await asyncio.gather(*(each.task for each in self._running.values()), return_exceptions=True)

    async def close(self) -> None:
        """Break off what is under way and give the turns back; what was not taken is delivered again."""
        for each in self._running.values():
            each.task.cancel()
        await self.settle()

    def _is_free(self, waiting: WaitingWebhook) -> bool:
        """Tell whether nobody has the turn, or somebody who has shown no sign of life for long enough."""
        if not waiting.holder:
            return True
        seen, since = self._seen.get(waiting.id, (None, 0.0))
        if seen != waiting:
            self._seen[waiting.id] = (waiting, self.monotonic())
            return False
        return self.monotonic() - since >= TURN_SECONDS

    def _forget(self, waiting: set[str]) -> None:
        for identifier in self._seen.keys() - waiting:
            del self._seen[identifier]

    async def _take(self, waiting: WaitingWebhook) -> None:
        """Take the turn and deliver until nothing is left, something fails, or the turn has lasted for long enough."""
        try:
            turn = _Turn(self.store, waiting.id, self.ids.identifier("T"))
            stored = await turn.begin(waiting, self.clock.now())
            if stored is not None:
                async with turn.held():
                    await self._deliver(turn, stored.webhook, stored.progress)
        except StoreError as problem:
            LOG.warning("webhook.waiting", webhook=waiting.id, reason=type(problem).__name__)
        except Exception:
            LOG.exception("webhook.failed", webhook=waiting.id)
        finally:
            self._running.pop(waiting.id, None)

    async def _deliver(self, turn: _Turn, webhook: Webhook, progress: DeliveryProgress) -> None:
        ends = self.monotonic() + TURN_LONGEST_SECONDS
        following = await self._behind_the_floor(turn, webhook, progress)
        for _ in range(TURN_BATCHES):
            if following is None or not (events := await self._next(webhook, following)):
                return
            following = await self._deliver_batch(turn, webhook, following, events, ends)

    async def _deliver_batch(
        self, turn: _Turn, webhook: Webhook, progress: DeliveryProgress, events: tuple[OutboxEvent, ...], ends: float
    ) -> DeliveryProgress | None:
        """Deliver events in order; return how far it has come, or None where the turn is over (or lasts too long)."""
        before = progress
        for each in events:
            if progress.again or _wanted(webhook, each):
                posted = await self._post(webhook, each)
                progress = _after(progress, each, posted, self.clock.now(), self._jitter())
                if not await self._note(turn, progress, posted) or self.monotonic() >= ends:
                    return None
                before = progress
            else:
                progress = replace(progress, cursor=each.sequence)
        if progress != before and await turn.write(progress) is None:
            return None
        return progress

    async def _behind_the_floor(
        self, turn: _Turn, webhook: Webhook, progress: DeliveryProgress
    ) -> DeliveryProgress | None:
        """Pass over what is kept no more: nothing is kept for a paused webhook. None where the turn was lost."""
        pruned, _ = await self.feed.bounds(webhook.unit_code)
        again = tuple(one for one in progress.again if one > pruned)
        kept = replace(progress, cursor=max(progress.cursor, pruned), again=again)
        if kept != progress:
            LOG.warning("webhook.events_gone", webhook=webhook.id, first=progress.cursor + 1, last=kept.cursor)
            kept = replace(kept, last_failure="EVENTS_GONE")
            if await turn.write(kept) is None:
                return None
        return kept

    async def _next(self, webhook: Webhook, progress: DeliveryProgress) -> tuple[OutboxEvent, ...]:
        """Return what is to be delivered next: one event that is asked for again, or those behind the cursor."""
        if progress.again:
            return await self.feed.read(webhook.unit_code, progress.again[0] - 1, 1)
        return await self.feed.read(webhook.unit_code, progress.cursor, BATCH)

    async def _post(self, webhook: Webhook, each: OutboxEvent) -> Posted:
        try:
            signed = self.messages.message(each, webhook, self.clock.now())
        except UnavailableError:
            posted = Posted(None, "SECRET_UNREADABLE")
        else:
            posted = await self.poster.post(webhook.url, signed)
        LOG.info("webhook.posted", webhook=webhook.id, event_id=each.id, status=posted.status, problem=posted.problem)
        return posted

    async def _note(self, turn: _Turn, progress: DeliveryProgress, posted: Posted) -> bool:
        """Write what came of an attempt; tell whether to go on."""
        pause = self._pause(progress, posted)
        if pause is not None:
            await turn.pause(progress, pause, self.clock.now())
            return False
        return await turn.write(progress) is not None and posted.taken

    def _pause(self, progress: DeliveryProgress, posted: Posted) -> PauseReason | None:
        if posted.taken:
            return None
        if posted.status == _GONE:
            return PauseReason.GONE
        since = progress.failing_since or self.clock.now()
        late = self.clock.now() - since >= timedelta(hours=self.rule.hours)
        return PauseReason.DEAD if late or progress.failures >= self.rule.attempts else None

    def _jitter(self) -> float:
        return self.ids.serial_number() % 1000 / 1000


@dataclass(frozen=True, slots=True)
class _Turn:
    """The turn of one process with one webhook."""

    store: GraphStore
    id: str
    name: str

    async def begin(self, seen: WaitingWebhook, now: datetime) -> StoredWebhook | None:
        """Take the turn if it is still as it was seen."""

        async def work(tx: Transaction) -> StoredWebhook | None:
            found = await hold_webhook(tx, self.id)
            unchanged = (found.holder, found.beat) == (seen.holder, seen.beat)
            if found.webhook.state is not WebhookState.ACTIVE or not unchanged:
                return None
            progress = replace(found.progress, served_at=now)
            taken = replace(found, progress=progress, holder=self.name, beat=found.beat + 1)
            await write_webhook(tx, taken)
            return taken

        return await self.store.write(work)

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Show signs of life, and give the turn back at the end; what goes on is broken off once it is lost."""
        lost = asyncio.timeout(None)
        try:
            async with lost:
                beating = asyncio.create_task(self._beat(lost))
                try:
                    yield
                finally:
                    beating.cancel()
                    await asyncio.gather(beating, return_exceptions=True)
        except TimeoutError:
            if not lost.expired():
                raise
            LOG.info("webhook.turn_lost", webhook=self.id)
        finally:
            with contextlib.suppress(StoreError, RecordNotFoundError):
                await self._changed(lambda found: replace(found, holder=""))

    async def write(self, progress: DeliveryProgress) -> StoredWebhook | None:
        """Write how far it has come; None where the turn was lost: whoever has it now knows better."""
        return await self._changed(lambda found: replace(found, progress=progress))

    async def pause(self, progress: DeliveryProgress, reason: PauseReason, at: datetime) -> None:
        """Pause the webhook and tell the unit, unless the turn was lost."""

        async def work(tx: Transaction) -> None:
            found = await hold_webhook(tx, self.id)
            if found.holder != self.name:
                return
            old = found.webhook
            paused = replace(old, state=WebhookState.PAUSED, pause=reason, version=old.version + 1)
            await write_webhook(tx, replace(found, webhook=paused, progress=progress, holder=""))
            detail = {"state": paused.state.value, "reason": reason.value, "failure": progress.last_failure}
            kind = EventType.WEBHOOK_PAUSED
            await append_audit(tx, entry(f"webhook/{self.id}", SYSTEM_ACTOR, kind, self.id, at, **detail))
            await append_events(tx, (event(old.unit_code, kind, self.id, at, **detail),))

        await self.store.write(work)
        LOG.warning("webhook.paused", webhook=self.id, reason=reason.value, last_failure=progress.last_failure)

    async def _beat(self, lost: asyncio.Timeout) -> None:
        """Show signs of life until the turn is lost: the webhook was changed, paused or removed, or is another's."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with contextlib.suppress(StoreError):
                if await self._changed(lambda found: found) is None:
                    lost.reschedule(asyncio.get_running_loop().time())
                    return

    async def _changed(self, change: Callable[[StoredWebhook], StoredWebhook]) -> StoredWebhook | None:
        async def work(tx: Transaction) -> StoredWebhook | None:
            found = await hold_webhook(tx, self.id)
            if found.holder != self.name:
                return None
            changed = replace(change(found), beat=found.beat + 1)
            await write_webhook(tx, changed)
            return changed

        return await self.store.write(work)


def _wanted(webhook: Webhook, each: OutboxEvent) -> bool:
    return not webhook.event_types or each.type in webhook.event_types


def _after(
    progress: DeliveryProgress, each: OutboxEvent, posted: Posted, now: datetime, jitter: float
) -> DeliveryProgress:
    """Return how far it has come after an attempt; ``jitter`` is 0 to 1."""
    if posted.taken:
        again = progress.again[1:]
        cursor = progress.cursor if progress.again else each.sequence
        given = replace(progress, cursor=cursor, again=again, delivered_at=now)
        return replace(given, failures=0, failing_since=None, next_at=None)
    failures = progress.failures + 1
    return replace(
        progress,
        failures=failures,
        failing_since=progress.failing_since or now,
        next_at=now + wait_after(failures, jitter),
        last_failure=posted.failure,
    )


def wait_after(failures: int, jitter: float) -> timedelta:
    """Return how long to wait after so many failures in a row: half a step to all of it by ``jitter``, 0 to 1."""
    step = min(FIRST_WAIT_SECONDS * 2 ** min(failures - 1, 30), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=step * (0.5 + jitter / 2))
