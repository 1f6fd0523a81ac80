"""What the client says of its own writes in the calls that follow, and when it says it no more."""

from __future__ import annotations

import asyncio
import json

import pytest

from hub.client.bookmarks import HEADER, MOST_CHARACTERS, Bookmarks
from hub.client.connection import ClientLimits, HubConnection
from hub.client.errors import BehindError, UnavailableError
from hub.client.operations import READ_ITEM
from tests.hub.client.served import a_token
from tests.hub.client.test_connection import ITEM
from tests.simulators.hostile_source import Behaviour, HostileSource, answer, hang

LIMITS = ClientLimits(total_seconds=2, call_seconds=0.5, attempts=3, longest_pause_seconds=0.1)


def good(bookmark: str | None = None) -> Behaviour:
    more = {"Proofhub_Bookmark": bookmark} if bookmark else {}
    return answer(json.dumps({"data": {"serviceItem": ITEM}}).encode(), **more)


def refused(status: int, field: str | None = HEADER) -> Behaviour:
    said = {"code": "UNAVAILABLE", "message": "not yet", "messageZh": "稍后", "mend": "Try again.", "field": field}
    return answer(json.dumps(said).encode(), status)


BEHIND = refused(503)


def connection(hub: HostileSource) -> HubConnection:
    return HubConnection(hub.url.removesuffix("/records"), a_token, LIMITS)


def said(hub: HostileSource) -> list[str]:
    """Return the header of each call, empty where it had none."""
    lines = [question.partition(b"\r\n\r\n")[0].decode().split("\r\n") for question in hub.questions]
    name = HEADER.lower() + ": "
    return ["".join(line[len(name) :] for line in each if line.lower().startswith(name)) for each in lines]


async def ask(made: HubConnection) -> None:
    await made.ask(READ_ITEM, {"code": "NB0001"})


def test_an_answer_stands_for_what_its_call_was_sent_with() -> None:
    bookmarks = Bookmarks()
    assert bookmarks.header() == {}
    bookmarks.learn({}, "a")
    sent = bookmarks.header()
    bookmarks.learn({}, "b")
    assert bookmarks.header() == {HEADER: "a,b"}
    bookmarks.learn(sent, "c")
    assert bookmarks.header() == {HEADER: "b,c"}
    bookmarks.learn(bookmarks.header(), None)
    assert bookmarks.header() == {HEADER: "b,c"}


@pytest.mark.parametrize("strange", ["", ", ,", "é", "x" * (MOST_CHARACTERS + 1)])
def test_what_no_hub_says_is_not_held(strange: str) -> None:
    bookmarks = Bookmarks()
    bookmarks.learn({}, strange)
    assert bookmarks.header() == {}


async def test_what_an_answer_holds_is_sent_with_every_call_that_follows() -> None:
    async with HostileSource(good("a"), good(), good("b"), good()) as hub, connection(hub) as made:
        for _ in range(4):
            await ask(made)
    assert said(hub) == ["", "a", "a", "b"]


async def test_a_hub_that_is_behind_is_asked_again_with_the_same() -> None:
    async with HostileSource(good("a"), BEHIND, good()) as hub, connection(hub) as made:
        await ask(made)
        await ask(made)
    assert said(hub) == ["", "a", "a"]


async def test_what_does_not_arrive_is_told_once_and_then_given_up() -> None:
    async with HostileSource(good("a"), BEHIND, BEHIND, BEHIND, good()) as hub, connection(hub) as made:
        await ask(made)
        with pytest.raises(BehindError, match="has not arrived"):
            await ask(made)
        await ask(made)
    assert said(hub) == ["", "a", "a", "a", ""]


async def test_it_is_given_up_also_where_the_time_ends_before_the_attempts() -> None:
    async with HostileSource(good("a"), BEHIND, hang, hang, hang) as hub:
        limits = ClientLimits(total_seconds=0.5, call_seconds=5, attempts=10, longest_pause_seconds=0.1)
        async with HubConnection(hub.url.removesuffix("/records"), a_token, limits) as made:
            await ask(made)
            with pytest.raises(BehindError):
                await ask(made)
            assert made._bookmarks.header() == {}


async def test_one_of_another_database_is_given_up_at_once() -> None:
    async with HostileSource(good("a"), refused(400), good()) as hub, connection(hub) as made:
        await ask(made)
        await ask(made)
    assert said(hub) == ["", "a", ""]


async def test_an_outage_is_no_reason_to_give_it_up() -> None:
    async with HostileSource(good("a"), *[refused(503, None)] * 3, good()) as hub, connection(hub) as made:
        await ask(made)
        with pytest.raises(UnavailableError, match="503"):
            await ask(made)
        await ask(made)
    assert said(hub)[-1] == "a"


async def test_a_subscription_is_asked_for_with_it_and_a_hub_that_is_behind_refuses_it() -> None:
    async with HostileSource(good("a"), BEHIND) as hub, connection(hub) as made:
        await ask(made)
        with pytest.raises(BehindError):
            async with asyncio.timeout(5):
                await anext(made.listen("subscription { x }", {}))
    assert said(hub) == ["", "a"]
