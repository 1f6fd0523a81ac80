"""One message to one checked address: what comes back, however the other side behaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.outside_addresses import AddressRule, OutsideAddresses
from hub.webhook_delivery import Posted
from hub.webhook_messages import Message
from hub.webhook_poster import HttpPoster, PostLimits
from tests.hub.webhook_posts import Receiver, resolved_as
from tests.simulators.certificates import Authority
from tests.simulators.hostile_source import (
    Behaviour,
    Flood,
    answer,
    close_at_once,
    drip,
    hang,
    send_endless_heads,
    speak_no_http,
)
from tests.simulators.running_app import running

MESSAGE = Message({"Content-Type": "application/cloudevents+json", "webhook-id": "msg_1"}, b'{"a":1}')
HERE = AddressRule(loopback=True, ports=frozenset())
LOCAL = resolved_as(["127.0.0.1"])


@asynccontextmanager
async def poster(addresses: OutsideAddresses, **more: Any) -> AsyncIterator[HttpPoster]:
    opened = HttpPoster(addresses, PostLimits(seconds=more.pop("seconds", 5.0)), **more)
    yield opened
    await opened.close()


async def post(*script: Behaviour, seconds: float = 5.0) -> Posted:
    async with Receiver(*script) as receiver, poster(OutsideAddresses(HERE), seconds=seconds) as posting:
        return await posting.post(receiver.url, MESSAGE)


async def test_a_message_arrives_as_it_is_with_the_name_of_the_address_and_nothing_of_the_hub() -> None:
    async with Receiver() as receiver, poster(OutsideAddresses(HERE, LOCAL)) as posting:
        url = receiver.url.replace("127.0.0.1", "unit.example")
        assert (await posting.post(url, MESSAGE)).taken
        ((headers, body),) = receiver.messages
    assert body == MESSAGE.body
    assert headers["Host"] == url.removeprefix("http://").partition("/")[0]
    names = {"Host", "Accept", "Accept-Encoding", "Connection", "User-Agent", "Content-Length", *MESSAGE.headers}
    assert set(headers) == names


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_each_status_of_success_is_one(status: int) -> None:
    assert (await post(answer(b"", status))).taken


@pytest.mark.parametrize("status", [300, 301, 302, 304, 400, 401, 404, 410, 429, 500, 503])
async def test_every_other_status_is_a_failure_with_its_number(status: int) -> None:
    posted = await post(answer(b"", status, Location="http://127.0.0.1:1/"))
    assert (posted.taken, posted.failure) == (False, f"HTTP_{status}")


@pytest.mark.parametrize("behaviour", [close_at_once, speak_no_http, send_endless_heads])
async def test_what_is_no_http_is_a_failure(behaviour: Behaviour) -> None:
    posted = await asyncio.wait_for(post(behaviour), 20)
    assert (posted.taken, posted.status) == (False, None)


async def test_a_receiver_that_never_answers_is_a_failure_in_time() -> None:
    assert await post(hang, seconds=0.1) == Posted(None, "TIMEOUT")


@pytest.mark.parametrize("announced", [True, False])
async def test_of_an_answer_without_end_little_is_read_and_its_status_counts(announced: bool) -> None:
    flood = Flood(announced=announced)
    assert (await post(flood)).taken
    assert flood.sent < flood.size / 10


async def test_an_answer_that_drips_does_not_hold_the_next_message_up() -> None:
    async with asyncio.timeout(10):
        assert (await post(drip, seconds=8)).taken


async def test_a_redirect_into_a_private_network_is_not_followed() -> None:
    async with Receiver() as inside, Receiver(answer(b"", 307, Location=inside.url)) as receiver:
        async with poster(OutsideAddresses(HERE)) as posting:
            assert (await posting.post(receiver.url, MESSAGE)).failure == "HTTP_307"
        assert inside.connections == 0


async def test_a_name_that_leads_inside_by_the_time_of_posting_is_not_connected_to() -> None:
    async with Receiver() as inside:
        port = int(inside.url.rpartition(":")[2].partition("/")[0])
        rule = AddressRule(ports=frozenset({port}))
        async with poster(OutsideAddresses(rule, resolved_as(["93.184.215.14"], ["127.0.0.1"]))) as posting:
            await posting._addresses.checked(f"https://unit.example:{port}/")
            assert await posting.post(f"https://unit.example:{port}/", MESSAGE) == Posted(None, "ADDRESS_REFUSED")
        assert inside.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked_whatever_the_name_says_then() -> None:
    """The name has no address outside the test's resolver, so whoever resolved it again would reach nobody."""
    async with Receiver() as receiver, poster(OutsideAddresses(HERE, resolved_as(["127.0.0.1"], []))) as posting:
        url = receiver.url.replace("127.0.0.1", "rebinding.invalid")
        assert (await posting.post(url, MESSAGE)).taken
        assert await posting.post(url, MESSAGE) == Posted(None, "ADDRESS_REFUSED")


async def test_where_the_first_address_takes_no_connection_the_next_is_tried() -> None:
    async with Receiver() as receiver, poster(OutsideAddresses(HERE, resolved_as(["::1", "127.0.0.1"]))) as posting:
        url = receiver.url.replace("127.0.0.1", "unit.example")
        assert (await posting.post(url, MESSAGE)).taken


async def test_no_receivers_cookie_is_kept_or_sent() -> None:
    script = answer(b"", 200, **{"Set-Cookie": "sid=unit-a; Path=/"})
    async with Receiver(script) as receiver, poster(OutsideAddresses(HERE, LOCAL)) as posting:
        for host in ("unit-a.example", "unit-a.example", "unit-b.example"):
            await posting.post(receiver.url.replace("127.0.0.1", host), MESSAGE)
        assert not any("cookie" in name.lower() for headers, _ in receiver.messages for name in headers)
        assert len(posting._client.cookies.jar) == 0


async def test_a_name_that_is_not_resolved_in_time_is_a_failure_of_its_own() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with poster(OutsideAddresses(HERE, never, seconds=0.05)) as posting:
        assert await posting.post("https://unit.example/", MESSAGE) == Posted(None, "NAME_TIMEOUT")


async def test_each_message_has_a_connection_of_its_own() -> None:
    async with Receiver() as receiver, poster(OutsideAddresses(HERE)) as posting:
        for _ in range(3):
            await posting.post(receiver.url, MESSAGE)
        assert receiver.connections == 3


async def take(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_the_certificate_must_be_for_the_name_and_from_a_known_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    files = authority.issue("receiver")
    options = {"ssl_certfile": str(files.certificate), "ssl_keyfile": str(files.key)}
    with running(take, **options) as port:
        outside = OutsideAddresses(HERE, LOCAL)
        for host, file, taken in (
            ("127.0.0.1", authority.file, True),
            ("unit.example", authority.file, False),
            ("127.0.0.1", None, False),
        ):
            async with poster(outside, ca_file=file) as posting:
                assert (await posting.post(f"https://{host}:{port}/", MESSAGE)).taken is taken
