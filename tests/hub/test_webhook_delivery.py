"""Events reach a real receiver in order, signed, at least once, whatever happens to it, to the hub or to its clock."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from graph_models.journal import EventDraft
from graph_models.journal_records import append_events, load_audit, read_events
from graph_models.ladybug_store import LadybugStore
from graph_models.webhook_records import LONGEST_WAIT
from graph_models.webhooks import PauseReason, WebhookState
from hub.actors import Actor, Post
from hub.event_feed import EventFeed
from hub.events import EventType
from hub.outside_addresses import AddressRule, OutsideAddresses
from hub.webhook_delivery import TURN_LONGEST_SECONDS, TURN_SECONDS, DeliveryRule, wait_after
from hub.webhook_messages import WebhookMessages, WebhookSecrets
from hub.webhook_poster import PostLimits
from hub.webhooks import Redelivery, WebhookChange, WebhookStep
from tests.hub import killed_webhooks
from tests.hub.set_clock import NOW
from tests.hub.webhook_posts import MANAGER, PUBLIC, STRANGER, TAKEN, UNIT, Receiver, WebhookHub, key, resolved_as
from tests.simulators.hostile_source import Behaviour, answer, close_at_once, hang


@pytest.fixture
async def hub(store: LadybugStore) -> AsyncIterator[WebhookHub]:
    made = WebhookHub(store)
    yield made
    await made.close()


async def switch(hub: WebhookHub, step: WebhookStep, *, active: bool) -> None:
    change = WebhookChange(webhook_id=step.stored.webhook.id, key=key(), active=active)
    await hub.service.change(MANAGER, change)


async def redeliver(hub: WebhookHub, step: WebhookStep, **wanted: int | str) -> None:
    await hub.service.redeliver(MANAGER, Redelivery(webhook_id=step.stored.webhook.id, key=key(), **wanted))


@pytest.mark.requirement("I1")
async def test_events_arrive_signed_and_in_the_units_order(hub: WebhookHub) -> None:
    async with Receiver() as receiver:
        await hub.happen(2)
        step = await hub.register(receiver.url)
        assert step.secret is not None
        await hub.happen(4)
        await hub.happen(2, unit="NB-MZ")
        await hub.deliver()
        assert receiver.verified(step.secret, hub.clock) == receiver.sequences() == [3, 4, 5, 6, 7]
    stored = await hub.stored(step)
    assert (stored.progress.cursor, stored.holder, stored.progress.delivered_at) == (7, "", hub.clock.now())
    assert await hub.deliver() == 0


async def test_only_the_wanted_types_arrive(hub: WebhookHub) -> None:
    async with Receiver() as receiver:
        step = await hub.register(receiver.url, "catalogue.published")
        await hub.happen(2)
        await hub.happen(1, EventType.CATALOGUE_PUBLISHED)
        await hub.happen(2)
        await hub.deliver()
        assert receiver.sequences() == [4]
    assert (await hub.stored(step)).progress.cursor == 6


@pytest.mark.parametrize("failing", [answer(b"", 500), answer(b"", 302, Location="http://127.0.0.1:1/"), close_at_once])
async def test_what_was_not_taken_is_sent_again_before_anything_else_and_not_too_soon(hub, failing) -> None:
    async with Receiver(TAKEN, failing, failing, TAKEN) as receiver:
        step = await hub.register(receiver.url)
        await hub.happen(2)
        await hub.deliver()
        stored = await hub.stored(step)
        assert (stored.progress.cursor, stored.progress.failures) == (1, 1)
        assert await hub.deliver() == 0
        await hub.deliver_all(lambda: len(receiver.questions) == 5)
        assert receiver.sequences() == [1, 2, 2, 2, 3]
    assert (await hub.stored(step)).progress.failures == 0


async def test_a_receiver_that_hangs_is_asked_again(store: LadybugStore) -> None:
    hub = WebhookHub(store, limits=PostLimits(seconds=0.1))
    async with Receiver(hang, TAKEN) as receiver:
        step = await hub.register(receiver.url)
        await hub.deliver()
        assert (await hub.stored(step)).progress.last_failure == "TIMEOUT"
        await hub.deliver_all(lambda: len(receiver.questions) == 2)
        assert step.secret is not None
        assert receiver.sequences() == [1, 1]
    await hub.close()


@pytest.mark.parametrize(("failures", "step"), [(1, 1), (2, 2), (5, 16), (12, 2048), (13, 3600), (5000, 3600)])
def test_waits_double_up_to_an_hour_and_are_spread_over_half_of_it(failures: int, step: int) -> None:
    assert wait_after(failures, 0.0) == timedelta(seconds=step / 2)
    assert wait_after(failures, 1.0) == timedelta(seconds=step) <= LONGEST_WAIT


async def test_a_receiver_that_is_gone_is_left_alone_and_its_unit_is_told(hub: WebhookHub) -> None:
    async with Receiver(answer(b"", 410)) as receiver:
        step = await hub.register(receiver.url)
        await hub.deliver()
        await hub.happen(1)
        assert await hub.deliver() == 0
        assert receiver.asked == 1
    stored = await hub.stored(step)
    assert (stored.webhook.state, stored.webhook.pause) == (WebhookState.PAUSED, PauseReason.GONE)
    (told, _) = await hub.store.read(lambda tx: read_events(tx, UNIT, 1, 9))
    assert (told.type, told.subject) == ("webhook.paused", stored.webhook.id)
    assert told.payload_json == '{"failure":"HTTP_410","reason":"GONE","state":"PAUSED"}'
    audit = await hub.store.read(lambda tx: load_audit(tx, f"webhook/{stored.webhook.id}", 0, 9))
    assert [each.operation for each in audit] == ["webhook.registered", "webhook.paused"]


@pytest.mark.parametrize(
    ("rule", "attempts"), [(DeliveryRule(attempts=3), 3), (DeliveryRule(attempts=1000, hours=5.5), 7)]
)
async def test_a_dead_receiver_is_paused_after_so_many_attempts_or_hours_and_resumed_by_its_unit(
    store: LadybugStore, rule: DeliveryRule, attempts: int
) -> None:
    hub = WebhookHub(store, rule=rule)
    async with Receiver(answer(b"", 500)) as receiver:
        step = await hub.register(receiver.url)
        await hub.deliver_all(lambda: receiver.asked == attempts)
        assert await hub.deliver() == 0
        assert (await hub.stored(step)).webhook.pause is PauseReason.DEAD
        receiver.script = [TAKEN]
        await switch(hub, step, active=True)
        await hub.deliver()
        assert receiver.sequences() == [1] * (attempts + 1) + [2, 3]
    await hub.close()


async def test_what_happens_in_a_pause_arrives_when_it_is_over(hub: WebhookHub) -> None:
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        await switch(hub, step, active=False)
        await hub.happen(2)
        assert await hub.deliver() == 0
        await switch(hub, step, active=True)
        await hub.deliver()
        assert receiver.sequences() == [1, 2, 3, 4, 5]


async def test_a_pause_in_the_middle_of_a_delivery_holds_for_every_later_message(hub: WebhookHub) -> None:
    async with Receiver(TAKEN, hang) as receiver:
        step = await hub.register(receiver.url)
        await hub.happen(3)
        await hub.delivery.look()
        await _asked(receiver, 2)
        await switch(hub, step, active=False)
        await hub.delivery.close()
        assert receiver.sequences() == [1, 2]
    stored = await hub.stored(step)
    assert (stored.progress.cursor, stored.webhook.state) == (1, WebhookState.PAUSED)


async def test_events_are_delivered_again_from_a_cursor_or_one_alone_and_keep_their_identifier(hub: WebhookHub) -> None:
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        assert step.secret is not None
        await hub.happen(2)
        await hub.deliver()
        await redeliver(hub, step, event_id=f"{UNIT}.2")
        await hub.deliver()
        assert receiver.sequences() == [1, 2, 3, 2, 4]
        await redeliver(hub, step, after=2)
        await hub.deliver()
        assert receiver.sequences()[5:] == [3, 4, 5]
        assert receiver.verified(step.secret, hub.clock) == [1, 2, 3, 4, 5]


@pytest.mark.requirement("I1")
async def test_a_hub_that_is_killed_in_the_middle_loses_nothing_and_the_next_one_takes_over(tmp_path: Path) -> None:
    async with Receiver(TAKEN, TAKEN, hang, TAKEN) as receiver:
        await _killed_at(receiver, 3, tmp_path / "killed")
        store = await LadybugStore.open(tmp_path / "killed", buffer_bytes=192 << 20)
        hub = WebhookHub(store)
        assert await hub.deliver() == 0
        hub.seconds[0] += TURN_SECONDS - 0.1
        assert await hub.deliver() == 0
        hub.seconds[0] += 0.2
        assert await hub.deliver() == 1
        assert receiver.sequences() == [1, 2, 3, 3, 4, 5]
    await hub.close()
    await store.close()


async def test_a_hub_that_stops_gives_its_turns_back_and_the_next_one_goes_on_at_once(store: LadybugStore) -> None:
    hub, other = WebhookHub(store), WebhookHub(store)
    async with Receiver(TAKEN, hang, TAKEN) as receiver:
        await hub.register(receiver.url)
        await hub.happen(2)
        await hub.delivery.look()
        await _asked(receiver, 2)
        await hub.close()
        assert await other.deliver() == 1
        assert receiver.sequences() == [1, 2, 2, 3]
    await other.close()


async def test_a_turn_that_shows_signs_of_life_is_not_taken(store: LadybugStore) -> None:
    hub, other = WebhookHub(store), WebhookHub(store)
    async with Receiver(hang) as receiver:
        step = await hub.register(receiver.url)
        await hub.delivery.look()
        await _asked(receiver, 1)
        for _ in range(3):
            assert await other.deliver() == 0
            beat = (await hub.stored(step)).beat
            async with asyncio.timeout(10):
                while (await hub.stored(step)).beat == beat:  # noqa: ASYNC110  the sign of life is in the store alone
                    await asyncio.sleep(0.05)
            other.seconds[0] += 2 * TURN_SECONDS
        assert await other.deliver() == 0
        await hub.close()
    await other.close()


async def test_one_receiver_that_hangs_holds_no_other_up(hub: WebhookHub) -> None:
    async with Receiver(hang) as slow, Receiver() as quick:
        await hub.register(slow.url)
        await hub.register(quick.url)
        await hub.delivery.look()
        await _asked(slow, 1)
        await _asked(quick, 1)
        await hub.delivery.close()


def slow_by(hub: WebhookHub, seconds: float) -> Behaviour:
    """Take each message, after so many seconds of the hub's monotonic clock."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        hub.seconds[0] += seconds
        await TAKEN(writer)

    return behave


async def test_slow_receivers_with_a_backlog_leave_a_turn_to_another_unit(store: LadybugStore) -> None:
    hub = WebhookHub(store, rule=DeliveryRule(at_once=2))
    slow = slow_by(hub, TURN_LONGEST_SECONDS / 2)
    units = {name: Actor(f"{name}-9", name, frozenset({Post.UNIT_MANAGER})) for name in ("SLOW-1", "SLOW-2")}
    async with Receiver(slow) as first, Receiver(slow) as second, Receiver() as quick:
        for (unit, manager), receiver in zip(units.items(), (first, second), strict=True):
            await hub.register(receiver.url, actor=manager)
            await hub.happen(20, unit=unit)
        await hub.deliver()
        await hub.register(quick.url)
        assert await hub.deliver() == 2
        assert quick.sequences() == [1]
        assert max(first.asked, second.asked) <= 4
        while await hub.deliver():
            pass
        assert first.sequences() == second.sequences() == list(range(1, 22))
    await hub.close()


async def test_one_unit_has_not_all_the_places(store: LadybugStore) -> None:
    hub = WebhookHub(store, rule=DeliveryRule(at_once=3))
    async with Receiver(hang) as slow, Receiver() as quick:
        for _ in range(3):
            await hub.register(slow.url)
        await hub.register(quick.url, actor=STRANGER)
        assert await hub.delivery.look() == 2
        await _asked(quick, 1)
        await hub.delivery.close()


async def test_a_delivery_under_way_is_broken_off_when_its_webhook_is_removed(hub: WebhookHub) -> None:
    async with Receiver(hang) as receiver:
        step = await hub.register(receiver.url)
        await hub.delivery.look()
        await _asked(receiver, 1)
        await hub.service.remove(MANAGER, step.stored.webhook.id, key())
        async with asyncio.timeout(hub.limits.seconds / 2):
            await hub.delivery.settle()
    assert (await hub.stored(step)).progress.failures == 0


class ChangedMeanwhile(EventFeed):
    """A feed whose events were pruned, and whose webhook is paused while that is looked up."""

    def __init__(self, store: LadybugStore, pause: Callable[[], Awaitable[None]]) -> None:
        super().__init__(store)
        self.pause = pause

    async def bounds(self, unit_code: str) -> tuple[int, int]:
        await self.pause()
        return 2, 3


async def test_who_lost_the_turn_before_the_first_event_posts_none(hub: WebhookHub) -> None:
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        await hub.happen(2)
        feed = ChangedMeanwhile(hub.store, lambda: switch(hub, step, active=False))
        hub.delivery = replace(hub.delivery, feed=feed)
        await hub.deliver()
        assert receiver.asked == 0


async def test_a_clock_that_jumped_ahead_and_back_holds_nothing_up(hub: WebhookHub) -> None:
    async with Receiver(answer(b"", 500), TAKEN) as receiver:
        await hub.register(receiver.url)
        hub.clock.advance(days=400)
        await hub.deliver()
        hub.clock.advance(days=-400)
        await hub.deliver()
        assert receiver.sequences() == [1, 1]


async def test_an_address_that_leads_inside_since_it_was_registered_is_not_connected_to(store: LadybugStore) -> None:
    hub = WebhookHub(store, addresses=OutsideAddresses(AddressRule(), resolved_as([PUBLIC], ["10.0.0.1"])))
    step = await hub.register("https://unit.example/events")
    await hub.deliver()
    assert (await hub.stored(step)).progress.last_failure == "ADDRESS_REFUSED"
    await hub.close()


async def test_without_the_key_of_its_secret_nothing_unsigned_leaves(hub: WebhookHub) -> None:
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        events = hub.delivery.messages.events
        for keys, begun in (((), 0), (("A" * 43 + "=",), 1)):
            hub.delivery = replace(hub.delivery, messages=WebhookMessages(events, WebhookSecrets(keys)))
            assert await hub.deliver() == begun
        assert receiver.asked == 0
    assert (await hub.stored(step)).progress.last_failure == "SECRET_UNREADABLE"


async def test_an_event_that_only_a_newer_version_knows_goes_out_in_its_place_as_its_first_version(hub) -> None:
    async with Receiver() as receiver:
        step = await hub.register(receiver.url)
        draft = EventDraft(unit_code=UNIT, type="moon.landed", subject="M1", at=NOW, payload_json="{}")
        await hub.store.write(lambda tx: append_events(tx, (draft,)))
        await hub.happen(1)
        await hub.deliver()
        types = [orjson.loads(body)["type"] for _, body in receiver.messages]
        assert (receiver.sequences(), types[1]) == ([1, 2, 3], "proofhub.moon.landed.v1")
    assert (await hub.stored(step)).progress.cursor == 3


async def _asked(receiver: Receiver, count: int) -> None:
    """Wait until the receiver was asked so often."""
    async with asyncio.timeout(20):
        while receiver.asked < count:  # noqa: ASYNC110  what is waited for has no event of its own
            await asyncio.sleep(0.01)


async def _killed_at(receiver: Receiver, count: int, folder: Path) -> None:
    """Run a hub that posts to the receiver, and kill it when the receiver was asked so often."""
    command = (sys.executable, "-m", killed_webhooks.__name__, str(folder), receiver.url)
    root, quiet = Path(__file__).parents[2], asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, cwd=root, env=os.environ.copy(), stdout=quiet)
    await _asked(receiver, count)
    process.kill()
    assert await process.wait() == -signal.SIGKILL
