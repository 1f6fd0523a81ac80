"""Webhooks: a unit's manager has its events posted to an address of the unit."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models.webhooks import PauseReason, StoredWebhook, WebhookState
from hub.errors import HubError
from hub.outside_addresses import URL_LIMIT
from hub.webhooks import AGAIN_LIMIT, WEBHOOKS_LIMIT, Redelivery, WebhookChange, WebhookStep
from schema.context import Info
from schema.enums import described
from schema.errors import Problem, QueryProblem, problem_of, read_or_problem
from schema.fields import resolved
from schema.relay import After, Connection, First, connection, page_of, slice_of
from schema.shaping import shaped

described(
    WebhookState,
    "Whether events are posted.",
    ACTIVE="They are.",
    PAUSED="Not until it is resumed; then from behind the last one that was delivered.",
    REMOVED="Never again.",
)
described(
    PauseReason,
    "Why a webhook is paused.",
    MANAGER="The unit paused it.",
    GONE="The receiver answered 410: it wants no more.",
    DEAD="Its receiver failed too often, or for too long.",
)

_KEY = "A key of the caller's own, 1 to 128 characters: the same key and content do nothing twice."
_URL = (
    f"https address without user or fragment, at most {URL_LIMIT} characters; networks that are not public are refused"
)
_TYPES = "Types of events wanted, such as request.received; empty for all"
_WEBHOOK = "The webhook's identifier."


@strawberry.type(description="An address to which the unit's events are posted, in order, signed, at least once.")
class Webhook:
    """An address to which the unit's events are posted."""

    id: strawberry.ID = strawberry.field(description="Its identifier.")
    url: str = strawberry.field(description="Where events are posted.")
    event_types: list[str] = strawberry.field(description=f"{_TYPES}.")
    state: WebhookState = strawberry.field(description="Whether events are posted.")
    pause: PauseReason | None = strawberry.field(description="Why it is paused; null where it is not.")
    cursor: int = strawberry.field(description="Sequence of the unit's last event that is delivered or not wanted.")
    failures: int = strawberry.field(description="Attempts that failed in a row.")
    last_failure: str | None = strawberry.field(
        description="Why the last attempt that failed did: HTTP_ and the status, or a code."
    )
    next_attempt_at: datetime | None = strawberry.field(
        description="Before then nothing is posted; null where nothing waits for a time."
    )
    delivered_at: datetime | None = strawberry.field(description="When an event was delivered last.")
    registered_by: str = strawberry.field(description="By whom: a staff number, never a name.")
    registered_at: datetime = strawberry.field(description="When it was registered.")
    version: int = strawberry.field(description="Grows with each change.")


@strawberry.type(description="A page of the unit's webhooks, by identifier.")
class WebhookConnection(Connection[Webhook]):
    """A page of the unit's webhooks."""


WebhooksResult: TypeAlias = Annotated[
    WebhookConnection | QueryProblem,
    strawberry.union("WebhooksResult", description="The page, or why there is none."),
]


@strawberry.input(description="Registers a webhook.")
class RegisterWebhookInput:
    """Registers a webhook."""

    key: str = strawberry.field(description=_KEY)
    url: str = strawberry.field(description=f"{_URL}.")
    event_types: list[str] = strawberry.field(default_factory=list, description=f"{_TYPES}.")


@strawberry.input(description="Changes a webhook; what is null stays as it is.")
class ChangeWebhookInput:
    """Changes a webhook."""

    webhook_id: strawberry.ID = strawberry.field(description=_WEBHOOK)
    key: str = strawberry.field(description=_KEY)
    url: str | None = strawberry.field(default=None, description=f"{_URL}.")
    event_types: list[str] | None = strawberry.field(default=None, description=f"{_TYPES}.")
    active: bool | None = strawberry.field(default=None, description="False pauses it, true resumes it.")
    rotate_secret: bool = strawberry.field(
        default=False, description="Whether to make a new secret; the old one signs too for 24 hours."
    )

    def record(self) -> WebhookChange:
        """Return the change as the hub takes it."""
        return WebhookChange(
            webhook_id=self.webhook_id,
            key=self.key,
            url=self.url,
            event_types=None if self.event_types is None else tuple(self.event_types),
            active=self.active,
            rotate_secret=self.rotate_secret,
        )


@strawberry.input(description="Removes a webhook.")
class RemoveWebhookInput:
    """Removes a webhook."""

    webhook_id: strawberry.ID = strawberry.field(description=_WEBHOOK)
    key: str = strawberry.field(description=_KEY)


@strawberry.input(description="Has events delivered again: give exactly one of after and eventId.")
class RedeliverWebhookInput:
    """Has events delivered again."""

    webhook_id: strawberry.ID = strawberry.field(description=_WEBHOOK)
    key: str = strawberry.field(description=_KEY)
    after: int | None = strawberry.field(
        default=None, description="Everything behind this sequence of the unit, in order; 0 for all there is."
    )
    event_id: str | None = strawberry.field(
        default=None, description=f"One event, before what follows; at most {AGAIN_LIMIT} wait at a time."
    )


@strawberry.type(description="The webhook after the mutation, or why nothing was changed.")
class WebhookPayload:
    """The webhook after the mutation, or why nothing was changed."""

    webhook: Webhook | None = strawberry.field(description="The webhook; null exactly where errors are.")
    secret: str | None = strawberry.field(
        description="The secret that this mutation made, whsec_ and Base64: keep it, no query shows it. Null otherwise."
    )
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where it was.")


_INPUT = strawberry.argument(name="input", description="The key, and what the mutation needs.")
Register: TypeAlias = Annotated[RegisterWebhookInput, _INPUT]
Change: TypeAlias = Annotated[ChangeWebhookInput, _INPUT]
Remove: TypeAlias = Annotated[RemoveWebhookInput, _INPUT]
Redeliver: TypeAlias = Annotated[RedeliverWebhookInput, _INPUT]


@strawberry.type(description="Queries of webhooks.")
class WebhookQueries:
    """Queries of webhooks."""

    @resolved("The caller's unit's webhooks, without those that were removed. For the unit's manager.")
    async def webhooks(self, info: Info, first: First = 20, after: After = None) -> WebhooksResult:
        """Return a page of the unit's webhooks."""
        return await read_or_problem(_webhooks(info, first, after))


@strawberry.type(description="What a unit's manager does with its webhooks.")
class WebhookMutations:
    """What a unit's manager does with its webhooks."""

    @resolved(
        f"Have the unit's events posted to an address from now on, this one the first; at most {WEBHOOKS_LIMIT} for a "
        "unit. For the unit's manager."
    )
    async def register_webhook(self, info: Info, given: Register) -> WebhookPayload:
        """Register a webhook."""
        service, actor = info.context.services.webhooks, info.context.actor
        return await _payload(service.register(actor, given.url, tuple(given.event_types), given.key))

    @resolved("Change a webhook, pause or resume it, or make a new secret. For the unit's manager.")
    async def change_webhook(self, info: Info, given: Change) -> WebhookPayload:
        """Change a webhook."""
        return await _payload(info.context.services.webhooks.change(info.context.actor, given.record()))

    @resolved("Remove a webhook. For the unit's manager.")
    async def remove_webhook(self, info: Info, given: Remove) -> WebhookPayload:
        """Remove a webhook."""
        service, actor = info.context.services.webhooks, info.context.actor
        return await _payload(service.remove(actor, given.webhook_id, given.key))

    @resolved("Have events delivered again that were delivered already. For the unit's manager.")
    async def redeliver_webhook(self, info: Info, given: Redeliver) -> WebhookPayload:
        """Have events delivered again."""
        service, actor = info.context.services.webhooks, info.context.actor
        wanted = Redelivery(webhook_id=given.webhook_id, key=given.key, after=given.after, event_id=given.event_id)
        return await _payload(service.redeliver(actor, wanted))


async def _webhooks(info: Info, first: int, after: str | None) -> WebhookConnection:
    page = page_of("webhooks", (str,), first, after)
    found = await info.context.services.webhooks.of_unit(info.context.actor)
    chosen, more = slice_of(found, page, lambda each: each.webhook.id)
    keys = [(each.webhook.id,) for each in chosen]
    return connection(WebhookConnection, page, [_shape(each) for each in chosen], keys, more=more)


async def _payload(work: Awaitable[WebhookStep]) -> WebhookPayload:
    try:
        step = await work
        return WebhookPayload(webhook=_shape(step.stored), secret=step.secret, errors=[])
    except HubError as error:
        return WebhookPayload(webhook=None, secret=None, errors=[problem_of(error)])


def _shape(stored: StoredWebhook) -> Webhook:
    progress = stored.progress
    return shaped(
        Webhook,
        stored.webhook,
        event_types=list(stored.webhook.event_types),
        cursor=progress.cursor,
        failures=progress.failures,
        last_failure=progress.last_failure,
        next_attempt_at=progress.next_at,
        delivered_at=progress.delivered_at,
    )
