"""A body is read up to its bounds of size and time and no further, whatever was promised."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from hub.entry.uploads import TooLargeError, TooSlowError, limited_body


class Sender:
    """Sends a body in chunks for as long as it is asked."""

    def __init__(self, chunk: bytes, count: int) -> None:
        self.left, self.chunk, self.given = count, chunk, 0

    async def receive(self) -> Message:
        self.left -= 1
        self.given += 1
        return {"type": "http.request", "body": self.chunk, "more_body": self.left > 0}

    def request(self, promised: int) -> Request:
        headers = [(b"content-length", str(promised).encode())]
        return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, self.receive)


@pytest.mark.parametrize("promised", [0, 10, 10_000])
async def test_a_body_of_just_the_limit_is_returned_whatever_it_promised(promised: int) -> None:
    assert await limited_body(Sender(b"ab", 5).request(promised), 10) == b"ab" * 5


async def test_a_body_longer_by_one_byte_is_refused() -> None:
    with pytest.raises(TooLargeError) as caught:
        await limited_body(Sender(b"a", 11).request(11), 10)
    assert caught.value.code == "TOO_LARGE"
    assert "10" in caught.value.mend


async def test_an_endless_body_is_left_as_soon_as_it_is_too_long() -> None:
    sender = Sender(b"x" * 1000, 1_000_000)
    with pytest.raises(TooLargeError):
        await limited_body(sender.request(3), 10_000)
    assert sender.given == 11


async def test_a_body_that_is_held_back_is_waited_for_no_longer_than_it_may_take() -> None:
    held_back: asyncio.Queue[Message] = asyncio.Queue()
    held_back.put_nowait({"type": "http.request", "body": b"a", "more_body": True})
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, held_back.get)
    with pytest.raises(TooSlowError):
        await limited_body(request, 10, seconds=0.01)
    assert held_back.empty()


async def test_no_body_is_an_empty_one() -> None:
    assert await limited_body(Sender(b"", 1).request(0), 10) == b""
