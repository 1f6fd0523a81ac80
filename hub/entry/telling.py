"""Wires what units without a system of their own work with: contacts, messages and the console page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hub.clock import Clock, Ids
from hub.console import ConsoleService
from hub.console_messages import ConsoleMessenger, LinkRule
from hub.contacts import ContactService
from hub.entry.settings import NotifierKind, NotifierSettings, Settings
from hub.event_feed import EventFeed
from hub.notifier import NoNotifier, Notifier
from hub.requests import RequestService
from hub.smtp_notifier import MailSecurity, MailServer, SmtpNotifier


@dataclass(frozen=True, slots=True)
class Telling:
    """The three parts."""

    contacts: ContactService
    console: ConsoleService
    messenger: ConsoleMessenger


def open_telling(settings: Settings, feed: EventFeed, requests: RequestService, clock: Clock, ids: Ids) -> Telling:
    """Return the parts, on the store and the catalogue of the requests' service.

    Raises:
        OSError, ValueError: the file of authorities cannot be read.
    """
    store, snapshots = requests.store, requests.snapshots
    valid = timedelta(hours=settings.notifier.link_hours)
    rule = LinkRule(settings.server.public_url.rstrip("/"), valid)
    return Telling(
        contacts=ContactService(store, snapshots, clock, ids),
        console=ConsoleService(store, requests, clock),
        messenger=ConsoleMessenger(store, feed, snapshots, notifier_of(settings.notifier), clock, ids, rule),
    )


def notifier_of(settings: NotifierSettings) -> Notifier:
    """Return the notifier that the settings name."""
    if settings.kind is NotifierKind.NONE:
        return NoNotifier()
    return SmtpNotifier(
        MailServer(
            host=settings.host,
            port=settings.port,
            sender=settings.sender,
            security=MailSecurity(settings.security),
            user=settings.user,
            password=settings.password.get_secret_value(),
            ca_file=settings.ca_file,
            seconds=settings.seconds,
            answer_seconds=settings.answer_seconds,
        )
    )
