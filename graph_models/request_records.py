"""Verification requests as nodes: (CaseFile)-[:HAS_REQUEST]->(VerificationRequest)<-[:TO_ANSWER]-(UnitInbox).

An inbox holds what its unit has to answer; once a request is delivered or withdrawn it hangs on the same inbox by
ANSWERED. So a page of the inbox reads what is open in one unit, however many requests the city ever had. What people
have still to answer is in a bundle besides (``bundle_records``). A request's place says where it hangs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from graph_models import statements, statements_bundles
from graph_models.bundle_records import join_bundle, leave_bundle, unbundled
from graph_models.casework import RequestState, VerificationRequest
from graph_models.deadline_records import watch_limits
from graph_models.errors import StaleVersionError
from graph_models.rows import load, milliseconds, records, to_document, written
from graph_models.store import Transaction, Value

ENDED = frozenset({RequestState.DELIVERED, RequestState.WITHDRAWN})
"""States after which a request is no longer in its unit's inbox of open ones."""
BATCH = 100
"""How many requests of an older store are put into bundles in one transaction."""
_BUNDLED, _OPEN, _ANSWERED = "bundled", "open", "answered"
_NO_END = 1 << 62
_FIRST: tuple[int, str] = (-_NO_END, "")


async def add_request(tx: Transaction, request: VerificationRequest) -> None:
    """Write a new request of a case that is in the store, put it into the issuing unit's inbox, watch its limits.

    Raises:
        RecordNotFoundError: the case is not there.
        DuplicateKeyError: it is there already.
    """
    row = _row(request) | {
        "case_number": request.case_number,
        "proof_type_code": request.proof_type_code,
        "asking_unit": request.asking_unit,
    }
    written(await tx.run(statements.CREATE_REQUEST, row), 1, f"case {request.case_number}")
    if request.is_open:
        await join_bundle(tx, request)
    await _put(tx, request)
    await watch_limits(tx, request)


async def load_request(tx: Transaction, identifier: str) -> VerificationRequest:
    """Return the request with the identifier. Raises RecordNotFoundError."""
    what = f"request {identifier}"
    return await load(tx, VerificationRequest, statements.READ_REQUEST, {"id": identifier}, what)


async def load_requests_of(tx: Transaction, case_numbers: Sequence[str]) -> tuple[VerificationRequest, ...]:
    """Return the requests of several cases by identifier."""
    if not case_numbers:
        return ()
    rows = await tx.run(statements.READ_REQUESTS_OF, {"numbers": list(dict.fromkeys(case_numbers))})
    return records(VerificationRequest, rows)


async def save_request(tx: Transaction, request: VerificationRequest) -> VerificationRequest:
    """Write a changed request whose version is still the stored one; return it with the next version.

    One that was passed on moves to the other unit's inbox, one that has ended out of the open ones. One that people
    have answered leaves its bundle, one that is due at another time moves it.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    return (await save_requests(tx, (request,)))[0]


async def save_requests(tx: Transaction, requests: Sequence[VerificationRequest]) -> tuple[VerificationRequest, ...]:
    """Do as `save_request` for several, in one statement as long as none of them has to move.

    Unit and due time are written only where they changed: each property that a statement sets costs the embedded
    engine a look through all changes of it since its last checkpoint.
    """
    saved = [replace(request, version=request.version + 1) for request in requests]
    rows = [_row(each) | {"version": each.version - 1, "next": each.version} for each in saved]
    stored = {row["id"]: row for row in await tx.run_each(statements.SAVE_REQUEST, rows)}
    for each in saved:
        before = stored.get(each.id)
        if before is None:
            raise StaleVersionError(f"request {each.id} was changed since it was read")
        if (before["issuing_unit"], before["due_at"]) != (each.issuing_unit, milliseconds(each.due_at)):
            await tx.run(statements.REDIRECT_REQUEST, _way(each))
        if before["place"] != _place(each):
            await _move(tx, each, str(before["place"]))
    return tuple(saved)


async def list_inbox(
    tx: Transaction,
    unit_code: str,
    states: Collection[RequestState],
    after: tuple[int, str] | None,
    limit: int,
    *,
    due_by: datetime | None = None,
) -> tuple[VerificationRequest, ...]:
    """Return a page of the unit's requests in these states, those due first before the others.

    ``after`` is the (due_at in UTC milliseconds, id) of the last request seen, or None for the first page. With
    ``due_by`` only those that are due by then.
    """
    wanted = frozenset(states)
    if not wanted:
        return ()
    due_at, identifier = after or _FIRST
    page: dict[str, Value] = {
        "unit_code": unit_code,
        "states": sorted(state.value for state in wanted),
        "due_at": due_at,
        "id": identifier,
        "until": _NO_END if due_by is None else milliseconds(due_by),
        "limit": limit,
    }
    return records(VerificationRequest, await tx.run(_listing(wanted), page))


async def bundle_more(tx: Transaction, after: str) -> str:
    """Put requests of an older store, after the identifier, into their bundles; return where to go on, or nothing."""
    found = await unbundled(tx, after, BATCH)
    for request in found:
        if request.is_open:
            await join_bundle(tx, request)
            await tx.run(statements_bundles.SET_PLACE, {"id": request.id, "place": _place(request)})
    return found[-1].id if len(found) == BATCH else ""


def _listing(wanted: frozenset[RequestState]) -> str:
    """Choose the statement that follows no relationship in vain."""
    if wanted.isdisjoint(ENDED):
        return statements.LIST_TO_ANSWER
    return statements.LIST_ANSWERED if wanted <= ENDED else statements.LIST_INBOX


async def _move(tx: Transaction, request: VerificationRequest, before: str) -> None:
    """Hang a request where it belongs now; ``before`` is the place where it was.

    Bundles come before the inbox, here and where a request is new: in one order two transactions wait for each other
    never, in two orders at each delivery to a unit that is asked at the same time.
    """
    await leave_bundle(
        tx, request.id
    )  # whatever its place says: a process of an older version does not know of bundles
    if request.is_open:
        await join_bundle(tx, request)
    if _inbox(before) == _inbox(_place(request)):
        await tx.run(statements_bundles.SET_PLACE, {"id": request.id, "place": _place(request)})
    else:
        await tx.run(statements.TAKE_REQUEST_AWAY, {"id": request.id})
        await _put(tx, request)


async def _put(tx: Transaction, request: VerificationRequest) -> None:
    ended = request.state in ENDED
    statement = statements.PUT_REQUEST_ANSWERED if ended else statements.PUT_REQUEST_TO_ANSWER
    await tx.run(statement, {"id": request.id, "place": _place(request), "unit_code": request.issuing_unit})


def _place(request: VerificationRequest) -> str:
    """Name the inbox, whether it is open there, and in the order of which time: changes exactly when it has to move."""
    if request.is_open:
        return f"{_BUNDLED}/{request.issuing_unit}/{milliseconds(request.due_at)}"
    return f"{_ANSWERED if request.state in ENDED else _OPEN}/{request.issuing_unit}"


def _inbox(place: str) -> tuple[bool, str]:
    """Return whether a place is among what was answered, and of which unit."""
    kind, _, rest = place.partition("/")
    return kind == _ANSWERED, rest.rpartition("/")[0] if kind == _BUNDLED else rest


def _way(request: VerificationRequest) -> dict[str, Value]:
    """Return who answers a request, and by when."""
    return {"id": request.id, "issuing_unit": request.issuing_unit, "due_at": milliseconds(request.due_at)}


def _row(request: VerificationRequest) -> dict[str, Value]:
    return {
        **_way(request),
        "state": request.state.value,
        "version": request.version,
        "record": to_document(request),
    }
