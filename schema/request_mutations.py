"""Steps on verification requests. Each is idempotent by its key and says what it expects of the request's version."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypeAlias, TypeVar

import strawberry

from graph_models import casework as records
from hub.errors import HubError
from hub.requests import AskedPart, StepCall
from schema.context import Info
from schema.errors import Problem, problem_of
from schema.fields import resolved
from schema.requests import VerificationRequest, request_shape

T = TypeVar("T")


@strawberry.input(description="Which request, under which key, and which version the caller saw.")
class StepInput:
    """Which request, under which key, and which version the caller saw."""

    request_id: strawberry.ID = strawberry.field(description="The request's identifier.")
    key: str = strawberry.field(
        description="A key of the caller's own, 1 to 128 characters: the same key and content do nothing twice."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="The version the caller saw; another one is a Conflict. Null: whichever is there."
    )

    def call(self) -> StepCall:
        """Return the step as the hub takes it."""
        return StepCall(request_id=self.request_id, key=self.key, expected_version=self.expected_version)


@strawberry.input(description="Claims a request (领取).")
class ClaimRequestInput(StepInput):
    """Claims a request."""


@strawberry.input(description="Gives a claimed request back (释放).")
class ReleaseRequestInput(StepInput):
    """Gives a claimed request back."""


@strawberry.input(description="One fact of a draft.")
class FactInput:
    """One fact of a draft."""

    key: str = strawberry.field(description="Key of the fact, as the request's form says.")
    value: str = strawberry.field(description="What it says, at most 2000 characters.")


@strawberry.input(description="Drafts an answer (拟稿): facts, or that there is no such record.")
class DraftAnswerInput(StepInput):
    """Drafts an answer."""

    negative: bool = strawberry.field(description="Whether there is no such record: an answer like any other.")
    facts: list[FactInput] = strawberry.field(
        default_factory=list, description="Each fact of the form once; none in a negative answer."
    )
    statement: str = strawberry.field(
        default="",
        description="For a negative answer which register was searched, by which keys; at most 1000 characters.",
    )


@strawberry.input(description="Reviews a draft (审核): approves it, or returns it with remarks.")
class ReviewAnswerInput(StepInput):
    """Reviews a draft."""

    approve: bool = strawberry.field(description="True approves; false returns it to its drafter.")
    remarks: str | None = strawberry.field(default=None, description="Needed where the draft is returned.")


@strawberry.input(description="Confirms the seal (盖章): the proof is made and delivered.")
class SealAnswerInput(StepInput):
    """Confirms the seal."""


@strawberry.input(description="Passes a request on to the unit that is competent (转交).")
class RerouteRequestInput(StepInput):
    """Passes a request on."""

    to_unit: str = strawberry.field(description="Code of another issuing unit that has not passed it on already.")
    reason: str = strawberry.field(description="Why that unit is competent.")


@strawberry.input(description="Says which unit answers an escalated request (指定办理).")
class AssignRequestInput(StepInput):
    """Says which unit answers an escalated request."""

    to_unit: str = strawberry.field(description="Code of an issuing unit of the proof type; it may be the present one.")
    reason: str = strawberry.field(description="Why that unit is competent.")


@strawberry.input(description="Asks another issuing unit for a part of the answer (分项核实).")
class RequestPartInput(StepInput):
    """Asks another issuing unit for a part of the answer."""

    unit_code: str = strawberry.field(description="Code of another issuing unit of the proof type, not the asking one.")
    fields: list[str] = strawberry.field(description="Keys of the facts of the form that it is to bring; not all.")
    reason: str = strawberry.field(description="Why that unit knows them, at most 1000 characters; it reads it.")


@strawberry.input(description="Withdraws a request of the caller's own unit (撤回).")
class WithdrawRequestInput(StepInput):
    """Withdraws a request."""

    reason: str = strawberry.field(description="Why it is not needed any more.")


@strawberry.type(description="The request after the step, or why nothing was changed.")
class RequestPayload:
    """The request after the step, or why nothing was changed."""

    request: VerificationRequest | None = strawberry.field(description="The request; null exactly where errors are.")
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where the step was taken.")


@strawberry.type(description="The request and the part of its answer that was asked for, or why nothing was changed.")
class RequestPartPayload:
    """The request and the part that was asked for, or why nothing was changed."""

    request: VerificationRequest | None = strawberry.field(description="The request; null exactly where errors are.")
    part: VerificationRequest | None = strawberry.field(description="What the other unit is asked; null likewise.")
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where the part was asked for.")


_INPUT = strawberry.argument(name="input", description="The request, the key, and what the step needs.")
Claim: TypeAlias = Annotated[ClaimRequestInput, _INPUT]
Release: TypeAlias = Annotated[ReleaseRequestInput, _INPUT]
Draft: TypeAlias = Annotated[DraftAnswerInput, _INPUT]
Review: TypeAlias = Annotated[ReviewAnswerInput, _INPUT]
Seal: TypeAlias = Annotated[SealAnswerInput, _INPUT]
Reroute: TypeAlias = Annotated[RerouteRequestInput, _INPUT]
Assign: TypeAlias = Annotated[AssignRequestInput, _INPUT]
Part: TypeAlias = Annotated[RequestPartInput, _INPUT]
Withdraw: TypeAlias = Annotated[WithdrawRequestInput, _INPUT]


@strawberry.type(description="Steps on verification requests.")
class RequestMutations:
    """Steps on verification requests."""

    @resolved("Claim a request. For drafters of the issuing unit.")
    async def claim_request(self, info: Info, given: Claim) -> RequestPayload:
        """Claim a request."""
        service, actor = info.context.services.requests, info.context.actor
        return await _payload(service.claim(actor, given.call()))

    @resolved("Give a claimed request back to the inbox. For drafters of the issuing unit.")
    async def release_request(self, info: Info, given: Release) -> RequestPayload:
        """Give a claimed request back."""
        service, actor = info.context.services.requests, info.context.actor
        return await _payload(service.release(actor, given.call()))

    @resolved("Draft the answer. For the drafter who claimed the request.")
    async def draft_answer(self, info: Info, given: Draft) -> RequestPayload:
        """Draft the answer."""
        service, actor = info.context.services.requests, info.context.actor
        facts = tuple((fact.key, fact.value) for fact in given.facts)
        answer = records.DraftAnswer(negative=given.negative, facts=facts, statement=given.statement)
        return await _payload(service.draft(actor, given.call(), answer))

    @resolved("Approve a draft or return it with remarks. For reviewers of the issuing unit, not the drafter.")
    async def review_answer(self, info: Info, given: Review) -> RequestPayload:
        """Approve a draft or return it."""
        service, actor = info.context.services.requests, info.context.actor
        return await _payload(service.review(actor, given.call(), approve=given.approve, remarks=given.remarks))

    @resolved(
        "Confirm the seal: the proof is made, endorsed, sealed and delivered. For seal keepers of the "
        "issuing unit; a third person, or the reviewer where the unit is allowed two people."
    )
    async def seal_answer(self, info: Info, given: Seal) -> RequestPayload:
        """Confirm the seal."""
        service, actor = info.context.services.requests, info.context.actor
        return await _payload(service.seal(actor, given.call()))

    @resolved(
        "Pass a request on to the competent unit, with a reason. For drafters and the manager of the "
        "issuing unit; there is no refusing (Art. 16). Not to a unit that had it: that is `Escalated`."
    )
    async def reroute_request(self, info: Info, given: Reroute) -> RequestPayload:
        """Pass a request on."""
        service, actor = info.context.services.requests, info.context.actor
        return await _payload(service.reroute(actor, given.call(), given.to_unit, given.reason))

    @resolved(
        "Say which unit answers a request that went round between units and was escalated. For supervisors, whatever "
        "their unit; no unit passes it on by itself after that."
    )
    async def assign_request(self, info: Info, given: Assign) -> RequestPayload:
        """Say which unit answers an escalated request."""
        service, actor = info.context.services.requests, info.context.actor
        return await _payload(service.assign(actor, given.call(), given.to_unit, given.reason))

    @resolved(
        "Ask another issuing unit for the part of the answer that the unit cannot know. For the drafter who claimed "
        "the request; its answer is sealed once the part is answered, and the proof names both units (Art. 14)."
    )
    async def request_part(self, info: Info, given: Part) -> RequestPartPayload:
        """Ask another unit for a part of the answer."""
        service, actor = info.context.services.requests, info.context.actor
        asked = AskedPart(unit_code=given.unit_code, fields=tuple(given.fields), reason=given.reason)
        try:
            done = await service.parts.request(actor, given.call(), asked)
        except HubError as error:
            return RequestPartPayload(request=None, part=None, errors=[problem_of(error)])
        return RequestPartPayload(request=request_shape(done.whole), part=request_shape(done.part), errors=[])

    @resolved(
        "Withdraw a request before it is sealed. For operators of the unit that asked; a part for the drafters of the "
        "unit that asked for it. What is open of its parts ends with it."
    )
    async def withdraw_request(self, info: Info, given: Withdraw) -> RequestPayload:
        """Withdraw a request."""
        service, actor = info.context.services.requests, info.context.actor
        return await _payload(service.withdraw(actor, given.call(), given.reason))


async def _payload(step: Awaitable[records.VerificationRequest]) -> RequestPayload:
    try:
        return RequestPayload(request=request_shape(await step), errors=[])
    except HubError as error:
        return RequestPayload(request=None, errors=[problem_of(error)])
