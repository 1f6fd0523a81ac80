"""Requests that are with a drafter who is a contact no more: they go back to the unit's inbox, for others to take up.

A drafter without a system has nothing but the links of a contact, so whatever a removed one had claimed, or a reviewer
returns to a removed one, nobody could take up. Those who sign in are nobody's contact, and keep what they claimed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from graph_models.casework import OutboxEvent, RequestState, RequestStep, VerificationRequest
from graph_models.contact_records import was_contact
from graph_models.contacts import Contact
from graph_models.errors import RecordNotFoundError
from graph_models.journal_records import append_audit, append_events
from graph_models.request_records import list_inbox, load_request, save_request
from graph_models.request_states import Step, next_state
from graph_models.rows import milliseconds
from graph_models.store import Transaction
from hub.actors import SYSTEM_ACTOR, Actor
from hub.audit import entry
from hub.events import EventType, events_for

_PAGE = 100
"""Requests read in one go."""


async def release_claims(tx: Transaction, contact: Contact, actor: Actor, at: datetime) -> None:
    """Release what a contact has claimed who is removed by the actor. Raises StaleVersionError."""
    after: tuple[int, str] | None = None
    claimed = frozenset({RequestState.CLAIMED})
    while page := await list_inbox(tx, contact.unit_code, claimed, after, _PAGE):
        for request in page:
            if request.drafter == contact.staff_id:
                await _release(tx, request, actor, at)
        after = milliseconds(page[-1].due_at), page[-1].id


async def release_if_left(tx: Transaction, event: OutboxEvent, contacts: Iterable[Contact], at: datetime) -> None:
    """Release a draft that was returned to somebody who was a contact of the unit. Raises StaleVersionError."""
    try:
        request = await load_request(tx, event.subject)
    except RecordNotFoundError:
        return
    unit, drafter = event.unit_code, request.drafter
    if request.issuing_unit != unit or request.state is not RequestState.CLAIMED or drafter is None:
        return
    if all(contact.staff_id != drafter for contact in contacts) and await was_contact(tx, unit, drafter):
        await _release(tx, request, SYSTEM_ACTOR, at)


async def _release(tx: Transaction, request: VerificationRequest, actor: Actor, at: datetime) -> None:
    """Give a claim back in the drafter's place; the reviewer's remarks stay for the next one."""
    step = RequestStep(step=Step.RELEASE, at=at, by=actor.subject, unit_code=actor.unit_code, remarks=None)
    free = replace(request, drafter=None, draft=None, steps=(*request.steps, step))
    changed = await save_request(tx, replace(free, state=next_state(request.state, Step.RELEASE)))
    kind, unit, case = EventType.REQUEST_RELEASED, request.issuing_unit, request.case_number
    await append_audit(tx, entry(case, actor, kind, changed.id, at, unit=unit, state=changed.state))
    told = events_for({unit, request.asking_unit}, kind, changed.id, at, case=case, state=changed.state)
    await append_events(tx, told)
