"""The console page of one request, for people without a system: what its link opens, and the steps taken by it.

A link's token is the contact's key to one request in one post. What is done by it goes through the same services and
the same policy as with a token of sign-in, by an actor made of the contact: staff number, unit, the link's post. So
different people answer, and none can be asked twice by two addresses. Looking changes nothing but the audit: mail
scanners open links too.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from graph_models.casework import DraftAnswer, RequestState, VerificationRequest
from graph_models.contact_records import find_link
from graph_models.contacts import ConsoleLink, Contact, ContactPost
from graph_models.journal_records import append_audit
from graph_models.request_states import FINAL_STATES, Step, person_conflict
from graph_models.store import GraphStore
from hub.actors import Actor, Post
from hub.answers import check_answer
from hub.audit import entry
from hub.clock import Clock, today_in_city
from hub.console_messages import POST_OF, token_digest
from hub.errors import ConflictError, HubError, NotFoundError
from hub.request_steps import StepCall
from hub.requests import RequestMatter, RequestService


class UnknownLinkError(NotFoundError):
    """No contact has such a link: it was never made, or went with its contact."""


class LinkEndedError(HubError):
    """The link was good once: its hours are over, or the request went to another unit."""

    code = "LINK_ENDED"


class StaleFormError(ConflictError):
    """The form was sent before, was changed, or shows the request as it is no more."""

    code = "STALE_FORM"


class Stage(StrEnum):
    """What the visitor of a console page finds."""

    ACT = "ACT"
    """It is the visitor's turn."""
    WAITING = "WAITING"
    """It is somebody else's turn, or not yet the visitor's."""
    NOT_YOU = "NOT_YOU"
    """It is the post's turn, but another person must do it."""
    ENDED = "ENDED"
    """It is answered or withdrawn; nothing of it is shown."""


@dataclass(frozen=True, slots=True)
class ConsoleView:
    """One request as its link opens it."""

    link: ConsoleLink
    contact: Contact
    request: VerificationRequest
    matter: RequestMatter | None
    """None once it has ended."""
    stage: Stage
    form_token: str
    """Good for one step on the request as it stands."""

    @property
    def actor(self) -> Actor:
        """The contact, holding the link's post and no other."""
        return _actor(self.link, self.contact)


@dataclass(frozen=True, slots=True)
class ConsoleService:
    """Opens links, and takes the steps of who holds them."""

    store: GraphStore
    requests: RequestService
    clock: Clock

    async def view(self, token: str) -> ConsoleView:
        """Return what the link opens; the view is audited.

        Raises:
            UnknownLinkError: there is no such link.
            LinkEndedError: there is one no more.
        """
        seen = await self._opened(token)
        await self._journal(seen, "console.viewed")
        return seen

    async def draft(self, token: str, form_token: str, answer: DraftAnswer) -> None:
        """Claim the request where nobody has, and draft its answer.

        Raises:
            UnknownLinkError, LinkEndedError: as ``view``.
            StaleFormError: the form is not the one that the page shows now.
            InvalidInputError: the facts are not those of the proof type; nothing was changed.
            HubError: what the requests' service refuses.
        """
        seen = await self._ready(token, form_token)
        request, actor = seen.request, seen.actor
        if seen.matter is not None:
            known, form = seen.matter.snapshot, seen.matter.form
            check_answer(known, request.proof_type_code, answer, today_in_city(self.clock), form)
        if request.state is RequestState.RECEIVED:
            request = await self.requests.claim(actor, _call(request, form_token))
        await self.requests.draft(actor, _call(request, form_token), answer)
        await self._journal(seen, "console.drafted")

    async def review(self, token: str, form_token: str, *, approve: bool, remarks: str | None) -> None:
        """Approve the draft or return it; raises as ``draft`` does."""
        seen = await self._ready(token, form_token)
        call = _call(seen.request, form_token)
        await self.requests.review(seen.actor, call, approve=approve, remarks=remarks)
        await self._journal(seen, "console.reviewed")

    async def seal(self, token: str, form_token: str) -> None:
        """Confirm the seal; raises as ``draft`` does."""
        seen = await self._ready(token, form_token)
        await self.requests.seal(seen.actor, _call(seen.request, form_token))
        await self._journal(seen, "console.sealed")

    async def _ready(self, token: str, form_token: str) -> ConsoleView:
        """Open a link to act, with the form that it shows now."""
        seen = await self._opened(token)
        if not hmac.compare_digest(form_token.encode(), seen.form_token.encode()):
            raise StaleFormError(
                "the form was sent already, or the request has changed since the page was opened",
                message_zh="该表单已提交过，或者请求在页面打开后已有变化",
                mend="Open the link again and look at the request as it stands now.",
            )
        return seen

    async def _opened(self, token: str) -> ConsoleView:
        digest = token_digest(token)
        found = await self.store.read(lambda tx: find_link(tx, digest))
        if found is None or not hmac.compare_digest(found[0].token_sha256, digest):
            raise UnknownLinkError(
                "there is no such link",
                message_zh="链接无效",
                mend="Open the link from the message as it is, whole; or ask your unit's manager.",
            )
        link, contact = found
        if self.clock.now() > link.valid_until or link.post not in contact.posts:
            raise _ended("the link has expired", "链接已过期")
        return await self._seen(token, link, contact)

    async def _seen(self, token: str, link: ConsoleLink, contact: Contact) -> ConsoleView:
        actor = _actor(link, contact)
        try:
            request = await self.requests.read(actor, link.request_id)
        except NotFoundError as problem:
            raise _ended("the request went to another unit", "该请求已转交其他单位") from problem
        if request.issuing_unit != contact.unit_code:
            raise _ended("the request went to another unit", "该请求已转交其他单位")
        form = _form_token(token, request)
        if request.state in FINAL_STATES:
            return ConsoleView(link, contact, request, None, Stage.ENDED, form)
        (matter,) = await self.requests.matters_of(actor, (request,))
        return ConsoleView(link, contact, request, matter, _stage(link, request, matter, actor), form)

    async def _journal(self, seen: ConsoleView, operation: str) -> None:
        request, link = seen.request, seen.link
        draft = entry(
            request.case_number,
            seen.actor,
            operation,
            request.id,
            self.clock.now(),
            contact=link.contact_id,
            link=link.token_sha256[:16],
        )
        await self.store.write(lambda tx: append_audit(tx, draft))


_STEPS = {
    ContactPost.DRAFTER: Step.DRAFT,
    ContactPost.REVIEWER: Step.APPROVE,
    ContactPost.SEAL_KEEPER: Step.SEAL,
}


def _stage(link: ConsoleLink, request: VerificationRequest, matter: RequestMatter, actor: Actor) -> Stage:
    if POST_OF.get(request.state) != link.post:
        return Stage.WAITING
    if request.state is RequestState.CLAIMED and request.drafter != actor.subject:
        return Stage.NOT_YOU
    unit = matter.snapshot.unit(request.issuing_unit)
    two_people = unit is not None and unit.two_people
    step = _STEPS[link.post]
    conflict = person_conflict(request, step, actor.subject, two_people=two_people)
    return Stage.NOT_YOU if conflict else Stage.ACT


def _actor(link: ConsoleLink, contact: Contact) -> Actor:
    return Actor(contact.staff_id, contact.unit_code, frozenset({Post(link.post)}))


def _form_token(token: str, request: VerificationRequest) -> str:
    """Return what only the holder of the link can send, for one version of the request: so it is good once."""
    said = f"{request.id}/{request.version}"
    return hmac.new(token.encode(), said.encode(), hashlib.sha256).hexdigest()


def _call(request: VerificationRequest, form_token: str) -> StepCall:
    return StepCall(request_id=request.id, key=f"console-{form_token}", expected_version=request.version)


def _ended(message: str, message_zh: str) -> LinkEndedError:
    return LinkEndedError(
        message,
        message_zh=message_zh,
        mend="Wait for the next message, or ask your unit's manager; nothing is to be done by this link.",
    )
