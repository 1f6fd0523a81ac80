"""Tells contacts what is to be done: a consumer of the events of each unit that has contacts.

All of its state is in the store, so any number of processes may look. A unit's events are looked at from the sequence
that is noted there, and the messages that follow from them are written in the transaction that moves it on. A message
is taken by moving it on; whoever dies with it leaves it to the next look after the lease. So each message is sent at
least once, and once where nobody dies between the mail server's answer and the note of it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from graph_models.casework import OutboxEvent, RequestState, VerificationRequest
from graph_models.contact_records import (
    add_link,
    add_message,
    contacts_of,
    drop_link,
    drop_message,
    drop_old_links,
    due_messages,
    find_contact,
    move_seen,
    save_message,
    seen_events,
)
from graph_models.contacts import ConsoleLink, ConsoleMessage, Contact, ContactPost
from graph_models.errors import RecordNotFoundError, StaleVersionError
from graph_models.journal_records import append_audit, last_events
from graph_models.request_records import load_request
from graph_models.request_states import Step, person_conflict
from graph_models.rows import joined
from graph_models.store import GraphStore, Transaction
from hub.actors import SYSTEM_ACTOR
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, Ids
from hub.console_texts import Task, message_text, subject_line
from hub.errors import EventsGoneError
from hub.event_feed import EventFeed
from hub.events import EventType
from hub.left_drafts import release_if_left
from hub.notifier import Notice, Notifier, NotToldError

LOG = structlog.get_logger("proofhub.console")

BATCH = 100
"""Most events looked at in one transaction, and most messages sent in one go."""
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=10)
"""How long a message rests that was not taken: doubled each time."""
ATTEMPTS = 30
"""After so many attempts, about four hours, a message is given up."""
OUTAGE_ATTEMPTS = 8
"""At most so many count while the mail server cannot be reached: an outage takes nobody's message."""
KEPT = timedelta(days=7)
"""How long a link is kept that has ended, so that whoever opens it is told so."""

_S = RequestState
POST_OF: Mapping[RequestState, ContactPost] = {
    _S.RECEIVED: ContactPost.DRAFTER,
    _S.CLAIMED: ContactPost.DRAFTER,
    _S.DRAFTED: ContactPost.REVIEWER,
    _S.REVIEWED: ContactPost.SEAL_KEEPER,
}
"""State → whose turn it is; in others it is nobody's."""
_OPEN = frozenset(POST_OF)
_CAUSES: Mapping[str, frozenset[RequestState]] = {
    EventType.REQUEST_RECEIVED: frozenset({_S.RECEIVED}),
    EventType.REQUEST_REROUTED: frozenset({_S.RECEIVED}),
    EventType.REQUEST_RELEASED: frozenset({_S.RECEIVED}),
    EventType.REQUEST_RETURNED: frozenset({_S.CLAIMED}),
    EventType.REQUEST_DRAFTED: frozenset({_S.DRAFTED}),
    EventType.REQUEST_REVIEWED: frozenset({_S.REVIEWED}),
    EventType.REQUEST_HALF_PASSED: _OPEN,
    EventType.REQUEST_NEARLY_DUE: _OPEN,
    EventType.REQUEST_TARGET_PASSED: _OPEN,
    EventType.REQUEST_HARD_LIMIT_PASSED: _OPEN,
}
"""Type of event → states in which somebody is told of it: a request that has moved on has its own event for that."""


@dataclass(frozen=True, slots=True)
class LinkRule:
    """Where links lead, and how long they open a request."""

    public_url: str
    """Address of the hub without a slash at its end."""
    valid: timedelta


@dataclass(frozen=True, slots=True)
class _Ready:
    message: ConsoleMessage
    notice: Notice
    token_sha256: str
    """Of the link in the notice."""


@dataclass(frozen=True, slots=True)
class ConsoleMessenger:
    """Looks for what has to be told, and tells it."""

    store: GraphStore
    feed: EventFeed
    snapshots: SnapshotHolder
    notifier: Notifier
    clock: Clock
    ids: Ids
    rule: LinkRule

    @property
    def lease(self) -> timedelta:
        """How long one sending may take before another process takes it over."""
        return timedelta(seconds=self.notifier.seconds + 60)

    async def look(self) -> int:
        """Look at new events, then send what is due; return how many messages were sent."""
        if not self.notifier.tells:
            return 0
        await self._read_events()
        return await self._send_due()

    async def sweep(self) -> int:
        """Forget links that ended long ago; return how many."""
        before = self.clock.now() - KEPT
        return await self.store.write(lambda tx: drop_old_links(tx, before, 10 * BATCH))

    async def _read_events(self) -> None:
        seen = await self.store.read(seen_events)
        last = await self.store.read(lambda tx: last_events(tx, seen))
        for unit, sequence in seen.items():
            if sequence < last.get(unit, 0):
                with suppress(StaleVersionError):  # another process looks at this unit, or changed a request
                    await self._read_all(unit, sequence)

    async def _read_all(self, unit: str, seen: int) -> None:
        """Read a unit's events to their end: what is read may cause another one."""
        while (reached := await self._read_unit(unit, seen)) != seen:
            seen = reached

    async def _read_unit(self, unit: str, seen: int) -> int:
        """Write the messages that follow from a unit's next events; return up to where they were looked at."""
        try:
            events = await self.feed.read(unit, seen, BATCH)
        except EventsGoneError as gone:  # nobody was told for longer than events are kept
            following = gone.pruned
            await self.store.write(lambda tx: move_seen(tx, unit, seen, following))
            return following
        if not events:
            return seen
        snapshot = self.snapshots.current()
        found = snapshot.unit(unit)
        two_people = found is not None and found.two_people

        async def work(tx: Transaction) -> None:
            await move_seen(tx, unit, seen, events[-1].sequence)
            contacts = await contacts_of(tx, unit)
            for event in events:
                if event.type == EventType.REQUEST_RETURNED:
                    await release_if_left(tx, event, contacts, self.clock.now())
            for event in events if contacts else ():
                for message in await _messages(tx, event, contacts, two_people=two_people):
                    await add_message(tx, message)

        await self.store.write(work)
        return events[-1].sequence

    async def _send_due(self) -> int:
        sent, now, far = 0, self.clock.now(), 2 * max(LONGEST_REST, self.lease)
        for message in await self.store.read(lambda tx: due_messages(tx, now, BATCH, now + far)):
            ready = await self._taken(message)
            if ready is None:
                continue
            problem = await self._told(ready)
            if problem is None:
                sent += 1
                continue
            await self._put_off(ready, problem)
            if problem.server_down or problem.perhaps_taken:
                break  # what is down for one message is down for all: the next look tries another one first
        return sent

    async def _told(self, ready: _Ready) -> NotToldError | None:
        """Hand a message over and note it; return why it was not taken, if so."""
        try:
            async with asyncio.timeout(self.notifier.seconds):
                await self.notifier.tell(ready.notice)
        except NotToldError as problem:
            return problem
        except TimeoutError:
            return NotToldError("TimeoutError", perhaps_taken=True)
        with suppress(StaleVersionError):  # the lease ran out, and another process took it
            await self.store.write(lambda tx: drop_message(tx, ready.message))
        return None

    async def _taken(self, message: ConsoleMessage) -> _Ready | None:
        """Take a message with a new link, so that nobody else does; None where it is not needed any more.

        The link stays where the answer is lost: the mail server may have taken the message nevertheless. So a message
        has as many links as attempts, at most.
        """
        now, token = self.clock.now(), new_token(self.ids)
        leased = replace(message, due_at=now + self.lease, attempts=message.attempts + 1)

        async def work(tx: Transaction) -> tuple[ConsoleMessage, ConsoleLink, Contact, VerificationRequest] | None:
            contact = await find_contact(tx, message.contact_id)
            request = await load_request(tx, message.request_id)
            if contact is None or not _still_due(message, contact, request):
                await drop_message(tx, message)
                return None
            if message.attempts >= ATTEMPTS:  # whoever took it died each time
                await _give_up(tx, message, now)
                return None
            link = self._link(message, contact, token, now)
            await add_link(tx, link)
            return await save_message(tx, leased), link, contact, request

        try:
            taken = await self.store.write(work)
        except StaleVersionError:  # another process took it
            return None
        if taken is None:
            return None
        saved, link, contact, request = taken
        return _Ready(saved, self._notice(saved, link, contact, request, token), link.token_sha256)

    def _link(self, message: ConsoleMessage, contact: Contact, token: str, now: datetime) -> ConsoleLink:
        return ConsoleLink(
            token_sha256=token_digest(token),
            contact_id=contact.id,
            request_id=message.request_id,
            post=message.post,
            message_id=message.id,
            made_at=now,
            valid_until=now + self.rule.valid,
        )

    def _notice(
        self, message: ConsoleMessage, link: ConsoleLink, contact: Contact, request: VerificationRequest, token: str
    ) -> Notice:
        snapshot = self.snapshots.current()
        task = Task(
            name=contact.name,
            post=message.post,
            event_type=message.event_type,
            item=snapshot.item(request.item_code),
            proof_type=snapshot.proof_type(request.proof_type_code),
            due_at=request.due_at,
            until=link.valid_until,
            link=f"{self.rule.public_url}/console/{token}",
        )
        return Notice(contact.email, subject_line(task), message_text(task), message.id, link.made_at)

    async def _put_off(self, ready: _Ready, problem: NotToldError) -> None:
        """Try a message later, or never where that is of no use."""
        message, now = ready.message, self.clock.now()
        ended = problem.for_good or (message.attempts >= ATTEMPTS and not problem.server_down)
        LOG.warning("console.not_told", message=message.id, reason=str(problem), attempts=message.attempts, ended=ended)
        attempts = min(message.attempts, OUTAGE_ATTEMPTS) if problem.server_down else message.attempts
        rest = min(FIRST_REST * 2 ** min(message.attempts - 1, 16), LONGEST_REST)

        async def work(tx: Transaction) -> None:
            if not problem.perhaps_taken:
                await drop_link(tx, ready.token_sha256)
            if ended:
                await _give_up(tx, message, now)
            else:
                await save_message(tx, replace(message, attempts=attempts, due_at=now + rest))

        with suppress(StaleVersionError):  # the lease ran out, and another process took it
            await self.store.write(work)


async def _give_up(tx: Transaction, message: ConsoleMessage, at: datetime) -> None:
    await drop_message(tx, message)
    stream, contact, kind = f"contacts/{message.unit_code}", message.contact_id, "console.undeliverable"
    await append_audit(tx, entry(stream, SYSTEM_ACTOR, kind, message.request_id, at, contact=contact))


def new_token(ids: Ids) -> str:
    """Return a token of 256 random bits, URL-safe: two codes of 128."""
    return ids.check_code() + ids.check_code()


def token_digest(token: str) -> str:
    """Return what of a token is stored: its SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def who_acts(request: VerificationRequest, contacts: Iterable[Contact], *, two_people: bool) -> tuple[Contact, ...]:
    """Return those whose turn it is: who holds the post and took no step that forbids this one (R17.2)."""
    post = POST_OF.get(request.state)
    holding = [contact for contact in contacts if post is not None and post in contact.posts]
    if request.state is RequestState.CLAIMED:
        return tuple(contact for contact in holding if contact.staff_id == request.drafter)
    step = {RequestState.DRAFTED: Step.APPROVE, RequestState.REVIEWED: Step.SEAL}.get(request.state)
    if step is None:
        return tuple(holding)
    return tuple(
        contact for contact in holding if not person_conflict(request, step, contact.staff_id, two_people=two_people)
    )


async def _messages(
    tx: Transaction, event: OutboxEvent, contacts: tuple[Contact, ...], *, two_people: bool
) -> tuple[ConsoleMessage, ...]:
    """Return the messages that follow from an event of a unit; most events cause none."""
    states = _CAUSES.get(event.type)
    if states is None:
        return ()
    try:
        request = await load_request(tx, event.subject)
    except RecordNotFoundError:
        return ()
    if request.issuing_unit != event.unit_code or request.state not in states:
        return ()
    told = who_acts(request, contacts, two_people=two_people)
    return tuple(_message(event, contact, POST_OF[request.state]) for contact in told)


def _message(event: OutboxEvent, contact: Contact, post: ContactPost) -> ConsoleMessage:
    return ConsoleMessage(
        id=joined(event.id, contact.id, post),
        contact_id=contact.id,
        unit_code=event.unit_code,
        request_id=event.subject,
        event_type=event.type,
        post=post,
        since=event.at,
        due_at=event.at,
        attempts=0,
        version=1,
    )


def _still_due(message: ConsoleMessage, contact: Contact, request: VerificationRequest) -> bool:
    """Tell whether it is still the turn of this post in this unit: the mail server may have been down for days."""
    mine = request.state is not RequestState.CLAIMED or request.drafter == contact.staff_id
    turn = POST_OF.get(request.state) == message.post and request.issuing_unit == message.unit_code
    return mine and turn and message.post in contact.posts
