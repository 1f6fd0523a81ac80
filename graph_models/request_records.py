"""Verification requests as nodes: (CaseFile)-[:HAS_REQUEST]->(VerificationRequest)<-[:TO_ANSWER]-(UnitInbox).

An inbox holds what its unit has to answer; once a request is delivered or withdrawn it hangs on the same inbox by
ANSWERED. So a page of the inbox reads what is open in one unit, however many requests the city ever had.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from graph_models import statements
from graph_models.casework import RequestState, VerificationRequest
from graph_models.deadline_records import watch_limits
from graph_models.rows import held, load, milliseconds, records, to_document, written
from graph_models.store import Transaction, Value

ENDED = frozenset({RequestState.DELIVERED, RequestState.WITHDRAWN})
"""States after which a request is no longer in its unit's inbox of open ones."""
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

    One that was passed on moves to the other unit's inbox, one that has ended out of the open ones.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    saved = replace(request, version=request.version + 1)
    row = _row(saved) | {"version": request.version, "next": saved.version}
    stored = held(await tx.run(statements.SAVE_REQUEST, row), f"request {request.id}")
    if stored["place"] != _place(saved):
        await tx.run(statements.TAKE_REQUEST_AWAY, {"id": saved.id})
        await _put(tx, saved)
    return saved


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


async def list_bundles(
    tx: Transaction, unit_code: str, states: Collection[RequestState], after: tuple[int, str] | None, limit: int
) -> tuple[str, ...]:
    """Return a page of the cases for which the unit has requests in these open states, those due first before others.

    ``after`` is the (earliest due_at in UTC milliseconds, case number) of the last one seen, or None.
    """
    due_at, number = after or _FIRST
    page: dict[str, Value] = {
        "unit_code": unit_code,
        "states": sorted(state.value for state in states),
        "due_at": due_at,
        "number": number,
        "limit": limit,
    }
    return tuple(cast("str", row["number"]) for row in await tx.run(statements.LIST_BUNDLES, page))


def _listing(wanted: frozenset[RequestState]) -> str:
    """Choose the statement that follows no relationship in vain."""
    if wanted.isdisjoint(ENDED):
        return statements.LIST_TO_ANSWER
    return statements.LIST_ANSWERED if wanted <= ENDED else statements.LIST_INBOX


async def _put(tx: Transaction, request: VerificationRequest) -> None:
    ended = request.state in ENDED
    statement = statements.PUT_REQUEST_ANSWERED if ended else statements.PUT_REQUEST_TO_ANSWER
    await tx.run(statement, {"id": request.id, "place": _place(request), "unit_code": request.issuing_unit})


def _place(request: VerificationRequest) -> str:
    """Name the inbox and whether it is open there: changes exactly when the request has to move."""
    return f"{'answered' if request.state in ENDED else 'open'}/{request.issuing_unit}"


def _row(request: VerificationRequest) -> dict[str, Value]:
    return {
        "id": request.id,
        "issuing_unit": request.issuing_unit,
        "state": request.state.value,
        "due_at": milliseconds(request.due_at),
        "version": request.version,
        "record": to_document(request),
    }
