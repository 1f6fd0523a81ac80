"""Contacts, their links and the messages for them, on either engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.contact_records import (
    add_contact,
    add_link,
    add_message,
    contacts_of,
    drop_contact,
    drop_message,
    drop_old_links,
    due_messages,
    find_contact,
    find_link,
    load_contact,
    move_seen,
    save_message,
    seen_events,
)
from graph_models.contacts import ConsoleLink, ConsoleMessage, Contact, ContactPost
from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.journal import EventDraft
from graph_models.journal_records import append_events
from graph_models.store import GraphStore
from tests.contract.records import AT

FIRST = Contact(
    id="K1",
    unit_code="V1",
    staff_id="s-1",
    name="张三",
    email="zhang@v.example",
    posts=(ContactPost.DRAFTER, ContactPost.REVIEWER),
    registered_at=AT,
    registered_by="m-1",
)
SECOND = replace(FIRST, id="K2", staff_id="s-2", name="李四", email="li@v.example", posts=(ContactPost.SEAL_KEEPER,))
LINK = ConsoleLink(
    token_sha256="a" * 64,
    contact_id="K1",
    request_id="R1",
    post=ContactPost.DRAFTER,
    message_id="V1.1/K1/DRAFTER",
    made_at=AT,
    valid_until=AT + timedelta(hours=1),
)
MESSAGE = ConsoleMessage(
    id="V1.1/K1/DRAFTER",
    contact_id="K1",
    unit_code="V1",
    request_id="R1",
    event_type="request.received",
    post=ContactPost.DRAFTER,
    since=AT,
    due_at=AT,
    attempts=0,
    version=1,
)


@pytest.fixture
async def book(store: GraphStore) -> GraphStore:
    """Two contacts of one unit."""
    await store.write(lambda tx: add_contact(tx, SECOND))
    await store.write(lambda tx: add_contact(tx, FIRST))
    return store


async def test_contacts_come_back_by_unit_and_by_identifier(book: GraphStore) -> None:
    assert await book.read(lambda tx: contacts_of(tx, "V1")) == (FIRST, SECOND)
    assert await book.read(lambda tx: contacts_of(tx, "V2")) == ()
    assert await book.read(lambda tx: load_contact(tx, "K2")) == SECOND
    assert await book.read(lambda tx: find_contact(tx, "K9")) is None


@pytest.mark.parametrize(
    ("changes", "which"),
    [({"staff_id": "s-1"}, "staff number"), ({"email": "ZHANG@v.example"}, "address")],
)
async def test_a_staff_number_and_an_address_are_one_persons_in_a_unit(
    book: GraphStore, changes: dict[str, str], which: str
) -> None:
    third = replace(FIRST, id="K3", **({"staff_id": "s-3", "email": "c@v.example"} | changes))
    with pytest.raises(DuplicateKeyError, match=which):
        await book.write(lambda tx: add_contact(tx, third))
    await book.write(lambda tx: add_contact(tx, replace(third, unit_code="V2")))


async def test_events_before_the_first_contact_count_as_seen_and_a_place_is_moved_once(store: GraphStore) -> None:
    draft = EventDraft(unit_code="V1", type="x", subject="R1", at=AT, payload_json="{}")
    await store.write(lambda tx: append_events(tx, [draft, draft]))
    await store.write(lambda tx: add_contact(tx, FIRST))
    await store.write(lambda tx: append_events(tx, [draft]))
    await store.write(lambda tx: add_contact(tx, SECOND))
    assert await store.read(seen_events) == {"V1": 2}
    await store.write(lambda tx: move_seen(tx, "V1", 2, 3))
    with pytest.raises(StaleVersionError):
        await store.write(lambda tx: move_seen(tx, "V1", 2, 3))
    assert await store.read(seen_events) == {"V1": 3}


async def test_a_link_is_found_by_its_digest_and_goes_with_its_contact(book: GraphStore) -> None:
    await book.write(lambda tx: add_link(tx, LINK))
    assert await book.read(lambda tx: find_link(tx, LINK.token_sha256)) == (LINK, FIRST)
    assert await book.read(lambda tx: find_link(tx, "b" * 64)) is None
    await book.write(lambda tx: drop_contact(tx, "K1"))
    assert await book.read(lambda tx: find_link(tx, LINK.token_sha256)) is None
    assert await book.read(lambda tx: contacts_of(tx, "V1")) == (SECOND,)
    with pytest.raises(RecordNotFoundError):
        await book.write(lambda tx: drop_contact(tx, "K1"))
    with pytest.raises(RecordNotFoundError):
        await book.write(lambda tx: add_link(tx, LINK))


async def test_links_that_ended_before_a_time_are_taken_away(book: GraphStore) -> None:
    later = replace(LINK, token_sha256="b" * 64, valid_until=AT + timedelta(hours=2))
    for link in (LINK, later):
        await book.write(lambda tx, link=link: add_link(tx, link))
    before = AT + timedelta(hours=2)
    assert await book.write(lambda tx: drop_old_links(tx, before, 10)) == 1
    assert await book.read(lambda tx: find_link(tx, later.token_sha256)) == (later, FIRST)
    assert await book.read(lambda tx: find_link(tx, LINK.token_sha256)) is None


async def test_messages_are_due_in_order_and_each_is_taken_by_one(book: GraphStore) -> None:
    later = replace(MESSAGE, id="V1.2/K1/DRAFTER", due_at=AT + timedelta(minutes=1))
    for message in (later, MESSAGE):
        await book.write(lambda tx, message=message: add_message(tx, message))
    with pytest.raises(DuplicateKeyError):
        await book.write(lambda tx: add_message(tx, MESSAGE))
    assert await book.read(lambda tx: due_messages(tx, AT, 9)) == (MESSAGE,)
    assert await book.read(lambda tx: due_messages(tx, AT + timedelta(hours=1), 9)) == (MESSAGE, later)
    moved = replace(MESSAGE, due_at=AT + timedelta(hours=2), attempts=1)
    taken = await book.write(lambda tx: save_message(tx, moved))
    with pytest.raises(StaleVersionError):
        await book.write(lambda tx: save_message(tx, moved))
    assert await book.read(lambda tx: due_messages(tx, AT + timedelta(hours=1), 9)) == (later,)
    with pytest.raises(StaleVersionError):
        await book.write(lambda tx: drop_message(tx, MESSAGE))
    await book.write(lambda tx: drop_message(tx, taken))
    assert await book.read(lambda tx: due_messages(tx, AT + timedelta(hours=3), 9)) == (later,)
