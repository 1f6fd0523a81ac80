"""Records of casework: cases, their requirements, verification requests, issuing intents, proofs, audit and events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graph_models.catalogue import ApplicantKind, IssuingMode, Measure


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


class NeedState(StrEnum):
    """Where one requirement of a case stands."""

    PENDING = "PENDING"
    """To be extracted from shared data; goes on by itself."""
    ANSWER_NEEDED = "ANSWER_NEEDED"
    """One question must be answered before it can be routed."""
    REQUESTED = "REQUESTED"
    """A verification request is under way."""
    MET = "MET"
    """A proof, licence, identity evidence or own record meets it."""
    NEGATIVE = "NEGATIVE"
    """The answer was that there is no such record."""
    NOT_NEEDED = "NOT_NEEDED"
    """An alternative of the same group was chosen."""
    ASK_APPLICANT = "ASK_APPLICANT"
    """Out of scope (R2.2), or no measure is left: the applicant may be asked."""
    WITHDRAWN = "WITHDRAWN"


class RequestState(StrEnum):
    """Where a verification request stands."""

    RECEIVED = "RECEIVED"
    CLAIMED = "CLAIMED"
    DRAFTED = "DRAFTED"
    REVIEWED = "REVIEWED"
    SEALED = "SEALED"
    """The seal keeper confirmed; the proof is being made."""
    DELIVERED = "DELIVERED"
    WITHDRAWN = "WITHDRAWN"


OPEN_STATES = frozenset({RequestState.RECEIVED, RequestState.CLAIMED, RequestState.DRAFTED, RequestState.REVIEWED})
"""States of what is still to be answered by people."""


class IntentState(StrEnum):
    """Where an issuing stands."""

    INTENDED = "INTENDED"
    COMMITTED = "COMMITTED"
    VOID = "VOID"


class ProofState(StrEnum):
    """Whether a recorded proof can still be relied on."""

    VALID = "VALID"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who the case is about."""

    kind: ApplicantKind
    name: str
    identifier: str
    """Identity number (GB 11643) of a natural person, unified social credit code (GB 32100) of a legal one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityEvidence:
    """How the applicant, or an agent with a mandate, was identified (Art. 12)."""

    method: Measure
    """FACE_RECOGNITION or APP_LICENCE."""
    provider: str
    assertion_id: str
    at: datetime
    agent_name: str | None = None
    agent_identifier: str | None = None
    mandate: str | None = None
    """Reference of the mandate; set exactly where there is an agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to a routing question: in which region is the record kept?"""

    proof_type_code: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A licence of the provincial or city platform, kept as received with its evidence, not sealed again."""

    proof_type_code: str
    platform: str
    licence_number: str
    evidence: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One applicant, one item, one business number (办件)."""

    number: str
    unit_code: str
    business_number: str
    item_code: str
    region: str
    applicant: Applicant
    identity: IdentityEvidence
    answers: tuple[Answer, ...]
    licences: tuple[Licence, ...]
    subject: tuple[tuple[str, str], ...]
    """More keys of what it is about (property_number …), beside those that follow from the applicant."""
    catalogue_version: int
    content_digest: str
    """SHA-256 of what the caller sent: the same key with other content is a conflict."""
    opened_at: datetime
    opened_by: str
    promised_at: datetime | None
    """End of the promised day of the item, or None for an instant one."""
    state: CaseState
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One requirement of one case and how it is met."""

    id: str
    """Case number and running number: ``C…/03``."""
    case_number: str
    requirement_id: str
    proof_type_code: str
    group: int
    state: NeedState
    measure: Measure | None
    mode: IssuingMode | None
    issuing_unit: str | None
    source: str | None
    reason: str
    """Why this way and not another, in words for people (English)."""
    reason_zh: str
    expected_at: datetime | None
    """When it is expected to be met; None once it is, or where nobody can tell."""
    attempts: int
    """How often the source was asked."""
    next_attempt_at: datetime | None
    """When the extraction is due again; set exactly while PENDING."""
    proof_number: str | None
    request_id: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAnswer:
    """What a drafter found: facts, or that there is no such record."""

    negative: bool
    facts: tuple[tuple[str, str], ...]
    statement: str
    """For a negative answer: which register was searched, by which keys. Otherwise a remark or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStep:
    """One step of a request as it happened."""

    step: str
    at: datetime
    by: str
    unit_code: str
    remarks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """Asks an issuing unit to look and to answer under its seal (协助核实请求, Art. 14, 16)."""

    id: str
    case_number: str
    need_id: str
    proof_type_code: str
    item_code: str
    asking_unit: str
    issuing_unit: str
    region: str
    state: RequestState
    received_at: datetime
    target_at: datetime
    """Received plus 30 minutes or 24 hours: in principle (R14.5, R14.6)."""
    hard_limit_at: datetime | None
    """Close of office on the working day before the promised day; None for an instant item."""
    due_at: datetime
    """The earlier of the two, and never before receipt."""
    urgent: bool
    """Whether the hard limit had passed already at receipt: due now."""
    provisional: bool
    """Whether a year without published holidays was counted by weekdays."""
    drafter: str | None
    reviewer: str | None
    seal_keeper: str | None
    draft: DraftAnswer | None
    remarks: str | None
    """The reviewer's remarks on a returned draft, or the reason of the last passing on."""
    steps: tuple[RequestStep, ...]
    passed_by: tuple[str, ...]
    """Units that passed it on, in order; it is not passed back to them."""
    version: int
    overdue_since: datetime | None = None
    """When it was due, once that time is over and no answer was sealed; kept when the answer comes after all."""
    escalated_since: datetime | None = None
    """Since when it waits for a supervisor to say which unit answers it: it was to be passed on once too often."""
    assigned_by: str | None = None
    """The supervisor who said which unit answers it; that unit does not pass it on by itself."""
    bundle_seed: str = ""
    """Random; the identifier of the bundle that it opens in its unit's inbox, unless it joins one that is open."""
    part_of: str | None = None
    """The request of which it asks another unit for a part; None: it is no part."""
    part_fields: tuple[str, ...] = ()
    """Keys of the facts that the part brings, in the order of the proof type's form; empty where it is no part."""

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to be answered by people."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingIntent:
    """What was decided before a page was made: number, time, content. Finished or closed as void, never lost."""

    key: str
    """Need or request with its version: the same issuing is never done twice."""
    proof_number: str
    check_code: str
    case_number: str
    need_id: str
    request_id: str | None
    order_json: str
    """Everything the signer needs to make the page again, canonical JSON."""
    state: IntentState
    intended_at: datetime
    version: int
    seal_id: str | None = None
    grant_id: str | None = None
    """The seal, and the grant by which it is used (Art. 15); chosen when the intent is written, kept to its end."""


class ProofKind(StrEnum):
    """From shared data or verified by people; decides the seal."""

    SHARED = "SHARED"
    VERIFIED = "VERIFIED"


class ProofLevel(StrEnum):
    """The PAdES level of a proof's document (ETSI EN 319 142-1, 6)."""

    B_B = "B_B"
    B_T = "B_T"
    B_LT = "B_LT"
    B_LTA = "B_LTA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A sealed electronic proof (电子证明)."""

    number: str
    check_code: str
    kind: ProofKind
    negative: bool
    proof_type_code: str
    case_number: str
    need_id: str
    request_id: str | None
    extraction_unit: str
    producing_unit: str
    extracted_at: datetime
    valid_until: datetime | None
    document_sha256: str
    document_bytes: int
    endorsement_json: str
    catalogue_version: int
    state: ProofState
    version: int
    sealed_sha256: str | None = None
    """Of the document as it was sealed, where more was put behind the seal since; None: it is as it was sealed."""
    level: ProofLevel | None = None
    """To which the hub raised it; None: as it was sealed."""
    stands_until: datetime | None = None
    """When it has to be renewed at the latest; known of what was raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, for which unit, when, on which case (I3); each holds the digest of the one before."""

    stream: str
    """A case number, ``catalogue`` or another stream: entries of one stream form one chain."""
    sequence: int
    at: datetime
    actor: str
    unit_code: str
    operation: str
    target: str
    detail_json: str
    """Canonical JSON without personal data."""
    previous_digest: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEvent:
    """An event that leaves when its transaction is committed."""

    id: str
    """``<unit>.<sequence>``: by it consumers drop repeats, and readers find what follows."""
    unit_code: str
    """The unit whose order it keeps."""
    sequence: int
    """1, 2, 3 … within the unit, without a gap."""
    type: str
    subject: str
    at: datetime
    payload_json: str
    published: bool
