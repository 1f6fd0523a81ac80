"""Seals and grants: (Seal)-[:HAS_GATE]->(SealGate), (Seal)-[:GRANTED]->(SealGrant)<-[:MAY_USE]-(UnitGrants).

Whoever seals holds one of the seal's gates until its transaction ends; whoever changes the state writes all of them.
So a suspension waits for what is being committed and nothing is committed after it, while proofs of different cases
seldom wait for each other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from zlib import crc32

from graph_models import statements
from graph_models.errors import RecordNotFoundError
from graph_models.rows import from_document, held, joined, load, records, to_document, written
from graph_models.seals import GrantRecord, Seal, SealState
from graph_models.store import Row, Transaction, Value

GATES = 16
"""So many proofs under one seal can be committed at the same time on Neo4j."""


async def add_seal(tx: Transaction, seal: Seal) -> None:
    """Write a new seal.

    Raises:
        DuplicateKeyError: its identifier or number is taken.
    """
    await tx.run(statements.CREATE_SEAL, _row(seal) | {"number": seal.number, "kind": seal.kind.value})
    await tx.run(statements.CREATE_GATES, _gates(seal))


async def load_seal(tx: Transaction, identifier: str) -> Seal:
    """Return the seal with the identifier. Raises RecordNotFoundError."""
    return await load(tx, Seal, statements.READ_SEAL, {"id": identifier}, f"seal {identifier}")


async def list_seals(tx: Transaction) -> tuple[Seal, ...]:
    """Return all seals by number, destroyed ones too; a city has few."""
    return records(Seal, await tx.run(statements.LIST_SEALS))


async def save_seal(tx: Transaction, seal: Seal) -> Seal:
    """Write a changed seal whose version is still the stored one; return it with the next version.

    When the transaction is committed, every one that seals sees the new state, and none is under way any more.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    saved = replace(seal, version=seal.version + 1)
    row = _row(saved) | {"version": seal.version, "next": saved.version}
    held(await tx.run(statements.SAVE_SEAL, row), f"seal {seal.id}")
    await tx.run(statements.SET_GATES, {name: value for name, value in _gates(saved).items() if name != "id"})
    return saved


async def hold_gate(tx: Transaction, seal_id: str, spread: str) -> bool:
    """Hold one of the seal's gates until the transaction ends; tell whether the seal is active.

    ``spread`` chooses the gate: the same text always the same one.

    Raises:
        RecordNotFoundError: there is no such seal.
    """
    key = _gate(seal_id, crc32(spread.encode()) % GATES)
    rows = await tx.run(statements.HOLD_GATE, {"key": key})
    written(rows, 1, f"seal {seal_id}")
    return cast("bool", rows[0]["is_open"])


async def add_grant(tx: Transaction, grant: GrantRecord) -> None:
    """Write a new grant of a seal that is in the store.

    Raises:
        RecordNotFoundError: the seal is not there.
        DuplicateKeyError: there is a grant with the identifier.
    """
    row = _grant_row(grant) | {"seal_id": grant.seal_id, "unit_code": grant.unit_code}
    written(await tx.run(statements.CREATE_GRANT, row), 1, f"seal {grant.seal_id}")


async def load_grant(tx: Transaction, identifier: str) -> GrantRecord:
    """Return the grant with the identifier. Raises RecordNotFoundError."""
    return await load(tx, GrantRecord, statements.READ_GRANT, {"id": identifier}, f"grant {identifier}")


async def load_grant_with_seal(tx: Transaction, identifier: str) -> tuple[GrantRecord, Seal]:
    """Return the grant with the identifier, and its seal. Raises RecordNotFoundError."""
    rows = await tx.run(statements.READ_GRANT_WITH_SEAL, {"id": identifier})
    written(rows, 1, f"grant {identifier}")
    return _granted(rows[0])


async def hold_grant(tx: Transaction, identifier: str) -> GrantRecord:
    """Return the grant as it is, and hold it until the transaction ends. Raises RecordNotFoundError."""
    rows = await tx.run(statements.HOLD_GRANT, {"id": identifier})
    if not rows:
        raise RecordNotFoundError(f"there is no grant {identifier}")
    return from_document(GrantRecord, rows[0]["record"])


async def save_grant(tx: Transaction, grant: GrantRecord) -> GrantRecord:
    """Write a changed grant whose version is still the stored one; return it with the next version.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    saved = replace(grant, version=grant.version + 1)
    row = _grant_row(saved) | {"version": grant.version, "next": saved.version}
    held(await tx.run(statements.SAVE_GRANT, row), f"grant {grant.id}")
    return saved


async def grants_of_seal(tx: Transaction, seal_id: str) -> tuple[GrantRecord, ...]:
    """Return the grants of a seal by identifier, revoked ones too."""
    return records(GrantRecord, await tx.run(statements.GRANTS_OF_SEAL, {"seal_id": seal_id}))


async def grants_of_unit(tx: Transaction, unit_code: str) -> tuple[tuple[GrantRecord, Seal], ...]:
    """Return the grants that a unit has, each with its seal, by the grant's identifier, revoked ones too."""
    rows = await tx.run(statements.GRANTS_OF_UNIT, {"unit_code": unit_code})
    return tuple(sorted(map(_granted, rows), key=lambda pair: pair[0].id))


def _granted(row: Row) -> tuple[GrantRecord, Seal]:
    return from_document(GrantRecord, row["record"]), from_document(Seal, row["seal"])


def _row(seal: Seal) -> dict[str, Value]:
    return {"id": seal.id, "state": seal.state.value, "version": seal.version, "record": to_document(seal)}


def _grant_row(grant: GrantRecord) -> dict[str, Value]:
    return {"id": grant.id, "state": grant.state.value, "version": grant.version, "record": to_document(grant)}


def _gates(seal: Seal) -> dict[str, Value]:
    keys: list[Value] = [_gate(seal.id, number) for number in range(GATES)]
    return {"id": seal.id, "keys": keys, "is_open": seal.state is SealState.ACTIVE}


def _gate(seal_id: str, number: int) -> str:
    return joined(seal_id, f"{number:02}")
