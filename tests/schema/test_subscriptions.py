"""What a subscriber gets: events of its own unit, in order, each once, from its cursor on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from graph_models.journal_records import append_events
from hub import watching
from hub.actors import Actor, Post
from hub.clock import SystemClock
from hub.event_retention import EventRetention
from hub.events import EventType, events_for
from hub.outbox import InProcessBus, Outbox
from schema.relay import write_cursor
from tests.hub.set_clock import SetClock
from tests.schema.city import ACTORS, DRAFTER, OPERATOR, STRANGER, City
from tests.schema.streaming import Socket, acknowledged
from tests.schema.test_cases import opened
from tests.schema.test_request_mutations import received, step

STRANGER_DRAFTER = Actor("staff-9", "GA", frozenset({Post.DRAFTER}))
ACTORS[STRANGER_DRAFTER.subject] = STRANGER_DRAFTER
ASSIGNED = """
subscription S($unit: String!, $after: String) {
  requestAssigned(unitCode: $unit, after: $after) {
    cursor event request { id caseNumber state subject { name } draft { negative } }
  }
}
"""
UPDATED = """
subscription S($number: String!, $after: String) {
  caseUpdated(number: $number, after: $after) { cursor event case { number state applicant { name } needs { state } } }
}
"""
NEARING = """
subscription S($unit: String!) { deadlineApproaching(unitCode: $unit) { cursor event request { id } } }
"""


async def heard(socket: Socket) -> dict[str, Any]:
    """Return what the next message says of its one field."""
    message = await socket.hear()
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    said: dict[str, Any] = next(iter(message["payload"]["data"].values()))
    return said


async def cursor_of_now(socket: Socket, document: str = ASSIGNED, **variables: Any) -> str:
    """Subscribe from now on, and return the cursor that the first message gives."""
    await socket.subscribe("now", document, **(variables or {"unit": "GA-HS"}))
    first = await heard(socket)
    assert first["event"] == "subscribed"
    return str(first["cursor"])


async def happen(city: City, request: str, *kinds: EventType) -> None:
    """Write down that limits of a request draw near, as whoever watches limits does."""
    at = SystemClock().now()
    drafts = [
        each
        for kind in kinds
        for each in events_for(("GA-HS", "JY"), kind, request, at, case="C", limit=at.isoformat())
    ]
    await city.store.write(lambda tx: append_events(tx, drafts))


async def gone(city: City) -> None:
    """Let everything leave and be counted, and a month pass: what has happened is kept no more."""
    while await Outbox(city.store, InProcessBus()).send_waiting():
        pass
    await city.services.statistics.look()
    assert await EventRetention(
        city.store, SetClock(SystemClock().now() + timedelta(days=31)), timedelta(days=30)
    ).look()


async def test_a_request_is_seen_as_it_comes_with_what_the_query_of_it_shows(city: City) -> None:
    async with acknowledged(city.endpoint, DRAFTER) as socket:
        await cursor_of_now(socket)
        request = await received(city, "SUB-1")
        then = await heard(socket)
        assert (then["event"], then["request"]["id"]) == ("request.received", request)
        assert then["request"]["state"] == "RECEIVED"
        assert then["request"]["subject"] == {"name": "王小明"}


async def test_who_was_cut_off_goes_on_from_the_cursor_and_misses_and_repeats_nothing(city: City) -> None:
    async with acknowledged(city.endpoint, DRAFTER) as socket:
        await cursor_of_now(socket)
        requests = [await received(city, f"SUB-2-{one}") for one in range(4)]
        seen = [await heard(socket) for _ in range(2)]
    async with acknowledged(city.endpoint, DRAFTER) as socket:
        await socket.subscribe("1", ASSIGNED, unit="GA-HS", after=seen[-1]["cursor"])
        seen += [await heard(socket) for _ in range(2)]
    assert [each["request"]["id"] for each in seen] == requests


async def test_the_asking_unit_is_not_assigned_what_it_asks_and_a_request_passed_on_comes_to_its_unit(
    city: City,
) -> None:
    answers = [{"proofTypeCode": "JH", "region": "330203"}]
    request = await received(city, "SUB-3", itemCode="NB0002", answers=answers)
    async with acknowledged(city.endpoint, STRANGER_DRAFTER) as socket:
        await cursor_of_now(socket, unit="GA")
        await step(city, DRAFTER, "rerouteRequest", request, ', toUnit: "GA", reason: "登记在慈溪"')
        then = await heard(socket)
    assert (then["event"], then["request"]["id"]) == ("request.rerouted", request)


async def test_a_case_is_shown_as_it_is_and_whenever_something_of_it_changes(city: City) -> None:
    async with acknowledged(city.endpoint, OPERATOR) as socket:
        case = await opened(city, "SUB-4")
        number = case["number"]
        await socket.subscribe("1", UPDATED, number=number)
        assert (await heard(socket))["case"]["state"] == "OPEN"
        await opened(city, "SUB-5")
        await step(city, DRAFTER, "claimRequest", case["requests"][0]["id"])
        then = await heard(socket)
        assert (then["event"], then["case"]["number"]) == ("request.claimed", number)
        await city.ask(f'mutation {{ withdrawCase(input: {{number: "{number}", key: "w"}}) {{ case {{ number }} }} }}')
        last = [await heard(socket) for _ in range(2)]
        assert [each["event"] for each in last] == ["case.withdrawn", "request.withdrawn"]
        assert [each["case"]["state"] for each in last] == ["WITHDRAWN"] * 2
        assert {need["state"] for need in last[-1]["case"]["needs"]} <= {"WITHDRAWN", "MET", "NOT_NEEDED"}


async def test_limits_that_draw_near_are_told_to_the_unit_that_is_asked(city: City) -> None:
    request = await received(city, "SUB-6")
    async with acknowledged(city.endpoint, DRAFTER) as socket:
        await socket.subscribe("1", NEARING, unit="GA-HS")
        assert (await heard(socket))["event"] == "subscribed"
        kinds = (EventType.REQUEST_HALF_PASSED, EventType.REQUEST_NEARLY_DUE, EventType.REQUEST_TARGET_PASSED)
        await happen(city, request, *kinds)
        seen = [await heard(socket) for _ in kinds]
    assert [(each["event"], each["request"]["id"]) for each in seen] == [(kind, request) for kind in kinds]


async def test_who_watches_while_only_other_things_happen_is_given_a_newer_cursor(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PROGRESS_EVENTS", 1)
    number = (await opened(city, "SUB-9"))["number"]
    for actor, document, variables, empty in (
        (DRAFTER, NEARING, {"unit": "GA-HS"}, "request"),
        (OPERATOR, UPDATED, {"number": number}, "case"),
    ):
        async with acknowledged(city.endpoint, actor) as socket:
            await socket.subscribe("1", document, **variables)
            first = await heard(socket)
            await opened(city, f"SUB-9-{empty}")
            then = await heard(socket)
            assert (then["event"], then[empty], then["cursor"] != first["cursor"]) == ("progress", None, True)


@pytest.mark.parametrize(
    ("actor", "document", "variables", "code"),
    [
        (DRAFTER, ASSIGNED, {"unit": "JY"}, "NOT_PERMITTED"),
        (DRAFTER, NEARING, {"unit": "GA"}, "NOT_PERMITTED"),
        (OPERATOR, ASSIGNED, {"unit": "JY"}, "NOT_PERMITTED"),
        (DRAFTER, UPDATED, {"number": "C1"}, "NOT_PERMITTED"),
        (OPERATOR, UPDATED, {"number": "C1"}, "NOT_FOUND"),
        (DRAFTER, ASSIGNED, {"unit": "GA-HS", "after": "x"}, "INVALID_INPUT"),
        (DRAFTER, ASSIGNED, {"unit": "GA-HS", "after": write_cursor("inbox", ("GA-HS", 1))}, "INVALID_INPUT"),
        (DRAFTER, ASSIGNED, {"unit": "GA-HS", "after": write_cursor("events", ("JY", 0))}, "INVALID_INPUT"),
        (DRAFTER, ASSIGNED, {"unit": "GA-HS", "after": write_cursor("events", ("GA-HS", 10**9))}, "INVALID_INPUT"),
        (DRAFTER, ASSIGNED, {"unit": "GA-HS", "after": write_cursor("events", ("GA-HS", -1))}, "INVALID_INPUT"),
    ],
)
async def test_who_may_not_or_gives_a_cursor_that_is_none_is_told_so(
    city: City, actor: Actor, document: str, variables: dict[str, str], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BEHIND_SECONDS", 0.05)
    async with acknowledged(city.endpoint, actor) as socket:
        await socket.subscribe("1", document, **variables)
        message = await socket.hear()
    assert (message["type"], message["id"]) == ("error", "1")
    (error,) = message["payload"]
    assert error["extensions"]["code"] == code
    assert error["extensions"]["mend"]


async def test_a_cursor_that_is_too_old_is_said_with_how_to_go_on_and_another_subscription_is(city: City) -> None:
    number = (await opened(city, "SUB-8"))["number"]
    await gone(city)
    async with acknowledged(city.endpoint, OPERATOR) as socket:
        await socket.subscribe("1", UPDATED, number=number, after=write_cursor("events", ("JY", 0)))
        message = await socket.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "EVENTS_GONE")
        assert message["payload"][0]["extensions"]["messageZh"]
        await socket.subscribe("1", UPDATED, number=number)
        assert (await heard(socket))["case"]["number"] == number


async def test_another_units_case_does_not_exist(city: City) -> None:
    number = (await opened(city, "SUB-7"))["number"]
    async with acknowledged(city.endpoint, STRANGER) as socket:
        await socket.subscribe("1", UPDATED, number=number)
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "NOT_FOUND"
