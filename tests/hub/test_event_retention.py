"""Old events go, and nobody misses one without being told: feeds, subscriptions, webhooks, replays, mails."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from graph_models.contact_records import seen_events
from graph_models.journal_records import append_events, load_audit, verify_chain
from graph_models.ladybug_store import LadybugStore
from graph_models.retention_records import read_floor
from hub import event_retention
from hub.dead_letters import StoredDeadLetters
from hub.errors import EventsGoneError, InvalidInputError
from hub.event_feed import EventFeed
from hub.event_replay import EventReplay
from hub.event_retention import EventRetention
from hub.outbox import InProcessBus, Outbox
from hub.statistics import Statistics
from hub.watching import SUBSCRIBED, Watching
from hub.webhooks import Redelivery, WebhookChange
from tests.contract.records import event
from tests.hub.office import Office, drafter
from tests.hub.set_clock import NOW, SetClock
from tests.hub.test_event_replay import SUPERVISOR
from tests.hub.village import Village
from tests.hub.webhook_posts import MANAGER, UNIT, Receiver, WebhookHub, key

KEEP = timedelta(days=30)
MONTH = timedelta(days=31)


async def settle(store: LadybugStore) -> None:
    """Let everything leave and be counted."""
    while await Outbox(store, InProcessBus()).send_waiting():
        pass
    await Statistics(store, SetClock()).look()


async def month_later(store: LadybugStore, after: timedelta = MONTH) -> int:
    """Let everything leave and be counted, and the time pass; return how many events were taken away."""
    await settle(store)
    return await EventRetention(store, SetClock(NOW + after), KEEP).look()


async def happen(store: LadybugStore, count: int, *units: str) -> None:
    drafts = [replace(event("E", unit), at=NOW) for unit in units or (UNIT,) for _ in range(count)]
    await store.write(lambda tx: append_events(tx, drafts))


async def test_events_are_kept_for_so_long_and_taken_away_in_small_transactions(
    store: LadybugStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_retention, "BATCH", 3)
    monkeypatch.setattr(event_retention, "UNITS", 2)
    units = [f"U{one}" for one in range(5)]
    await happen(store, 7, *units)
    assert await month_later(store, KEEP) == 0
    with capture_logs() as logs:
        assert await month_later(store, KEEP + timedelta(milliseconds=1)) == 35
    assert [(line["event"], line["events"]) for line in logs] == [("events.pruned", 35)]
    assert await month_later(store) == 0
    assert {(await store.read(lambda tx, unit=unit: read_floor(tx, unit))).pruned for unit in units} == {7}


async def test_what_has_not_left_is_kept_for_ever(store: LadybugStore) -> None:
    await happen(store, 3)
    await Statistics(store, SetClock()).look()
    assert await EventRetention(store, SetClock(NOW + 100 * MONTH), KEEP).look() == 0


async def test_a_feed_says_that_what_follows_the_cursor_is_gone_and_goes_on_behind_it(store: LadybugStore) -> None:
    await happen(store, 3)
    await month_later(store)
    await happen(store, 2)
    feed = EventFeed(store)
    for after in (0, 2):
        with pytest.raises(EventsGoneError, match="up to 3") as gone:
            await feed.read(UNIT, after, 10)
        assert (gone.value.pruned, gone.value.field) == (3, "after")
    assert await feed.bounds(UNIT) == (3, 5)
    assert [each.sequence for each in await feed.read(UNIT, 3, 10)] == [4, 5]
    assert await feed.read(UNIT, 5, 10) == ()


async def test_a_clock_that_jumps_ahead_takes_nothing_that_somebody_in_the_hub_still_needs(store: LadybugStore) -> None:
    hub = WebhookHub(store)
    async with Receiver() as receiver:
        await hub.register(receiver.url)
        await hub.happen(3)
        assert await month_later(store, 1000 * MONTH) == 0
        await hub.deliver()
        assert receiver.sequences() == [1, 2, 3, 4]
        assert await month_later(store, -1000 * MONTH) == 0
        assert await month_later(store) == 4
    await hub.close()


async def test_a_webhook_that_was_paused_goes_on_behind_what_is_gone_and_its_unit_sees_that(
    store: LadybugStore,
) -> None:
    hub = WebhookHub(store)
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        change = WebhookChange(webhook_id=step.stored.webhook.id, key=key(), active=False)
        await hub.service.change(MANAGER, change)
        await hub.happen(4)
        assert await month_later(store) == 6
        await hub.happen(1)
        await hub.service.change(MANAGER, replace(change, key=key(), active=True))
        with capture_logs() as logs:
            await hub.deliver()
        assert receiver.sequences() == [7, 8]
        stored = await hub.stored(step)
        assert (stored.progress.cursor, stored.progress.last_failure) == (8, "EVENTS_GONE")
        assert [(line["first"], line["last"]) for line in logs if line["event"] == "webhook.events_gone"] == [(1, 6)]
        assert await hub.deliver() == 0
    await hub.close()


async def test_what_is_gone_is_not_delivered_again_and_that_is_said(store: LadybugStore) -> None:
    hub = WebhookHub(store)
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        await hub.happen(2)
        await hub.deliver()
        await month_later(store)
        for wanted in ({"after": 0}, {"after": 2}, {"event_id": f"{UNIT}.3"}):
            again = Redelivery(webhook_id=step.stored.webhook.id, key=key(), **wanted)
            with pytest.raises(EventsGoneError) as gone:
                await hub.service.redeliver(MANAGER, again)
            assert gone.value.field == ("eventId" if "event_id" in wanted else "after")
        await hub.service.redeliver(MANAGER, replace(again, key=key(), after=3, event_id=None))
    await hub.close()


async def test_a_replay_of_what_is_gone_is_refused(store: LadybugStore) -> None:
    await happen(store, 3)
    await month_later(store)
    await happen(store, 2)
    await settle(store)
    replay = EventReplay(store, InProcessBus(), StoredDeadLetters(store), SetClock())
    with pytest.raises(EventsGoneError) as gone:
        await replay.replay_range(SUPERVISOR, UNIT, 3, 5)
    assert gone.value.field == "first"
    assert (await replay.replay_range(SUPERVISOR, UNIT, 4, 5)).events == 2


@pytest.mark.requirement("I3")
async def test_the_audit_is_whole_whatever_became_of_the_events(office: Office) -> None:
    number = (await office.open("VERIFIED")).case.number
    before = await office.audit(number)
    assert await month_later(office.store) > 0  # type: ignore[arg-type]
    assert await office.audit(number) == before
    assert verify_chain(await office.store.read(lambda tx: load_audit(tx, number, 0, 99))) is None
    assert (await office.file(number)).requests


async def test_a_subscriber_whose_cursor_is_too_old_is_told_and_begins_anew(office: Office) -> None:
    request = (await office.open("VERIFIED")).requests[0]
    await month_later(office.store)  # type: ignore[arg-type]
    unit = request.issuing_unit
    watching = Watching(EventFeed(office.store), office.cases, office.requests, office.clock)
    for watch in (watching.assigned, watching.nearing):
        with pytest.raises(EventsGoneError):
            await anext(watch(drafter(unit), unit, 0))
    with pytest.raises(InvalidInputError):
        await anext(watching.assigned(drafter(unit), unit, -1))
    async with aclosing(watching.assigned(drafter(unit), unit, None)) as found:
        assert (await anext(found)).kind == SUBSCRIBED
        again = (await office.open("VERIFIED")).requests[0]
        happened = await anext(found)
    assert happened.record is not None
    assert happened.record.id == again.id


async def test_who_watches_and_does_not_take_is_told_when_what_follows_is_gone(office: Office) -> None:
    request = (await office.open("VERIFIED")).requests[0]
    unit = request.issuing_unit
    watching = Watching(EventFeed(office.store), office.cases, office.requests, office.clock)
    async with aclosing(watching.assigned(drafter(unit), unit, None)) as found:
        await anext(found)
        await office.open("VERIFIED")
        await month_later(office.store)  # type: ignore[arg-type]
        with pytest.raises(EventsGoneError):
            await anext(found)


async def test_mails_go_on_behind_what_is_gone(village: Village) -> None:
    await village.office.open("VERIFIED")
    await month_later(village.office.store)  # type: ignore[arg-type]
    await village.messenger.look()
    await village.messenger.look()
    seen = await village.office.store.read(seen_events)
    for unit, sequence in seen.items():
        assert (await EventFeed(village.office.store).bounds(unit))[1] == sequence
