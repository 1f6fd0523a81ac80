"""What the hub answers, as typed records named as in the SDL; a test holds each field against schema/schema.graphql."""

from __future__ import annotations

from typing import Annotated, Generic, TypeAlias, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from hub.client.words import ApplicantKind, CaseState, FactKind, NeedState, ProofKind, RequestState, RouteOutcome, Step

T = TypeVar("T")
W = TypeVar("W")
OneOf: TypeAlias = Annotated[W | str, Field(union_mode="left_to_right")]
"""A word of the SDL, or as it is one that a newer hub has added: a worker must not stop because of it."""


class Record(BaseModel):
    """One object of an answer; what an older client does not know of it is passed over."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_alias=True, validate_by_name=True, hide_input_in_errors=True
    )


class Problem(Record):
    """An expected failure: what is wrong, in both languages, and how to mend it. Nothing was changed."""

    code: str
    message: str
    message_zh: str
    mend: str
    field: str | None = None


class PageInfo(Record):
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


class Page(Record, Generic[T]):
    """A page of records."""

    nodes: tuple[T, ...]
    page_info: PageInfo


class RoutingChoice(Record):
    """One answer that a question may have."""

    region: str
    unit_code: str


class RoutingQuestion(Record):
    """Asked where several units could hold the fact: born where? married where?"""

    text: str
    text_en: str
    choices: tuple[RoutingChoice, ...]


class Need(Record):
    """One requirement of a case and how it is met."""

    id: str
    proof_type_code: str
    group: int
    state: OneOf[NeedState]
    reason: str
    reason_zh: str
    issuing_unit: str | None
    expected_at: AwareDatetime | None
    request_id: str | None
    proof_number: str | None
    question: RoutingQuestion | None


class Proof(Record):
    """A sealed electronic proof (电子证明)."""

    number: str
    kind: OneOf[ProofKind]
    negative: bool
    """Whether it says that there is no such record."""
    proof_type_code: str
    request_id: str | None
    producing_unit: str
    extracted_at: AwareDatetime
    valid_until: AwareDatetime | None
    document_sha256: str = Field(alias="documentSha256")
    document_bytes: int


class PlanLine(Record):
    """How one requirement stands and when it is expected."""

    requirement_id: str
    proof_type_code: str
    group: int
    outcome: OneOf[RouteOutcome]
    chosen: bool
    text: str
    text_zh: str
    expected_at: AwareDatetime | None
    issuing_unit: str | None


class Plan(Record):
    """Each requirement of a case, and one clock for all."""

    lines: tuple[PlanLine, ...]
    ready_at: AwareDatetime | None
    clock: str
    clock_zh: str


class Case(Record):
    """One applicant, one item, one business number (办件)."""

    number: str
    business_number: str
    unit_code: str
    item_code: str
    region: str
    state: OneOf[CaseState]
    opened_at: AwareDatetime
    version: int
    plan: Plan
    needs: tuple[Need, ...]
    proofs: tuple[Proof, ...]

    @property
    def questions(self) -> tuple[Need, ...]:
        """The needs that wait for an answer of the caller's."""
        return tuple(need for need in self.needs if need.state == NeedState.ANSWER_NEEDED)

    @property
    def moves(self) -> bool:
        """Whether something is under way that comes by itself."""
        return any(need.state in (NeedState.PENDING, NeedState.REQUESTED) for need in self.needs)


class ServiceItem(Record):
    """A service item (事项): a matter that a unit handles."""

    code: str
    name: str
    line_of_work: str
    """领域; ``field`` in the SDL, which a Problem calls something else."""
    unit_code: str
    instant: bool
    promised_days: int | None
    applicant_kinds: tuple[OneOf[ApplicantKind], ...]


class ServiceItemConnection(Page[ServiceItem]):
    """A page of service items."""


class KeyValue(Record):
    """One key by which a record is found."""

    key: str
    value: str = Field(repr=False)


class RequestSubject(Record):
    """Whom or what the issuing unit is to look for: the least that the proof type needs."""

    kind: OneOf[ApplicantKind]
    name: str = Field(repr=False)
    keys: tuple[KeyValue, ...]

    def key(self, name: str) -> str:
        """Return what is said under a key, for example ``id_number``. Raises KeyError."""
        return {each.key: each.value for each in self.keys}[name]


class FactField(Record):
    """One fact that a positive answer states."""

    key: str
    label: str
    label_en: str
    kind: OneOf[FactKind]
    required: bool


class RequestStep(Record):
    """One step of a request as it happened."""

    step: OneOf[Step]
    at: AwareDatetime
    by: str
    unit_code: str
    remarks: str | None


class VerificationRequest(Record):
    """Asks an issuing unit to look and to answer under its seal (协助核实请求)."""

    id: str
    case_number: str
    proof_type_code: str
    item_code: str
    asking_unit: str
    issuing_unit: str
    region: str
    state: OneOf[RequestState]
    received_at: AwareDatetime
    target_at: AwareDatetime
    hard_limit_at: AwareDatetime | None
    due_at: AwareDatetime
    urgent: bool
    drafter: str | None
    version: int
    steps: tuple[RequestStep, ...]
    remarks: str | None
    part_of: str | None = None
    """The request for a part of whose answer it asks; None where it is no part, or the hub knows none."""
    part_fields: tuple[str, ...] = ()
    """Keys of the facts that the part brings."""
    subject: RequestSubject | None
    """None where the caller's posts do not allow it."""
    form: tuple[FactField, ...]


class RequestConnection(Page[VerificationRequest]):
    """A page of verification requests."""
