"""Verification requests (协助核实请求) as the units concerned see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models import casework as records
from graph_models.casework import RequestState
from graph_models.catalogue import ApplicantKind
from graph_models.request_states import Step, allowed_steps
from hub.deadlines import delivered_at
from hub.requests import RequestMatter
from schema import enums  # noqa: F401  the enums' descriptions
from schema.catalogue import FactField, ProofType, ServiceItem, Unit, item_in, proof_type_in, unit_in
from schema.context import Info
from schema.errors import QueryProblem, read_or_problem
from schema.fields import resolved
from schema.relay import After, Connection, First, Page, connection, page_of
from schema.shaping import shaped

OPEN_STATES = frozenset({RequestState.RECEIVED, RequestState.CLAIMED, RequestState.DRAFTED, RequestState.REVIEWED})
"""What an inbox shows where the caller does not say."""


@strawberry.type(description="One key by which a record is found, or one fact of a draft.")
class KeyValue:
    """A key and its value."""

    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="The value.")


@strawberry.type(description="Whom or what the issuing unit is to look for: the least that the proof type needs.")
class RequestSubject:
    """Whom or what the issuing unit is to look for."""

    kind: ApplicantKind = strawberry.field(description="Natural or legal person.")
    name: str = strawberry.field(description="The applicant's name.")
    keys: list[KeyValue] = strawberry.field(description="The keys by which a record of this type is found.")


@strawberry.type(description="What a drafter found: facts, or that there is no such record.")
class DraftAnswer:
    """What a drafter found."""

    negative: bool = strawberry.field(description="Whether there is no such record.")
    facts: list[KeyValue] = strawberry.field(description="The facts; none in a negative answer.")
    statement: str = strawberry.field(description="For a negative answer which register was searched, by which keys.")


@strawberry.type(description="One step of a request as it happened.")
class RequestStep:
    """One step of a request."""

    step: Step = strawberry.field(description="What was done.")
    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="By whom: a staff number, never a name.")
    unit_code: str = strawberry.field(description="For which unit; empty for the hub itself.")
    remarks: str | None = strawberry.field(description="Remarks of the reviewer, or the reason given.")


@strawberry.type(
    description="Asks an issuing unit to look and to answer under its seal (协助核实请求, Art. 14, 16). "
    "Seen by the unit that asks and the unit that is asked."
)
class VerificationRequest:
    """A verification request."""

    record: strawberry.Private[records.VerificationRequest]
    id: strawberry.ID = strawberry.field(description="Its identifier.")
    case_number: str = strawberry.field(description="The case for which it asks: its purpose.")
    proof_type_code: str = strawberry.field(description="Code of the proof type that is asked for.")
    item_code: str = strawberry.field(description="Code of the service item.")
    asking_unit: str = strawberry.field(description="Code of the unit that asks.")
    issuing_unit: str = strawberry.field(description="Code of the unit that is asked now.")
    region: str = strawberry.field(description="GB/T 2260 code of the case's region.")
    state: RequestState = strawberry.field(description="Where it stands.")
    received_at: datetime = strawberry.field(description="When the issuing unit received it.")
    target_at: datetime = strawberry.field(
        description="Half an hour after receipt for an instant item, else 24 hours: in principle (Art. 14)."
    )
    hard_limit_at: datetime | None = strawberry.field(
        description="Close of office on the working day before the promised day; null for an instant item."
    )
    due_at: datetime = strawberry.field(description="The earlier of the two, and never before receipt.")
    overdue_since: datetime | None = strawberry.field(
        description="When it was due, once that is over without an answer; its unit's manager and the supervisor know."
    )
    urgent: bool = strawberry.field(description="Whether the hard limit had passed already at receipt: due now.")
    provisional: bool = strawberry.field(description="Whether a year of unknown holidays was counted by weekdays.")
    drafter: str | None = strawberry.field(description="Who claimed it: a staff number.")
    reviewer: str | None = strawberry.field(description="Who approved the draft: a staff number.")
    seal_keeper: str | None = strawberry.field(description="Who confirmed the seal: a staff number.")
    escalated_since: datetime | None = strawberry.field(
        description="Since when a supervisor is to say which unit answers it; null where there is nothing to decide."
    )
    assigned_by: str | None = strawberry.field(description="The supervisor who said which unit answers it.")
    passed_by: list[str] = strawberry.field(description="Codes of units that passed it on, in order.")
    part_of: strawberry.ID | None = strawberry.field(
        description="The request for a part of whose answer it asks; null for a request that is no part."
    )
    part_fields: list[str] = strawberry.field(
        description="Keys of the facts that the part brings; empty for a request that is no part."
    )
    version: int = strawberry.field(description="Give it as `expectedVersion` to be told of a change in between.")

    @resolved("The steps that may follow, by whoever holds the post; delivering is the hub's own.")
    def next_steps(self) -> list[Step]:
        """Return the steps that may follow."""
        never = {Step.DELIVER} if self.part_of is None else {Step.DELIVER, Step.REQUEST_PART}
        return [step for step in allowed_steps(self.state) if step not in never]

    @resolved("Whether the target passed before the answer was sealed, or has passed with none yet (Art. 14).")
    def target_passed(self, info: Info) -> bool:
        """Tell whether the answer is later than it should be in principle."""
        return info.context.services.requests.has_passed(self.record, self.record.target_at)

    @resolved("Whether the hard limit passed before the answer was sealed, or has passed with none yet (Art. 14).")
    def hard_limit_passed(self, info: Info) -> bool:
        """Tell whether the answer is later than it may be."""
        return info.context.services.requests.has_passed(self.record, self.record.hard_limit_at)

    @resolved("When the proof was delivered to the case; null until it is.")
    def delivered_at(self) -> datetime | None:
        """Return when it was delivered."""
        return delivered_at(self.record)

    @resolved("Whether it was delivered by `targetAt`; false once that has passed without, null while there is time.")
    def within_target(self, info: Info) -> bool | None:
        """Tell whether the answer was there in half an hour, or in its day."""
        return info.context.services.requests.within_target(self.record)

    @resolved("What happened so far.")
    def steps(self) -> list[RequestStep]:
        """Return what happened so far."""
        return [shaped(RequestStep, step, step=Step(step.step)) for step in self.record.steps]

    @resolved(
        "The draft; for the issuing unit alone. Of a part that was answered for the unit that asked, too: its facts "
        "are in that unit's answer as they were confirmed."
    )
    def draft(self, info: Info) -> DraftAnswer | None:
        """Return the draft to the issuing unit, and an answered part to the unit in whose answer it stands."""
        draft, unit = self.record.draft, info.context.actor.unit_code
        answered = self.part_of is not None and self.state is RequestState.DELIVERED
        if draft is None or unit not in (self.issuing_unit, *([self.asking_unit] if answered else [])):
            return None
        facts = [KeyValue(key=key, value=value) for key, value in draft.facts]
        return DraftAnswer(negative=draft.negative, facts=facts, statement=draft.statement)

    @resolved("Remarks on a returned draft, or the reason of the last passing on or withdrawal.")
    def remarks(self) -> str | None:
        """Return the latest remarks."""
        return self.record.remarks

    @resolved("Whom or what to look for; null where the caller's posts do not allow it.")
    async def subject(self, info: Info) -> RequestSubject | None:
        """Return whom or what to look for."""
        subject = (await self._matter(info)).subject
        if subject is None:
            return None
        keys = [KeyValue(key=key, value=value) for key, value in subject.keys]
        return RequestSubject(kind=subject.kind, name=subject.name, keys=keys)

    @resolved("The form of the answer: the facts that a drafter fills in, without those that other units bring.")
    async def form(self, info: Info) -> list[FactField]:
        """Return the facts that a drafter fills in."""
        return [shaped(FactField, fact) for fact in (await self._matter(info)).form]

    @resolved("What the issuing unit has asked other units for, by receipt; for the issuing unit alone.")
    async def parts(self, info: Info) -> list[VerificationRequest]:
        """Return the parts that hold for the answer."""
        return [request_shape(part) for part in (await self._matter(info)).parts]

    @resolved("The proof type that is asked for.")
    async def proof_type(self, info: Info) -> ProofType | None:
        """Return the proof type that is asked for."""
        return proof_type_in((await self._matter(info)).snapshot, self.proof_type_code)

    @resolved("The service item.")
    async def item(self, info: Info) -> ServiceItem | None:
        """Return the service item."""
        return item_in((await self._matter(info)).snapshot, self.item_code)

    @resolved("The unit that asks.")
    async def asker(self, info: Info) -> Unit | None:
        """Return the unit that asks."""
        return unit_in((await self._matter(info)).snapshot, self.asking_unit)

    @resolved("The unit that is asked now.")
    async def issuer(self, info: Info) -> Unit | None:
        """Return the unit that is asked now."""
        return unit_in((await self._matter(info)).snapshot, self.issuing_unit)

    async def _matter(self, info: Info) -> RequestMatter:
        return await info.context.loaders.matters.load(self.record)


@strawberry.type(description="A page of verification requests.")
class RequestConnection(Connection[VerificationRequest]):
    """A page of verification requests."""


RequestResult: TypeAlias = Annotated[
    VerificationRequest | QueryProblem,
    strawberry.union("RequestResult", description="The request, or why there is none."),
]
InboxResult: TypeAlias = Annotated[
    RequestConnection | QueryProblem, strawberry.union("InboxResult", description="The page, or why there is none.")
]


@strawberry.type(description="Queries of verification requests.")
class RequestQueries:
    """Queries of verification requests."""

    @resolved("A request that the caller's unit asks or is asked.")
    async def request(
        self,
        info: Info,
        request_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="The request's identifier.")],
    ) -> RequestResult:
        """Return a request."""

        async def read() -> VerificationRequest:
            return request_shape(await info.context.services.requests.read(info.context.actor, request_id))

        return await read_or_problem(read())

    @resolved(
        "What the caller's unit is asked, the earliest due first. For drafters, reviewers, seal "
        "keepers and the unit's manager; pages of at most 100."
    )
    async def inbox(
        self,
        info: Info,
        states: Annotated[
            list[RequestState] | None,
            strawberry.argument(description="Only in these states; RECEIVED to REVIEWED where it is not said."),
        ] = None,
        overdue: Annotated[
            bool, strawberry.argument(description="Only what was due by now, with what was urgent at receipt.")
        ] = False,
        first: First = 20,
        after: After = None,
    ) -> InboxResult:
        """Return a page of the inbox."""
        wanted = OPEN_STATES if states is None else frozenset(states)

        async def read() -> RequestConnection:
            return await _inbox(info, wanted, page_of("inbox", (int, str), first, after), overdue=overdue)

        return await read_or_problem(read())


def request_shape(record: records.VerificationRequest) -> VerificationRequest:
    """Return a request as GraphQL shows it."""
    return shaped(VerificationRequest, record, record=record)


async def _inbox(info: Info, states: frozenset[RequestState], page: Page, *, overdue: bool) -> RequestConnection:
    first = page.first
    seen = (int(page.after[0]), str(page.after[1])) if page.after else None
    found = await info.context.services.requests.inbox(info.context.actor, states, seen, first + 1, overdue=overdue)
    chosen = found[:first]
    keys = [(round(each.due_at.timestamp() * 1000), each.id) for each in chosen]
    nodes = [request_shape(each) for each in chosen]
    return connection(RequestConnection, page, nodes, keys, more=len(found) > first)
