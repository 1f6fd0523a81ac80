"""Contacts of units without a system of their own: who is told by message what is to be done (Art. 16, 17)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models import contacts as records
from hub.contacts import NewContact
from hub.errors import HubError
from schema.context import Info
from schema.enums import described
from schema.errors import Problem, QueryProblem, problem_of, read_or_problem
from schema.fields import resolved
from schema.shaping import shaped

described(
    records.ContactPost,
    "A post for which somebody is told by message.",
    DRAFTER="核查人员: looks and drafts the answer.",
    REVIEWER="审核人员: reviews a draft.",
    SEAL_KEEPER="盖章人员: confirms the seal.",
)


@strawberry.type(description="Somebody of a unit who is told by message what is to be done, with a link to do it.")
class Contact:
    """A contact."""

    id: strawberry.ID = strawberry.field(description="Its identifier.")
    unit_code: str = strawberry.field(description="Code of the unit.")
    staff_id: str = strawberry.field(description="The person's staff number, as tokens name it.")
    name: str = strawberry.field(description="The person's name, as messages address it.")
    email: str = strawberry.field(description="Where messages go.")
    posts: list[records.ContactPost] = strawberry.field(description="The posts for which the person is told.")
    registered_at: datetime = strawberry.field(description="When it was registered.")


@strawberry.input(description="Registers somebody of a unit who is told by message.")
class RegisterContactInput:
    """Registers a contact."""

    unit_code: str = strawberry.field(description="Code of the unit.")
    staff_id: str = strawberry.field(
        description="The person's staff number, the same as in tokens: letters, digits and . _ : @ - up to 64."
    )
    name: str = strawberry.field(description="The person's name, at most 100 characters.")
    email: str = strawberry.field(description="A plain e-mail address; no two contacts of a unit share one.")
    posts: list[records.ContactPost] = strawberry.field(description="One or more of the posts.")


@strawberry.input(description="Removes a contact.")
class RemoveContactInput:
    """Removes a contact."""

    contact_id: strawberry.ID = strawberry.field(description="The contact's identifier.")


@strawberry.type(description="The contact, or why nothing was changed.")
class ContactPayload:
    """The contact, or why nothing was changed."""

    contact: Contact | None = strawberry.field(description="The contact; null exactly where errors are.")
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where it was.")


@strawberry.type(description="The contacts of a unit by staff number.")
class ContactList:
    """The contacts of a unit."""

    contacts: list[Contact] = strawberry.field(description="All of them.")


ContactsResult: TypeAlias = Annotated[
    ContactList | QueryProblem, strawberry.union("ContactsResult", description="The contacts, or why there are none.")
]
_WHO = "For the manager of the unit and the catalogue authority (市司法局)."
Register: TypeAlias = Annotated[RegisterContactInput, strawberry.argument(name="input", description="Who it is.")]
Remove: TypeAlias = Annotated[RemoveContactInput, strawberry.argument(name="input", description="Which contact.")]
OfUnit: TypeAlias = Annotated[str, strawberry.argument(description="Code of the unit.")]


@strawberry.type(description="Queries of contacts.")
class ContactQueries:
    """Queries of contacts."""

    @resolved(f"The people of a unit who are told by message what is to be done. {_WHO}")
    async def contacts(self, info: Info, unit_code: OfUnit) -> ContactsResult:
        """Return the contacts of a unit."""

        async def read() -> ContactList:
            found = await info.context.services.contacts.list(info.context.actor, unit_code)
            return ContactList(contacts=[_shape(each) for each in found])

        return await read_or_problem(read())


@strawberry.type(description="What is done to contacts.")
class ContactMutations:
    """What is done to contacts."""

    @resolved(f"Have somebody of a unit told by message what is to be done, with a link to a page to do it. {_WHO}")
    async def register_contact(self, info: Info, given: Register) -> ContactPayload:
        """Register a contact."""
        new = NewContact(
            unit_code=given.unit_code,
            staff_id=given.staff_id,
            name=given.name,
            email=given.email,
            posts=frozenset(given.posts),
        )
        try:
            made = await info.context.services.contacts.register(info.context.actor, new)
        except HubError as error:
            return ContactPayload(contact=None, errors=[problem_of(error)])
        return ContactPayload(contact=_shape(made), errors=[])

    @resolved(f"Remove a contact; every link that it was sent opens nothing from now on. {_WHO}")
    async def remove_contact(self, info: Info, given: Remove) -> ContactPayload:
        """Remove a contact."""
        try:
            gone = await info.context.services.contacts.remove(info.context.actor, given.contact_id)
        except HubError as error:
            return ContactPayload(contact=None, errors=[problem_of(error)])
        return ContactPayload(contact=_shape(gone), errors=[])


def _shape(record: records.Contact) -> Contact:
    return shaped(Contact, record, posts=list(record.posts))
