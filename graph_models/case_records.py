"""Cases and what they need, as nodes: (UnitDesk)-[:OPENED]->(CaseFile)-[:HAS_NEED]->(Need).

A need that is to be extracted hangs on a work queue until it is not: (WorkQueue)-[:NEED_WAITING]->(Need). There are
sixteen queues, so that on Neo4j cases opened at the same time seldom wait for one another's queue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias, TypeVar
from zlib import crc32

from graph_models import statements
from graph_models.casework import Case, CaseState, Need, NeedState, Proof, VerificationRequest
from graph_models.rows import (
    LAST_MOMENT,
    found_or_made,
    from_document,
    held,
    joined,
    load,
    milliseconds,
    records,
    to_document,
    written,
)
from graph_models.store import Row, Transaction, Value

N = TypeVar("N", Need, VerificationRequest)
CaseParts: TypeAlias = tuple[Case, tuple[Need, ...], tuple[VerificationRequest, ...], tuple[Proof, ...]]

NEWEST: tuple[int, str] = (1 << 62, "")
"""Stands before the newest case of all."""
QUEUES = 16


async def add_case(tx: Transaction, case: Case) -> None:
    """Write a new case.

    Raises:
        DuplicateKeyError: the case number, or the unit's business number, is taken.
    """
    row: dict[str, Value] = {
        "number": case.number,
        "unit_code": case.unit_code,
        "business_key": joined(case.unit_code, case.business_number),
        "item_code": case.item_code,
        "region": case.region,
        "state": case.state.value,
        "opened_at": milliseconds(case.opened_at),
        "version": case.version,
        "record": to_document(case),
    }
    await tx.run(statements.CREATE_CASE, row)


async def load_case(tx: Transaction, number: str) -> Case:
    """Return the case with the number. Raises RecordNotFoundError."""
    return await load(tx, Case, statements.READ_CASE, {"number": number}, f"case {number}")


async def load_case_parts(tx: Transaction, number: str) -> CaseParts:
    """Return a case with its needs, requests and proofs, each by identifier. Raises RecordNotFoundError."""
    parts: defaultdict[str, list[Row]] = defaultdict(list)
    for row in await tx.run(statements.READ_CASE_PARTS, {"number": number}):
        parts[str(row["kind"])].append(row)
    written(parts["case"], 1, f"case {number}")
    return (
        from_document(Case, parts["case"][0]["record"]),
        _by_id(records(Need, parts["need"])),
        _by_id(records(VerificationRequest, parts["request"])),
        tuple(sorted(records(Proof, parts["proof"]), key=lambda proof: proof.number)),
    )


async def load_cases(tx: Transaction, numbers: Sequence[str]) -> tuple[Case, ...]:
    """Return those of the cases that there are."""
    if not numbers:
        return ()
    return records(Case, await tx.run(statements.READ_CASES, {"numbers": list(dict.fromkeys(numbers))}))


async def find_case(tx: Transaction, unit_code: str, business_number: str) -> Case | None:
    """Return the unit's case with the business number, if there is one."""
    rows = await tx.run(statements.FIND_CASE, {"business_key": joined(unit_code, business_number)})
    return await load_case(tx, str(rows[0]["number"])) if rows else None


async def save_case(tx: Transaction, case: Case) -> Case:
    """Write a changed case whose version is still the stored one; return it with the next version.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    saved = replace(case, version=case.version + 1)
    row: dict[str, Value] = {
        "number": case.number,
        "version": case.version,
        "next": saved.version,
        "state": saved.state.value,
        "record": to_document(saved),
    }
    held(await tx.run(statements.SAVE_CASE, row), f"case {case.number}")
    return saved


async def list_cases(
    tx: Transaction, unit_code: str, state: CaseState | None, after: tuple[int, str] | None, limit: int
) -> tuple[Case, ...]:
    """Return a page of the unit's cases, newest first.

    ``after`` is the (opened_at in UTC milliseconds, number) of the last case seen, or None for the first page.
    """
    at, number = after or NEWEST
    page: dict[str, Value] = {
        "unit_code": unit_code,
        "state": state.value if state else "",
        "at": at,
        "number": number,
        "limit": limit,
    }
    return records(Case, await tx.run(statements.LIST_CASES, page))


async def add_needs(tx: Transaction, needs: Sequence[Need]) -> None:
    """Write the needs of a case that is in the store.

    Raises:
        RecordNotFoundError: the case is not there.
        DuplicateKeyError: one is there already.
    """
    if not needs:
        return
    rows = await tx.run_each(statements.CREATE_NEED, [_need_row(need) for need in needs])
    written(rows, len(needs), f"case {needs[0].case_number}")
    await _queue(tx, [need for need in needs if _is_waiting(need)])


async def load_need(tx: Transaction, identifier: str) -> Need:
    """Return the need with the identifier. Raises RecordNotFoundError."""
    return await load(tx, Need, statements.READ_NEED, {"id": identifier}, f"need {identifier}")


async def load_needs(tx: Transaction, case_number: str) -> tuple[Need, ...]:
    """Return the needs of a case by identifier."""
    return _by_id(records(Need, await tx.run(statements.READ_NEEDS, {"number": case_number})))


async def load_needs_of(tx: Transaction, case_numbers: Sequence[str]) -> tuple[Need, ...]:
    """Return the needs of several cases by identifier."""
    if not case_numbers:
        return ()
    return records(Need, await tx.run(statements.READ_NEEDS_OF, {"numbers": list(dict.fromkeys(case_numbers))}))


async def save_need(tx: Transaction, need: Need) -> Need:
    """Write a changed need whose version is still the stored one; return it with the next version.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    saved = replace(need, version=need.version + 1)
    row: dict[str, Value] = {
        "id": need.id,
        "version": need.version,
        "next": saved.version,
        "state": saved.state.value,
        "due_at": _due_at(saved),
        "record": to_document(saved),
    }
    stored = held(await tx.run(statements.SAVE_NEED, row), f"need {need.id}")
    if bool(stored["waiting"]) is not _is_waiting(saved):
        await _move_need(tx, saved)
    return saved


async def due_needs(tx: Transaction, now: datetime, limit: int, far: datetime | None = None) -> tuple[Need, ...]:
    """Return pending needs whose next attempt is due at the time (aware), those due first before the others.

    What is due after ``far`` was put off by a clock that was wrong, and is due.
    """
    times: dict[str, Value] = {"now": milliseconds(now), "far": milliseconds(far or LAST_MOMENT)}
    return records(Need, await tx.run(statements.DUE_NEEDS, {**times, "limit": limit}))


async def _move_need(tx: Transaction, need: Need) -> None:
    """Hang the need on its queue, or take it off."""
    if _is_waiting(need):
        await _queue(tx, [need])
    else:
        await tx.run(statements.UNQUEUE_NEED, {"id": need.id})


async def _queue(tx: Transaction, needs: Sequence[Need]) -> None:
    """Hang needs of one case on its queue."""
    if needs:
        queue = f"needs-{crc32(needs[0].case_number.encode()) % QUEUES:02}"
        row: dict[str, Value] = {"queue": queue, "ids": [need.id for need in needs]}
        await found_or_made(tx, statements.QUEUE_NEEDS, statements.QUEUE_FIRST_NEEDS, row)


def _need_row(need: Need) -> dict[str, Value]:
    return {
        "id": need.id,
        "case_number": need.case_number,
        "proof_type_code": need.proof_type_code,
        "state": need.state.value,
        "due_at": _due_at(need),
        "version": need.version,
        "record": to_document(need),
    }


def _by_id(found: Iterable[N]) -> tuple[N, ...]:
    return tuple(sorted(found, key=lambda one: one.id))


def _is_waiting(need: Need) -> bool:
    return need.state is NeedState.PENDING and need.next_attempt_at is not None


def _due_at(need: Need) -> int:
    return milliseconds(need.next_attempt_at) if need.next_attempt_at else 0
