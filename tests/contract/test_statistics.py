"""Figures of units survive repeats, gaps, disorder, death and reading again from the start, on both engines."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import orjson
import pytest

from graph_models.case_records import add_case
from graph_models.casework import OutboxEvent, ProofKind, RequestState
from graph_models.journal import EventDraft
from graph_models.journal_records import append_events, load_audit, mark_events_published, read_events
from graph_models.proof_records import add_proof
from graph_models.request_records import add_request, load_request, save_request
from graph_models.retention_records import prune_events
from graph_models.statistics import Counts, DayCounts, Tally
from graph_models.store import GraphStore, Transaction
from hub import statistics
from hub.actors import Actor, Post
from hub.errors import InvalidInputError, NotFoundError, NotPermittedError, WrongStateError
from hub.events import EventType, event, events_for
from hub.statistics import MOST_DAYS, Counted, Statistics, total
from tests.contract.records import AT, case, proof, verification_request
from tests.hub.set_clock import SetClock

ASKER, ISSUER, OTHER = "NB-GA", "NB-MZ", "NB-JY"
MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
TWICE = 2
MANAGER = Actor("MZ-9", ISSUER, frozenset({Post.UNIT_MANAGER}))
SUPERVISOR = Actor("GGB-1", "NB-GGB", frozenset({Post.SUPERVISOR}))


def about(number: int, at: datetime) -> list[EventDraft]:
    """What happens around one request: asked of the issuer, answered or overdue, a proof of each kind."""
    request, both = f"R{number}", (ASKER, ISSUER)
    told: list[EventDraft] = [
        event(ASKER, EventType.CASE_OPENED, "C1", at, item="I"),
        *events_for(both, EventType.REQUEST_RECEIVED, request, at, case="C1", type="P"),
        *events_for(both, EventType.REQUEST_OVERDUE, request, at, case="C1", limit=at.isoformat(), unit=ISSUER),
        *events_for(both, EventType.REQUEST_SEALED, request, at, case="C1", state="SEALED"),
        *events_for((*both, OTHER), EventType.REQUEST_REROUTED, request, at, case="C1", state="RECEIVED", to=OTHER),
        *events_for(both, EventType.REQUEST_ESCALATED, request, at, case="C1", unit=ISSUER, to=OTHER),
        *events_for(both, EventType.REQUEST_CLAIMED, "R-no-such", at, case="C1", state="CLAIMED"),
    ]
    for name in ("P-shared", "P-verified", "P-no-such"):
        said = {"case": "C1", "need": "C1/01", "type": "P", "negative": False}
        told += events_for(both, EventType.PROOF_ISSUED, name, at, **said)
    return told


@pytest.fixture
async def stored(store: GraphStore) -> GraphStore:
    """A request whose target is a day after AT, another a minute after it, and two proofs."""

    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        for number, minutes in ((1, 24 * 60), (2, 1)):
            made = verification_request(f"R{number}")
            await add_request(tx, replace(made, target_at=AT + timedelta(minutes=minutes)))
        for name, kind in (("P-shared", ProofKind.SHARED), ("P-verified", ProofKind.VERIFIED)):
            await add_proof(tx, replace(proof(name), kind=kind))

    await store.write(work)
    return store


async def happen(store: GraphStore, days: int = 3) -> list[OutboxEvent]:
    """Let the same happen on some days, one hour after AT, and return all events."""
    drafts = [each for day in range(days) for number in (1, 2) for each in about(number, AT + day * DAY + DAY / 24)]
    return list(await store.write(lambda tx: append_events(tx, drafts)))


async def figures(store: GraphStore, unit: str = ISSUER) -> tuple[DayCounts, ...]:
    return await counter(store).of_unit(SUPERVISOR, unit, MONDAY, MONDAY + 9 * DAY)


def counter(store: GraphStore) -> Statistics:
    return Statistics(store, SetClock())


FIRST_DAY = Counts(
    proofs_shared=2, proofs_verified=2, requests_received=2, requests_in_time=1, requests_late=1, requests_overdue=2
)
LATER_DAY = replace(FIRST_DAY, requests_in_time=0, requests_late=2)
EXPECTED = tuple(DayCounts(MONDAY + day * DAY, LATER_DAY if day else FIRST_DAY) for day in range(3))


async def test_each_unit_has_its_own_part_of_what_happened_by_day(stored: GraphStore) -> None:
    events = await happen(stored)
    counted = await counter(stored).look()
    assert counted.events == len(events)
    assert await figures(stored) == EXPECTED
    assert [each.counts for each in await figures(stored, ASKER)] == [Counts(cases_opened=2)] * 3
    assert [each.counts for each in await figures(stored, OTHER)] == [Counts(requests_received=2)] * 3
    whole = [total(await figures(stored, unit)) for unit in (ASKER, ISSUER, OTHER)]
    assert counted.first == total(DayCounts(MONDAY, each) for each in whole)
    assert await counter(stored).look() == Counted()


@pytest.mark.requirement("I2")
@pytest.mark.parametrize("order", ["repeated", "backwards", "every second first"])
async def test_repeats_gaps_and_disorder_change_nothing(stored: GraphStore, order: str) -> None:
    events = await happen(stored)
    given: Sequence[OutboxEvent] = {
        "repeated": list(itertools.chain.from_iterable([each, each] for each in events)) + events,
        "backwards": events[::-1],
        "every second first": events[::2] + events[1::2],
    }[order]
    taken = 0
    for start in range(0, len(given), 7):
        taken += (await counter(stored).take(given[start : start + 7])).events
    assert taken == len(events)
    assert await figures(stored) == EXPECTED


async def test_reading_again_from_the_start_gives_the_same_whatever_came_of_the_requests(stored: GraphStore) -> None:
    await happen(stored)
    await counter(stored).look()

    async def work(tx: Transaction) -> None:
        request = await load_request(tx, "R1")
        await save_request(tx, replace(request, state=RequestState.DELIVERED, issuing_unit=OTHER))

    await stored.write(work)
    assert await counter(stored).restate(SUPERVISOR, ISSUER) == 1
    assert await figures(stored) == ()
    with pytest.raises(WrongStateError):
        await counter(stored).restate(SUPERVISOR, ISSUER)
    assert (await counter(stored).look()).first == Counts()
    assert await figures(stored) == EXPECTED
    (entry,) = await stored.read(lambda tx: load_audit(tx, "events", 0, 9))
    assert (entry.operation, entry.target, entry.actor) == ("statistics.restated", ISSUER, SUPERVISOR.subject)


async def test_days_of_which_events_are_kept_no_more_stay_as_they_are_when_counted_again(stored: GraphStore) -> None:
    events = await happen(stored)
    await counter(stored).look()
    await stored.write(lambda tx: mark_events_published(tx, [each.id for each in events]))
    await stored.write(lambda tx: prune_events(tx, ISSUER, AT + DAY / 2, 4))  # a part of the first day
    for _ in range(2):
        assert await counter(stored).restate(SUPERVISOR, ISSUER) == 5
        assert await figures(stored) == EXPECTED[:1]
        await counter(stored).look()
        assert await figures(stored) == EXPECTED
    more = await happen(stored, 1)
    assert (await counter(stored).look()).events == len(more)
    assert (await figures(stored))[0].counts.requests_received == FIRST_DAY.requests_received * TWICE


async def test_nothing_is_taken_away_that_is_to_be_counted_again(stored: GraphStore) -> None:
    events = await happen(stored)
    await counter(stored).look()
    await stored.write(lambda tx: mark_events_published(tx, [each.id for each in events]))
    await counter(stored).restate(SUPERVISOR, ISSUER)
    assert await stored.write(lambda tx: prune_events(tx, ISSUER, AT + 9 * DAY, 99)) == 0
    await counter(stored).look()
    assert await stored.write(lambda tx: prune_events(tx, ISSUER, AT + 9 * DAY, 99)) > 0


async def test_of_several_processes_that_count_each_event_is_counted_once(
    stored: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "BATCH", 5)
    events = await happen(stored)
    counted = await asyncio.gather(*(counter(stored).look() for _ in range(4)))
    assert sum(each.events for each in counted) == len(events)
    assert await figures(stored) == EXPECTED


async def test_a_process_that_dies_leaves_the_rest_to_another(
    stored: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "BATCH", 3)
    await happen(stored)
    written, writes = statistics.write_tally, itertools.count(1)

    async def dying(tx: Transaction, unit_code: str, tally: Tally) -> None:
        await written(tx, unit_code, tally)
        if next(writes) % 4 == 0:
            raise OSError("killed before the commit")

    monkeypatch.setattr(statistics, "write_tally", dying)
    deaths = 0
    while True:
        try:
            await counter(stored).look()
            break
        except OSError:
            deaths += 1
    assert deaths > 5
    assert await figures(stored) == EXPECTED


async def test_a_day_is_one_of_the_city(stored: GraphStore) -> None:
    late = AT.replace(hour=16, minute=1)  # past midnight there
    await stored.write(lambda tx: append_events(tx, [event(ASKER, EventType.CASE_OPENED, "C1", late, item="I")]))
    await counter(stored).look()
    assert [each.day for each in await figures(stored, ASKER)] == [MONDAY + DAY]


@pytest.mark.requirement("R5.1", "I4")
async def test_a_unit_sees_its_own_figures_and_who_supervises_those_of_any(stored: GraphStore) -> None:
    await happen(stored)
    await counter(stored).look()
    assert await counter(stored).of_unit(MANAGER, ISSUER, MONDAY, MONDAY) == EXPECTED[:1]
    for actor, unit in ((MANAGER, ASKER), (replace(SUPERVISOR, posts=frozenset({Post.ANALYST})), ISSUER)):
        with pytest.raises(NotPermittedError):
            await counter(stored).of_unit(actor, unit, MONDAY, MONDAY)
    with pytest.raises(NotPermittedError):
        await counter(stored).restate(MANAGER, ISSUER)
    with pytest.raises(NotFoundError):
        await counter(stored).restate(SUPERVISOR, "NB-none")


@pytest.mark.parametrize("days", [-1, MOST_DAYS])
async def test_a_period_that_is_none_or_too_long_is_refused(store: GraphStore, days: int) -> None:
    with pytest.raises(InvalidInputError):
        await counter(store).of_unit(SUPERVISOR, ISSUER, MONDAY, MONDAY + days * DAY)
    assert await counter(store).of_unit(SUPERVISOR, ISSUER, MONDAY, MONDAY + (MOST_DAYS - 1) * DAY) == ()


async def test_what_the_events_say_is_what_the_consumer_reads(stored: GraphStore) -> None:
    """A repeat by another way has the same sequence: it is dropped whatever it says."""
    await happen(stored, 1)
    events = await stored.read(lambda tx: read_events(tx, ISSUER, 0, 99))
    forged = [replace(each, payload_json=orjson.dumps({"unit": ISSUER, "to": ISSUER}).decode()) for each in events]
    await counter(stored).take(events)
    assert (await counter(stored).take(forged)).events == 0
