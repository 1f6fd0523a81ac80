"""`proofhub archive renew`: stamps proofs anew before their last time stamp runs out, a few at each call.

All that is left to do stands in the store: stopped at any point, it goes on with what is still due, and done twice it
does nothing the second time. What was sealed before a time-stamp service was set is taken in first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from graph_models.archive_records import (
    add_task,
    count_on_shelves,
    due_shelves,
    load_task,
    proofs_after,
    proofs_on_shelf,
)
from graph_models.casework import Proof, ProofLevel
from graph_models.errors import StaleVersionError
from graph_models.proof_records import load_proof
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.clock import Clock
from hub.documents import DocumentStore
from hub.errors import InvalidInputError, UnavailableError, WrongStateError
from hub.events import EventType
from hub.long_term_work import LongTermError, LongTermWork, TimeStampUnavailableError
from hub.permission import Operation, require
from hub.proof_levels import ProofLevels, Recording, task_of

LOG = structlog.get_logger("proofhub.archive")

PAGE = 10
"""Most proofs renewed in one call."""
TAKEN_IN = 500
"""Most proofs looked at in one call that takes in what was sealed before."""
MOST_DAYS = 36_500
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalProgress:
    """What one call did."""

    taken_in: int
    """Proofs that are raised beside the calls from now on."""
    renewed: int
    failed: int
    left: int
    """Proofs that are still due, those that failed among them."""
    after: str | None
    """Where the next call goes on; None when all is done."""


@dataclass(frozen=True, slots=True)
class ArchiveRenewal:
    """Renews proofs for the seal authority."""

    store: GraphStore
    documents: DocumentStore
    work: LongTermWork
    levels: ProofLevels
    clock: Clock

    async def step(self, actor: Actor, within_days: int, after: str | None) -> RenewalProgress:
        """Renew some of the proofs that stand for less than so many days more, unless that would win no time.

        Args:
            actor: one of the seal authority.
            within_days: 1 to 36500.
            after: None to begin with, then what the call before returned.

        Raises:
            NotPermittedError: the actor is not of the seal authority.
            InvalidInputError: the days or the place to go on from are none.
            WrongStateError: no time-stamp service is set.
            UnavailableError: no time stamp can be had now; asked again later it goes on.
        """
        require(actor, Operation.MANAGE_SEALS)
        if not 1 <= within_days <= MOST_DAYS:
            raise _invalid("withinDays", f"is a number from 1 to {MOST_DAYS}")
        if self.levels.rule.level is ProofLevel.B_B:
            raise _nobody_stamps()
        place = _Place.read(after)
        if place.shelf is None:
            return await self._take_in(place.number)
        try:
            until = min(self.clock.now() + within_days * _DAY, await self.work.would_stand_until() - _DAY)
        except (TimeStampUnavailableError, LongTermError) as problem:
            raise _no_stamp(problem) from problem
        return await self._renew(actor, until, place)

    async def _take_in(self, after: str) -> RenewalProgress:
        found = await self.store.read(lambda tx: proofs_after(tx, after, TAKEN_IN))
        below = [proof for proof in found if proof.level is None]

        async def work(tx: Transaction) -> int:
            new = [proof.number for proof in below if await load_task(tx, proof.number) is None]
            for number in new:
                await add_task(tx, task_of(number, self.clock.now()))
            return len(new)

        taken_in = await self.store.write(work) if below else 0
        place = _Place(None, found[-1].number) if len(found) == TAKEN_IN else _Place("", "")
        return RenewalProgress(taken_in=taken_in, renewed=0, failed=0, left=0, after=place.written())

    async def _renew(self, actor: Actor, until: datetime, place: _Place) -> RenewalProgress:
        due, further = await self._due(until, place)
        renewed = 0
        for proof in due:
            try:
                renewed += await self._renew_one(actor, proof)
            except TimeStampUnavailableError as problem:
                raise _no_stamp(problem) from problem
            except (LongTermError, UnavailableError) as problem:
                LOG.error("archive.not_renewed", proof=proof.number, reason=str(problem))
        left = await self.store.read(lambda tx: count_on_shelves(tx, until))
        after = further.written() if further is not None else None
        return RenewalProgress(taken_in=0, renewed=renewed, failed=len(due) - renewed, left=left, after=after)

    async def _due(self, until: datetime, place: _Place) -> tuple[list[Proof], _Place | None]:
        """Return the next proofs that are due, and where to go on; None when they are the last."""
        start, due = place.shelf or "", list[Proof]()
        shelves = await self.store.read(lambda tx: due_shelves(tx, until, start))
        for shelf in (start, *shelves):
            number = place.number if shelf == start else ""
            room = PAGE - len(due)
            due += await self.store.read(partial(_on_shelf, shelf, number, room))
            if len(due) == PAGE:
                return due, _Place(shelf, due[-1].number)
        return due, None

    async def _renew_one(self, actor: Actor, proof: Proof) -> int:
        made = await self.work.renewed(await self.documents.get(proof.document_sha256))
        await self.documents.put(made.pdf)
        done = Recording(actor, EventType.PROOF_RENEWED, self.clock.now())
        try:
            await self.store.write(lambda tx: done.keep(tx, proof, made))
        except StaleVersionError:  # somebody else renewed it meanwhile, which is as good, or it was changed otherwise
            now = await self.store.read(lambda tx: load_proof(tx, proof.number))
            return int(now.document_sha256 != proof.document_sha256)
        return 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to go on: among all proofs (no shelf), or on a shelf."""

    shelf: str | None
    number: str

    @classmethod
    def read(cls, text: str | None) -> _Place:
        parts = (text or "all:").split(":")
        match parts:
            case ["all", number]:
                return cls(None, number)
            case ["shelf", shelf, number]:
                return cls(shelf, number)
        raise _invalid("after", "is not what an earlier call returned")

    def written(self) -> str:
        return f"all:{self.number}" if self.shelf is None else f"shelf:{self.shelf}:{self.number}"


async def _on_shelf(shelf: str, after: str, limit: int, tx: Transaction) -> tuple[Proof, ...]:
    return await proofs_on_shelf(tx, shelf, after, limit)


def _invalid(field: str, says: str) -> InvalidInputError:
    return InvalidInputError(
        f"{field} {says}",
        message_zh=f"{field} 无效",
        mend="Correct it, or begin from the start.",
        field=field,
    )


def _nobody_stamps() -> WrongStateError:
    return WrongStateError(
        "no time-stamp service is set, or the level wanted is B-B",
        message_zh="未设置时间戳服务",
        mend="Set PROOFHUB_SEALS__TSA and restart the hub.",
    )


def _no_stamp(problem: Exception) -> UnavailableError:
    return UnavailableError(
        f"no time stamp can be had now: {problem}",
        message_zh="暂时无法取得时间戳",
        mend="Run it again later: what is done is done.",
    )
