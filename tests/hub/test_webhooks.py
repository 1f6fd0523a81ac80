"""What a unit's manager does with its webhooks: permitted, idempotent, on record, and a secret that is shown once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from graph_models.journal_records import load_audit, read_events
from graph_models.ladybug_store import LadybugStore
from graph_models.retention_records import hold_floor
from graph_models.rows import to_document
from graph_models.statements_retention import WRITE_FLOOR
from graph_models.store import Transaction
from graph_models.webhooks import PauseReason, WebhookState
from hub.actors import Actor, Post
from hub.client.webhooks import verify_webhook
from hub.clock import SystemIds
from hub.errors import (
    AddressRefusedError,
    ConflictError,
    EventsGoneError,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
    WrongStateError,
)
from hub.webhook_messages import WebhookSecrets
from hub.webhooks import AGAIN_LIMIT, WEBHOOKS_LIMIT, Redelivery, WebhookChange, WebhookService, WebhookStep
from tests.hub.set_clock import SetClock
from tests.hub.webhook_posts import MANAGER, STRANGER, UNIT, Receiver, WebhookHub, key, public_addresses, secrets

URL = "https://unit.example/events"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[WebhookService]:
    store = await LadybugStore.open(tmp_path / "graph", buffer_bytes=192 << 20)
    await store.migrate()
    yield WebhookService(store, public_addresses(), secrets(), SetClock(), SystemIds())
    await store.close()


def change(step: WebhookStep, **wanted: Any) -> WebhookChange:
    return WebhookChange(**({"webhook_id": step.stored.webhook.id, "key": key()} | wanted))


def again(step: WebhookStep, **wanted: Any) -> Redelivery:
    return Redelivery(**({"webhook_id": step.stored.webhook.id, "key": key()} | wanted))


async def events(service: WebhookService) -> list[str]:
    return [each.type for each in await service.store.read(lambda tx: read_events(tx, UNIT, 0, 99))]


async def test_a_webhook_is_registered_once_under_its_key_and_shows_the_same_secret(service: WebhookService) -> None:
    first = await service.register(MANAGER, URL, ("request.received", "case.opened", "case.opened"), "k")
    assert first.secret is not None
    assert first.secret.startswith("whsec_")
    assert first.stored.webhook.event_types == ("case.opened", "request.received")
    assert await service.register(MANAGER, URL, ("request.received", "case.opened", "case.opened"), "k") == first
    assert await service.of_unit(MANAGER) == (first.stored,)
    assert first.secret not in to_document(first.stored.webhook)
    with pytest.raises(IdempotencyConflictError):
        await service.register(MANAGER, URL + "/other", (), "k")


async def test_each_step_is_in_the_audit_and_among_the_events_once(service: WebhookService) -> None:
    step = await service.register(MANAGER, URL, (), key())
    steps = (change(step, url=URL + "/2"), change(step, active=False), change(step, active=True))
    for each in (*steps, *steps):
        await service.change(MANAGER, each)
    wanted = again(step, after=0)
    for _ in range(2):
        await service.redeliver(MANAGER, wanted)
        await service.remove(MANAGER, step.stored.webhook.id, "the-end")
    names = ["registered", "changed", "paused", "resumed", "redelivered", "removed"]
    assert await events(service) == [f"webhook.{name}" for name in names]
    audit = await service.store.read(lambda tx: load_audit(tx, f"webhook/{step.stored.webhook.id}", 0, 99))
    assert [each.operation for each in audit] == [f"webhook.{name}" for name in names]
    assert {each.actor for each in audit} == {MANAGER.subject}


async def test_a_pause_says_why_and_a_removed_webhook_is_gone(service: WebhookService) -> None:
    step = await service.register(MANAGER, URL, (), key())
    paused = (await service.change(MANAGER, change(step, active=False))).stored.webhook
    assert (paused.state, paused.pause, paused.version) == (WebhookState.PAUSED, PauseReason.MANAGER, 2)
    await service.remove(MANAGER, paused.id, key())
    assert await service.of_unit(MANAGER) == ()
    for late in (service.change(MANAGER, change(step, active=True)), service.remove(MANAGER, paused.id, key())):
        with pytest.raises(NotFoundError):
            await late


async def test_a_rotated_secret_is_shown_once_and_the_old_one_signs_for_a_day(service: WebhookService) -> None:
    first = await service.register(MANAGER, URL, (), "first")
    second = await service.change(MANAGER, change(first, rotate_secret=True))
    assert second.secret not in (None, first.secret)
    assert (await service.register(MANAGER, URL, (), "first")).secret is None
    assert (await service.change(MANAGER, change(first, active=True))).secret is None
    async with Receiver() as receiver:
        hub = WebhookHub(service.store)
        step = await hub.register(receiver.url)
        rotated = await hub.service.change(MANAGER, change(step, rotate_secret=True))
        await hub.deliver()
        (headers, body), *_ = receiver.messages
        for secret in (step.secret, rotated.secret):
            assert secret is not None
            assert verify_webhook(secret, headers, body, hub.clock.now())
        await hub.close()


@pytest.mark.requirement("I4")
async def test_a_step_that_made_no_secret_shows_none_when_it_is_repeated(service: WebhookService) -> None:
    step = await service.register(MANAGER, URL, (), key())
    colleague = Actor("GA-10", UNIT, frozenset({Post.UNIT_MANAGER}))
    wanted, paused = again(step, after=0), change(step, active=False)
    for _ in range(2):
        assert (await service.change(colleague, paused)).secret is None
        assert (await service.redeliver(colleague, wanted)).secret is None
    for _ in range(2):
        assert (await service.remove(colleague, step.stored.webhook.id, "the-end")).secret is None


async def test_a_rotation_that_is_repeated_shows_its_secret_while_that_is_in_force(service: WebhookService) -> None:
    step = await service.register(MANAGER, URL, (), key())
    rotation = change(step, rotate_secret=True)
    rotated = await service.change(MANAGER, rotation)
    assert (await service.change(MANAGER, rotation)).secret == rotated.secret
    await service.change(MANAGER, change(step, rotate_secret=True))
    assert (await service.change(MANAGER, rotation)).secret is None


async def test_all_types_and_the_types_as_they_are_are_two_contents(service: WebhookService) -> None:
    step = await service.register(MANAGER, URL, ("case.opened",), key())
    await service.change(MANAGER, change(step, key="k", active=True))
    with pytest.raises(IdempotencyConflictError):
        await service.change(MANAGER, change(step, key="k", active=True, event_types=()))


async def test_a_redelivery_that_is_repeated_after_its_events_went_is_done_already(service: WebhookService) -> None:
    step = await service.register(MANAGER, URL, (), key())
    wanted = again(step, after=0)
    await service.redeliver(MANAGER, wanted)

    async def prune(tx: Transaction) -> None:
        await hold_floor(tx, UNIT)
        await tx.run(WRITE_FLOOR, {"unit_code": UNIT, "pruned": 1, "latest": 0})

    await service.store.write(prune)
    assert (await service.redeliver(MANAGER, wanted)).stored.webhook.id == step.stored.webhook.id
    with pytest.raises(EventsGoneError):
        await service.redeliver(MANAGER, again(step, after=0))


@pytest.mark.requirement("I4")
async def test_only_a_manager_of_the_unit_itself_may(service: WebhookService) -> None:
    step = await service.register(MANAGER, URL, (), key())
    identifier = step.stored.webhook.id
    calls: tuple[Callable[[Actor], Awaitable[Any]], ...] = (
        lambda actor: service.change(actor, change(step, active=False)),
        lambda actor: service.remove(actor, identifier, key()),
        lambda actor: service.redeliver(actor, again(step, after=0)),
    )
    operator = Actor("GA-1", UNIT, frozenset({Post.OPERATOR, Post.DRAFTER}))
    for call in calls:
        with pytest.raises(NotFoundError):
            await call(STRANGER)
    for call in (*calls, service.of_unit, lambda actor: service.register(actor, URL, (), key())):
        with pytest.raises(NotPermittedError):
            await call(operator)
    assert await service.of_unit(STRANGER) == ()
    assert await service.of_unit(MANAGER) == (step.stored,)


async def test_a_private_address_and_an_unknown_type_are_refused_and_nothing_is_written(tmp_path, service) -> None:
    step = await service.register(MANAGER, URL, (), key())
    inside = WebhookHub(service.store).service
    for url in ("https://10.0.0.1/", "http://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/"):
        with pytest.raises(AddressRefusedError):
            await inside.register(MANAGER, url, (), key())
        with pytest.raises(AddressRefusedError):
            await inside.change(MANAGER, change(step, url=url))
    with pytest.raises(InvalidInputError, match=r"event type case\.eaten"):
        await service.register(MANAGER, URL, ("case.opened", "case.eaten"), key())
    assert await events(service) == ["webhook.registered"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "after"),
        ({"after": 0, "event_id": f"{UNIT}.1"}, "after"),
        ({"after": -1}, "after"),
        ({"after": 99}, "after"),
        ({"event_id": f"{UNIT}.99"}, "eventId"),
        ({"event_id": f"{UNIT}.0"}, "eventId"),
        ({"event_id": "NB-MZ.1"}, "eventId"),
        ({"event_id": f"{UNIT}.one"}, "eventId"),
        ({"event_id": f"{UNIT}.{'9' * 400}"}, "eventId"),
        ({"event_id": ""}, "eventId"),
    ],
)
async def test_what_there_is_not_cannot_be_delivered_again(service: WebhookService, wanted, field) -> None:
    step = await service.register(MANAGER, URL, (), key())
    with pytest.raises(InvalidInputError) as refused:
        await service.redeliver(MANAGER, again(step, **wanted))
    assert refused.value.field == field


async def test_a_unit_has_so_many_webhooks_and_so_many_single_events_wait(service: WebhookService) -> None:
    steps = [await service.register(MANAGER, URL, (), key()) for _ in range(WEBHOOKS_LIMIT)]
    with pytest.raises(ConflictError, match="at most"):
        await service.register(MANAGER, URL, (), key())
    for _ in range(AGAIN_LIMIT):
        await service.redeliver(MANAGER, again(steps[0], event_id=f"{UNIT}.1"))
    with pytest.raises(WrongStateError):
        await service.redeliver(MANAGER, again(steps[0], event_id=f"{UNIT}.1"))


async def test_without_a_key_in_the_settings_there_are_no_webhooks(service: WebhookService) -> None:
    bare = WebhookService(service.store, service.addresses, WebhookSecrets(()), service.clock, service.ids)
    with pytest.raises(UnavailableError):
        await bare.register(MANAGER, URL, (), key())
    assert await events(service) == []
