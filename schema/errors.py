"""What can go wrong on the surface, in two kinds.

RequestRefusedError     the request itself is wrong or too large: nothing was executed (HTTP status, code, sentence)
Problem                 an expected failure of one operation: part of the answer, a type for each kind of HubError

Whatever is neither is masked: "internal error" with the request's id, under which the log says what it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeAlias, TypeVar

import strawberry

from hub import errors as hub_errors
from hub.errors import HubError

T = TypeVar("T")


class RequestRefusedError(Exception):
    """The request cannot be executed; ``status`` is what HTTP answers under either media type.

    ``retry_seconds`` is when it is worth the while to ask again, where that is known.
    """

    def __init__(self, status: int, code: str, message: str, retry_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds
        self.status = status
        self.code = code
        self.message = message


@strawberry.interface(
    description="An expected failure: what is wrong, in both languages, and how to mend it. Nothing was changed."
)
class Problem:
    """An expected failure."""

    code: str = strawberry.field(description="Stable name of the kind of problem, for machines.")
    message: str = strawberry.field(description="What is wrong, in English.")
    message_zh: str = strawberry.field(description="What is wrong, in Chinese.")
    mend: str = strawberry.field(description="How to mend it, in English.")
    field: str | None = strawberry.field(description="The input field concerned, as a path with dots, if there is one.")


@strawberry.type(description="A value is malformed; `field` says which.")
class InvalidInput(Problem):
    """A value is malformed."""


@strawberry.type(description="The caller's posts or unit do not allow it.")
class NotPermitted(Problem):
    """The caller's posts or unit do not allow it."""


@strawberry.type(description="There is no such thing, or it is not the caller's to see: both look the same.")
class NotFound(Problem):
    """There is no such thing for the caller."""


@strawberry.type(description="Somebody else acted first: read again and decide anew.")
class Conflict(Problem):
    """Somebody else acted first."""


@strawberry.type(description="The key was used before with other content.")
class IdempotencyConflict(Problem):
    """The key was used before with other content."""


@strawberry.type(description="The step may not follow the present state.")
class WrongState(Problem):
    """The step may not follow the present state."""


@strawberry.type(description="One person may not hold two steps of one request (Art. 17).")
class SamePerson(Problem):
    """One person may not hold two steps of one request."""


@strawberry.type(description="The published catalogue has no such item, proof type or unit (Art. 8).")
class OutsideCatalogue(Problem):
    """The published catalogue has no such thing."""


@strawberry.type(description="No unit issues this proof type for the region.")
class NoCompetentUnit(Problem):
    """No unit issues this proof type for the region."""


@strawberry.type(
    description="The request goes round between units: the supervisor decides which one answers it (Art. 16)."
)
class Escalated(Problem):
    """The supervisor decides which unit answers the request."""


@strawberry.type(description="Routing needs an answer of the applicant first; `message` holds the question.")
class AnswerNeeded(Problem):
    """Routing needs an answer of the applicant first."""


@strawberry.type(description="The proof cannot be made as asked.")
class NotIssuable(Problem):
    """The proof cannot be made as asked."""


@strawberry.type(description="The unit holds no grant of the seal that covers this use (Art. 15); it is recorded.")
class SealNotGranted(Problem):
    """The unit holds no grant of the seal that covers this use."""


@strawberry.type(description="No seal of the kind is active: it is suspended, revoked, or there is none (Art. 15).")
class SealSuspended(Problem):
    """No seal of the kind is active."""


@strawberry.type(description="The seal's certificate ends too soon for what it would seal.")
class SealExpiring(Problem):
    """The seal's certificate ends too soon."""


@strawberry.type(
    description="The hub may not post to that address: it is malformed, or leads where nothing is posted to."
)
class AddressRefused(Problem):
    """The hub may not post to that address."""


@strawberry.type(
    description="Events behind that cursor are kept no more: read the state as it is, and begin anew without a cursor."
)
class EventsGone(Problem):
    """Events behind that cursor are kept no more."""


@strawberry.type(description="The hub cannot do it now: try again later.")
class Unavailable(Problem):
    """The hub cannot do it now."""


AnyProblem: TypeAlias = (
    InvalidInput
    | NotPermitted
    | NotFound
    | Conflict
    | IdempotencyConflict
    | WrongState
    | SamePerson
    | OutsideCatalogue
    | NoCompetentUnit
    | AnswerNeeded
    | NotIssuable
    | Escalated
    | SealNotGranted
    | SealSuspended
    | SealExpiring
    | AddressRefused
    | EventsGone
    | Unavailable
)
"""A problem of a mutation."""
QueryProblem: TypeAlias = (
    InvalidInput | NotPermitted | NotFound | OutsideCatalogue | NoCompetentUnit | AnswerNeeded | Unavailable
)
"""A problem of a query."""

_QUERY_PROBLEMS: dict[type[HubError], type[QueryProblem]] = {
    hub_errors.InvalidInputError: InvalidInput,
    hub_errors.NotPermittedError: NotPermitted,
    hub_errors.NotFoundError: NotFound,
    hub_errors.OutsideCatalogueError: OutsideCatalogue,
    hub_errors.NoCompetentUnitError: NoCompetentUnit,
    hub_errors.AnswerNeededError: AnswerNeeded,
    hub_errors.UnavailableError: Unavailable,
}
PROBLEMS: dict[type[HubError], type[AnyProblem]] = {
    **_QUERY_PROBLEMS,
    hub_errors.ConflictError: Conflict,
    hub_errors.IdempotencyConflictError: IdempotencyConflict,
    hub_errors.WrongStateError: WrongState,
    hub_errors.SamePersonError: SamePerson,
    hub_errors.NotIssuableError: NotIssuable,
    hub_errors.EscalatedError: Escalated,
    hub_errors.SealNotGrantedError: SealNotGranted,
    hub_errors.SealSuspendedError: SealSuspended,
    hub_errors.SealExpiringError: SealExpiring,
    hub_errors.AddressRefusedError: AddressRefused,
    hub_errors.EventsGoneError: EventsGone,
}
"""Kind of HubError → the type that shows it."""


UNAVAILABLE: ContextVar[list[int] | None] = ContextVar("unavailable", default=None)
"""After how many seconds to ask again, of each thing that one answer says cannot be done now."""


def problem_of(error: HubError) -> AnyProblem:
    """Return the problem that a refusal of the hub is. Raises the error itself where the surface has no type for it."""
    shape = PROBLEMS.get(type(error))
    if shape is None:
        raise error
    return _shown(shape, error)


def found_or_problem(find: Callable[[], T]) -> T | QueryProblem:
    """Return what a query that waits for nothing finds, or the problem that the hub has with it."""
    try:
        return find()
    except HubError as error:
        return _of_query(error)


async def read_or_problem(work: Awaitable[T]) -> T | QueryProblem:
    """Return what a query reads, or the problem that the hub has with it."""
    try:
        return await work
    except HubError as error:
        return _of_query(error)


def _of_query(error: HubError) -> QueryProblem:
    shape = _QUERY_PROBLEMS.get(type(error))
    if shape is None:
        raise error
    return _shown(shape, error)


def note_unavailable(error: Exception | None) -> None:
    """Note when to ask again, where an answer says that something cannot be done now."""
    said = UNAVAILABLE.get()
    if isinstance(error, hub_errors.UnavailableError) and said is not None:
        said.append(error.retry_seconds)


P = TypeVar("P", bound=Problem)


def _shown(shape: type[P], error: HubError) -> P:
    note_unavailable(error)
    return shape(
        code=error.code, message=error.message, message_zh=error.message_zh, mend=error.mend, field=error.field
    )
