"""What can go wrong for a caller of the hub.

ClientError
├── RefusedError         the hub refused; nothing was changed. It says why, in both languages, and how to mend it
│   ├── NotAllowedError  this token may not: no valid one, not the post, not the unit
│   ├── NotFoundError    there is no such thing, or it is not this unit's to see
│   ├── EventsGoneError  what followed the cursor is kept no more: read the state and subscribe without one
│   └── OvertakenError   somebody else was first: read again and decide anew
├── UnavailableError     the hub cannot be reached or cannot do it now, however often it was asked
│   └── BehindError      what this connection has written has not arrived where it asked, however long it waited
├── ProtocolError        what answers is no hub, or one that this client is too old for
├── WrongUnitError       a worker's token speaks for another unit than the one it answers for
├── DocumentError        a proof's file is not what its record says
└── StillWaitingError    a case was not complete in time

Each holds the id under which the hub has the call in its log, where there was an answer.
"""

from __future__ import annotations

from hub.client.records import Case, Problem


class ClientError(Exception):
    """Something went wrong between the caller and the hub."""

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(f"{message} [call {request_id}]" if request_id else message)
        self.message = message
        self.request_id = request_id


class RefusedError(ClientError):
    """The hub refused; ``code`` is stable, for machines."""

    def __init__(self, problem: Problem, request_id: str | None = None) -> None:
        super().__init__(f"{problem.code}: {problem.message} ({problem.mend})", request_id)
        self.code = problem.code
        self.message = problem.message
        self.message_zh = problem.message_zh
        self.mend = problem.mend
        self.field = problem.field


class NotAllowedError(RefusedError):
    """The token is not valid, or its posts or unit do not allow it."""


class NotFoundError(RefusedError):
    """There is no such thing, or it is not this unit's to see (both look the same)."""


class EventsGoneError(RefusedError):
    """What followed the cursor is kept no more: read the state as it is, and subscribe without a cursor."""


class OvertakenError(RefusedError):
    """Somebody else acted first, or this was done before with other content."""


class UnavailableError(ClientError):
    """The hub cannot be reached or cannot do it now; what was asked may be asked again.

    ``retry_after`` is in how many seconds, where the hub says so.
    """

    def __init__(self, message: str, request_id: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, request_id)
        self.retry_after = retry_after


class BehindError(UnavailableError):
    """What the connection has written has not arrived there; the next call does not insist on it any more."""


class ProtocolError(ClientError):
    """The answer is not of this API, or larger than the limit."""


class WrongUnitError(ClientError):
    """A worker's token speaks for another unit than the one that it answers for."""


class DocumentError(ClientError):
    """A proof's file does not have the digest of its record."""


class StillWaitingError(ClientError):
    """A case was not complete in time; ``case`` is how it stood last, None where it was not read once."""

    def __init__(self, message: str, case: Case | None) -> None:
        super().__init__(message)
        self.case = case


_KINDS: dict[str, type[RefusedError]] = {
    "UNAUTHENTICATED": NotAllowedError,
    "NOT_PERMITTED": NotAllowedError,
    "NOT_FOUND": NotFoundError,
    "EVENTS_GONE": EventsGoneError,
    "CONFLICT": OvertakenError,
    "IDEMPOTENCY_CONFLICT": OvertakenError,
    "WRONG_STATE": OvertakenError,
}
_PASSING = frozenset({"UNAVAILABLE", "INTERNAL"})
"""Every call may be repeated, so also one of which nobody knows how far it came."""


def error_of(problem: Problem, request_id: str | None) -> ClientError:
    """Return the error that a problem is."""
    if problem.code in _PASSING:
        return UnavailableError(f"{problem.code}: {problem.message}", request_id)
    return _KINDS.get(problem.code, RefusedError)(problem, request_id)
