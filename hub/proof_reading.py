"""Reading proofs: by the units concerned, and by whoever holds the unguessable code of the check page."""

from __future__ import annotations

from dataclasses import dataclass

from graph_models.casework import Proof
from graph_models.errors import RecordNotFoundError
from graph_models.journal_records import append_audit
from graph_models.proof_records import find_proof, load_proof
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.audit import entry
from hub.clock import Clock
from hub.documents import DocumentStore
from hub.errors import NotFoundError
from hub.permission import Operation, require


@dataclass(frozen=True, slots=True)
class ProofReader:
    """Hands out recorded proofs and their documents."""

    store: GraphStore
    documents: DocumentStore
    clock: Clock

    async def read(self, actor: Actor, number: str) -> Proof:
        """Return a proof that the actor's unit extracted or produced. Raises NotFoundError otherwise."""
        require(actor, Operation.READ_PROOF, actor.unit_code)
        return await self.store.read(lambda tx: _load_visible(tx, actor, number))

    async def document(self, actor: Actor, number: str) -> bytes:
        """Return the sealed PDF; who took it and when is written down first (Art. 17).

        Raises:
            NotFoundError: there is no such proof of the actor's unit.
            NotPermittedError: the actor holds no post that deals with cases or requests.
            UnavailableError: the document cannot be read now.
        """
        require(actor, Operation.READ_PROOF, actor.unit_code)

        async def work(tx: Transaction) -> Proof:
            proof = await _load_visible(tx, actor, number)
            taken = entry(proof.case_number, actor, "proof.downloaded", proof.number, self.clock.now())
            await append_audit(tx, taken)
            return proof

        proof = await self.store.write(work)
        return await self.documents.get(proof.document_sha256)

    async def by_check_code(self, code: str) -> Proof | None:
        """Return the proof with this code of the check page, or None; the code is the only way without an account."""
        if not 20 <= len(code) <= 30:
            return None
        return await self.store.read(lambda tx: find_proof(tx, code))


async def _load_visible(tx: Transaction, actor: Actor, number: str) -> Proof:
    try:
        proof = await load_proof(tx, number)
    except RecordNotFoundError as problem:
        raise _gone() from problem
    if actor.unit_code not in (proof.extraction_unit, proof.producing_unit):
        raise _gone()
    return proof


def _gone() -> NotFoundError:
    return NotFoundError(
        "there is no such proof of this unit",
        message_zh="本单位没有该电子证明",
        mend="Check the proof number; a unit sees the proofs that it extracted or produced.",
        field="number",
    )
