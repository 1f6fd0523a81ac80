"""A handler that answers, fails, hangs or says nonsense, and what is logged of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from hub.client.handling import Found, Handler, Handling
from hub.client.issuing import Answer, NoSuchRecord, Reroute
from hub.client.records import VerificationRequest
from tests.hub.client.served import Served

SECRET = "330211198603318599"


@pytest.fixture(scope="module")
async def request_(served: Served) -> VerificationRequest:
    return (await served.asked())[1]


def that_fails(times: int, then: Found = None) -> Handler:
    """Return a handler that fails so often and then answers."""
    left = [times]

    async def answer(request: VerificationRequest) -> Found:
        if left[0]:
            left[0] -= 1
            raise LookupError(f"no connection for {SECRET}")
        return then

    return answer


def that_says(found: object) -> Handler:
    async def answer(request: VerificationRequest) -> Found:
        return found  # type: ignore[return-value]

    return answer


def handling(handler: Callable[..., object]) -> Handling:
    return Handling(handler, tries=3, seconds=0.2, pause_seconds=0.01)  # type: ignore[arg-type]


@pytest.mark.parametrize("found", [Answer({"name": "甲"}), NoSuchRecord("库"), Reroute("GA", "在慈溪"), None])
async def test_what_a_handler_says_is_taken(request_: VerificationRequest, found: Found) -> None:
    assert await handling(that_says(found)).ask(request_) == found


async def test_a_handler_that_fails_twice_is_asked_a_third_time(request_: VerificationRequest) -> None:
    assert await handling(that_fails(2, Answer({}))).ask(request_) == Answer({})


async def test_a_handler_that_always_fails_leaves_it_and_the_log_names_nobody(request_: VerificationRequest) -> None:
    with capture_logs() as logs:
        assert await handling(that_fails(99)).ask(request_) is None
    assert [(each["request"], each["tried"], each["error"]) for each in logs] == [
        (request_.id, tried, "LookupError") for tried in (1, 2, 3)
    ]
    assert logs[0]["where"].startswith("test_handling.py:")
    assert SECRET not in str(logs)


async def test_a_handler_that_hangs_or_says_nonsense_has_failed(request_: VerificationRequest) -> None:
    async def hang(request: VerificationRequest) -> Found:
        await asyncio.Event().wait()
        raise AssertionError

    with capture_logs() as logs:
        assert await handling(hang).ask(request_) is None
        assert await handling(that_says("a record")).ask(request_) is None
    assert [each["error"] for each in logs] == ["TimeoutError"] * 3 + ["TypeError"] * 3


@pytest.mark.parametrize(
    "found",
    [
        Answer({"name": 5}),  # type: ignore[dict-item]
        Answer({5: "name"}),  # type: ignore[dict-item]
        Answer({"name": None}),  # type: ignore[dict-item]
        Answer([("name", "x")]),  # type: ignore[arg-type]
        Answer({"name": "\ud83d"}),
        Answer({"\udc00": "x"}),
        NoSuchRecord(None),  # type: ignore[arg-type]
        Reroute("GA", "\ud83d"),
        Reroute(5, "r"),  # type: ignore[arg-type]
    ],
)
async def test_what_is_no_text_or_cannot_be_sent_has_failed(request_: VerificationRequest, found: Found) -> None:
    with capture_logs() as logs:
        assert await handling(that_says(found)).ask(request_) is None
    assert {each["event"] for each in logs} == {"worker.handler_failed"}
