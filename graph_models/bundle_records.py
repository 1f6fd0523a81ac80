"""Bundles as nodes: what one unit has to answer about one applicant, whatever the case.

A bundle is there as long as something of it is open. It is found by a digest of unit and applicant, which stays in the
store; outside it goes by a random identifier that says nothing of anybody and dies with it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from graph_models import statements, statements_bundles
from graph_models.casework import Applicant, Case, VerificationRequest
from graph_models.rows import from_document, joined, load, milliseconds, records
from graph_models.store import Row, Transaction, Value

_NEVER = 1 << 62
_FIRST: tuple[int, str] = (-_NEVER, "")


@dataclass(frozen=True, slots=True)
class BundleHead:
    """A bundle in a list."""

    id: str
    due_at: int
    """When the first of its requests is due, UTC milliseconds."""


async def join_bundle(tx: Transaction, request: VerificationRequest) -> None:
    """Put an open request, which is in the store, into the bundle of its unit and applicant; open one if there is none.

    Raises:
        RecordNotFoundError: the case is not there.
    """
    key = await _key(tx, request)
    seed = request.bundle_seed or _seed_of_older(request)
    found: dict[str, Value] = {"key": key, "id": seed, "unit_code": request.issuing_unit, "never": _NEVER}
    bundle = await _held(tx, found)
    await tx.run(statements_bundles.PUT_IN_BUNDLE, {"key": key, "request": request.id})
    due_at = milliseconds(request.due_at)
    if bundle["due_at"] == _NEVER:
        named: dict[str, Value] = {"key": key, "id": bundle["id"], "unit_code": request.issuing_unit, "due_at": due_at}
        await tx.run(statements_bundles.NAME_BUNDLE, named)
    elif due_at < cast("int", bundle["due_at"]):
        await tx.run(statements_bundles.SET_DUE, {"key": key, "due_at": due_at})


async def leave_bundle(tx: Transaction, request_id: str) -> None:
    """Take a request out of the bundle in which it is, if it is in one; the last one closes it."""
    found = await tx.run(statements_bundles.BUNDLE_OF, {"request": request_id})
    if not found:
        return
    key, unit = str(found[0]["key"]), str(found[0]["unit_code"])
    row: dict[str, Value] = {"key": key, "id": found[0]["id"], "unit_code": unit, "never": _NEVER}
    bundle = await _held(tx, row)
    await tx.run(statements_bundles.TAKE_FROM_BUNDLE, {"request": request_id})
    earliest = (await tx.run(statements_bundles.EARLIEST_DUE, {"key": key}))[0]["due_at"]
    if earliest is None:
        await _close(tx, key, bundle)
    elif earliest != bundle["due_at"]:
        await tx.run(statements_bundles.SET_DUE, {"key": key, "due_at": earliest})


async def _held(tx: Transaction, found: dict[str, Value]) -> Row:
    """Hold the bundle until the transaction ends, made where there is none.

    One that was closed while its lock was waited for has no properties any more; the next look makes another.
    """
    while (bundle := (await tx.run(statements_bundles.HOLD_BUNDLE, found))[0])["due_at"] is None:
        pass
    return bundle


async def list_bundles(
    tx: Transaction, unit_code: str, after: tuple[int, str] | None, limit: int
) -> tuple[BundleHead, ...]:
    """Return a page of the unit's bundles, those due first before the others.

    ``after`` is the (due_at, id) of the last one seen, or None.
    """
    due_at, identifier = after or _FIRST
    page: dict[str, Value] = {"unit_code": unit_code, "due_at": due_at, "id": identifier, "limit": limit}
    rows = await tx.run(statements_bundles.LIST_BUNDLES, page)
    return tuple(BundleHead(str(row["id"]), cast("int", row["due_at"])) for row in rows)


async def load_bundles(tx: Transaction, ids: Sequence[str]) -> dict[str, tuple[VerificationRequest, ...]]:
    """Return the open requests of each of the bundles that there are, those due first before the others."""
    rows = await tx.run_each(statements_bundles.READ_BUNDLE, [{"id": each} for each in dict.fromkeys(ids)])
    found: defaultdict[str, list[VerificationRequest]] = defaultdict(list)
    for row, request in zip(rows, records(VerificationRequest, rows), strict=True):
        if request.is_open:  # an older version's process ends one and leaves it
            found[str(row["id"])].append(request)
    return {identifier: tuple(requests) for identifier, requests in found.items()}


async def unbundled(tx: Transaction, after: str, limit: int) -> tuple[VerificationRequest, ...]:
    """Return requests in inboxes that are in no bundle, by identifier, after the given one."""
    rows = await tx.run(statements_bundles.UNBUNDLED, {"after": after, "limit": limit})
    return tuple(from_document(VerificationRequest, row["record"]) for row in rows)


async def _close(tx: Transaction, key: str, bundle: Row) -> None:
    await tx.run(statements_bundles.DROP_NAME, {"id": bundle["id"]})
    await tx.run(statements_bundles.DROP_BUNDLE, {"key": key})


async def _key(tx: Transaction, request: VerificationRequest) -> str:
    what = f"case {request.case_number}"
    case = await load(tx, Case, statements.READ_CASE, {"number": request.case_number}, what)
    return bundle_key(request.issuing_unit, case.applicant)


def bundle_key(unit_code: str, applicant: Applicant) -> str:
    """Return under what the store finds a unit's open bundle about an applicant; it is for the store alone."""
    said = joined(unit_code, applicant.kind, applicant.identifier.strip().upper())
    return hashlib.sha256(said.encode()).hexdigest()


def _seed_of_older(request: VerificationRequest) -> str:
    """Return an identifier for what was written before bundles had one: as random as the request's own."""
    return "B" + hashlib.sha256(joined("bundle", request.issuing_unit, request.id).encode()).hexdigest()[:26]
