"""Reads what the store and the document folder hold after the last fault, beside the hubs."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from graph_models.casework import AuditEntry, Case, IssuingIntent, Proof, VerificationRequest
from graph_models.neo4j_store import Neo4jStore
from graph_models.rows import records
from graph_models.store import Transaction
from scripts.soak_checks import Accepted, Evidence, Sighting, StreamHead

R = TypeVar("R")
_LOOK_SECONDS = 0.5
_WAITING = (
    "MATCH (c:EventCounter) OPTIONAL MATCH (m:OutboxMark {unit_code: c.unit_code}) "
    "WITH sum(c.last - coalesce(m.sent, 0)) AS events RETURN events, "
    "COUNT { MATCH (:WorkQueue)-[:INTENT_WAITING]->(:IssuingIntent) } AS intents, "
    "COUNT { MATCH (:WorkQueue)-[:NEED_WAITING]->(:Need) } AS needs"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds, apart from what callers saw."""

    cases: tuple[Case, ...]
    requests: tuple[VerificationRequest, ...]
    proofs: tuple[Proof, ...]
    intents: tuple[IssuingIntent, ...]
    last_events: dict[str, int]
    heads: tuple[StreamHead, ...]
    audit: dict[str, tuple[AuditEntry, ...]]

    def evidence(
        self, accepted: Sequence[Accepted], sightings: Sequence[Sighting], documents: frozenset[str]
    ) -> Evidence:
        """Return it together with what callers and consumers saw."""
        return Evidence(
            accepted=accepted,
            cases=self.cases,
            proofs=self.proofs,
            intents=self.intents,
            documents=documents,
            sightings=sightings,
            last_events=self.last_events,
            heads=self.heads,
            audit=self.audit,
        )


async def wait_until_quiet(store: Neo4jStore, seconds: float) -> dict[str, int]:
    """Return once nothing waits to be sent, issued or extracted, or the time is over: how much waits still."""
    waiting: dict[str, int] = {}
    try:
        async with asyncio.timeout(seconds):
            while any((waiting := await store.read(_waiting)).values()):  # noqa: ASYNC110  the hubs' work, not ours
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        pass
    return waiting


async def read_all(store: Neo4jStore) -> Stored:
    """Read everything in one transaction."""
    return await store.read(_everything)


def documents_in(folder: Path) -> frozenset[str]:
    """Return the digests of those documents that are what their names say."""
    found = set()
    for path in folder.glob("*/*.pdf"):
        digest = path.parent.name + path.stem
        if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            found.add(digest)
    return frozenset(found)


async def _waiting(tx: Transaction) -> dict[str, int]:
    (row,) = await tx.run(_WAITING)
    return {name: int(str(count)) for name, count in row.items()}


async def _everything(tx: Transaction) -> Stored:
    counters = await tx.run("MATCH (c:EventCounter) RETURN c.unit_code AS unit, c.last AS last")
    heads = await tx.run("MATCH (h:AuditHead) RETURN h.stream AS stream, h.sequence AS sequence, h.digest AS digest")
    return Stored(
        cases=await _all(tx, Case, "CaseFile"),
        requests=await _all(tx, VerificationRequest, "VerificationRequest"),
        proofs=await _all(tx, Proof, "Proof"),
        intents=await _all(tx, IssuingIntent, "IssuingIntent"),
        last_events={str(row["unit"]): int(str(row["last"])) for row in counters},
        heads=tuple(StreamHead(str(row["stream"]), int(str(row["sequence"])), str(row["digest"])) for row in heads),
        audit=_by_stream(await _all(tx, AuditEntry, "AuditEntry")),
    )


async def _all(tx: Transaction, kind: type[R], label: str) -> tuple[R, ...]:
    return records(kind, await tx.run(f"MATCH (n:{label}) RETURN n.record AS record"))


def _by_stream(entries: Sequence[AuditEntry]) -> dict[str, tuple[AuditEntry, ...]]:
    found: defaultdict[str, list[AuditEntry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda each: each.sequence):
        found[entry.stream].append(entry)
    return {stream: tuple(entries) for stream, entries in found.items()}
