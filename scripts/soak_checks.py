"""What must be true at the end of a fault run: pure, each check gives sentences about what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph_models.casework import AuditEntry, Case, IntentState, IssuingIntent, Proof
from graph_models.journal_records import verify_chain


@dataclass(frozen=True, slots=True)
class Accepted:
    """A case that the hub said it has opened, and the types of the proofs that it said it would bring."""

    number: str
    business_number: str
    proof_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event as a consumer saw it."""

    unit: str
    sequence: int


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where an audit chain says that it ends."""

    stream: str
    sequence: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is held against what, all read after the last fault."""

    accepted: Sequence[Accepted]
    cases: Sequence[Case]
    proofs: Sequence[Proof]
    intents: Sequence[IssuingIntent]
    documents: frozenset[str]
    """SHA-256 of the files that are in the document store and have it."""
    sightings: Sequence[Sighting]
    """In the order in which they were read."""
    last_events: Mapping[str, int]
    """The number of each unit's newest event."""
    heads: Sequence[StreamHead]
    audit: Mapping[str, Sequence[AuditEntry]]


def failures(found: Evidence) -> list[str]:
    """Return everything that is wrong; nothing where the run has passed."""
    return [
        *lost_cases(found.accepted, found.cases),
        *wrong_proofs(found.accepted, found.proofs),
        *loose_ends(found.intents, found.proofs),
        *missing_documents(found.proofs, found.documents),
        *disordered(found.sightings, found.last_events),
        *broken_chains(found.heads, found.audit),
    ]


def lost_cases(accepted: Iterable[Accepted], cases: Iterable[Case]) -> Iterator[str]:
    """Say which accepted case is not in the store, and which business number has more than one."""
    stored = {case.number: case.business_number for case in cases}
    for one in accepted:
        if stored.get(one.number) != one.business_number:
            yield f"case {one.number} was accepted and is not in the store"
    for number, times in Counter(stored.values()).items():
        if times > 1:
            yield f"business number {number} has {times} cases"


def wrong_proofs(accepted: Iterable[Accepted], proofs: Iterable[Proof]) -> Iterator[str]:
    """Say which accepted case lacks one of its proofs, has one twice or has one that it should not have."""
    found: dict[str, Counter[str]] = {}
    for proof in proofs:
        found.setdefault(proof.case_number, Counter())[proof.proof_type_code] += 1
    for case in accepted:
        counts = found.get(case.number, Counter())
        for kind in sorted(case.proof_types | counts.keys()):
            wanted = int(kind in case.proof_types)
            if counts[kind] != wanted:
                yield f"case {case.number} has {counts[kind]} proofs {kind}, not {wanted}"


def loose_ends(intents: Iterable[IssuingIntent], proofs: Iterable[Proof]) -> Iterator[str]:
    """Say where what was intended and what was issued differ: each intent is one proof, or void and none."""
    numbers = Counter(proof.proof_number for proof in intents_of(intents, IntentState.COMMITTED))
    issued = Counter(proof.number for proof in proofs)
    for number in sorted(numbers.keys() | issued.keys()):
        if (numbers[number], issued[number]) != (1, 1):
            yield f"proof {number} was intended {numbers[number]} times and issued {issued[number]} times"
    for intent in intents_of(intents, IntentState.INTENDED):
        yield f"proof {intent.proof_number} was intended and neither issued nor voided"


def intents_of(intents: Iterable[IssuingIntent], state: IntentState) -> list[IssuingIntent]:
    """Return those that are in a state."""
    return [intent for intent in intents if intent.state is state]


def missing_documents(proofs: Iterable[Proof], documents: frozenset[str]) -> Iterator[str]:
    """Say which proof has no document, or one that is not what its record says."""
    for proof in proofs:
        if proof.document_sha256 not in documents:
            yield f"proof {proof.number} has no document"


def disordered(sightings: Iterable[Sighting], last_events: Mapping[str, int]) -> Iterator[str]:
    """Say where a unit's events were not first seen as 1, 2, 3 … up to its newest; what came again is passed over."""
    seen: dict[str, int] = {}
    for event in sightings:
        expected = seen.get(event.unit, 0) + 1
        if event.sequence > expected:
            yield f"event {event.unit}.{event.sequence} was seen before {event.unit}.{expected}"
        seen[event.unit] = max(event.sequence, expected - 1)
    for unit in sorted(seen.keys() | last_events.keys()):
        if seen.get(unit, 0) != last_events.get(unit, 0):
            yield f"of unit {unit}'s {last_events.get(unit, 0)} events {seen.get(unit, 0)} were seen"


def broken_chains(heads: Iterable[StreamHead], audit: Mapping[str, Sequence[AuditEntry]]) -> Iterator[str]:
    """Say which audit chain has a gap, a fork or an entry that its head does not know."""
    known = {head.stream: head for head in heads}
    for stream in sorted(known.keys() | audit.keys()):
        entries, head = audit.get(stream, ()), known.get(stream)
        broken = verify_chain(entries)
        if broken is not None:
            yield f"the audit of {stream} is broken at entry {broken}"
        last = (entries[-1].sequence, entries[-1].digest) if entries else (0, "")
        if head is None or last != (head.sequence, head.digest):
            yield f"the audit of {stream} ends at entry {last[0]}, its head says {head.sequence if head else 'nothing'}"
