"""What each book of a hub and its signer says was issued, so that a test can see whether they agree."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graph_models.case_records import list_cases, load_needs
from graph_models.casework import Case, IntentState, Need
from graph_models.journal_records import load_audit, unpublished_events, verify_chain
from graph_models.proof_records import load_intent, proofs_of_case
from graph_models.seal_records import grants_of_seal, list_seals
from graph_models.store import GraphStore, Transaction
from graph_models.usage_records import used_on_day, uses_of_day
from hub.documents import FolderDocumentStore
from hub.seal_usage import city_day
from seals.signer_desk import spool_key
from tests.hub.office import NOW, OPERATOR
from tests.seals.signer_killer import sealed_documents

_ALL = 1_000_000
_DIGEST = 32
_OPERATIONS = ("proof.intended", "proof.issued", "proof.voided")


@dataclass(frozen=True, kw_only=True)
class Books:
    """Numbers of proofs by book; lists are sorted and keep what is there twice."""

    cases: frozenset[str]
    needs: dict[str, str]
    """State of each need."""
    proofs: dict[str, str]
    """Digest of the document of each proof of the graph."""
    intended: dict[str, list[str]]
    """By the intents' state."""
    audited: dict[str, list[str]]
    """By the operation in the cases' audit logs."""
    told: dict[str, list[str]]
    """By the type of event, once for each unit that is told."""
    used: list[str]
    """In the seals' usage books."""
    used_on_day: int
    """What the usage books count."""
    documents: dict[str, str]
    """Digest of what the document store holds for each proof."""
    sealed: dict[str, str]
    """Digest of each document in the signer's log and spool."""
    sealed_keys: list[str]
    """Digests of the issuing keys of those."""
    counted_by_signer: list[str]
    """Digests of the issuing keys that the signer counted against a daily limit."""

    @property
    def voided(self) -> list[str]:
        return self.intended[IntentState.VOID]


async def read_books(store: GraphStore, documents: Path, signer: Path) -> Books:
    """Read all books."""
    cases = await store.read(lambda tx: list_cases(tx, OPERATOR.unit_code, None, None, _ALL))
    needs = [need for case in cases for need in await store.read(lambda tx, c=case: load_needs(tx, c.number))]
    proofs = [proof for case in cases for proof in await store.read(lambda tx, c=case: proofs_of_case(tx, c.number))]
    by_number = {proof.number: proof.document_sha256 for proof in proofs}
    assert len(by_number) == len(proofs)
    used, counted = await store.read(_used)
    kept, sealed = FolderDocumentStore(documents), sealed_documents(signer)
    return Books(
        cases=frozenset(case.number for case in cases),
        needs={need.id: need.state.value for need in needs},
        proofs=by_number,
        intended=await store.read(lambda tx: _intended(tx, needs)),
        audited=await store.read(lambda tx: _audited(tx, cases)),
        told=await store.read(_told),
        used=used,
        used_on_day=counted,
        documents={number: hashlib.sha256(await kept.get(sha)).hexdigest() for number, sha in by_number.items()},
        sealed=sealed,
        sealed_keys=[spool_key(need.id) for need in needs if need.proof_number in sealed],
        counted_by_signer=_counted(signer / "uses"),
    )


async def _intended(tx: Transaction, needs: list[Need]) -> dict[str, list[str]]:
    found = [await load_intent(tx, need.id) for need in needs]
    numbers = [(intent.state.value, intent.proof_number) for intent in found if intent is not None]
    return _sorted([state.value for state in IntentState], numbers)


async def _audited(tx: Transaction, cases: tuple[Case, ...]) -> dict[str, list[str]]:
    said = []
    for case in cases:
        entries = await load_audit(tx, case.number, 0, _ALL)
        assert verify_chain(entries) is None
        said += [(entry.operation, entry.target) for entry in entries if entry.operation in _OPERATIONS]
    return _sorted(_OPERATIONS, said)


async def _told(tx: Transaction) -> dict[str, list[str]]:
    events = await unpublished_events(tx, _ALL)
    return _sorted(_OPERATIONS, [(event.type, event.subject) for event in events if event.type in _OPERATIONS])


async def _used(tx: Transaction) -> tuple[list[str], int]:
    """Return the proofs of the day's usage books, and how many uses these count."""
    grants = [grant.id for seal in await list_seals(tx) for grant in await grants_of_seal(tx, seal.id)]
    entries = await uses_of_day(tx, grants, city_day(NOW), None, _ALL)
    return sorted(entry.proof_number for entry in entries), await used_on_day(tx, grants, city_day(NOW))


def _counted(folder: Path) -> list[str]:
    digests = []
    for file in folder.glob("*/*"):
        data = file.read_bytes()
        digests += [data[at : at + _DIGEST].hex() for at in range(0, len(data), _DIGEST)]
    return sorted(digests)


def _sorted(names: Sequence[str], pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {name: [] for name in names}
    for name, number in sorted(pairs):
        by_name[name].append(number)
    return by_name
