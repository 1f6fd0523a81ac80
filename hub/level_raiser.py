"""Raises committed proofs to the level that is wanted, beside the calls (ETSI EN 319 142-1, 6).

All of its state is in the store, so any number of processes may look. A task is taken by moving it on; whoever dies
with it leaves it to the next look after the lease. Document, audit entry and event change in one transaction, in which
the task goes too: killed before it, a document lies about that nobody refers to; afterwards, all is done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from graph_models.archive import RaisingTask
from graph_models.archive_records import drop_task, due_tasks, save_task
from graph_models.casework import Proof, ProofLevel
from graph_models.errors import StaleVersionError
from graph_models.proof_records import load_proof
from graph_models.store import GraphStore, Transaction
from hub.actors import SYSTEM_ACTOR
from hub.clock import Clock
from hub.documents import DocumentStore
from hub.errors import UnavailableError
from hub.events import EventType
from hub.long_term_work import LongTermError, LongTermWork, TimeStampUnavailableError
from hub.proof_levels import ProofLevels, RaisedDocument, Recording

LOG = structlog.get_logger("proofhub.archive")

BATCH = 50
"""Most tasks looked at in one go."""
LEASE = timedelta(seconds=60)
"""How long one raising may take before another process takes it over."""
FIRST_REST, LONGEST_REST = timedelta(seconds=1), timedelta(seconds=30)
"""How long nothing is tried after a service failed: doubled each time."""
OWN_FAULT_REST = timedelta(hours=6)
"""How long a proof rests that cannot be raised for a reason of its own."""


@dataclass(slots=True)
class LevelRaiser:
    """Looks for proofs below the level that is wanted."""

    store: GraphStore
    documents: DocumentStore
    work: LongTermWork
    levels: ProofLevels
    clock: Clock
    _rest: timedelta = timedelta()
    _rests_until: datetime | None = None

    async def look(self) -> int:
        """Raise what is due until nothing is, or until a service is down; return how many proofs were raised."""
        raised = 0
        if self.levels.rule.level is ProofLevel.B_B or self._rests():
            return raised
        while tasks := await self.store.read(lambda tx: due_tasks(tx, self.clock.now(), BATCH)):
            for task in tasks:
                taken = await self._take(task)
                if taken is None:
                    continue
                try:
                    raised += await self._raised(taken)
                except (TimeStampUnavailableError, UnavailableError) as problem:
                    await self._wait(taken, problem)
                    return raised
        self._rest, self._rests_until = timedelta(), None
        return raised

    def _rests(self) -> bool:
        return self._rests_until is not None and self.clock.now() < self._rests_until

    async def _take(self, task: RaisingTask) -> RaisingTask | None:
        """Take a task, so that nobody else does while it lasts; None where somebody was faster."""
        leased = replace(task, due_at=self.clock.now() + LEASE, attempts=task.attempts + 1)
        return await self._saved(leased)

    async def _raised(self, task: RaisingTask) -> int:
        try:
            proof = await self.store.read(lambda tx: load_proof(tx, task.proof_number))
            pdf = await self.documents.get(proof.document_sha256)
            made = await self.work.raised(pdf, self.levels.rule.level)
            if made.sha256 != proof.document_sha256:
                await self.documents.put(made.pdf)
            await self.store.write(lambda tx: self._commit(tx, task, proof, made))
        except StaleVersionError:  # somebody changed the proof, or took the task over: it is looked at again
            return 0
        except LongTermError as problem:
            await self._put_off(task, problem)
            return 0
        self._rest, self._rests_until = timedelta(), None
        return 1

    async def _commit(self, tx: Transaction, task: RaisingTask, proof: Proof, made: RaisedDocument) -> None:
        await drop_task(tx, task)
        done = Recording(SYSTEM_ACTOR, EventType.PROOF_RAISED, self.clock.now())
        await done.keep(tx, proof, made)

    async def _wait(self, task: RaisingTask, problem: Exception) -> None:
        """Give a task back, and rest: what is down for one proof is down for all."""
        self._rest = min(max(2 * self._rest, FIRST_REST), LONGEST_REST)
        self._rests_until = self.clock.now() + self._rest
        LOG.warning("archive.waiting", reason=type(problem).__name__, seconds=self._rest.total_seconds())
        await self._saved(replace(task, due_at=self.clock.now(), counts=True, reason=type(problem).__name__))

    async def _put_off(self, task: RaisingTask, problem: LongTermError) -> None:
        """Put a task off: until the revocation lists are current, or for long where the proof itself is the reason."""
        own = await self.work.lists_are_current()
        rest = OWN_FAULT_REST if own else LONGEST_REST
        LOG.error("archive.not_raised", proof=task.proof_number, reason=str(problem), own=own)
        await self._saved(replace(task, due_at=self.clock.now() + rest, counts=not own, reason=str(problem)))

    async def _saved(self, task: RaisingTask) -> RaisingTask | None:
        try:
            return await self.store.write(lambda tx: save_task(tx, task))
        except StaleVersionError:
            return None
