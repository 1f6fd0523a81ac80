"""Following a unit's events: caught up in order, gone on with after the store was away, never somebody else's."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

import hub.watching
from graph_models.casework import VerificationRequest
from graph_models.errors import StoreUnavailableError
from graph_models.journal_records import append_events
from graph_models.store import GraphStore, T, Work
from hub.actors import Actor, Post
from hub.clock import Ids, SystemIds
from hub.errors import InvalidInputError, NotPermittedError
from hub.event_feed import EventFeed
from hub.events import EventType, events_for
from hub.watching import BATCH, PROGRESS, PROGRESS_AFTER, PROGRESS_EVENTS, SUBSCRIBED, Watching
from tests.hub.office import NOW, OPERATOR, Office, call, drafter


class Flickering:
    """A store that cannot be reached for the next so many reads, and the loop's time of each read."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self.away = 0
        self.reads: list[float] = []

    async def read(self, work: Work[T]) -> T:
        self.reads.append(asyncio.get_running_loop().time())
        self.away -= 1
        if self.away >= 0:
            raise StoreUnavailableError("restarted")
        return await self._store.read(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Drawn(SystemIds):
    """Gives the numbers in turn."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = iter(numbers)

    def serial_number(self) -> int:
        return next(self._numbers)


def watching(office: Office, store: GraphStore | Flickering | None = None, ids: Ids | None = None) -> Watching:
    feed = EventFeed(store or office.store)  # type: ignore[arg-type]  # a store but for its signatures
    return Watching(feed, office.cases, office.requests, office.clock, ids or SystemIds())


async def elsewhere(office: Office, unit: str, count: int) -> None:
    """Let so many events of the unit happen that are about no case or request that is watched."""
    drafts = events_for((unit,), EventType.NEED_CHANGED, "OTHER", NOW) * count
    await office.store.write(lambda tx: append_events(tx, drafts))


async def asked(office: Office) -> VerificationRequest:
    """Open a case and return the request that it makes."""
    return (await office.open("VERIFIED")).requests[0]


async def test_who_was_away_for_long_catches_up_in_order(office: Office) -> None:
    case = (await office.open("VERIFIED")).case
    many = 2 * BATCH + 7
    drafts = [events_for(("U-OTHER", case.unit_code), EventType.NEED_CHANGED, case.number, NOW)] * many
    await office.store.write(lambda tx: append_events(tx, [each for pair in drafts for each in pair]))
    last = await EventFeed(office.store).last(case.unit_code)
    async with aclosing(watching(office).case(OPERATOR, case.number, last - many)) as found:
        seen = [await anext(found) for _ in range(many)]
    assert [each.sequence for each in seen] == list(range(last - many + 1, last + 1))
    assert {each.kind for each in seen} == {"need.changed"}


async def test_a_store_that_is_away_is_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.watching, "RETRY_SECONDS", 0.01)
    store = Flickering(office.store)
    request = await asked(office)
    actor = drafter(request.issuing_unit)
    async with aclosing(watching(office, store).assigned(actor, request.issuing_unit, 0)) as found:
        first = await anext(found)
        store.away = 1
        again = await asked(office)
        then = await anext(found)
    assert [each.record and each.record.id for each in (first, then)] == [request.id, again.id]


async def test_an_outage_is_said_once_however_many_wait_and_once_when_it_is_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.watching, "RETRY_SECONDS", 0.01)
    store, request = Flickering(office.store), await asked(office)
    unit, watch = request.issuing_unit, watching(office, store)
    watches = [watch.assigned(drafter(unit), unit, None) for _ in range(30)]
    for each in watches:
        assert (await anext(each)).kind == SUBSCRIBED
    with capture_logs() as logs:
        store.away = 100
        waiting = [asyncio.create_task(anext(each)) for each in watches]
        then = await asked(office)
        assert {found.record and found.record.id for found in await asyncio.gather(*waiting)} == {then.id}
    assert [line["event"] for line in logs if line["event"].startswith("watching")] == [
        "watching.waiting",
        "watching.going_on",
    ]
    for each in watches:
        await each.aclose()


async def test_those_who_wait_for_the_store_do_not_all_come_back_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.watching, "RETRY_SECONDS", 0.1)
    store, request = Flickering(office.store), await asked(office)
    unit, watch = request.issuing_unit, watching(office, store, Drawn(0, 999))
    watches = [watch.assigned(drafter(unit), unit, 0) for _ in range(2)]
    for each in watches:
        assert (await anext(each)).sequence == 1
    store.away, before = 1, len(store.reads)
    waiting = [asyncio.create_task(anext(each)) for each in watches]
    await asked(office)
    await asyncio.gather(*waiting)
    failed, first, second = store.reads[before : before + 3]
    assert (round(first - failed, 2) >= 0.05, round(second - failed, 2) >= 0.15) == (True, True)
    for each in watches:
        await each.aclose()


async def test_who_watches_while_only_other_things_happen_is_told_how_far_it_is_and_goes_on_from_there(
    office: Office,
) -> None:
    request = await asked(office)
    unit, actor = request.issuing_unit, drafter(request.issuing_unit)
    async with aclosing(watching(office).nearing(actor, unit, 0)) as found:
        await elsewhere(office, unit, 3 * PROGRESS_EVENTS)
        seen = [await anext(found) for _ in range(3)]
    assert {(each.kind, each.record, each.at) for each in seen} == {(PROGRESS, None, office.clock.now())}
    assert [each.sequence for each in seen] == [PROGRESS_EVENTS, 2 * PROGRESS_EVENTS, 3 * PROGRESS_EVENTS]
    async with aclosing(watching(office).assigned(actor, unit, seen[-1].sequence)) as found:
        then = await asked(office)
        happened = await anext(found)
    assert happened.record is not None
    assert happened.record.id == then.id


async def test_who_watches_a_quiet_unit_is_told_after_some_minutes_how_far_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.watching, "WAIT_SECONDS", 0.01)
    case = (await office.open("VERIFIED")).case
    async with aclosing(watching(office).case(OPERATOR, case.number, None)) as found:
        begun = await anext(found)
        waiting = asyncio.create_task(anext(found))
        await elsewhere(office, case.unit_code, 1)
        assert await asyncio.wait([waiting], timeout=0.3) == (set(), {waiting})
        office.clock.at += PROGRESS_AFTER
        then = await waiting
    assert (then.kind, then.record, then.sequence) == (PROGRESS, None, begun.sequence + 1)


async def test_many_who_watch_a_unit_cost_no_more_reads_of_its_events_than_one(office: Office) -> None:
    store, case = Flickering(office.store), (await office.open("VERIFIED")).case
    watch = watching(office, store)
    watches = [watch.case(OPERATOR, case.number, None) for _ in range(100)]
    for each in watches:
        await anext(each)
    before = len(store.reads)
    waiting = [asyncio.create_task(anext(each)) for each in watches]
    await elsewhere(office, case.unit_code, 3)
    drafts = events_for((case.unit_code,), EventType.NEED_CHANGED, case.number, NOW)
    await office.store.write(lambda tx: append_events(tx, drafts))
    assert len({(await each).sequence for each in waiting}) == 1
    assert len(store.reads) - before < 12
    for each in watches:
        await each.aclose()


async def test_only_what_comes_to_the_unit_is_assigned_to_it(office: Office) -> None:
    request = await asked(office)
    unit, actor = request.issuing_unit, drafter(request.issuing_unit)
    async with aclosing(watching(office).assigned(actor, unit, None)) as found:
        assert (await anext(found)).kind == SUBSCRIBED
        await office.requests.claim(actor, call(request))
        another = await asked(office)
        happened = await anext(found)
    assert (happened.kind, happened.record and happened.record.id) == (EventType.REQUEST_RECEIVED, another.id)


async def test_a_cursor_from_a_member_that_is_ahead_is_waited_for(office: Office) -> None:
    request = await asked(office)
    unit, actor = request.issuing_unit, drafter(request.issuing_unit)
    ahead = await EventFeed(office.store).last(unit) + 1
    async with aclosing(watching(office).assigned(actor, unit, ahead)) as found:
        first = asyncio.create_task(anext(found))
        await asyncio.wait([first], timeout=0.1)
        await asked(office)
        then = await asked(office)
        seen = await first
    assert seen.record is not None
    assert (seen.record.id, seen.sequence > ahead) == (then.id, True)


@pytest.mark.parametrize("after", [-1, 10**6])
async def test_a_sequence_that_the_unit_has_not_is_refused(
    office: Office, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.watching, "BEHIND_SECONDS", 0.05)
    request = await asked(office)
    with pytest.raises(InvalidInputError):
        await anext(watching(office).assigned(drafter(request.issuing_unit), request.issuing_unit, after))


async def test_another_units_events_and_those_beyond_the_posts_are_refused(office: Office) -> None:
    request = await asked(office)
    colleague = Actor("x", request.issuing_unit, frozenset({Post.OPERATOR}))
    for actor in (OPERATOR, colleague, replace(drafter(request.issuing_unit), unit_code=OPERATOR.unit_code)):
        for watch in (watching(office).assigned, watching(office).nearing):
            with pytest.raises(NotPermittedError):
                await anext(watch(actor, request.issuing_unit, 0))
