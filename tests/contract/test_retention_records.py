"""Old events are taken away on both engines: what has left, from the first one on, and nothing that is awaited."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.journal_records import append_events, last_event, mark_events_published, read_events
from graph_models.outbox import ConsumerPlace
from graph_models.retention import EventFloor
from graph_models.retention_records import (
    hold_floor,
    prune_events,
    read_floor,
    read_floors,
    units_with_events,
    units_with_old_events,
)
from graph_models.statistics import Tally
from graph_models.statistics_records import hold_tally, write_tally
from graph_models.store import GraphStore, Transaction
from graph_models.webhook_records import add_webhook, hold_webhook, write_webhook
from graph_models.webhooks import DeliveryProgress, WebhookState
from tests.contract.records import AT, event
from tests.contract.test_webhook_records import webhook

DAY = timedelta(days=1)
UNIT = "NB-GA"
LATER = AT + 100 * DAY


async def happen(store: GraphStore, count: int, unit: str = UNIT) -> None:
    """Write events, one for each day from AT on."""
    drafts = [replace(event(f"E{one}", unit), at=AT + one * DAY) for one in range(count)]
    await store.write(lambda tx: append_events(tx, drafts))


async def left(store: GraphStore, *sequences: int, unit: str = UNIT) -> None:
    await store.write(lambda tx: mark_events_published(tx, [f"{unit}.{one}" for one in sequences]))


async def counted(store: GraphStore, up_to: int, unit: str = UNIT) -> None:
    async def work(tx: Transaction) -> None:
        await hold_tally(tx, unit)
        await write_tally(tx, unit, Tally(place=ConsumerPlace(last=up_to)))

    await store.write(work)


async def prune(store: GraphStore, before=LATER, limit: int = 100) -> int:
    return await store.write(lambda tx: prune_events(tx, UNIT, before, limit))


async def kept(store: GraphStore) -> list[int]:
    """The sequences that are there, gaps or not."""
    rows = await store.read(lambda tx: tx.run("MATCH (e:OutboxEvent) RETURN e.sequence AS sequence"))
    return sorted(int(str(row["sequence"])) for row in rows)


@pytest.fixture
async def ten(store: GraphStore) -> GraphStore:
    """Ten events of a unit that have left and are counted."""
    await happen(store, 10)
    await left(store, *range(1, 11))
    await counted(store, 10)
    return store


async def test_what_is_older_goes_and_what_is_younger_stays(ten: GraphStore) -> None:
    assert await prune(ten, AT + 4 * DAY) == 4
    assert await kept(ten) == [5, 6, 7, 8, 9, 10]
    assert await ten.read(lambda tx: read_floor(tx, UNIT)) == EventFloor(pruned=4, latest=AT + 3 * DAY)
    assert [each.sequence for each in await ten.read(lambda tx: read_events(tx, UNIT, 4, 99))] == list(range(5, 11))
    assert await prune(ten, AT + 4 * DAY) == 0
    await happen(ten, 1)
    assert await ten.read(lambda tx: last_event(tx, UNIT)) == 11


async def test_one_transaction_takes_no_more_than_it_may(ten: GraphStore) -> None:
    assert [await prune(ten, limit=4) for _ in range(4)] == [4, 4, 2, 0]
    assert await kept(ten) == []


async def test_what_has_not_left_and_all_behind_it_stays(store: GraphStore) -> None:
    await happen(store, 6)
    await left(store, 1, 2, 4, 5)
    await counted(store, 6)
    assert await prune(store) == 2
    assert await kept(store) == [3, 4, 5, 6]


async def test_what_is_not_counted_stays(ten: GraphStore) -> None:
    await counted(ten, 3)
    assert await prune(ten) == 3
    assert await kept(ten) == list(range(4, 11))


async def test_an_older_event_behind_a_younger_one_waits_for_it_and_the_latest_time_is_noted(store: GraphStore) -> None:
    drafts = [replace(event("E"), at=AT + days * DAY) for days in (5, 1, 9)]
    await store.write(lambda tx: append_events(tx, drafts))
    await left(store, 1, 2, 3)
    await counted(store, 3)
    assert await prune(store, AT + 2 * DAY) == 0
    assert await prune(store, AT + 6 * DAY) == 2
    assert await store.read(lambda tx: read_floor(tx, UNIT)) == EventFloor(pruned=2, latest=AT + 5 * DAY)


@pytest.mark.parametrize(
    ("progress", "state", "taken"),
    [
        (DeliveryProgress(cursor=6), WebhookState.ACTIVE, 6),
        (DeliveryProgress(cursor=9, again=(4, 8)), WebhookState.ACTIVE, 3),
        (DeliveryProgress(cursor=6), WebhookState.PAUSED, 10),
        (DeliveryProgress(cursor=6), WebhookState.REMOVED, 10),
    ],
)
async def test_what_an_active_webhook_waits_for_stays(
    ten: GraphStore, progress: DeliveryProgress, state: WebhookState, taken: int
) -> None:
    async def work(tx: Transaction) -> None:
        await add_webhook(tx, webhook())
        found = await hold_webhook(tx, "W1")
        await write_webhook(tx, replace(found, webhook=replace(found.webhook, state=state), progress=progress))

    await ten.write(work)
    assert await prune(ten) == taken


async def test_of_two_that_take_at_the_same_time_none_leaves_a_gap(ten: GraphStore) -> None:
    taken = await asyncio.gather(*(prune(ten, AT + 8 * DAY, 3) for _ in range(6)))
    assert sum(taken) == 8
    assert await kept(ten) == [9, 10]
    assert (await ten.write(lambda tx: hold_floor(tx, UNIT))).pruned == 8


async def test_units_are_looked_at_page_by_page_and_those_with_old_events_are_found(store: GraphStore) -> None:
    for number in range(5):
        await happen(store, 2, f"U{number}")
        await left(store, 1, unit=f"U{number}")
    await left(store, 2, unit="U3")
    await counted(store, 1, "U3")
    await store.write(lambda tx: prune_events(tx, "U3", AT + DAY, 9))
    assert await store.read(lambda tx: units_with_events(tx, "U1", 2)) == {"U2": 2, "U3": 2}
    assert (await store.read(lambda tx: read_floors(tx, ["U2", "U3"]))).keys() == {"U3"}
    first, last = await store.read(lambda tx: units_with_old_events(tx, "", 3, AT + DAY))
    assert (sorted(first), last) == (["U0", "U1", "U2"], "U2")
    then, last = await store.read(lambda tx: units_with_old_events(tx, "U2", 3, AT + DAY))
    assert (then, last) == (("U4",), "U4")
    assert await store.read(lambda tx: units_with_old_events(tx, "U4", 3, AT + DAY)) == ((), None)
