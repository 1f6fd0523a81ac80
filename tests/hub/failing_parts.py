"""Parts of a hub that fail while a test wants it and do the real thing otherwise, and what holds after any failure.

They are put in by ``Parts`` of ``tests.hub.office``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from graph_models.casework import IssuingIntent
from graph_models.journal_records import verify_chain
from graph_models.proof_records import load_intent
from hub.connectors import SourceOutcome, SourceQuery
from hub.documents import DocumentStore
from hub.errors import UnavailableError
from seals.errors import SealingError
from seals.signer import SealedDocument, SealingOrder, SealingService
from tests.hub.office import Office


@dataclass
class FailingSigner(SealingService):
    """A signer whose token is out of order until it is mended."""

    inner: SealingService
    problem: Exception | None = field(default_factory=lambda: SealingError("the token is out of order"))
    faults: dict[str, Exception] = field(default_factory=dict)
    """By issuing key: what this one order brings about."""
    orders: list[SealingOrder] = field(default_factory=list)

    async def seal(self, order: SealingOrder) -> SealedDocument:
        self.orders.append(order)
        problem = self.faults.get(order.issuing_key, self.problem)
        if problem is not None:
            raise problem
        return await self.inner.seal(order)

    async def close(self) -> None:
        """The signer belongs to the session."""


@dataclass
class FailingDocuments:
    """A document store whose disk is full until it is mended."""

    inner: DocumentStore
    full: bool = True

    async def put(self, data: bytes) -> str:
        if self.full:
            raise UnavailableError("the disk is full", message_zh="磁盘已满", mend="Try again later.")
        return await self.inner.put(data)

    async def get(self, sha256: str) -> bytes:
        return await self.inner.get(sha256)


@dataclass
class FaultySource:
    """A source with a fault of programming: what it raises is in nobody's contract."""

    code: str

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        raise KeyError(query.proof_type_code)

    async def close(self) -> None:
        """There is nothing to give back."""


@dataclass
class AnsweringSource:
    """A source that gives the same answer to whoever asks."""

    code: str
    outcome: SourceOutcome

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        return self.outcome

    async def close(self) -> None:
        """There is nothing to give back."""


async def intent_of(office: Office, key: str) -> IssuingIntent:
    """Return the intent with the key, which must be there."""
    intent = await office.store.read(lambda tx: load_intent(tx, key))
    assert intent is not None
    return intent


async def assert_accounted_for(office: Office, case_number: str) -> None:
    """The case's audit chain is whole, and no unit's events have a gap or come twice (I3)."""
    entries = await office.audit(case_number)
    assert entries
    assert verify_chain(entries) is None
    sequences: defaultdict[str, list[int]] = defaultdict(list)
    for event in await office.events():
        sequences[event.unit_code].append(event.sequence)
    assert sequences
    assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())


async def operations(office: Office, case_number: str) -> list[str]:
    """Return what the case's audit says was done, in order."""
    return [entry.operation for entry in await office.audit(case_number)]


async def event_units(office: Office, kind: str) -> list[str]:
    """Return the units to which an event of this type goes out, once for each event."""
    return sorted(event.unit_code for event in await office.events() if event.type == kind)
