"""A consumer handles each event once, whatever comes: repeats, gaps, readings from the start, nonsense."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from graph_models.casework import OutboxEvent
from graph_models.journal_records import append_events
from graph_models.ladybug_store import LadybugStore
from graph_models.outbox import ConsumerPlace
from hub.cloud_events import CloudEvents
from hub.dead_letters import StoredDeadLetters
from hub.event_consumer import (
    MOST_HOLES,
    EventConsumer,
    Outcome,
    PlacesInMemory,
    RefusedEventError,
    StoredPlaces,
    follow,
    is_new,
    noted,
)
from hub.event_feed import EventFeed
from tests.contract.records import AT, event
from tests.hub.set_clock import SetClock

ENVELOPES = CloudEvents("https://hub.test")


def written(sequence: int, unit: str = "GA") -> OutboxEvent:
    return OutboxEvent(
        id=f"{unit}.{sequence}",
        unit_code=unit,
        sequence=sequence,
        type="case.opened",
        subject=f"C{sequence}",
        at=AT,
        payload_json='{"item":"I1"}',
        published=True,
    )


def message(sequence: int, **change: object) -> bytes:
    whole: dict[str, object] = orjson.loads(ENVELOPES.envelope(written(sequence)))
    return orjson.dumps(whole | change)


@dataclass
class Handler:
    """Notes what it was given; refuses or fails as the test wants."""

    got: list[int] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    failing: set[int] = field(default_factory=set)

    async def handle(self, event: OutboxEvent) -> None:
        if event.sequence in self.failing:
            raise OSError("down")
        if event.sequence in self.refused:
            raise RefusedEventError("nobody knows this case")
        self.got.append(event.sequence)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def consumer(store: LadybugStore, handler: Handler) -> EventConsumer:
    return EventConsumer(
        "statistics", handler.handle, StoredPlaces(store, "statistics"), StoredDeadLetters(store), SetClock()
    )


async def reasons(store: LadybugStore) -> dict[str, str]:
    return {letter.event_id: letter.reason for letter in await StoredDeadLetters(store).read(99)}


@pytest.mark.requirement("I2")
async def test_repeats_and_a_reading_from_the_start_are_passed_over(consumer: EventConsumer, handler: Handler) -> None:
    outcomes = [await consumer.take_message(message(one)) for one in (1, 1, 2, 1, 2, 3, 1, 2, 3, 4)]
    assert handler.got == [1, 2, 3, 4]
    assert outcomes.count(Outcome.REPEATED) == 6


async def test_another_process_of_the_consumer_goes_on_where_the_first_was(
    store: LadybugStore, consumer: EventConsumer, handler: Handler
) -> None:
    await consumer.take_message(message(1))
    again = replace(consumer, places=StoredPlaces(store, "statistics"))
    assert await again.take_message(message(1)) is Outcome.REPEATED
    other = replace(consumer, places=StoredPlaces(store, "another"))
    assert await other.take_message(message(1)) is Outcome.HANDLED


async def test_a_gap_is_said_and_what_comes_late_fills_it_once(consumer: EventConsumer, handler: Handler) -> None:
    with capture_logs() as logs:
        for one in (1, 5, 3, 3, 2, 5, 4, 4):
            await consumer.take_message(message(one))
    assert handler.got == [1, 5, 3, 2, 4]
    assert [(line["event"], line["first"], line["found"]) for line in logs] == [("consumer.gap", 2, 5)]
    assert await consumer.places.find("GA") == ConsumerPlace(last=5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (message(2, type="proofhub.case.opened.v9"), "unknown version"),
        (b"\x00nonsense", "no JSON"),
        (b" " * (50 << 20), "52428800 bytes"),
    ],
)
async def test_what_cannot_be_read_is_put_aside_with_the_reason_and_the_rest_goes_on(
    store: LadybugStore, consumer: EventConsumer, handler: Handler, text: bytes, reason: str
) -> None:
    await consumer.take_message(message(1))
    assert await consumer.take_message(text, "GA.2") is Outcome.DEAD
    assert await consumer.take_message(text, "GA.2") is Outcome.DEAD
    await consumer.take_message(message(3))
    assert handler.got == [1, 3]
    assert list(await reasons(store)) == ["GA.2"]
    assert reason in (await reasons(store))["GA.2"]
    assert await consumer.take_message(message(2)) is Outcome.HANDLED
    assert await consumer.take_message(text, "GA.2") is Outcome.REPEATED


async def test_what_the_handler_refuses_is_put_aside_and_taken_when_it_comes_again(
    store: LadybugStore, consumer: EventConsumer, handler: Handler
) -> None:
    handler.refused = {1, 2}
    assert [await consumer.take(written(one)) for one in (1, 2, 3)] == [Outcome.DEAD, Outcome.DEAD, Outcome.HANDLED]
    assert await reasons(store) == dict.fromkeys(("GA.1", "GA.2"), "nobody knows this case")
    handler.refused = set()
    assert [await consumer.take(written(one)) for one in (1, 2, 3)] == [
        Outcome.HANDLED,
        Outcome.HANDLED,
        Outcome.REPEATED,
    ]


async def test_a_handler_that_fails_gets_the_event_again(consumer: EventConsumer, handler: Handler) -> None:
    handler.failing = {1}
    with pytest.raises(OSError, match="down"):
        await consumer.take_message(message(1))
    handler.failing = set()
    assert await consumer.take_message(message(1)) is Outcome.HANDLED


async def test_the_feed_is_followed_from_where_the_consumer_is(
    store: LadybugStore, consumer: EventConsumer, handler: Handler
) -> None:
    await store.write(lambda tx: append_events(tx, [event(f"E{one}", "GA") for one in range(7)]))
    handler.refused = {2}
    feed = EventFeed(store)
    assert [await follow(consumer, feed, "GA", 3) for _ in range(4)] == [3, 3, 1, 0]
    assert handler.got == [1, 3, 4, 5, 6, 7]
    assert await consumer.places.find("GA") == ConsumerPlace(last=7, holes=((2, 2),))


async def test_the_holes_that_are_remembered_are_bounded(store: LadybugStore, handler: Handler) -> None:
    places = PlacesInMemory()
    consumer = EventConsumer("c", handler.handle, places, StoredDeadLetters(store), SetClock())
    with capture_logs() as logs:
        for one in range(2, 2 * MOST_HOLES + 4, 2):
            await consumer.take(written(one))
    assert len((await places.find("GA")).holes) == MOST_HOLES
    assert [line["first"] for line in logs if line["event"] == "consumer.hole_given_up"] == [1]


@given(st.lists(st.integers(1, 12), max_size=60))
def test_a_place_knows_exactly_what_was_handled(sequences: list[int]) -> None:
    place, handled = ConsumerPlace(), set[int]()
    for one in sequences:
        assert is_new(place, one) == (one not in handled)
        place = noted(place, one) if is_new(place, one) else place
        handled.add(one)
    missing = {one for first, last in place.holes for one in range(first, last + 1)}
    assert missing == set(range(1, max(handled, default=0))) - handled


@given(st.lists(st.integers(0, 2), min_size=1, max_size=60))
def test_runs_of_several_senders_woven_in_any_way_are_in_order_after_dropping_repeats(turns: list[int]) -> None:
    """Each sender begins behind what is marked, and what is marked is on the topic; none needs to know of others."""
    topic: list[int] = []
    marked, runs = 0, dict[int, list[int]]()
    for sender in turns:
        run = runs.setdefault(sender, list(range(marked + 1, marked + 4)))
        topic.append(run.pop(0))
        if not run:
            marked = max(marked, topic[-1])
            del runs[sender]
    firsts = list(dict.fromkeys(topic))
    assert firsts == list(range(1, len(firsts) + 1))
