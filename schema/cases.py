"""Cases (办件) as their own unit sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models import casework as records
from graph_models.casework import CaseState, NeedState
from graph_models.catalogue import ApplicantKind, IssuingMode, Measure
from hub.case_files import CaseFile
from hub.routing import RoutingInput, route_requirement
from schema import enums  # noqa: F401  the enums' descriptions
from schema.catalogue import ProofType, ServiceItem, Snapshot, Unit, item_in, proof_type_in, unit_in
from schema.context import Info
from schema.errors import QueryProblem, read_or_problem
from schema.fields import resolved
from schema.proofs import Proof, proof_shape
from schema.relay import After, Connection, First, connection, page_of
from schema.requests import KeyValue, VerificationRequest, request_shape
from schema.routes import Plan, RoutingQuestion, plan_shape, question_shape
from schema.shaping import shaped


@strawberry.type(description="Who a case is about.")
class Applicant:
    """Who a case is about."""

    kind: ApplicantKind = strawberry.field(description="Natural or legal person.")
    name: str = strawberry.field(description="The name.")
    identifier: str = strawberry.field(
        description="Identity number (GB 11643) of a natural person, social credit code (GB 32100) of a legal one."
    )


@strawberry.type(description="How the applicant, or an agent with a mandate, was identified (Art. 12).")
class IdentityEvidence:
    """How the applicant or an agent was identified."""

    method: Measure = strawberry.field(description="FACE_RECOGNITION or APP_LICENCE.")
    provider: str = strawberry.field(description="The device or app that said so.")
    assertion_id: str = strawberry.field(description="The provider's identifier of its assertion.")
    at: datetime = strawberry.field(description="When.")
    agent_name: str | None = strawberry.field(description="The agent's name, if there is one.")
    agent_identifier: str | None = strawberry.field(description="The agent's identity number.")
    mandate: str | None = strawberry.field(description="Reference of the mandate.")


@strawberry.type(description="A platform licence, kept as received with its evidence, not sealed again.")
class Licence:
    """A platform licence."""

    proof_type_code: str = strawberry.field(description="Code of the proof type that it stands for.")
    platform: str = strawberry.field(description="The platform it came from.")
    licence_number: str = strawberry.field(description="Its number.")
    evidence: str = strawberry.field(description="The evidence received with it.")
    at: datetime = strawberry.field(description="When it was received.")


@strawberry.type(description="An answer to a routing question.")
class Answer:
    """An answer to a routing question."""

    proof_type_code: str = strawberry.field(description="The proof type that was asked about.")
    region: str = strawberry.field(description="GB/T 2260 code of the region where the record is kept.")


@strawberry.type(description="One requirement of one case and how it is met.")
class Need:
    """One requirement of one case and how it is met."""

    snapshot: Snapshot
    case: strawberry.Private[records.Case]
    id: strawberry.ID = strawberry.field(description="Case number and running number.")
    requirement_id: strawberry.ID = strawberry.field(description="The requirement's identifier.")
    proof_type_code: str = strawberry.field(description="Code of the proof type.")
    group: int = strawberry.field(description="The group of alternatives.")
    state: NeedState = strawberry.field(description="Where it stands.")
    measure: Measure | None = strawberry.field(description="By which measure it is met, if one is chosen.")
    mode: IssuingMode | None = strawberry.field(description="Shared or verified, where a unit issues it.")
    issuing_unit: str | None = strawberry.field(description="Code of the unit that issues it, if one does.")
    source: str | None = strawberry.field(description="Code of the data source, for shared data.")
    reason: str = strawberry.field(description="Why this way and not another, English.")
    reason_zh: str = strawberry.field(description="Why this way and not another, Chinese.")
    expected_at: datetime | None = strawberry.field(description="When it is expected; null once met, or not known.")
    attempts: int = strawberry.field(description="How often the source was asked.")
    proof_number: str | None = strawberry.field(description="Number of the proof that meets it.")
    request_id: strawberry.ID | None = strawberry.field(description="The verification request under way, or answered.")

    @resolved("The proof type.")
    def proof_type(self) -> ProofType | None:
        """Return the proof type."""
        return proof_type_in(self.snapshot, self.proof_type_code)

    @resolved("The question to be answered, exactly where the state is ANSWER_NEEDED.")
    def question(self) -> RoutingQuestion | None:
        """Return the question to be answered."""
        requirement = self.snapshot.requirement(self.requirement_id)
        if self.state is not NeedState.ANSWER_NEEDED or requirement is None:
            return None
        route = route_requirement(self.snapshot, requirement, _input_of(self.case))
        return question_shape(self.snapshot, route.question)


@strawberry.type(description="One applicant, one item, one business number (办件). Seen by its own unit alone.")
class Case:
    """A case."""

    record: strawberry.Private[records.Case]
    number: str = strawberry.field(description="The hub's number of the case.")
    business_number: str = strawberry.field(description="The unit's own number of it.")
    unit_code: str = strawberry.field(description="Code of the unit that handles it.")
    item_code: str = strawberry.field(description="Code of the service item.")
    region: str = strawberry.field(description="GB/T 2260 code of its region.")
    state: CaseState = strawberry.field(description="Where it stands.")
    catalogue_version: int = strawberry.field(description="The version of the catalogue that holds for it.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    opened_by: str = strawberry.field(description="By whom: a staff number.")
    promised_at: datetime | None = strawberry.field(
        description="End of the promised day of the item; null for an instant item."
    )
    version: int = strawberry.field(description="Counts its changes.")

    @resolved("Who it is about.")
    def applicant(self) -> Applicant:
        """Return who it is about."""
        return shaped(Applicant, self.record.applicant)

    @resolved("How the applicant, or an agent, was identified.")
    def identity(self) -> IdentityEvidence:
        """Return how the applicant was identified."""
        return shaped(IdentityEvidence, self.record.identity)

    @resolved("Answers to routing questions so far.")
    def answers(self) -> list[Answer]:
        """Return the answers so far."""
        return [shaped(Answer, answer) for answer in self.record.answers]

    @resolved("Platform licences at hand.")
    def licences(self) -> list[Licence]:
        """Return the platform licences at hand."""
        return [shaped(Licence, licence) for licence in self.record.licences]

    @resolved("More keys of what it is about: property_number and others.")
    def subject(self) -> list[KeyValue]:
        """Return more keys of what it is about."""
        return [KeyValue(key=key, value=value) for key, value in self.record.subject]

    @resolved("The service item.")
    async def item(self, info: Info) -> ServiceItem | None:
        """Return the service item."""
        return item_in(await info.context.catalogue_at(self.catalogue_version), self.item_code)

    @resolved("The unit that handles it.")
    async def unit(self, info: Info) -> Unit | None:
        """Return the unit that handles it."""
        return unit_in(await info.context.catalogue_at(self.catalogue_version), self.unit_code)

    @resolved("How each requirement stands, and one clock for the whole case.")
    async def plan(self, info: Info) -> Plan:
        """Return the plan."""
        plan = await info.context.services.cases.plan_of(await self._file(info))
        return plan_shape(await info.context.catalogue_at(self.catalogue_version), plan)

    @resolved("Its requirements and how they are met, by identifier.")
    async def needs(self, info: Info) -> list[Need]:
        """Return its requirements."""
        file = await self._file(info)
        snapshot = await info.context.catalogue_at(self.catalogue_version)
        return [shaped(Need, need, snapshot=snapshot, case=self.record) for need in file.needs]

    @resolved("Its verification requests.")
    async def requests(self, info: Info) -> list[VerificationRequest]:
        """Return its verification requests."""
        return [request_shape(request) for request in (await self._file(info)).requests]

    @resolved("Its proofs, by number.")
    async def proofs(self, info: Info) -> list[Proof]:
        """Return its proofs."""
        file = await self._file(info)
        return [proof_shape(await info.context.catalogue_at(proof.catalogue_version), proof) for proof in file.proofs]

    async def _file(self, info: Info) -> CaseFile:
        return await info.context.loaders.files.load(self.record)


@strawberry.type(description="A page of cases.")
class CaseConnection(Connection[Case]):
    """A page of cases."""


CaseResult: TypeAlias = Annotated[
    Case | QueryProblem, strawberry.union("CaseResult", description="The case, or why there is none.")
]
CasesResult: TypeAlias = Annotated[
    CaseConnection | QueryProblem, strawberry.union("CasesResult", description="The page, or why there is none.")
]


@strawberry.type(description="Queries of cases.")
class CaseQueries:
    """Queries of cases."""

    @resolved("A case of the caller's unit. For operators and the unit's manager.")
    async def case(
        self, info: Info, number: Annotated[str, strawberry.argument(description="The hub's number of the case.")]
    ) -> CaseResult:
        """Return a case."""

        async def read() -> Case:
            return case_shape(info, await info.context.services.cases.read(info.context.actor, number))

        return await read_or_problem(read())

    @resolved(
        "Cases of the caller's unit, the newest first. For operators and the unit's manager; pages of at most 100."
    )
    async def cases(
        self,
        info: Info,
        state: Annotated[CaseState | None, strawberry.argument(description="Only in this state.")] = None,
        first: First = 20,
        after: After = None,
    ) -> CasesResult:
        """Return a page of cases."""
        return await read_or_problem(_cases(info, state, first, after))


def case_shape(info: Info, file: CaseFile) -> Case:
    """Return a case as GraphQL shows it; its file is kept for what is asked of it."""
    info.context.loaders.knows(file)
    return shaped(Case, file.case, record=file.case)


async def _cases(info: Info, state: CaseState | None, first: int, after: str | None) -> CaseConnection:
    page = page_of("cases", (int, str), first, after)
    seen = (int(page.after[0]), str(page.after[1])) if page.after else None
    found = await info.context.services.cases.page(info.context.actor, state, seen, first + 1)
    chosen = found[:first]
    keys = [(round(each.opened_at.timestamp() * 1000), each.number) for each in chosen]
    nodes = [shaped(Case, each, record=each) for each in chosen]
    return connection(CaseConnection, page, nodes, keys, more=len(found) > first)


def _input_of(case: records.Case) -> RoutingInput:
    return RoutingInput(
        item_code=case.item_code,
        region=case.region,
        applicant_kind=case.applicant.kind,
        handling_unit=case.unit_code,
        answers={answer.proof_type_code: answer.region for answer in case.answers},
        identity=frozenset({case.identity.method}),
        licences=frozenset(licence.proof_type_code for licence in case.licences),
    )
