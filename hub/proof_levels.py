"""The PAdES level that proofs are to reach, what waits for it, and when sealing stops because too much does.

A time-stamp service that is down holds no proof up: it is sealed at a lower level and raised as soon as a service is
back. But a seal without a time stamp is worth something only as long as its certificate is; so whatever waits too long
stops sealing until it is raised, after an alarm long before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from graph_models.archive import RaisingBacklog, RaisingTask
from graph_models.archive_records import add_task, put_on_shelf, raising_backlog
from graph_models.casework import Proof, ProofLevel
from graph_models.journal_records import append_audit, append_events
from graph_models.proof_records import save_proof
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.audit import entry
from hub.errors import UnavailableError
from hub.events import EventType, events_for

_ALARM_SHARE = 4
"""The alarm comes after this part of the time after which sealing stops."""


STOPPED_SECONDS = 60
"""How soon it is worth the while to ask whether sealing goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRule:
    """What is wanted, and how long a proof may wait for it."""

    level: ProofLevel = ProofLevel.B_B
    limit: timedelta = timedelta(hours=72)
    """Sealing stops when a proof has waited so long."""

    @property
    def alarm(self) -> timedelta:
        """How long a proof may wait before the alarm."""
        return self.limit / _ALARM_SHARE


@dataclass(frozen=True, slots=True)
class RaisedDocument:
    """A proof's document at a higher level."""

    pdf: bytes
    sha256: str
    level: ProofLevel
    stands_until: datetime


@dataclass(slots=True)
class ProofLevels:
    """The rule, and what was seen to wait when this process last looked."""

    rule: LevelRule = field(default_factory=LevelRule)
    backlog: RaisingBacklog = field(default_factory=lambda: RaisingBacklog(0, None))

    async def enter(self, tx: Transaction, proof_number: str, at: datetime) -> None:
        """Have a proof raised that is committed by the same transaction."""
        if self.rule.level is not ProofLevel.B_B:
            await add_task(tx, task_of(proof_number, at))

    async def look(self, store: GraphStore) -> RaisingBacklog:
        """See what waits."""
        self.backlog = await store.read(raising_backlog)
        return self.backlog

    def waited(self, now: datetime) -> timedelta:
        """Return how long the first of what waits has done so."""
        return timedelta() if self.backlog.since is None else now - self.backlog.since

    def require_in_time(self, now: datetime) -> None:
        """Return if sealing may go on.

        Raises:
            UnavailableError: a proof has waited for its time stamp longer than is allowed.
        """
        if self.rule.level is ProofLevel.B_B or self.waited(now) < self.rule.limit:
            return
        raise UnavailableError(
            f"sealing has stopped: proofs wait for their time stamp since {self.backlog.since}",
            message_zh="时间戳服务中断过久，已暂停盖章",
            mend="Nothing is lost: sealing goes on by itself once a time-stamp service is back. Tell the operator.",
            retry_seconds=STOPPED_SECONDS,
        )


def task_of(proof_number: str, at: datetime) -> RaisingTask:
    """Return the task of a proof that is to be raised, due at once."""
    return RaisingTask(proof_number=proof_number, since=at, due_at=at, counts=True, attempts=0, reason="", version=1)


@dataclass(frozen=True, slots=True)
class Recording:
    """Who raised a proof, and when."""

    actor: Actor
    event: EventType
    at: datetime

    async def keep(self, tx: Transaction, proof: Proof, made: RaisedDocument) -> None:
        """Make a raised document the proof's, with audit entry and events; its digest as sealed stays known.

        Raises:
            StaleVersionError: the proof was changed in between.
        """
        saved = replace(
            proof,
            sealed_sha256=proof.sealed_sha256 or proof.document_sha256,
            document_sha256=made.sha256,
            document_bytes=len(made.pdf),
            level=made.level,
            stands_until=made.stands_until,
        )
        await save_proof(tx, saved)
        await put_on_shelf(tx, proof.number, made.stands_until)
        detail = {"level": made.level.value, "stands_until": made.stands_until.isoformat()}
        digests = {"document_sha256": made.sha256, "previous_sha256": proof.document_sha256}
        done = entry(proof.case_number, self.actor, self.event, proof.number, self.at, **detail, **digests)
        await append_audit(tx, done)
        units = (proof.extraction_unit, proof.producing_unit)
        told = events_for(units, self.event, proof.number, self.at, case=proof.case_number, **detail)
        await append_events(tx, told)
