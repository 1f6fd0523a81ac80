"""What callers give, as typed records; a test holds each field against the input types of schema/schema.graphql."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from hub.client.records import Record
from hub.client.words import ApplicantKind, Measure


class Given(Record):
    """One input object."""

    def variables(self) -> dict[str, object]:
        """Return it as GraphQL takes it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Applicant(Given):
    """Who a case is about."""

    kind: ApplicantKind
    name: str = Field(repr=False)
    identifier: str = Field(repr=False)
    """Identity number of a natural person, social credit code of a legal one."""


class Identity(Given):
    """How the applicant, or an agent with a mandate, was identified (Art. 12)."""

    method: Measure
    provider: str
    assertion_id: str
    at: AwareDatetime
    agent_name: str | None = Field(default=None, repr=False)
    agent_identifier: str | None = Field(default=None, repr=False)
    mandate: str | None = None


class RegionAnswer(Given):
    """In which region the record of a proof type is kept."""

    proof_type_code: str
    region: str


class Licence(Given):
    """A platform licence that is at hand."""

    proof_type_code: str
    platform: str
    licence_number: str
    evidence: str = Field(repr=False)
    at: AwareDatetime


class SubjectKey(Given):
    """One more key of what a case is about, for example ``property_number``."""

    key: str
    value: str = Field(repr=False)


class OpenCase(Given):
    """A case to be opened. The business number is its key: the same content again is the same case."""

    business_number: str
    item_code: str
    region: str
    applicant: Applicant
    identity: Identity
    answers: tuple[RegionAnswer, ...] = ()
    licences: tuple[Licence, ...] = ()
    subject: tuple[SubjectKey, ...] = ()


class EndCase(Given):
    """Which case is closed or withdrawn."""

    number: str
    key: str


class AnswerQuestion(EndCase):
    """Answers a question of a case."""

    proof_type_code: str
    region: str


class StepCall(Given):
    """Which request, under which key."""

    request_id: str
    key: str


class SeenStepCall(StepCall):
    """A step that depends on what the caller saw: of another version it is refused."""

    expected_version: int


class Fact(Given):
    """One fact of a draft."""

    key: str
    value: str = Field(repr=False)


class DraftAnswer(SeenStepCall):
    """Facts, or that there is no such record."""

    negative: bool
    facts: tuple[Fact, ...]
    statement: str


class ReviewAnswer(SeenStepCall):
    """Approves a draft, or returns it with remarks."""

    approve: bool
    remarks: str | None


class RequestPart(SeenStepCall):
    """Asks another unit for some facts of the answer, with a reason."""

    unit_code: str
    fields: tuple[str, ...]
    reason: str


class RerouteRequest(SeenStepCall):
    """Passes a request on, with a reason."""

    to_unit: str
    reason: str
