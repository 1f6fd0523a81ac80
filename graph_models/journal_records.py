"""Audit chains, outgoing events and receipts as nodes.

Each audit stream has a head that holds the last sequence and digest, each unit a counter of its events. Whoever
appends holds that node until the transaction ends, so a chain has no fork and a sequence no gap. Up to where a unit's
events have left says a node of its own (OutboxMark): who appends and who marks touch nothing in common, and what waits
is found by its keys, however much it is.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, takewhile
from typing import cast

from graph_models import statements_journal as statements
from graph_models.casework import AuditEntry, OutboxEvent
from graph_models.journal import AuditDraft, EventDraft, Receipt
from graph_models.rows import fields_of, from_document, joined, milliseconds, records, to_document
from graph_models.store import Transaction, Value


async def append_audit(tx: Transaction, draft: AuditDraft) -> AuditEntry:
    """Append one entry to its stream's chain and return it in its place."""
    return (await append_audit_many(tx, (draft,)))[0]


async def append_audit_many(tx: Transaction, drafts: Sequence[AuditDraft]) -> tuple[AuditEntry, ...]:
    """Append entries to their streams' chains, in the order given, in three statements and one for each new stream."""
    if not drafts:
        return ()
    heads = await _held_heads(tx, sorted({draft.stream for draft in drafts}))
    entries = []
    for draft in drafts:
        entry = chained(draft, *heads[draft.stream])
        heads[draft.stream] = (entry.sequence, entry.digest)
        entries.append(entry)
    last = {entry.stream: entry for entry in entries}
    before = [entry for entry in entries if entry is not last[entry.stream]]
    await tx.run_each(statements.CREATE_AUDIT, [_audit_row(entry) for entry in before])
    await tx.run_each(statements.APPEND_AUDIT, [_audit_row(entry) | _head_row(entry) for entry in last.values()])
    return tuple(entries)


async def begin_audit(tx: Transaction, drafts: Sequence[AuditDraft]) -> tuple[AuditEntry, ...]:
    """Append entries, of which the first one begins its stream: one of something that this transaction makes.

    Raises:
        DuplicateKeyError: the stream has begun already.
    """
    first = chained(drafts[0], 0, "")
    await tx.run(statements.BEGIN_STREAM, _audit_row(first) | _head_row(first))
    return (first, *await append_audit_many(tx, drafts[1:]))


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
    given = fields_of(draft) | {"sequence": sequence + 1, "previous_digest": digest}
    return AuditEntry(**given, digest=_digest(given))


def verify_chain(entries: Iterable[AuditEntry], sequence: int = 0, digest: str = "") -> int | None:
    """Return the first sequence at which a chain is broken, or None if it is whole.

    The entries are those of one stream in order, beginning after the entry with ``sequence`` and ``digest``; an entry
    that is missing, changed, moved or put in between breaks the chain.
    """
    for entry in entries:
        given = fields_of(entry)
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
    """Append events, in the order given, in two statements however many they are; three for a unit's first ones."""
    if not drafts:
        return ()
    more = Counter(draft.unit_code for draft in drafts)
    last = await _counted(tx, statements.COUNT_EVENTS, more)
    first = {unit: more[unit] for unit in more.keys() - last.keys()}
    last |= await _counted(tx, statements.COUNT_FIRST_EVENTS, first)
    sequences = {unit: count(last[unit] - more[unit] + 1) for unit in more}
    events = [_numbered(draft, next(sequences[draft.unit_code])) for draft in drafts]
    await tx.run_each(statements.CREATE_EVENT, [_event_row(event) for event in events])
    return tuple(events)


async def last_event(tx: Transaction, unit_code: str) -> int:
    """Return the sequence of a unit's newest event; 0 where it has none."""
    rows = await tx.run(statements.READ_COUNTER, {"unit_code": unit_code})
    return cast("int", rows[0]["last"]) if rows else 0


async def last_events(tx: Transaction, unit_codes: Iterable[str]) -> dict[str, int]:
    """Return the sequence of the newest event of each unit that has one, in one statement."""
    rows = await tx.run(statements.READ_COUNTERS, {"unit_codes": sorted(set(unit_codes))})
    return {cast("str", row["unit_code"]): cast("int", row["last"]) for row in rows}


async def read_events(tx: Transaction, unit_code: str, after: int, limit: int) -> tuple[OutboxEvent, ...]:
    """Return a unit's events in order, without a gap, from the one that follows the sequence ``after``."""
    ids = [event_id(unit_code, after + place) for place in range(1, limit + 1)]
    rows = await tx.run(statements.READ_EVENTS, {"ids": ids})
    found = {event.sequence: event for event in records(OutboxEvent, rows)}
    following = count(after + 1)
    return tuple(found[sequence] for sequence in takewhile(found.__contains__, following))


async def waiting_runs(tx: Transaction) -> dict[str, range]:
    """Return, for each unit of which events have not left, the run of their sequences. Costs how many units exist."""
    rows = await tx.run(statements.WAITING_RUNS)
    ends = {str(row["unit_code"]): (cast("int", row["sent"]), cast("int", row["last"])) for row in rows}
    return {unit: range(sent + 1, last + 1) for unit, (sent, last) in sorted(ends.items())}


async def unpublished_events(
    tx: Transaction, limit: int, of: Callable[[str], bool] = lambda _: True
) -> tuple[OutboxEvent, ...]:
    """Return events that have not left, unit by unit, each unit's in the order of their sequence without a gap.

    ``of`` says whose. Each unit has its share of ``limit``, and at least one event, so that none holds up the others.
    """
    runs = {unit: run for unit, run in (await waiting_runs(tx)).items() if of(unit)}
    taken = shares({unit: len(run) for unit, run in runs.items()}, limit)
    asked = {unit: [event_id(unit, one) for one in runs[unit][: taken[unit]]] for unit in runs}
    ids: list[Value] = [each for some in asked.values() for each in some]
    rows = await tx.run(statements.READ_EVENTS, {"ids": ids}) if ids else []
    found = {event.id: event for event in records(OutboxEvent, rows)}
    return tuple(found[each] for some in asked.values() for each in takewhile(found.__contains__, some))


def shares(waiting: Mapping[str, int], limit: int) -> dict[str, int]:
    """Return how many events of each unit go in a batch; what a unit does not need of its share the others have."""
    left, taken = limit, dict[str, int]()
    for unit in sorted(waiting, key=lambda each: (waiting[each], each)):
        taken[unit] = min(waiting[unit], max(left // (len(waiting) - len(taken)), 1))
        left -= taken[unit]
    return taken


async def mark_events_published(tx: Transaction, ids: Iterable[str]) -> None:
    """Note that events have left; one that had left already, or does not follow those that have, is passed over."""
    left: defaultdict[str, set[int]] = defaultdict(set)
    for unit, _, sequence in (each.rpartition(".") for each in ids):
        left[unit].add(int(sequence))
    marks = await _held_marks(tx, sorted(left))
    ends = {unit: next(one for one in count(sent) if one + 1 not in left[unit]) for unit, sent in marks.items()}
    rows: list[dict[str, Value]] = [{"unit_code": unit, "sent": end} for unit, end in ends.items() if end > marks[unit]]
    await tx.run_each(statements.WRITE_MARK, rows)


async def sent_up_to(tx: Transaction, unit_codes: Iterable[str]) -> dict[str, int]:
    """Return the sequence up to which the events of each unit have left; without those of which none has."""
    rows = await tx.run(statements.READ_MARKS, {"unit_codes": sorted(set(unit_codes))})
    return {cast("str", row["unit_code"]): cast("int", row["sent"]) for row in rows}


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


async def _held_heads(tx: Transaction, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Hold the heads of streams until the transaction ends; return the last sequence and digest of each."""
    rows = await tx.run_each(statements.HOLD_HEAD, [{"stream": stream} for stream in streams])
    missing = set(streams) - {row["stream"] for row in rows}
    rows += await tx.run_each(statements.MAKE_HEAD, [{"stream": stream} for stream in sorted(missing)])
    return {str(row["stream"]): (cast("int", row["sequence"]), cast("str", row["digest"])) for row in rows}


async def _held_marks(tx: Transaction, unit_codes: Sequence[str]) -> dict[str, int]:
    """Hold up to where units' events have left until the transaction ends; return it."""
    rows = await tx.run_each(statements.HOLD_MARK, [{"unit_code": unit} for unit in unit_codes])
    missing = set(unit_codes) - {row["unit_code"] for row in rows}
    rows += await tx.run_each(statements.MAKE_MARK, [{"unit_code": unit} for unit in sorted(missing)])
    return {cast("str", row["unit_code"]): cast("int", row["sent"]) for row in rows}


async def _counted(tx: Transaction, statement: str, more: Mapping[str, int]) -> dict[str, int]:
    """Count so many more events of each unit, held until the transaction ends; return the last number of each."""
    counted = await tx.run_each(statement, [{"unit_code": unit, "more": more[unit]} for unit in sorted(more)])
    return {cast("str", row["unit_code"]): cast("int", row["last"]) for row in counted}


def event_id(unit_code: str, sequence: int) -> str:
    """Return the identifier of a unit's event."""
    return f"{unit_code}.{sequence}"


def _numbered(draft: EventDraft, sequence: int) -> OutboxEvent:
    identifier = event_id(draft.unit_code, sequence)
    return OutboxEvent(**fields_of(draft), id=identifier, sequence=sequence, published=False)


def _digest(given: dict[str, object]) -> str:
    """Return SHA-256 over the canonical JSON of everything that an entry says, the digest before it included."""
    return hashlib.sha256(to_document(given).encode()).hexdigest()


def _audit_key(stream: str, sequence: int) -> str:
    return joined(stream, str(sequence))


def _head_row(last: AuditEntry) -> dict[str, Value]:
    return {"stream": last.stream, "sequence": last.sequence, "digest": last.digest}


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
