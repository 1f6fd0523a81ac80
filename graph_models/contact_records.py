"""Contacts as nodes: (UnitContacts)-[:HAS_CONTACT]->(Contact)-[:OPENS_BY]->(ConsoleLink), and what is to be sent.

A unit's node also keeps the sequence up to which its events were looked at. It is moved on in the transaction that
writes the messages which follow from these events: a restart loses none and writes none twice. With a contact go its
links; a message that waits for it is dropped when its turn comes. What stays is the staff number, as (FormerContact).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from graph_models import statements_contacts as statements
from graph_models.contacts import ConsoleLink, ConsoleMessage, Contact
from graph_models.errors import DuplicateKeyError
from graph_models.journal_records import last_event
from graph_models.rows import (
    LAST_MOMENT,
    from_document,
    held,
    joined,
    load,
    milliseconds,
    records,
    to_document,
    written,
)
from graph_models.store import Transaction, Value

_QUEUE = "console"


async def add_contact(tx: Transaction, contact: Contact) -> None:
    """Write a new contact; what happened in the unit before its first one causes no message.

    Raises:
        DuplicateKeyError: somebody of the unit has the staff number or the address already; the message says which.
    """
    unit = contact.unit_code
    if not await tx.run(statements.HOLD_UNIT, {"unit_code": unit}):
        await tx.run(statements.MAKE_UNIT, {"unit_code": unit, "seen": await last_event(tx, unit)})
    for other in await contacts_of(tx, unit):
        if other.staff_id == contact.staff_id:
            raise DuplicateKeyError("staff number")
        if other.email.lower() == contact.email.lower():
            raise DuplicateKeyError("address")
    row: dict[str, Value] = {"unit_code": unit, "id": contact.id, "record": to_document(contact)}
    await tx.run(statements.CREATE_CONTACT, row)
    await tx.run(statements.FORGET_FORMER, {"key": joined(unit, contact.staff_id)})


async def load_contact(tx: Transaction, identifier: str) -> Contact:
    """Return the contact with the identifier. Raises RecordNotFoundError."""
    return await load(tx, Contact, statements.READ_CONTACT, {"id": identifier}, f"contact {identifier}")


async def find_contact(tx: Transaction, identifier: str) -> Contact | None:
    """Return the contact with the identifier, or None once it was removed."""
    found = records(Contact, await tx.run(statements.READ_CONTACT, {"id": identifier}))
    return found[0] if found else None


async def contacts_of(tx: Transaction, unit_code: str) -> tuple[Contact, ...]:
    """Return the contacts of a unit by staff number."""
    found = records(Contact, await tx.run(statements.CONTACTS_OF, {"unit_code": unit_code}))
    return tuple(sorted(found, key=lambda contact: contact.staff_id))


async def drop_contact(tx: Transaction, identifier: str) -> None:
    """Take a contact away, with every link that it was sent. Raises RecordNotFoundError."""
    contact = await load_contact(tx, identifier)
    await tx.run(statements.DROP_LINKS_OF, {"id": identifier})
    await tx.run(statements.DROP_CONTACT, {"id": identifier})
    await tx.run(statements.NOTE_FORMER, {"key": joined(contact.unit_code, contact.staff_id)})


async def was_contact(tx: Transaction, unit_code: str, staff_id: str) -> bool:
    """Tell whether somebody with the staff number was a contact of the unit and was removed."""
    return bool(await tx.run(statements.READ_FORMER, {"key": joined(unit_code, staff_id)}))


async def seen_events(tx: Transaction) -> dict[str, int]:
    """Return, for each unit that ever had a contact, up to which sequence its events were looked at."""
    return {cast("str", row["unit_code"]): cast("int", row["seen"]) for row in await tx.run(statements.READ_SEEN)}


async def move_seen(tx: Transaction, unit_code: str, seen: int, following: int) -> None:
    """Note that a unit's events were looked at up to the sequence ``following``, where ``seen`` is still what is noted.

    Raises:
        StaleVersionError: another process looked at them meanwhile.
    """
    row: dict[str, Value] = {"unit_code": unit_code, "seen": seen, "next": following}
    held(await tx.run(statements.MOVE_SEEN, row), f"what was seen of {unit_code}")


async def add_message(tx: Transaction, message: ConsoleMessage) -> None:
    """Have a message sent. Raises DuplicateKeyError where it is to be sent already."""
    await tx.run(statements.CREATE_MESSAGE, _message_row(message) | {"queue": _QUEUE, "version": message.version})


async def due_messages(
    tx: Transaction, now: datetime, limit: int, far: datetime | None = None
) -> tuple[ConsoleMessage, ...]:
    """Return messages that may be taken at the time (aware), those due first before the others.

    What is due after ``far`` was put off by a clock that was wrong, and is due.
    """
    times: dict[str, Value] = {"now": milliseconds(now), "far": milliseconds(far or LAST_MOMENT)}
    page: dict[str, Value] = {"queue": _QUEUE, **times, "limit": limit}
    return records(ConsoleMessage, await tx.run(statements.DUE_MESSAGES, page))


async def save_message(tx: Transaction, message: ConsoleMessage) -> ConsoleMessage:
    """Write a changed message whose version is still the stored one; return it with the next version.

    Raises:
        StaleVersionError: another process took it in between, or it was sent.
    """
    saved = replace(message, version=message.version + 1)
    row = _message_row(saved) | {"version": message.version, "next": saved.version}
    held(await tx.run(statements.SAVE_MESSAGE, row), f"message {message.id}")
    return saved


async def drop_message(tx: Transaction, message: ConsoleMessage) -> None:
    """Take a message away that was sent or is not needed; raises StaleVersionError as ``save_message`` does."""
    await save_message(tx, message)
    await tx.run(statements.DROP_MESSAGE, {"id": message.id})


async def add_link(tx: Transaction, link: ConsoleLink) -> None:
    """Write a link of a contact.

    Raises:
        RecordNotFoundError: the contact was removed.
    """
    row: dict[str, Value] = {
        "contact_id": link.contact_id,
        "token_sha256": link.token_sha256,
        "valid_until": milliseconds(link.valid_until),
        "record": to_document(link),
    }
    written(await tx.run(statements.CREATE_LINK, row), 1, f"contact {link.contact_id}")


async def find_link(tx: Transaction, token_sha256: str) -> tuple[ConsoleLink, Contact] | None:
    """Return the link with this digest of its token and the contact whose it is, or None."""
    rows = await tx.run(statements.READ_LINK, {"token_sha256": token_sha256})
    if not rows:
        return None
    return from_document(ConsoleLink, rows[0]["link"]), from_document(Contact, rows[0]["contact"])


async def drop_link(tx: Transaction, token_sha256: str) -> None:
    """Take a link away whose message was not sent."""
    await tx.run(statements.DROP_LINK, {"token_sha256": token_sha256})


async def drop_old_links(tx: Transaction, before: datetime, limit: int) -> int:
    """Take away at most so many links that ended before the time (aware); return how many."""
    rows = await tx.run(statements.OLD_LINKS, {"before": milliseconds(before), "limit": limit})
    for row in rows:
        await drop_link(tx, cast("str", row["token_sha256"]))
    return len(rows)


def _message_row(message: ConsoleMessage) -> dict[str, Value]:
    return {"id": message.id, "due_at": milliseconds(message.due_at), "record": to_document(message)}
