"""The connection to hubs that are slow, broken, too talkative or none, and what of it is repeated."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from hub.client.answers import retry_after_in
from hub.client.connection import ClientLimits, HubConnection
from hub.client.errors import NotAllowedError, ProtocolError, RefusedError, UnavailableError
from hub.client.operations import CLOSE_CASE, READ_ITEM
from hub.client.records import ServiceItem
from tests.hub.client.served import Served, a_token
from tests.simulators.hostile_source import (
    Behaviour,
    Flood,
    HostileSource,
    answer,
    close_at_once,
    close_half_way,
    drip,
    hang,
    speak_no_http,
)

LIMITS = ClientLimits(total_seconds=3, call_seconds=0.3, attempts=3, longest_pause_seconds=0.1, answer_bytes=100_000)
ITEM = {"__typename": "ServiceItem", "code": "NB0001", "name": "教师资格认定", "lineOfWork": "教育", "unitCode": "JY"}
ITEM |= {"instant": False, "promisedDays": 20, "applicantKinds": ["NATURAL_PERSON", "A_NEW_WORD"]}
PROBLEM = {"code": "CONFLICT", "message": "first", "messageZh": "先", "mend": "Read again.", "field": None}


def data(**fields: object) -> Behaviour:
    return answer(json.dumps({"data": fields}).encode(), X_Request_Id="q-12345678")


def refusal(status: int = 200, **extensions: object) -> Behaviour:
    return answer(json.dumps({"errors": [{"message": "no", "extensions": extensions}]}).encode(), status)


GOOD = data(serviceItem=ITEM)
PASSING = {
    "closes": close_at_once,
    "closes-half-way": close_half_way,
    "no-http": speak_no_http,
    "hangs": hang,
    "drips": drip,
    "503": answer(b"{}", 503),
    "429": answer(b"{}", 429),
    "unavailable": refusal(code="UNAVAILABLE"),
    "internal": refusal(code="INTERNAL", id="q"),
}
NO_HUB = {
    "html": answer(b"<html></html>", 200, "text/html"),
    "404": answer(b"not found", 404, "text/plain"),
    "redirect": answer(b"", 302, Location="http://127.0.0.1:1/"),
    "list": answer(b"[]"),
    "no-data": answer(b'{"data": null}'),
    "deep": answer(b"[" * 50_000),
    "another-field": data(other=ITEM),
    "null": data(serviceItem=None),
    "wrong-type": data(serviceItem=ITEM | {"promisedDays": "soon 330211198603318599"}),
    "flood": Flood(announced=True),
    "flood-unannounced": Flood(announced=False),
    "problem-without-words": data(serviceItem={"__typename": "NotFound"}),
    "refusal-without-words": refusal(code=7),
}


@asynccontextmanager
async def hub_that(
    *script: Behaviour, limits: ClientLimits = LIMITS
) -> AsyncIterator[tuple[HubConnection, HostileSource]]:
    async with HostileSource(*script) as hub, HubConnection(hub.url.removesuffix("/records"), a_token, limits) as made:
        yield made, hub


async def ask(connection: HubConnection) -> ServiceItem:
    return await connection.ask(READ_ITEM, {"code": "NB0001"})


async def test_what_a_newer_hub_adds_is_taken_as_it_is() -> None:
    async with hub_that(data(serviceItem=ITEM | {"colour": "red"})) as (connection, _):
        assert (await ask(connection)).applicant_kinds == ("NATURAL_PERSON", "A_NEW_WORD")


@pytest.mark.requirement("I2")
@pytest.mark.parametrize("behaviour", PASSING.values(), ids=PASSING)
async def test_what_may_pass_is_repeated_with_the_same_words(behaviour: Behaviour) -> None:
    async with hub_that(behaviour, behaviour, GOOD) as (connection, hub):
        assert (await ask(connection)).code == "NB0001"
    assert hub.asked == 3
    assert len({question.partition(b"\r\n\r\n")[2] for question in hub.questions}) == 1


LATER = "Mon, 02 Mar 2026 09:00:%02d GMT"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "9" * 50}, 999_999_999.0),
        ({"Retry-After": LATER % 30, "Date": LATER % 10}, 20.0),
        ({"Retry-After": LATER % 10, "Date": LATER % 30}, 0.0),
        ({"Retry-After": LATER % 10}, None),
        ({"Retry-After": "Mon, 02 Mar 2026 09:00:00", "Date": LATER % 10}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1.5"}, None),
        ({}, None),
    ],
)
async def test_what_the_hub_says_of_when_to_ask_again_is_understood(
    headers: dict[str, str], told: float | None
) -> None:
    assert retry_after_in({name.lower(): value for name, value in headers.items()}) == told
    refused = answer(b"{}", 503, **{name.replace("-", "_"): value for name, value in headers.items()})
    async with hub_that(refused, limits=replace(LIMITS, attempts=1)) as (connection, _):
        with pytest.raises(UnavailableError) as raised:
            await ask(connection)
    assert raised.value.retry_after == told


@pytest.mark.parametrize(
    "refused",
    [
        answer(b"{}", 503, Retry_After="1"),
        answer(b"{}", 429, Retry_After="1"),
        answer(
            json.dumps({"errors": [{"message": "no", "extensions": {"code": "UNAVAILABLE"}}]}).encode(), Retry_After="1"
        ),
    ],
)
async def test_it_asks_again_when_the_hub_says_and_not_before(refused: Behaviour) -> None:
    async with hub_that(refused, GOOD) as (connection, hub):
        began = time.monotonic()
        assert (await ask(connection)).code == "NB0001"
        assert time.monotonic() - began >= 1
    assert hub.asked == 2


async def test_it_waits_no_longer_than_it_may_whatever_the_hub_says() -> None:
    tomorrow = answer(b"{}", 503, Retry_After="86400")
    async with hub_that(tomorrow, GOOD, limits=replace(LIMITS, longest_told_pause_seconds=0.2)) as (connection, _):
        assert (await ask(connection)).code == "NB0001"
    async with hub_that(tomorrow, limits=replace(LIMITS, total_seconds=0.3)) as (connection, _):
        with pytest.raises(UnavailableError, match=r"no answer within 0\.3 s"):
            await ask(connection)


async def test_a_stream_whose_event_has_no_end_is_given_up() -> None:
    endless = Flood(announced=False)
    async with hub_that(endless) as (connection, _):
        with pytest.raises(ProtocolError, match="longer than 100000 bytes"):
            await anext(connection.listen("subscription { x }", {}))
    assert endless.sent < endless.size


@pytest.mark.parametrize("behaviour", PASSING.values(), ids=PASSING)
async def test_what_does_not_pass_ends_in_time(behaviour: Behaviour) -> None:
    async with asyncio.timeout(20), hub_that(behaviour) as (connection, hub):
        with pytest.raises(UnavailableError):
            await ask(connection)
    assert hub.asked <= LIMITS.attempts


@pytest.mark.parametrize("behaviour", NO_HUB.values(), ids=NO_HUB)
async def test_what_is_no_hub_is_told_at_once_and_without_what_it_said(behaviour: Behaviour) -> None:
    async with hub_that(behaviour) as (connection, hub):
        with pytest.raises(ProtocolError) as raised:
            await ask(connection)
    assert hub.asked == 1
    assert "330211198603318599" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_hub_that_nobody_runs_is_told_with_its_address() -> None:
    async with hub_that(GOOD) as (connection, hub):
        pass
    async with HubConnection(hub.url.removesuffix("/records"), a_token, LIMITS) as connection:
        with pytest.raises(UnavailableError, match=r"no hub answers at http://127\.0\.0\.1:\d+"):
            await ask(connection)


async def test_a_refusal_holds_all_that_the_hub_says_and_the_calls_id() -> None:
    async with hub_that(data(closeCase={"case": None, "errors": [PROBLEM]})) as (connection, hub):
        with pytest.raises(RefusedError) as raised:
            await connection.ask(CLOSE_CASE, {"input": {}})
    refused = raised.value
    assert (refused.code, refused.message, refused.message_zh, refused.mend) == tuple(PROBLEM.values())[:4]
    assert refused.request_id == "q-12345678"
    assert "q-12345678" in str(refused)
    assert hub.asked == 1


@pytest.mark.parametrize(
    "said", [refusal(code="BAD_VARIABLES"), refusal(400, code="COST_LIMIT"), refusal(413, code="BODY_TOO_LARGE")]
)
async def test_a_wrong_call_is_refused_and_not_repeated(said: Behaviour) -> None:
    async with hub_that(said) as (connection, hub):
        with pytest.raises(RefusedError, match="no"):
            await ask(connection)
    assert hub.asked == 1


async def test_the_token_is_asked_for_again_in_each_attempt() -> None:
    given = iter(["old", "new"])

    async def token() -> str:
        return next(given)

    async with HostileSource(answer(b"", 503), GOOD) as hub:
        async with HubConnection(hub.url.removesuffix("/records"), token, LIMITS) as connection:
            await ask(connection)
        assert [b"Bearer old" in hub.questions[0], b"Bearer new" in hub.questions[1]] == [True, True]


async def test_a_token_that_never_comes_ends_the_call_in_time() -> None:
    async def token() -> str:
        await asyncio.Event().wait()
        raise AssertionError

    async with HubConnection("http://127.0.0.1:9", token, ClientLimits(total_seconds=0.2)) as connection:
        with pytest.raises(UnavailableError, match=r"no answer within 0\.2 s"):
            await ask(connection)


@pytest.mark.parametrize("token", ["", "a.b.c", "令牌"])
async def test_a_token_that_is_none_is_refused_by_the_real_hub(served: Served, token: str) -> None:
    async def give() -> str:
        return token

    async with HubConnection(served.url, give, LIMITS) as connection:
        with pytest.raises(NotAllowedError, match="UNAUTHENTICATED"):
            await ask(connection)


@pytest.mark.parametrize("url", ["http://hub.example", "ftp://127.0.0.1", "127.0.0.1:8000", "http://[", ""])
def test_a_token_goes_nowhere_where_it_can_be_read(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|https"):
        HubConnection(url, a_token)


async def test_a_file_that_is_not_there_is_refused_as_in_graphql(served: Served) -> None:
    async with HubConnection(served.url, a_token, LIMITS) as connection:
        with pytest.raises(NotAllowedError, match="UNAUTHENTICATED"):
            await connection.document("../P/1")
