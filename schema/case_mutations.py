"""Opening a case, answering its questions, ending it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models import casework as records
from graph_models.catalogue import ApplicantKind, Measure
from hub.case_files import CaseFile
from hub.case_input import LIST_LIMIT, NAME_LIMIT, NUMBER_LIMIT, OpenCase
from hub.errors import HubError
from hub.identifiers import check_region_code
from schema.arguments import AnswerInput
from schema.cases import Case, case_shape
from schema.context import Info
from schema.errors import Problem, problem_of
from schema.fields import resolved

_KEY = "A key of the caller's own, 1 to 128 characters: the same key and content do nothing twice."


@strawberry.input(description="Who the case is about.")
class ApplicantInput:
    """Who the case is about."""

    kind: ApplicantKind = strawberry.field(description="Natural or legal person.")
    name: str = strawberry.field(description=f"The name, at most {NAME_LIMIT} characters that can be printed.")
    identifier: str = strawberry.field(
        description="Identity number (GB 11643) of a natural person, social credit code (GB 32100) of a legal one."
    )

    def record(self) -> records.Applicant:
        """Return the applicant as the hub takes it."""
        return records.Applicant(kind=self.kind, name=self.name, identifier=self.identifier)


@strawberry.input(description="How the applicant, or an agent with a mandate, was identified (Art. 12).")
class IdentityInput:
    """How the applicant or an agent was identified."""

    method: Measure = strawberry.field(description="FACE_RECOGNITION or APP_LICENCE.")
    provider: str = strawberry.field(description=f"The device or app, at most {NUMBER_LIMIT} characters.")
    assertion_id: str = strawberry.field(description=f"Its assertion's identifier, at most {NUMBER_LIMIT} characters.")
    at: datetime = strawberry.field(description="When; not in the future.")
    agent_name: str | None = strawberry.field(default=None, description="The agent's name; needs the two below.")
    agent_identifier: str | None = strawberry.field(default=None, description="The agent's identity number.")
    mandate: str | None = strawberry.field(default=None, description="Reference of the mandate.")

    def record(self) -> records.IdentityEvidence:
        """Return the evidence as the hub takes it."""
        return records.IdentityEvidence(
            method=self.method,
            provider=self.provider,
            assertion_id=self.assertion_id,
            at=self.at,
            agent_name=self.agent_name,
            agent_identifier=self.agent_identifier,
            mandate=self.mandate,
        )


@strawberry.input(description="A platform licence that is at hand: kept as received, not sealed again.")
class LicenceInput:
    """A platform licence."""

    proof_type_code: str = strawberry.field(description="Code of the proof type that it stands for.")
    platform: str = strawberry.field(description=f"The platform, at most {NUMBER_LIMIT} characters.")
    licence_number: str = strawberry.field(description=f"Its number, at most {NUMBER_LIMIT} characters.")
    evidence: str = strawberry.field(description="The evidence received with it, at most 4000 characters.")
    at: datetime = strawberry.field(description="When it was received.")

    def record(self) -> records.Licence:
        """Return the licence as the hub takes it."""
        return records.Licence(
            proof_type_code=self.proof_type_code,
            platform=self.platform,
            licence_number=self.licence_number,
            evidence=self.evidence,
            at=self.at,
        )


@strawberry.input(description="One more key of what a case is about.")
class SubjectKeyInput:
    """One more key of what a case is about."""

    key: str = strawberry.field(description="property_number and others, as the proof type's subjectKeys say.")
    value: str = strawberry.field(description=f"Its value, at most {NUMBER_LIMIT} characters.")


@strawberry.input(
    description="Opens a case. Idempotent on the caller's unit and businessNumber: the same content again is the same "
    "case, other content an IdempotencyConflict."
)
class OpenCaseInput:
    """Opens a case."""

    business_number: str = strawberry.field(description=f"The unit's own number, 1 to {NUMBER_LIMIT} characters.")
    item_code: str = strawberry.field(description="Code of a service item that the caller's unit handles.")
    region: str = strawberry.field(description="GB/T 2260 code within the unit's region.")
    applicant: ApplicantInput = strawberry.field(description="Who it is about.")
    identity: IdentityInput = strawberry.field(description="How the applicant, or an agent, was identified.")
    answers: list[AnswerInput] = strawberry.field(
        default_factory=list, description=f"Answers to the route's questions, at most {LIST_LIMIT}."
    )
    licences: list[LicenceInput] = strawberry.field(
        default_factory=list, description=f"Platform licences at hand, at most {LIST_LIMIT}."
    )
    subject: list[SubjectKeyInput] = strawberry.field(
        default_factory=list, description=f"More keys of what it is about, at most {LIST_LIMIT}."
    )

    def record(self) -> OpenCase:
        """Return what was said as the hub takes it."""
        return OpenCase(
            business_number=self.business_number,
            item_code=self.item_code,
            region=self.region,
            applicant=self.applicant.record(),
            identity=self.identity.record(),
            answers=tuple(records.Answer(proof_type_code=a.proof_type_code, region=a.region) for a in self.answers),
            licences=tuple(licence.record() for licence in self.licences),
            subject=tuple((each.key, each.value) for each in self.subject),
        )


@strawberry.input(description="Answers a question of a case: in which region is the record kept?")
class AnswerQuestionInput:
    """Answers a question of a case."""

    number: str = strawberry.field(description="The hub's number of the case.")
    key: str = strawberry.field(description=_KEY)
    proof_type_code: str = strawberry.field(description="The proof type that is asked about.")
    region: str = strawberry.field(description="GB/T 2260 code of the region where the record is kept.")


@strawberry.input(description="Ends a case.")
class EndCaseInput:
    """Ends a case."""

    number: str = strawberry.field(description="The hub's number of the case.")
    key: str = strawberry.field(description=_KEY)


@strawberry.input(description="Closes a case of which nothing is under way.")
class CloseCaseInput(EndCaseInput):
    """Closes a case."""


@strawberry.input(description="Withdraws a case: what is under way ends, what is sealed stays recorded.")
class WithdrawCaseInput(EndCaseInput):
    """Withdraws a case."""


@strawberry.type(description="The case after the mutation, or why nothing was changed.")
class CasePayload:
    """The case after the mutation, or why nothing was changed."""

    case: Case | None = strawberry.field(description="The case; null exactly where errors are.")
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where it was.")


_INPUT = strawberry.argument(name="input", description="The case, the key, and what the mutation needs.")
Open: TypeAlias = Annotated[OpenCaseInput, strawberry.argument(name="input", description="The case to be opened.")]
Question: TypeAlias = Annotated[AnswerQuestionInput, _INPUT]
Close: TypeAlias = Annotated[CloseCaseInput, _INPUT]
Withdraw: TypeAlias = Annotated[WithdrawCaseInput, _INPUT]


@strawberry.type(description="Mutations of cases.")
class CaseMutations:
    """Mutations of cases."""

    @resolved(
        "Open a case and bring within two seconds what can be; the rest goes on by itself. "
        "For operators of a unit that handles the item."
    )
    async def open_case(self, info: Info, given: Open) -> CasePayload:
        """Open a case."""
        return await _payload(info, info.context.services.cases.open(info.context.actor, given.record()))

    @resolved("Answer the question of a need that is ANSWER_NEEDED; it then goes on. For operators of the unit.")
    async def answer_question(self, info: Info, given: Question) -> CasePayload:
        """Answer a question of a case."""
        return await _payload(info, _answer(info, given))

    @resolved("Close a case of which nothing is under way. For operators of the unit.")
    async def close_case(self, info: Info, given: Close) -> CasePayload:
        """Close a case."""
        cases = info.context.services.cases
        return await _payload(info, cases.close(info.context.actor, given.number, given.key))

    @resolved("Withdraw a case and what is under way for it. For operators of the unit.")
    async def withdraw_case(self, info: Info, given: Withdraw) -> CasePayload:
        """Withdraw a case."""
        cases = info.context.services.cases
        return await _payload(info, cases.withdraw(info.context.actor, given.number, given.key))


async def _answer(info: Info, given: AnswerQuestionInput) -> CaseFile:
    check_region_code(given.region, field="region")
    answer = records.Answer(proof_type_code=given.proof_type_code, region=given.region)
    return await info.context.services.cases.answer(info.context.actor, given.number, given.key, answer)


async def _payload(info: Info, work: Awaitable[CaseFile]) -> CasePayload:
    try:
        return CasePayload(case=case_shape(info, await work), errors=[])
    except HubError as error:
        return CasePayload(case=None, errors=[problem_of(error)])
