"""Verification with the hub at hand: the file is judged in a process of its own, then held against the record."""

from __future__ import annotations

from dataclasses import dataclass

from graph_models.casework import ProofState
from graph_models.errors import RecordNotFoundError
from graph_models.proof_records import load_proof
from graph_models.store import GraphStore
from hub.clock import Clock
from seals.check_results import CheckResult, CheckStatus
from seals.checks_of_record import RecordAnswer, RecordState
from seals.judge import JudgePool
from seals.verdict import Verdict, VerdictOutcome
from seals.verification import with_record

__all__ = ["CheckResult", "CheckStatus", "Verdict", "VerdictOutcome", "Verifier"]

_STATES = {ProofState.VALID: RecordState.VALID, ProofState.WITHDRAWN: RecordState.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Verifier:
    """Judges files for anybody."""

    store: GraphStore
    judges: JudgePool
    clock: Clock

    async def verify(self, data: bytes) -> Verdict:
        """Return the verdict on a file, the record included; never raises for what the file holds."""
        verdict = await self.judges.judge(data, self.clock.now())
        if verdict.endorsement is None:
            return verdict
        return with_record(verdict, await self._recorded(verdict.endorsement.proof_number))

    async def _recorded(self, number: str) -> RecordAnswer:
        try:
            proof = await self.store.read(lambda tx: load_proof(tx, number))
        except RecordNotFoundError:
            return RecordAnswer(found=False)
        return RecordAnswer(
            found=True,
            document_sha256=proof.sealed_sha256 or proof.document_sha256,
            endorsement_json=proof.endorsement_json.encode(),
            state=_STATES[proof.state],
        )
