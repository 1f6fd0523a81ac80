"""Contacts by GraphQL: registered, listed and removed by the unit's manager or the catalogue authority."""

from __future__ import annotations

from typing import Any

import pytest

from hub.actors import Actor
from tests.hub.catalogue_authority import JUSTICE
from tests.schema.city import DRAFTER, MANAGER, City

_FIELDS = "id unitCode staffId name email posts registeredAt"
REGISTER = f"""mutation R($input: RegisterContactInput!) {{ registerContact(input: $input) {{
  contact {{ {_FIELDS} }} errors {{ __typename code field mend }} }} }}"""
REMOVE = """mutation R($input: RemoveContactInput!) { removeContact(input: $input) {
  contact { id } errors { __typename code } } }"""
CONTACTS = f"""query C($unit: String!) {{ contacts(unitCode: $unit) {{ __typename
  ... on Problem {{ code }} ... on ContactList {{ contacts {{ {_FIELDS} }} }} }} }}"""


def given(number: int, **more: Any) -> dict[str, Any]:
    return {
        "unitCode": "GA-HS",
        "staffId": f"v-{number}",
        "name": "张三",
        "email": f"v{number}@village.example",
        "posts": ["DRAFTER", "SEAL_KEEPER"],
        **more,
    }


async def register(city: City, actor: Actor, **said: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await city.ask(REGISTER, actor, input=said))["registerContact"]
    return payload


async def listed(city: City, actor: Actor) -> dict[str, Any]:
    found: dict[str, Any] = (await city.ask(CONTACTS, actor, unit="GA-HS"))["contacts"]
    return found


@pytest.mark.parametrize("actor", [MANAGER, JUSTICE], ids=["manager", "catalogue authority"])
async def test_a_contact_is_registered_listed_and_removed(city: City, actor: Actor) -> None:
    made = await register(city, actor, **given(1))
    assert made["errors"] == []
    contact = made["contact"]
    assert (contact["staffId"], contact["posts"]) == ("v-1", ["DRAFTER", "SEAL_KEEPER"])
    assert contact in (await listed(city, actor))["contacts"]
    removed = (await city.ask(REMOVE, actor, input={"contactId": contact["id"]}))["removeContact"]
    assert removed == {"contact": {"id": contact["id"]}, "errors": []}
    assert contact not in (await listed(city, actor))["contacts"]


async def test_what_is_wrong_is_said_by_field(city: City) -> None:
    refused = await register(city, MANAGER, **given(2, email="a@v.example\r\nBcc: b@v.example"))
    assert refused["contact"] is None
    assert [(one["__typename"], one["field"]) for one in refused["errors"]] == [("InvalidInput", "email")]
    assert (await register(city, MANAGER, **given(3)))["errors"] == []
    again = await register(city, MANAGER, **given(3))
    assert [one["__typename"] for one in again["errors"]] == ["Conflict"]


@pytest.mark.requirement("I4")
async def test_others_may_neither_see_nor_change_contacts(city: City) -> None:
    assert (await listed(city, DRAFTER))["code"] == "NOT_PERMITTED"
    assert (await register(city, DRAFTER, **given(4)))["errors"][0]["code"] == "NOT_PERMITTED"
    gone = await city.ask(REMOVE, DRAFTER, input={"contactId": "K-none"})
    assert gone["removeContact"]["errors"][0]["code"] == "NOT_FOUND"
