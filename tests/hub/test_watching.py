"""Following a unit's events: caught up in order, gone on with after the store was away, never somebody else's."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from graph_models.casework import VerificationRequest
from graph_models.errors import StoreUnavailableError
from graph_models.journal_records import append_events
from graph_models.store import GraphStore, T, Work
from hub.actors import Actor, Post
from hub.errors import InvalidInputError, NotPermittedError
from hub.event_feed import EventFeed
from hub.events import EventType, events_for
from hub.watching import BATCH, SUBSCRIBED, Watching
from tests.hub.office import NOW, OPERATOR, Office, call, drafter


class Flickering:
    """A store that cannot be reached for the next so many reads."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self.away = 0

    async def read(self, work: Work[T]) -> T:
        self.away -= 1
        if self.away >= 0:
            raise StoreUnavailableError("restarted")
        return await self._store.read(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def watching(office: Office, store: GraphStore | None = None) -> Watching:
    return Watching(EventFeed(store or office.store), office.cases, office.requests, office.clock)


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


async def test_a_store_that_is_away_is_waited_for(office: Office) -> None:
    store = Flickering(office.store)
    request = await asked(office)
    actor = drafter(request.issuing_unit)
    async with aclosing(watching(office, store).assigned(actor, request.issuing_unit, 0)) as found:  # type: ignore[arg-type]
        first = await anext(found)
        store.away = 1
        again = await asked(office)
        then = await anext(found)
    assert [each.record and each.record.id for each in (first, then)] == [request.id, again.id]


async def test_only_what_comes_to_the_unit_is_assigned_to_it(office: Office) -> None:
    request = await asked(office)
    unit, actor = request.issuing_unit, drafter(request.issuing_unit)
    async with aclosing(watching(office).assigned(actor, unit, None)) as found:
        assert (await anext(found)).kind == SUBSCRIBED
        await office.requests.claim(actor, call(request))
        another = await asked(office)
        happened = await anext(found)
    assert (happened.kind, happened.record and happened.record.id) == (EventType.REQUEST_RECEIVED, another.id)


@pytest.mark.parametrize("after", [-1, 10**6])
async def test_a_sequence_that_the_unit_has_not_is_refused(office: Office, after: int) -> None:
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
