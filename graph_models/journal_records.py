"""Audit chains, outgoing events and receipts as nodes.

Each audit stream has a head that holds the last sequence and digest, each unit a counter of its events. Whoever
appends holds that node until the transaction ends, so a chain has no fork and a sequence no gap.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import count
from typing import cast

from graph_models import statements
from graph_models.casework import AuditEntry, OutboxEvent
from graph_models.journal import AuditDraft, EventDraft, Receipt
from graph_models.rows import from_document, joined, milliseconds, records, to_document
from graph_models.store import Transaction, Value


async def append_audit(tx: Transaction, draft: AuditDraft) -> AuditEntry:
    """Append one entry to its stream's chain and return it in its place."""
    return (await append_audit_many(tx, (draft,)))[0]


async def append_audit_many(tx: Transaction, drafts: Sequence[AuditDraft]) -> tuple[AuditEntry, ...]:
    """Append entries to their streams' chains, in the order given, in two statements and one for each stream."""
    if not drafts:
        return ()
    heads = {stream: await _held_head(tx, stream) for stream in sorted({draft.stream for draft in drafts})}
    entries = []
    for draft in drafts:
        entry = chained(draft, *heads[draft.stream])
        heads[draft.stream] = (entry.sequence, entry.digest)
        entries.append(entry)
    await tx.run(statements.CREATE_AUDIT, {"rows": [_audit_row(entry) for entry in entries]})
    await tx.run(statements.MOVE_HEADS, {"rows": [_head_row(stream, *head) for stream, head in heads.items()]})
    return tuple(entries)


async def load_audit(tx: Transaction, stream: str, after: int, limit: int) -> tuple[AuditEntry, ...]:
    """Return entries of a stream in order, from the one that follows the sequence ``after`` (0: from the first)."""
    rows = await tx.run(statements.READ_HEAD, {"stream": stream})
    last = cast("int", rows[0]["sequence"]) if rows else 0
    keys: list[Value] = [_audit_key(stream, one) for one in range(after + 1, min(after + limit, last) + 1)]
    if not keys:
        return ()
    entries = records(AuditEntry, await tx.run(statements.READ_AUDIT, {"keys": keys}))
    return tuple(sorted(entries, key=lambda entry: entry.sequence))


def chained(draft: AuditDraft, sequence: int, digest: str) -> AuditEntry:
    """Return the draft as the entry that follows the one with this sequence and digest (0 and empty: the first)."""
    given = asdict(draft) | {"sequence": sequence + 1, "previous_digest": digest}
    return AuditEntry(**given, digest=_digest(given))


def verify_chain(entries: Iterable[AuditEntry], sequence: int = 0, digest: str = "") -> int | None:
    """Return the first sequence at which a chain is broken, or None if it is whole.

    The entries are those of one stream in order, beginning after the entry with ``sequence`` and ``digest``; an entry
    that is missing, changed, moved or put in between breaks the chain.
    """
    for entry in entries:
        given = asdict(entry)
        stated = given.pop("digest")
        expected = (sequence + 1, digest, _digest(given))
        if (entry.sequence, entry.previous_digest, stated) != expected:
            return sequence + 1
        sequence, digest = entry.sequence, entry.digest
    return None


async def append_event(tx: Transaction, draft: EventDraft) -> OutboxEvent:
    """Append one event and return it with its sequence within the unit."""
    return (await append_events(tx, (draft,)))[0]


async def append_events(tx: Transaction, drafts: Sequence[EventDraft]) -> tuple[OutboxEvent, ...]:
    """Append events, in the order given, in two statements however many they are.

    Raises:
        DuplicateKeyError: an event with the identifier is there already.
    """
    if not drafts:
        return ()
    more = Counter(draft.unit_code for draft in drafts)
    wanted: list[Value] = [{"unit_code": unit, "more": more[unit]} for unit in sorted(more)]
    rows = await tx.run(statements.COUNT_EVENTS, {"rows": wanted, "guard": 1})
    last = {cast("str", row["unit_code"]): cast("int", row["last"]) for row in rows}
    sequences = {unit: count(last[unit] - more[unit] + 1) for unit in more}
    events = [
        OutboxEvent(**asdict(draft), sequence=next(sequences[draft.unit_code]), published=False) for draft in drafts
    ]
    await tx.run(statements.CREATE_EVENTS, {"rows": [_event_row(event) for event in events]})
    return tuple(events)


async def unpublished_events(tx: Transaction, limit: int) -> tuple[OutboxEvent, ...]:
    """Return events that have not left, unit by unit, each unit's in the order of their sequence."""
    return records(OutboxEvent, await tx.run(statements.UNPUBLISHED_EVENTS, {"limit": limit}))


async def mark_events_published(tx: Transaction, ids: Sequence[str]) -> None:
    """Note that the events have left; one that had left already stays as it is."""
    if ids:
        await tx.run(statements.MARK_PUBLISHED, {"ids": list(dict.fromkeys(ids))})


async def add_receipt(tx: Transaction, receipt: Receipt) -> None:
    """Write that a mutation was done.

    Raises:
        DuplicateKeyError: the unit did this operation under this key before.
    """
    key = joined(receipt.unit_code, receipt.operation, receipt.key)
    row: dict[str, Value] = {"key": key, "at": milliseconds(receipt.at), "record": to_document(receipt)}
    await tx.run(statements.CREATE_RECEIPT, row)


async def find_receipt(tx: Transaction, unit_code: str, operation: str, key: str) -> Receipt | None:
    """Return the receipt of the unit's operation under the key, if it was done."""
    rows = await tx.run(statements.READ_RECEIPT, {"key": joined(unit_code, operation, key)})
    return from_document(Receipt, rows[0]["record"]) if rows else None


async def _held_head(tx: Transaction, stream: str) -> tuple[int, str]:
    """Hold the stream's head until the transaction ends; return its last sequence and digest."""
    rows = await tx.run(statements.HOLD_HEAD, {"stream": stream, "guard": 1})
    return cast("int", rows[0]["sequence"]), cast("str", rows[0]["digest"])


def _digest(given: dict[str, object]) -> str:
    """Return SHA-256 over the canonical JSON of everything that an entry says, the digest before it included."""
    return hashlib.sha256(to_document(given).encode()).hexdigest()


def _audit_key(stream: str, sequence: int) -> str:
    return joined(stream, str(sequence))


def _head_row(stream: str, sequence: int, digest: str) -> dict[str, Value]:
    return {"stream": stream, "sequence": sequence, "digest": digest}


def _audit_row(entry: AuditEntry) -> dict[str, Value]:
    return {
        "key": _audit_key(entry.stream, entry.sequence),
        "operation": entry.operation,
        "unit_code": entry.unit_code,
        "at": milliseconds(entry.at),
        "record": to_document(entry),
    }


def _event_row(event: OutboxEvent) -> dict[str, Value]:
    return {
        "unit_code": event.unit_code,
        "id": event.id,
        "type": event.type,
        "sequence": event.sequence,
        "record": to_document(event),
    }
