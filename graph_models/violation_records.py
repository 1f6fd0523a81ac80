"""Refused uses of seals: (Seal)-[:REFUSED]->(SealViolation)<-[:REFUSED_TO]-(UnitViolations), the newest first.

The audit chain proves them, entry by entry; here they are found by seal and by unit.
"""

from __future__ import annotations

from graph_models import statements_violations as statements
from graph_models.rows import joined, milliseconds, records, to_document, written
from graph_models.seals import SealViolation
from graph_models.store import Transaction, Value

_NEWEST: tuple[int, str] = (1 << 62, "")


def violation_key(violation: SealViolation) -> str:
    """Return what no two violations share: a refused issuing is one for each reason."""
    return joined(violation.unit_code, violation.issuing_key, violation.reason)


async def add_violation(tx: Transaction, violation: SealViolation) -> None:
    """Write a refused use.

    Raises:
        DuplicateKeyError: this issuing is there with this reason.
        RecordNotFoundError: the seal is not there.
    """
    row: dict[str, Value] = {"key": violation_key(violation), "seal_id": violation.seal_id or ""}
    more: dict[str, Value] = {"at": milliseconds(violation.at), "record": to_document(violation)}
    await tx.run(statements.CREATE_VIOLATION, row | more | {"unit_code": violation.unit_code})
    if violation.seal_id is not None:
        written(await tx.run(statements.LINK_VIOLATION, row), 1, f"seal {violation.seal_id}")


async def list_violations(
    tx: Transaction, seal_id: str | None, unit_code: str | None, after: tuple[int, str] | None, limit: int
) -> tuple[SealViolation, ...]:
    """Return a page of refused uses, the newest first.

    Args:
        tx: the transaction.
        seal_id: of this seal alone.
        unit_code: by this unit alone.
        after: (UTC milliseconds, ``violation_key``) of the last one seen, or None for the first page.
        limit: how many at most.
    """
    at, key = after or _NEWEST
    page: dict[str, Value] = {"at": at, "key": key, "seal_id": seal_id or "", "limit": limit}
    if unit_code is not None:
        return records(SealViolation, await tx.run(statements.VIOLATIONS_OF_UNIT, page | {"unit_code": unit_code}))
    statement = statements.VIOLATIONS if seal_id is None else statements.VIOLATIONS_OF_SEAL
    return records(SealViolation, await tx.run(statement, page))
