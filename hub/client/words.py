"""The words of the SDL's enums that the client knows; a test holds them against schema/schema.graphql."""

from __future__ import annotations

from enum import StrEnum


class ApplicantKind(StrEnum):
    """Who asks."""

    NATURAL_PERSON = "NATURAL_PERSON"
    LEGAL_PERSON = "LEGAL_PERSON"


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


class FactKind(StrEnum):
    """What a fact's text must look like."""

    TEXT = "TEXT"
    DATE = "DATE"
    ID_NUMBER = "ID_NUMBER"
    CREDIT_CODE = "CREDIT_CODE"
    AMOUNT = "AMOUNT"


class Measure(StrEnum):
    """How a requirement is met without paper (无证件办事措施, Art. 9)."""

    FACE_RECOGNITION = "FACE_RECOGNITION"
    APP_LICENCE = "APP_LICENCE"
    PLATFORM_LICENCE = "PLATFORM_LICENCE"
    ELECTRONIC_PROOF = "ELECTRONIC_PROOF"
    NOTIFICATION_COMMITMENT = "NOTIFICATION_COMMITMENT"


class NeedState(StrEnum):
    """Where one requirement of a case stands."""

    PENDING = "PENDING"
    ANSWER_NEEDED = "ANSWER_NEEDED"
    REQUESTED = "REQUESTED"
    MET = "MET"
    NEGATIVE = "NEGATIVE"
    NOT_NEEDED = "NOT_NEEDED"
    ASK_APPLICANT = "ASK_APPLICANT"
    WITHDRAWN = "WITHDRAWN"


class ProofKind(StrEnum):
    """Where a proof's facts come from; decides its seal (Art. 14)."""

    SHARED = "SHARED"
    VERIFIED = "VERIFIED"


class RequestState(StrEnum):
    """Where a verification request stands; there is no state for refusing (Art. 16)."""

    RECEIVED = "RECEIVED"
    CLAIMED = "CLAIMED"
    DRAFTED = "DRAFTED"
    REVIEWED = "REVIEWED"
    SEALED = "SEALED"
    DELIVERED = "DELIVERED"
    WITHDRAWN = "WITHDRAWN"


class RouteOutcome(StrEnum):
    """How a requirement is met."""

    IDENTITY = "IDENTITY"
    LICENCE = "LICENCE"
    OWN_RECORD = "OWN_RECORD"
    SHARED = "SHARED"
    VERIFICATION = "VERIFICATION"
    QUESTION = "QUESTION"
    COMMITMENT = "COMMITMENT"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    NO_ISSUER = "NO_ISSUER"


class Step(StrEnum):
    """What somebody does with a request."""

    CLAIM = "CLAIM"
    RELEASE = "RELEASE"
    DRAFT = "DRAFT"
    RETURN = "RETURN"
    APPROVE = "APPROVE"
    SEAL = "SEAL"
    DELIVER = "DELIVER"
    PASS_ON = "PASS_ON"  # noqa: S105  no password
    REQUEST_PART = "REQUEST_PART"
    WITHDRAW = "WITHDRAW"
