"""Webhooks by GraphQL: registered, changed, listed, delivered again and removed, with typed problems."""

from __future__ import annotations

from typing import Any

import pytest

from hub.actors import Actor
from tests.schema.city import MANAGER, OPERATOR, City

FIELDS = """webhook { id url eventTypes state pause cursor failures lastFailure nextAttemptAt version } secret
  errors { __typename code field }"""
LIST = """query W($first: Int! = 20, $after: String) { webhooks(first: $first, after: $after) { __typename
  ... on Problem { code field }
  ... on WebhookConnection { nodes { id state } pageInfo { hasNextPage endCursor } } } }"""


async def do(city: City, name: str, actor: Actor = MANAGER, **given: Any) -> dict[str, Any]:
    kind = f"{name[0].upper()}{name[1:]}Input"
    mutation = f"mutation M($input: {kind}!) {{ {name}(input: $input) {{ {FIELDS} }} }}"
    payload: dict[str, Any] = (await city.ask(mutation, actor, input=given))[name]
    return payload


async def register(city: City, key: str, **given: Any) -> dict[str, Any]:
    return await do(city, "registerWebhook", key=key, url="https://unit.example/events", **given)


async def test_a_webhook_lives_from_registering_to_removing(city: City) -> None:
    made = await register(city, "life", eventTypes=["request.received"])
    identifier = made["webhook"]["id"]
    assert (made["errors"], made["secret"][:6], made["webhook"]["state"]) == ([], "whsec_", "ACTIVE")
    paused = await do(city, "changeWebhook", webhookId=identifier, key="life", active=False)
    assert (paused["webhook"]["state"], paused["webhook"]["pause"], paused["secret"]) == ("PAUSED", "MANAGER", None)
    rotated = await do(city, "changeWebhook", webhookId=identifier, key="life-2", active=True, rotateSecret=True)
    assert rotated["secret"] not in (None, made["secret"])
    assert rotated["webhook"]["eventTypes"] == ["request.received"]
    begun = made["webhook"]["cursor"]
    again = await do(city, "redeliverWebhook", webhookId=identifier, key="life", after=begun)
    assert again["webhook"]["cursor"] == begun
    removed = await do(city, "removeWebhook", webhookId=identifier, key="life")
    assert removed["webhook"]["state"] == "REMOVED"


async def test_webhooks_are_listed_page_by_page(city: City) -> None:
    made = {(await register(city, f"list-{number}"))["webhook"]["id"] for number in range(3)}
    seen, after = [], None
    while True:
        page = (await city.ask(LIST, MANAGER, first=2, after=after))["webhooks"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(made)
    for identifier in made:
        await do(city, "removeWebhook", webhookId=identifier, key=identifier)


@pytest.mark.parametrize(
    ("url", "code"), [("http://unit.example/", "ADDRESS_REFUSED"), ("https://unit.example:22/", "ADDRESS_REFUSED")]
)
async def test_an_address_that_may_not_be_posted_to_is_a_typed_problem(city: City, url: str, code: str) -> None:
    refused = await do(city, "registerWebhook", key=url, url=url)
    (problem,) = refused["errors"]
    assert (refused["webhook"], refused["secret"]) == (None, None)
    assert problem == {"__typename": "AddressRefused", "code": code, "field": "url"}


async def test_other_posts_and_other_webhooks_are_typed_problems(city: City) -> None:
    (refused,) = (await do(city, "registerWebhook", OPERATOR, key="x", url="https://unit.example/"))["errors"]
    assert refused["__typename"] == "NotPermitted"
    (missing,) = (await do(city, "removeWebhook", webhookId="WH-none", key="x"))["errors"]
    assert (missing["__typename"], missing["field"]) == ("NotFound", "webhookId")
    (strange,) = (await register(city, "y", eventTypes=["no.such"]))["errors"]
    assert (strange["__typename"], strange["field"]) == ("InvalidInput", "eventTypes")
    listed = (await city.ask(LIST, OPERATOR))["webhooks"]
    assert listed["__typename"] == "NotPermitted"
