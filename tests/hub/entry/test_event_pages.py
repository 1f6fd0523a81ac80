"""Events over HTTP: schemas for everybody, dead letters and replay for the supervisor alone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from graph_models.journal_records import load_audit
from hub.actors import Actor, Post
from hub.dead_letters import StoredDeadLetters
from hub.event_consumer import EventConsumer, PlacesInMemory
from hub.event_schemas import schema_files
from tests.hub.entry.door import OPERATOR, Door
from tests.hub.test_event_consumer import Handler

SUPERVISOR = Actor("s-1", "GGB", frozenset({Post.SUPERVISOR}))


async def buried(door: Door, *event_ids: str) -> None:
    """Have a consumer put messages aside."""
    letters = StoredDeadLetters(door.hub.store)
    consumer = EventConsumer("statistics", Handler().handle, PlacesInMemory(), letters, door.clock)
    for event_id in event_ids:
        await consumer.take_message(b"nonsense", event_id)


async def replay(door: Door, body: bytes, actor: Actor = SUPERVISOR) -> tuple[int, dict[str, Any]]:
    answer = await door.client.post("/events/replay", content=body, headers=door.bearer(actor))
    return answer.status_code, answer.json()


async def test_every_schema_is_there_for_everybody(door: Door) -> None:
    for name, content in schema_files().items():
        answer = await door.client.get(f"/events/schemas/{name}")
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == "application/schema+json"


@pytest.mark.parametrize("name", ["proofhub.case.opened.v2.json", "case.opened", "..%2f..%2fetc", "a/b"])
async def test_a_schema_that_there_is_none_of_is_not_found(door: Door, name: str) -> None:
    assert (await door.client.get(f"/events/schemas/{name}")).status_code == 404


async def test_dead_letters_are_listed_replayed_and_gone(door: Door) -> None:
    await door.open_case("B-dead-letters")
    await door.hub.background.outbox.send_waiting()
    await buried(door, "JY.1", "")
    listed = (await door.client.get("/events/dead", headers=door.bearer(SUPERVISOR))).json()["letters"]
    assert {(each["event_id"], each["reason"]) for each in listed} == {
        ("JY.1", "the message is no JSON"),
        ("", "the message is no JSON"),
    }
    assert await replay(door, b'{"all": true}') == (200, {"events": 1, "letters": 1, "left": 1})
    left = (await door.client.get("/events/dead", headers=door.bearer(SUPERVISOR))).json()["letters"]
    assert [each["event_id"] for each in left] == [""]


async def test_a_run_of_a_unit_goes_through_again_and_is_in_the_audit_chain(door: Door) -> None:
    await door.open_case("B-run")
    await door.hub.background.outbox.send_waiting()
    status, done = await replay(door, b'{"unit": "JY", "first": 1, "last": 2}')
    assert (status, done) == (200, {"events": 2, "letters": 0, "left": 0})
    chain = await door.hub.store.read(lambda tx: load_audit(tx, "events", 0, 99))
    assert (chain[-1].target, chain[-1].actor) == ("JY.1-2", "s-1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"all": true, "unit": "JY"}',
        b'{"ids": ["a"], "all": true}',
        b'{"unit": "JY", "first": 3, "last": 2}',
        b'{"unit": "JY", "first": 1, "last": 10001}',
        b'{"ids": ["a"], "more": 1}',
        orjson.dumps({"ids": ["a"] * 1001}),
    ],
)
async def test_what_is_no_wish_is_refused_with_how_to_say_it(door: Door, body: bytes) -> None:
    status, said = await replay(door, body)
    assert (status, said["code"]) == (400, "INVALID_INPUT")
    assert said["mend"]


async def test_a_wish_that_is_too_long_is_not_read(door: Door) -> None:
    assert (await replay(door, b" " * 100_001))[0] == 413


async def recount(door: Door, body: bytes, actor: Actor = SUPERVISOR) -> tuple[int, dict[str, Any]]:
    answer = await door.client.post("/events/recount", content=body, headers=door.bearer(actor))
    return answer.status_code, answer.json()


async def test_figures_are_counted_again_for_the_supervisor_alone(door: Door) -> None:
    await door.open_case("B-recount")
    await door.hub.statistics.look()
    assert await recount(door, b'{"unit": "JY"}') == (200, {"first": 1})
    await door.hub.statistics.look()
    assert (await recount(door, b'{"unit": "JY"}', OPERATOR))[0] == 403
    assert (await recount(door, b'{"unit": "NOBODY"}'))[1]["code"] == "NOT_FOUND"
    for body in (b"", b"{}", b'{"unit": ""}', b'{"unit": "JY", "more": 1}'):
        status, said = await recount(door, body)
        assert (status, said["code"]) == (400, "INVALID_INPUT")


async def discard(door: Door, body: bytes, actor: Actor = SUPERVISOR) -> tuple[int, dict[str, Any]]:
    answer = await door.client.post("/events/discard", content=body, headers=door.bearer(actor))
    return answer.status_code, answer.json()


async def test_dead_letters_of_no_use_are_discarded_by_the_supervisor_alone(door: Door) -> None:
    await buried(door, "JY.1", "JY.2", "JY.3")
    assert (await discard(door, b'{"ids": ["JY.1"]}', OPERATOR))[0] == 403
    assert await discard(door, b'{"ids": ["JY.1", "statistics/JY.3", "no such"]}') == (200, {"letters": 2})
    listed = (await door.client.get("/events/dead", headers=door.bearer(SUPERVISOR))).json()["letters"]
    assert {"JY.1", "JY.2", "JY.3"} & {each["event_id"] for each in listed} == {"JY.2"}
    for body in (b"", b"{}", b'{"ids": []}', b'{"all": true}', orjson.dumps({"ids": ["a"] * 1001})):
        status, said = await discard(door, body)
        assert (status, said["code"]) == (400, "INVALID_INPUT")


@pytest.mark.requirement("R14.3")
async def test_it_needs_a_token_and_the_supervisors_post(door: Door) -> None:
    assert (await door.client.get("/events/dead")).status_code == 401
    assert (await door.client.post("/events/replay", json={"all": True})).status_code == 401
    assert (await door.client.get("/events/dead", headers=door.bearer(OPERATOR))).status_code == 403
    assert (await replay(door, b'{"all": true}', OPERATOR))[0] == 403
