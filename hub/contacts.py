"""Contacts of units without a system of their own: who is told, at which address, for which posts (Art. 16, 17).

A unit's manager registers the people of the unit, or the catalogue authority does for it. A person is registered once
and an address is one person's, so that nobody is two people to the rule that different people answer (R17.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from graph_models.contact_records import add_contact, contacts_of, drop_contact, load_contact
from graph_models.contacts import Contact, ContactPost
from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.journal_records import append_audit
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, Ids
from hub.errors import ConflictError, InvalidInputError, NotFoundError
from hub.left_drafts import release_claims
from hub.notifier import is_address
from hub.permission import Operation, permitted, require
from hub.published import unit_of

CONTACTS_LIMIT = 50
"""Most contacts of a unit."""
_NAME_LIMIT = 100
"""Longest name, in characters."""
_STAFF_ID = re.compile(r"[A-Za-z0-9._:@-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """What is said of somebody who is registered."""

    unit_code: str
    staff_id: str
    name: str
    email: str
    posts: frozenset[ContactPost]


@dataclass(frozen=True, slots=True)
class ContactService:
    """Registers, lists and removes contacts."""

    store: GraphStore
    snapshots: SnapshotHolder
    clock: Clock
    ids: Ids

    async def register(self, actor: Actor, given: NewContact) -> Contact:
        """Register a person of a unit.

        Raises:
            InvalidInputError: a value is malformed; an address that could become more than one header is.
            OutsideCatalogueError: there is no such unit.
            ConflictError: the unit has a contact with this staff number or address, or as many as it may have.
        """
        _may_manage(actor, given.unit_code)
        unit_of(self.snapshots.current(), given.unit_code)
        contact = self._contact(actor, given)

        async def work(tx: Transaction) -> None:
            await add_contact(tx, contact)
            if len(await contacts_of(tx, contact.unit_code)) > CONTACTS_LIMIT:
                raise _too_many()
            await self._journal(tx, actor, "contact.registered", contact)

        try:
            await self.store.write(work)
        except DuplicateKeyError as problem:
            raise ConflictError(
                f"the unit has a contact with this {problem}",
                message_zh="本单位已登记该工号或者邮箱",
                mend="Remove that contact first, or give another staff number or address.",
            ) from problem
        return contact

    async def remove(self, actor: Actor, contact_id: str) -> Contact:
        """Remove a contact; its links open nothing from now on, and what it has claimed goes back to the inbox.

        Raises:
            NotFoundError: the actor manages no such contact.
            ConflictError: somebody changed one of these requests at the same time.
        """

        async def work(tx: Transaction) -> Contact:
            try:
                contact = await load_contact(tx, contact_id)
            except RecordNotFoundError as problem:
                raise _gone() from problem
            if not _manages(actor, contact.unit_code):
                raise _gone()
            await drop_contact(tx, contact_id)
            await self._journal(tx, actor, "contact.removed", contact)
            await release_claims(tx, contact, actor, self.clock.now())
            return contact

        try:
            return await self.store.write(work)
        except StaleVersionError as problem:
            raise _changed_meanwhile() from problem

    async def list(self, actor: Actor, unit_code: str) -> tuple[Contact, ...]:
        """Return the contacts of a unit by staff number."""
        _may_manage(actor, unit_code)
        return await self.store.read(lambda tx: contacts_of(tx, unit_code))

    def _contact(self, actor: Actor, given: NewContact) -> Contact:
        _check(given)
        return Contact(
            id=self.ids.identifier("K"),
            unit_code=given.unit_code,
            staff_id=given.staff_id,
            name=given.name.strip(),
            email=given.email,
            posts=tuple(sorted(given.posts)),
            registered_at=self.clock.now(),
            registered_by=actor.subject,
        )

    async def _journal(self, tx: Transaction, actor: Actor, operation: str, contact: Contact) -> None:
        stream, at, held = f"contacts/{contact.unit_code}", self.clock.now(), " ".join(contact.posts)
        unit, person = contact.unit_code, contact.staff_id
        await append_audit(tx, entry(stream, actor, operation, contact.id, at, unit=unit, staff=person, held=held))


def _manages(actor: Actor, unit_code: str) -> bool:
    anywhere = permitted(actor, Operation.MANAGE_CONTACTS)
    return anywhere or permitted(actor, Operation.MANAGE_OWN_CONTACTS, unit_code)


def _may_manage(actor: Actor, unit_code: str) -> None:
    if not _manages(actor, unit_code):
        require(actor, Operation.MANAGE_OWN_CONTACTS, unit_code)


def _check(given: NewContact) -> None:
    if not is_address(given.email):
        raise _input("email", "the address is not a plain e-mail address", "邮箱地址无效")
    if not 1 <= len(given.name.strip()) <= _NAME_LIMIT or not given.name.isprintable():
        raise _input("name", f"the name must have 1 to {_NAME_LIMIT} printable characters", "姓名无效")
    if not _STAFF_ID.fullmatch(given.staff_id):
        raise _input("staffId", "the staff number must have 1 to 64 letters, digits or . _ : @ -", "工号无效")
    if not given.posts:
        raise _input("posts", "name one or more of DRAFTER, REVIEWER, SEAL_KEEPER", "请选择核查、审核、盖章岗位")


def _input(field: str, message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(message, message_zh=message_zh, mend=f"Correct {field}.", field=field)


def _too_many() -> ConflictError:
    return ConflictError(
        f"a unit has at most {CONTACTS_LIMIT} contacts",
        message_zh=f"每个单位最多 {CONTACTS_LIMIT} 位联系人",
        mend="Remove one that is not needed any more.",
    )


def _changed_meanwhile() -> ConflictError:
    return ConflictError(
        "a request of this contact was changed at the same time",
        message_zh="该联系人办理的请求刚被他人处理",
        mend="Remove the contact again.",
    )


def _gone() -> NotFoundError:
    return NotFoundError(
        "there is no such contact",
        message_zh="没有该联系人",
        mend="Read the unit's contacts again.",
        field="contactId",
    )
