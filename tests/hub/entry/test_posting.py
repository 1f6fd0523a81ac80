"""Webhooks in a whole hub: registered by GraphQL, posted by the loop beside the calls, counted, and off by default."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import ValidationError

from hub.actors import Actor, Post
from hub.client.webhooks import verify_webhook
from hub.entry.settings import WebhookSettings
from tests.hub.entry.door import KNOWN, Door, open_door, settings_in
from tests.hub.webhook_posts import KEY, Receiver
from tests.simulators.hostile_source import HostileSource

MANAGER = Actor("man-1", "JY", frozenset({Post.UNIT_MANAGER}))
REGISTER = """mutation R($url: String!) { registerWebhook(input: {key: "k", url: $url, eventTypes: ["case.opened"]}) {
  webhook { id } secret errors { code mend } } }"""


async def registered(door: Door, url: str) -> dict[str, object]:
    answer = (await door.ask(REGISTER, {"url": url}, MANAGER)).json()
    payload: dict[str, object] = answer["data"]["registerWebhook"]
    return payload


def posts() -> float:
    return REGISTRY.get_sample_value("proofhub_webhook_posts_total", {"outcome": "taken"}) or 0.0


@pytest.mark.requirement("I1")
async def test_an_event_of_a_unit_reaches_its_webhook(tmp_path: Path) -> None:
    async with HostileSource(KNOWN) as register, Receiver() as receiver:
        given = WebhookSettings(keys=(KEY,), loopback=True, ports=())
        settings = settings_in(tmp_path, register.url).model_copy(update={"webhooks": given})
        async with open_door(settings) as door, door.hub.background.running(), asyncio.timeout(60):
            before, made = posts(), await registered(door, receiver.url)
            case = await door.open_case("WH-1")
            while not receiver.asked:  # noqa: ASYNC110  what is waited for has no event of its own
                await asyncio.sleep(0.01)
            ((headers, body),) = receiver.messages
            assert verify_webhook(str(made["secret"]), headers, body, door.clock.now())
            assert case["case"]["number"].encode() in body
            while posts() == before:  # noqa: ASYNC110  the same
                await asyncio.sleep(0.01)


async def test_without_settings_there_are_no_webhooks_and_it_is_said_how_to_have_them(tmp_path: Path) -> None:
    async with open_door(settings_in(tmp_path), published=False) as door:
        (problem,) = (await registered(door, "https://93.184.215.14/"))["errors"]  # type: ignore[misc]
        assert problem["code"] == "UNAVAILABLE"
        assert "PROOFHUB_WEBHOOKS__KEYS" in problem["mend"]
        (refused,) = (await registered(door, "https://10.0.0.1/"))["errors"]  # type: ignore[misc]
        assert refused["code"] == "ADDRESS_REFUSED"


@pytest.mark.parametrize(
    "given", [{"keys": ["short"]}, {"networks": ["10.0.0.0/33"]}, {"attempts": 0}, {"attempt_seconds": 0}]
)
def test_settings_that_cannot_be_meant_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate(given)
