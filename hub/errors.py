"""Errors of what the hub does: each says what is wrong and how to mend it.

HubError
├── InvalidInputError        a value is malformed (field says which)
├── UnauthenticatedError     no valid token
├── NotPermittedError        the actor's posts or unit do not allow it
├── NotFoundError            there is no such thing, or it is not the actor's to see
├── ConflictError            somebody else acted first: read again
│   └── IdempotencyConflictError   the same key with other content
├── WrongStateError          the step may not follow the present state
├── SamePersonError          one person may not hold two steps of one request (R17.2)
├── OutsideCatalogueError    the published version has no such item or proof type (R8.3)
├── NoCompetentUnitError     no unit issues this for the region
├── EscalatedError           the supervisor decides which unit answers the request
├── AnswerNeededError        routing needs an answer first (born where? married where?)
├── NotIssuableError         the proof cannot be made as asked
├── SealRefusedError         the seal may not be used for this (Art. 15)
│   ├── SealNotGrantedError  the unit holds no grant that covers it
│   ├── SealSuspendedError   no seal of the kind is active
│   └── SealExpiringError    the seal's certificate ends too soon
├── CatalogueRejectedError   an import has faults, each by row and column
├── AddressRefusedError      the hub may not post to that address
├── EventsGoneError          events behind that cursor are kept no more: read the state, begin anew
└── UnavailableError         the hub cannot do it now: try again later

The surface turns these into typed answers; whatever is not in this tree becomes an id that is in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RETRY_SECONDS: Final = 1
"""After so long it is worth the while to ask again where nothing else is known: another process may answer."""


class HubError(Exception):
    """A caller's mistake or a refusal, with a stable code, a sentence in both languages and how to mend it."""

    code = "HUB_ERROR"

    def __init__(self, message: str, *, message_zh: str, mend: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.message_zh = message_zh
        self.mend = mend
        self.field = field


class InvalidInputError(HubError):
    """A value is malformed."""

    code = "INVALID_INPUT"


class UnauthenticatedError(HubError):
    """No token, or none that is valid."""

    code = "UNAUTHENTICATED"


class NotPermittedError(HubError):
    """The actor's posts or unit do not allow it."""

    code = "NOT_PERMITTED"


class NotFoundError(HubError):
    """There is no such thing, or it is not the actor's to see (both look the same)."""

    code = "NOT_FOUND"


class ConflictError(HubError):
    """Somebody else changed it first."""

    code = "CONFLICT"


class IdempotencyConflictError(ConflictError):
    """The same key was used before with other content."""

    code = "IDEMPOTENCY_CONFLICT"


class WrongStateError(HubError):
    """The step may not follow the present state."""

    code = "WRONG_STATE"


class SamePersonError(HubError):
    """One person may not hold two steps of one request (R17.2)."""

    code = "SAME_PERSON"


class OutsideCatalogueError(HubError):
    """The published version has no such item or proof type (R8.3)."""

    code = "OUTSIDE_CATALOGUE"


class NoCompetentUnitError(HubError):
    """No unit issues this proof type for the region."""

    code = "NO_COMPETENT_UNIT"


class EscalatedError(HubError):
    """The request goes round between units: the supervisor decides which one answers it (R16.1)."""

    code = "ESCALATED"


class AnswerNeededError(HubError):
    """Routing needs an answer of the applicant first."""

    code = "ANSWER_NEEDED"


class NotIssuableError(HubError):
    """The proof cannot be made as asked."""

    code = "NOT_ISSUABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedUse:
    """A use of a seal that was refused, as it is recorded."""

    issuing_key: str
    """Names the issuing: a case's need or request, nothing about a person."""
    unit_code: str
    proof_type_code: str
    seal_id: str | None
    """None where there is no such seal."""
    authority_units: tuple[str, ...]
    """Units of the seal authority that are told."""


class SealRefusedError(HubError):
    """The seal may not be used for this (Art. 15); ``use`` is what is recorded as a violation, if it is one."""

    def __init__(
        self, message: str, *, message_zh: str, mend: str, field: str | None = None, use: RefusedUse | None = None
    ) -> None:
        super().__init__(message, message_zh=message_zh, mend=mend, field=field)
        self.use = use


class SealNotGrantedError(SealRefusedError):
    """The unit holds no grant of the seal that covers this use."""

    code = "SEAL_NOT_GRANTED"


class SealSuspendedError(SealRefusedError):
    """No seal of the kind is active: it is suspended, revoked, or there is none."""

    code = "SEAL_SUSPENDED"


class SealExpiringError(SealRefusedError):
    """The seal's certificate ends too soon for what it would seal."""

    code = "SEAL_EXPIRING"


class AddressRefusedError(HubError):
    """The hub may not post to that address: it is malformed, or leads where nothing is posted to."""

    code = "ADDRESS_REFUSED"


class EventsGoneError(HubError):
    """Events behind the cursor are kept no more; ``pruned`` is the sequence of the last one that is not."""

    code = "EVENTS_GONE"

    def __init__(self, message: str, *, message_zh: str, mend: str, field: str | None = None, pruned: int = 0) -> None:
        super().__init__(message, message_zh=message_zh, mend=mend, field=field)
        self.pruned = pruned


class UnavailableError(HubError):
    """The hub cannot do it now; ``retry_seconds`` is when it is worth the while to ask again (``Retry-After``)."""

    code = "UNAVAILABLE"

    def __init__(
        self, message: str, *, message_zh: str, mend: str, field: str | None = None, retry_seconds: int = RETRY_SECONDS
    ) -> None:
        super().__init__(message, message_zh=message_zh, mend=mend, field=field)
        self.retry_seconds = retry_seconds


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One fault of an imported table."""

    table: str
    row: int
    """Row number as the spreadsheet shows it; the head is row 1."""
    column: str
    message: str
    message_zh: str


class CatalogueRejectedError(HubError):
    """An import has faults; nothing was written."""

    code = "CATALOGUE_REJECTED"

    def __init__(self, problems: tuple[RowProblem, ...]) -> None:
        super().__init__(
            f"the catalogue has {len(problems)} fault(s); nothing was written",
            message_zh=f"目录有 {len(problems)} 处错误，未写入任何内容",
            mend="Correct the rows and columns listed and import the file again.",
        )
        self.problems = problems
