"""Issuing intents and proofs: (WorkQueue)-[:INTENT_WAITING]->(IssuingIntent), (CaseFile)-[:HAS_PROOF]->(Proof).

An intent hangs on a work queue until it is finished or void. A proof is found by number, case or check code, by
nothing about a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

from graph_models import statements
from graph_models.casework import IntentState, IssuingIntent, Proof
from graph_models.rows import held, load, milliseconds, records, to_document, written
from graph_models.store import Transaction, Value

NO_END = 1 << 62
"""Stored where a proof can be relied on without end."""
QUEUES = 16
"""So many queues of open intents: those of different cases seldom wait for one another's on Neo4j."""


async def add_intent(tx: Transaction, intent: IssuingIntent) -> None:
    """Write a new intent.

    Raises:
        DuplicateKeyError: there is one with the key.
    """
    row = _intent_row(intent) | {
        "proof_number": intent.proof_number,
        "intended_at": milliseconds(intent.intended_at),
        "waiting": _is_open(intent),
    }
    if _is_open(intent):
        queue = f"intents-{crc32(intent.case_number.encode()) % QUEUES:02}"
        await tx.run(statements.CREATE_WAITING_INTENT, row | {"queue": queue})
    else:
        await tx.run(statements.CREATE_INTENT, row)


async def load_intent(tx: Transaction, key: str) -> IssuingIntent | None:
    """Return the intent with the key, if there is one."""
    found = records(IssuingIntent, await tx.run(statements.READ_INTENT, {"key": key}))
    return found[0] if found else None


async def save_intent(tx: Transaction, intent: IssuingIntent) -> IssuingIntent:
    """Write a changed intent whose version is still the stored one; return it with the next version.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    saved = replace(intent, version=intent.version + 1)
    row = _intent_row(saved) | {"version": intent.version, "next": saved.version}
    stored = held(await tx.run(statements.SAVE_INTENT, row), f"intent {intent.key}")
    if stored["waiting"] and not _is_open(saved):
        await tx.run(statements.UNQUEUE_INTENT, {"key": saved.key})
    return saved


async def open_intents(tx: Transaction, limit: int) -> tuple[IssuingIntent, ...]:
    """Return intents that are neither finished nor void, the oldest first."""
    return records(IssuingIntent, await tx.run(statements.OPEN_INTENTS, {"limit": limit}))


async def add_proof(tx: Transaction, proof: Proof) -> None:
    """Write a new proof of a case that is in the store.

    Raises:
        RecordNotFoundError: the case is not there.
        DuplicateKeyError: its number or check code is taken.
    """
    row = _proof_row(proof) | {
        "check_code": proof.check_code,
        "proof_type_code": proof.proof_type_code,
        "case_number": proof.case_number,
        "producing_unit": proof.producing_unit,
        "negative": proof.negative,
        "extracted_at": milliseconds(proof.extracted_at),
    }
    written(await tx.run(statements.CREATE_PROOF, row), 1, f"case {proof.case_number}")


async def load_proof(tx: Transaction, number: str) -> Proof:
    """Return the proof with the number. Raises RecordNotFoundError."""
    return await load(tx, Proof, statements.READ_PROOF, {"number": number}, f"proof {number}")


async def load_proofs(tx: Transaction, numbers: Sequence[str]) -> tuple[Proof, ...]:
    """Return those of the proofs that there are, by number."""
    if not numbers:
        return ()
    return records(Proof, await tx.run(statements.READ_PROOFS, {"numbers": list(dict.fromkeys(numbers))}))


async def find_proof(tx: Transaction, check_code: str) -> Proof | None:
    """Return the proof with the check code, if there is one."""
    rows = await tx.run(statements.FIND_PROOF, {"check_code": check_code})
    return await load_proof(tx, str(rows[0]["number"])) if rows else None


async def proofs_of_case(tx: Transaction, case_number: str) -> tuple[Proof, ...]:
    """Return the proofs that were issued for a case, by number."""
    found = records(Proof, await tx.run(statements.PROOFS_OF_CASE, {"case_number": case_number}))
    return tuple(sorted(found, key=lambda proof: proof.number))


async def save_proof(tx: Transaction, proof: Proof) -> Proof:
    """Write a changed proof whose version is still the stored one; return it with the next version.

    Raises:
        StaleVersionError: it was changed in between, or is not there.
    """
    saved = replace(proof, version=proof.version + 1)
    row = _proof_row(saved) | {"version": proof.version, "next": saved.version}
    held(await tx.run(statements.SAVE_PROOF, row), f"proof {proof.number}")
    return saved


def _is_open(intent: IssuingIntent) -> bool:
    return intent.state is IntentState.INTENDED


def _intent_row(intent: IssuingIntent) -> dict[str, Value]:
    return {
        "key": intent.key,
        "state": intent.state.value,
        "version": intent.version,
        "record": to_document(intent),
    }


def _proof_row(proof: Proof) -> dict[str, Value]:
    return {
        "number": proof.number,
        "state": proof.state.value,
        "valid_until": milliseconds(proof.valid_until) if proof.valid_until else NO_END,
        "version": proof.version,
        "record": to_document(proof),
    }
