"""Contacts: who may register them, what is refused, and what is on record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph_models.contacts import ContactPost
from graph_models.journal_records import load_audit
from hub.actors import Actor, Post
from hub.contacts import CONTACTS_LIMIT
from hub.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError, OutsideCatalogueError
from tests.hub.catalogue_authority import JUSTICE
from tests.hub.village import CHECKER, MANAGER, UNIT, Village, contact_of, person

NEW = person("V-4", "赵六", "zhao.liu+post@village.example", ContactPost.DRAFTER, ContactPost.REVIEWER)
OTHER = Actor("x-1", "GA", frozenset({Post.UNIT_MANAGER}))


@pytest.mark.parametrize("actor", [MANAGER, JUSTICE], ids=["manager", "catalogue authority"])
async def test_the_units_manager_and_the_catalogue_authority_register_and_remove(
    village: Village, actor: Actor
) -> None:
    made = await village.contacts.register(actor, NEW)
    assert made.posts == ("DRAFTER", "REVIEWER")
    assert made in await village.contacts.list(actor, UNIT)
    await village.contacts.remove(actor, made.id)
    assert made not in await village.contacts.list(actor, UNIT)
    with pytest.raises(NotFoundError):
        await village.contacts.remove(actor, made.id)


@pytest.mark.requirement("I3", "I4")
async def test_who_registered_and_removed_whom_is_audited_without_name_and_address(village: Village) -> None:
    made = await village.contacts.register(MANAGER, NEW)
    await village.contacts.remove(MANAGER, made.id)
    entries = await village.office.store.read(lambda tx: load_audit(tx, f"contacts/{UNIT}", 0, 99))
    told = [(entry.operation, entry.actor) for entry in entries[-2:]]
    assert told == [("contact.registered", MANAGER.subject), ("contact.removed", MANAGER.subject)]
    assert all(NEW.name not in entry.detail_json and "@" not in entry.detail_json for entry in entries)


@pytest.mark.requirement("I4")
async def test_nobody_else_sees_or_changes_a_units_contacts(village: Village) -> None:
    known = await contact_of(village, "V-1")
    for actor in (OTHER, Actor("V-1", UNIT, frozenset({Post.DRAFTER}))):
        with pytest.raises(NotPermittedError):
            await village.contacts.register(actor, NEW)
        with pytest.raises(NotPermittedError):
            await village.contacts.list(actor, UNIT)
        with pytest.raises(NotFoundError):
            await village.contacts.remove(actor, known.id)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "a@b",
        "a b@v.example",
        "a@v.example\r\nBcc: x@y.example",
        "a@v.example\n",
        "a@v.example,b@v.example",
        '"a"@v.example',
        "张三@v.example",
        "a@-v.example",
        "a..b@v.example",
        "<a@v.example>",
        "a" * 250 + "@v.example",
    ],
)
async def test_what_is_not_one_plain_address_is_refused(village: Village, email: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await village.contacts.register(MANAGER, replace(NEW, email=email))
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "长" * 101}, "name"),
        ({"staff_id": "a b"}, "staffId"),
        ({"staff_id": ""}, "staffId"),
        ({"posts": frozenset()}, "posts"),
    ],
)
async def test_names_numbers_and_posts_are_checked(village: Village, changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await village.contacts.register(MANAGER, replace(NEW, **changes))  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.requirement("R17.2")
async def test_one_person_is_not_registered_as_two(village: Village) -> None:
    for changes in ({"staff_id": "V-1"}, {"email": CHECKER.upper()}):
        with pytest.raises(ConflictError):
            await village.contacts.register(MANAGER, replace(NEW, **changes))


async def test_a_unit_has_so_many_contacts(village: Village) -> None:
    registered = len(await village.contacts.list(MANAGER, UNIT))
    for number in range(CONTACTS_LIMIT - registered):
        await village.contacts.register(MANAGER, replace(NEW, staff_id=f"N-{number}", email=f"n{number}@v.example"))
    with pytest.raises(ConflictError, match="at most"):
        await village.contacts.register(MANAGER, NEW)
    assert len(await village.contacts.list(MANAGER, UNIT)) == CONTACTS_LIMIT


async def test_a_unit_outside_the_catalogue_has_no_contacts(village: Village) -> None:
    with pytest.raises(OutsideCatalogueError):
        await village.contacts.register(JUSTICE, replace(NEW, unit_code="NOWHERE"))
