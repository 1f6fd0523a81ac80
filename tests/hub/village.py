"""A village's police post without a system: three people with a mailbox, a mail server, and the console page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware

from graph_models.casework import VerificationRequest
from graph_models.contacts import Contact, ContactPost
from hub.actors import Actor, Post
from hub.clock import SystemIds
from hub.console import ConsoleService
from hub.console_messages import ConsoleMessenger, LinkRule
from hub.contacts import ContactService, NewContact
from hub.entry.console_pages import console_routes
from hub.entry.request_log import RequestLog
from hub.event_feed import EventFeed
from hub.notifier import Notifier
from hub.smtp_notifier import MailSecurity, MailServer, SmtpNotifier
from tests.hub.office import Office
from tests.simulators import mail_server as mail

UNIT = "GA-HS"
MANAGER = Actor("GA-HS-9", UNIT, frozenset({Post.UNIT_MANAGER}))
LOOKER, CHECKER, KEEPER = "looker@village.example", "checker@village.example", "keeper@village.example"
VALID = timedelta(hours=48)
_PEOPLE = (
    ("V-1", "张三", LOOKER, ContactPost.DRAFTER),
    ("V-2", "李四", CHECKER, ContactPost.REVIEWER),
    ("V-3", "王五", KEEPER, ContactPost.SEAL_KEEPER),
)


@dataclass
class Village:
    """The village's means."""

    office: Office
    contacts: ContactService
    console: ConsoleService
    messenger: ConsoleMessenger
    server: mail.MailServer
    client: httpx.AsyncClient

    async def ask(self, item: str = "VERIFIED") -> VerificationRequest:
        """Open a case that asks the village, and have everybody told."""
        request = (await self.office.open(item)).requests[0]
        await self.messenger.look()
        return request

    async def read(self, request: VerificationRequest) -> VerificationRequest:
        return await self.office.requests.read(MANAGER, request.id)

    async def form(self, path: str) -> dict[str, str]:
        """Open a link and return the hidden fields of its form."""
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        return hidden_fields(page.text)

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Open a link, fill in its form and send it."""
        return await self.client.post(path, data={**await self.form(path), **named(fields)})

    def told_by(self, notifier: Notifier) -> ConsoleMessenger:
        return replace(self.messenger, notifier=notifier)


def named(fields: dict[str, str]) -> dict[str, str]:
    """Return fields by their names in the form: ``fact_name`` is ``fact.name``."""
    return {key.replace("fact_", "fact."): value for key, value in fields.items()}


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form, each once."""
    parts = [part.split(">")[0] for part in page.split('<input type="hidden" ')[1:]]
    pairs = [part.split('"') for part in parts]
    return {pieces[1]: pieces[3] for pieces in pairs}


def plain_notifier(server: mail.MailServer) -> SmtpNotifier:
    return SmtpNotifier(
        MailServer(host="127.0.0.1", port=server.port, sender="hub@proofs.example", security=MailSecurity.NONE)
    )


@asynccontextmanager
async def open_village(office: Office) -> AsyncIterator[Village]:
    """Register three people, and serve their mail and the page."""
    store, clock, snapshots = office.store, office.clock, office.cases.snapshots
    contacts = ContactService(store, snapshots, clock, SystemIds())
    console = ConsoleService(store, office.requests, clock)
    for staff, name, address, post in _PEOPLE:
        await contacts.register(MANAGER, person(staff, name, address, post))
    app = Starlette(routes=console_routes(console, clock), middleware=[Middleware(RequestLog)])
    async with mail.mail_server() as server:
        rule = LinkRule("https://proofs.example", VALID)
        notifier = plain_notifier(server)
        messenger = ConsoleMessenger(store, EventFeed(store), snapshots, notifier, clock, SystemIds(), rule)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", timeout=60) as client:
            yield Village(office, contacts, console, messenger, server, client)


def person(staff: str, name: str, address: str, *posts: ContactPost) -> NewContact:
    return NewContact(unit_code=UNIT, staff_id=staff, name=name, email=address, posts=frozenset(posts))


async def contact_of(village: Village, staff: str) -> Contact:
    """Return the contact with a staff number."""
    return next(each for each in await village.contacts.list(MANAGER, UNIT) if each.staff_id == staff)
