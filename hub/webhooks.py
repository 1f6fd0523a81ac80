"""Webhooks of a unit: registering an address, changing, pausing, removing it, and having events delivered again.

For the unit's manager (管理责任人). Each step is one transaction with its audit entry, event and receipt, and takes the
turn from a delivery that is under way: what a step settled holds for every message begun after it, and one under way
is broken off within about a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from graph_models.errors import RecordNotFoundError
from graph_models.journal import EventDraft
from graph_models.journal_records import append_audit, append_events, last_event
from graph_models.retention_records import read_floor
from graph_models.store import GraphStore, Transaction
from graph_models.webhook_records import add_webhook, hold_webhook, load_webhook, webhooks_of_unit, write_webhook
from graph_models.webhooks import DeliveryProgress, PauseReason, StoredWebhook, Webhook, WebhookState
from hub.actors import Actor
from hub.audit import entry
from hub.clock import Clock, Ids
from hub.errors import ConflictError, InvalidInputError, NotFoundError, WrongStateError
from hub.event_feed import events_gone
from hub.events import EventType, event
from hub.outside_addresses import OutsideAddresses
from hub.permission import Operation, require
from hub.receipts import Keyed, done_before, keyed, note_done
from hub.webhook_messages import WebhookSecrets, make_secret, shown

WEBHOOKS_LIMIT = 20
"""Most webhooks of a unit."""
AGAIN_LIMIT = 100
"""Most single events of a webhook that wait to be delivered again."""
OLD_SECRET_TIME = timedelta(hours=24)
"""How long the secret before a rotation signs too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What is to be changed; None: as it is."""

    webhook_id: str
    key: str
    url: str | None = None
    event_types: tuple[str, ...] | None = None
    active: bool | None = None
    rotate_secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivery:
    """What is to be delivered again: everything behind a cursor, or one event."""

    webhook_id: str
    key: str
    after: int | None = None
    """Sequence of the last event that is not delivered again; 0 for all."""
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookStep:
    """A webhook after a step, and its secret where this step made one."""

    stored: StoredWebhook
    secret: str | None


@dataclass(frozen=True, slots=True)
class WebhookService:
    """What a unit's manager does with its webhooks."""

    store: GraphStore
    addresses: OutsideAddresses
    secrets: WebhookSecrets
    clock: Clock
    ids: Ids

    async def of_unit(self, actor: Actor) -> tuple[StoredWebhook, ...]:
        """Return the unit's webhooks by identifier."""
        require(actor, Operation.MANAGE_WEBHOOKS)
        return await self.store.read(lambda tx: webhooks_of_unit(tx, actor.unit_code))

    async def register(self, actor: Actor, url: str, event_types: tuple[str, ...], key: str) -> WebhookStep:
        """Register an address: everything that happens from now on is posted there, this step the first.

        Asked again with the same key it shows the same secret again; nothing else ever does.

        Raises:
            AddressRefusedError: the address may not be posted to.
            InvalidInputError: there is no such type of event.
            ConflictError: the unit has as many webhooks as it may have.
            UnavailableError: the hub has no key for secrets.
        """
        require(actor, Operation.MANAGE_WEBHOOKS)
        mutation = keyed(actor, EventType.WEBHOOK_REGISTERED, key, url, *event_types)
        before = await self._before(mutation)
        if before is not None:
            return before
        webhook = self._new(actor, await self._checked(actor, url), _known(event_types))

        async def work(tx: Transaction) -> WebhookStep:
            before = await self._done(tx, mutation)
            if before is not None:
                return before
            if len(await webhooks_of_unit(tx, actor.unit_code)) >= WEBHOOKS_LIMIT:
                raise _too_many()
            sequence = await self._journal(tx, actor, EventType.WEBHOOK_REGISTERED, webhook)
            stored = StoredWebhook(webhook=webhook, progress=DeliveryProgress(cursor=sequence - 1))
            await add_webhook(tx, stored)
            await note_done(tx, mutation, _result(webhook, made_secret=True), self.clock.now())
            return self._step(stored, with_secret=True)

        return await self.store.write(work)

    async def change(self, actor: Actor, change: WebhookChange) -> WebhookStep:
        """Change the address or the types wanted, pause, resume, or make a new secret.

        What was not delivered while it was paused is delivered when it is resumed.

        Raises:
            AddressRefusedError, InvalidInputError: as for ``register``.
            NotFoundError: the unit has no such webhook.
        """
        require(actor, Operation.MANAGE_WEBHOOKS)
        said = (change.webhook_id, change.url, change.active, change.rotate_secret)
        types = None if change.event_types is None else _known(change.event_types)
        named = ("-",) if types is None else types or ("*",)
        mutation = keyed(actor, EventType.WEBHOOK_CHANGED, change.key, *said, *named)
        before = await self._before(mutation)
        if before is not None:
            return before
        url = None if change.url is None else await self._checked(actor, change.url)
        now, secret = self.clock.now(), self._locked_secret() if change.rotate_secret else None

        def changed(found: StoredWebhook) -> StoredWebhook:
            webhook = found.webhook
            webhook = replace(webhook, url=url or webhook.url)
            webhook = replace(webhook, event_types=webhook.event_types if types is None else types)
            if secret is not None:
                webhook = _rotated(webhook, secret, now)
            return _switched(replace(found, webhook=webhook), change.active)

        return await self._take(actor, mutation, change.webhook_id, _event_of(change), changed)

    async def remove(self, actor: Actor, webhook_id: str, key: str) -> WebhookStep:
        """Remove a webhook: nothing more is posted. Raises NotFoundError."""
        require(actor, Operation.MANAGE_WEBHOOKS)
        mutation = keyed(actor, EventType.WEBHOOK_REMOVED, key, webhook_id)

        def removed(found: StoredWebhook) -> StoredWebhook:
            return replace(found, webhook=replace(found.webhook, state=WebhookState.REMOVED, pause=None))

        return await self._take(actor, mutation, webhook_id, EventType.WEBHOOK_REMOVED, removed)

    async def redeliver(self, actor: Actor, wanted: Redelivery) -> WebhookStep:
        """Have everything behind a cursor delivered again in order, or one event before what follows.

        Raises:
            InvalidInputError: not exactly one of both is given, or there is no such event.
            EventsGoneError: it is kept no more, or some behind the cursor are.
            NotFoundError: the unit has no such webhook.
            WrongStateError: too many single events wait already.
        """
        require(actor, Operation.MANAGE_WEBHOOKS)
        said = (wanted.webhook_id, wanted.after, wanted.event_id)
        mutation = keyed(actor, EventType.WEBHOOK_REDELIVERED, wanted.key, *said)
        before = await self._before(mutation)
        if before is not None:
            return before
        newest = await self.store.read(lambda tx: last_event(tx, actor.unit_code))
        after, single = _wanted(wanted, actor.unit_code, newest)
        pruned = (await self.store.read(lambda tx: read_floor(tx, actor.unit_code))).pruned
        if (after if single is None else single - 1) < pruned:
            raise events_gone(pruned, "after" if single is None else "eventId")

        def again(found: StoredWebhook) -> StoredWebhook:
            progress = replace(found.progress, failures=0, failing_since=None, next_at=None)
            if single is None:
                return replace(found, progress=replace(progress, cursor=after, again=()))
            if len(progress.again) >= AGAIN_LIMIT:
                raise _enough_wait()
            return replace(found, progress=replace(progress, again=(*progress.again, single)))

        return await self._take(actor, mutation, wanted.webhook_id, EventType.WEBHOOK_REDELIVERED, again)

    async def _take(
        self,
        actor: Actor,
        mutation: Keyed,
        webhook_id: str,
        kind: EventType,
        change: Callable[[StoredWebhook], StoredWebhook],
    ) -> WebhookStep:
        async def work(tx: Transaction) -> WebhookStep:
            before = await self._done(tx, mutation)
            if before is not None:
                return before
            found = await _own(tx, actor, webhook_id)
            changed = change(found)
            webhook = replace(changed.webhook, version=found.webhook.version + 1)
            stored = replace(changed, webhook=webhook, holder="", beat=found.beat + 1)
            await write_webhook(tx, stored)
            await self._journal(tx, actor, kind, webhook)
            made = webhook.secret_number > found.webhook.secret_number
            await note_done(tx, mutation, _result(webhook, made_secret=made), self.clock.now())
            return self._step(stored, with_secret=made)

        return await self.store.write(work)

    async def _before(self, mutation: Keyed) -> WebhookStep | None:
        return await self.store.read(lambda tx: self._done(tx, mutation))

    async def _done(self, tx: Transaction, mutation: Keyed) -> WebhookStep | None:
        """Return what the mutation did when it was done before; the secret that it made too, until that is replaced."""
        result = await done_before(tx, mutation)
        if result is None:
            return None
        identifier, _, secret_number = result.partition("/")
        stored = await load_webhook(tx, identifier)
        return self._step(stored, with_secret=secret_number == str(stored.webhook.secret_number))

    def _step(self, stored: StoredWebhook, *, with_secret: bool) -> WebhookStep:
        return WebhookStep(stored, shown(self.secrets.opened(stored.webhook.secret)) if with_secret else None)

    async def _checked(self, actor: Actor, url: str) -> str:
        await self.addresses.checked(url, actor.unit_code)
        return url

    def _locked_secret(self) -> str:
        return self.secrets.locked(make_secret(self.ids))

    def _new(self, actor: Actor, url: str, event_types: tuple[str, ...]) -> Webhook:
        return Webhook(
            id=self.ids.identifier("WH"),
            unit_code=actor.unit_code,
            url=url,
            event_types=event_types,
            state=WebhookState.ACTIVE,
            pause=None,
            secret=self._locked_secret(),
            secret_number=1,
            old_secret=None,
            old_secret_until=None,
            registered_by=actor.subject,
            registered_at=self.clock.now(),
            version=1,
        )

    async def _journal(self, tx: Transaction, actor: Actor, kind: EventType, webhook: Webhook) -> int:
        """Write audit entry and event; return the event's sequence. An address may hold a token: its host is noted."""
        at = self.clock.now()
        detail: dict[str, str | int] = {"state": webhook.state.value}
        if kind is EventType.WEBHOOK_PAUSED:
            detail["reason"] = PauseReason.MANAGER.value
        more: dict[str, str | int] = {"host": httpx.URL(webhook.url).host, "secret_number": webhook.secret_number}
        await append_audit(tx, entry(f"webhook/{webhook.id}", actor, kind, webhook.id, at, **detail, **more))
        draft: EventDraft = event(webhook.unit_code, kind, webhook.id, at, **detail)
        return (await append_events(tx, (draft,)))[0].sequence


def _rotated(webhook: Webhook, secret: str, now: datetime) -> Webhook:
    return replace(
        webhook,
        secret=secret,
        secret_number=webhook.secret_number + 1,
        old_secret=webhook.secret,
        old_secret_until=now + OLD_SECRET_TIME,
    )


def _switched(found: StoredWebhook, active: bool | None) -> StoredWebhook:
    """Pause or resume; what is resumed begins with a clean record and at once."""
    if active is None:
        return found
    if not active:
        return replace(found, webhook=replace(found.webhook, state=WebhookState.PAUSED, pause=PauseReason.MANAGER))
    progress = replace(found.progress, failures=0, failing_since=None, next_at=None)
    return replace(found, webhook=replace(found.webhook, state=WebhookState.ACTIVE, pause=None), progress=progress)


def _event_of(change: WebhookChange) -> EventType:
    if change.active is None:
        return EventType.WEBHOOK_CHANGED
    return EventType.WEBHOOK_RESUMED if change.active else EventType.WEBHOOK_PAUSED


def _result(webhook: Webhook, *, made_secret: bool) -> str:
    """Return what a receipt keeps: the webhook, and the number of the secret where the step made one."""
    return f"{webhook.id}/{webhook.secret_number if made_secret else ''}"


def _known(event_types: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(event_types) - set(EventType))
    if unknown:
        raise InvalidInputError(
            f"there is no event type {unknown[0][:100]}",
            message_zh="没有该事件类型",
            mend="Name event types as they are published, or none for all.",
            field="eventTypes",
        )
    return tuple(sorted(set(event_types)))


def _wanted(wanted: Redelivery, unit_code: str, newest: int) -> tuple[int, int | None]:
    """Return the cursor from which, and the one event that, is delivered again."""
    if (wanted.after is None) == (wanted.event_id is None):
        raise _no_such_event("give either a cursor or one event", "after")
    if wanted.after is not None:
        if not 0 <= wanted.after <= newest:
            raise _no_such_event("there is no such cursor", "after")
        return wanted.after, None
    unit, _, number = (wanted.event_id or "").rpartition(".")
    if unit != unit_code or not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise _no_such_event("the unit has no such event", "eventId")
    if not 1 <= int(number) <= newest:
        raise _no_such_event("the unit has no such event", "eventId")
    return 0, int(number)


async def _own(tx: Transaction, actor: Actor, webhook_id: str) -> StoredWebhook:
    """Return the unit's webhook, held. Raises NotFoundError where it is none of its own or was removed."""
    try:
        found = await hold_webhook(tx, webhook_id)
    except RecordNotFoundError as problem:
        raise _not_there() from problem
    if found.webhook.unit_code != actor.unit_code or found.webhook.state is WebhookState.REMOVED:
        raise _not_there()
    return found


def _not_there() -> NotFoundError:
    return NotFoundError(
        "the unit has no such webhook",
        message_zh="本单位没有该推送地址",
        mend="List the webhooks of the unit.",
        field="webhookId",
    )


def _too_many() -> ConflictError:
    return ConflictError(
        f"a unit has at most {WEBHOOKS_LIMIT} webhooks",
        message_zh=f"每个单位最多 {WEBHOOKS_LIMIT} 个推送地址",
        mend="Remove one that is not used any more.",
    )


def _enough_wait() -> WrongStateError:
    return WrongStateError(
        f"{AGAIN_LIMIT} single events wait to be delivered again",
        message_zh="待重新推送的事件过多",
        mend="Wait until they are delivered, or have everything behind a cursor delivered again.",
    )


def _no_such_event(message: str, field: str) -> InvalidInputError:
    return InvalidInputError(
        message,
        message_zh="没有该事件",
        mend="Give a cursor from 0 to the unit's newest event, or the id of one of its events.",
        field=field,
    )
