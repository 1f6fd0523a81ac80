"""A unit's automatic worker: claims what its inbox holds, asks a handler, drafts; with more tokens reviews and seals.

It may be killed at any moment. What it has done is in the hub: whether a claim is its own the hub tells by the claim's
key, and each step follows from the request's state, so that a restart goes on where the kill came. What a person gave
back, returned with remarks or claimed is left to people; so is what the handler cannot answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from hub.client.bell import Bell
from hub.client.errors import (
    ClientError,
    NotAllowedError,
    NotFoundError,
    OvertakenError,
    RefusedError,
    UnavailableError,
    WrongUnitError,
)
from hub.client.handling import Handling
from hub.client.issuing import Answer, IssuingUnit, NoSuchRecord, Reroute, claimed_after
from hub.client.records import VerificationRequest
from hub.client.words import RequestState, Step

LOG = structlog.get_logger("proofhub.worker")

_S = RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRule:
    """How a worker works."""

    unit: str | None = None
    """Code of the unit that it answers for: a token of another unit ends it. None: whichever the token speaks for."""
    concurrency: int = 4
    pause_seconds: float = 2.0
    """Longest pause between two looks into the inbox; what comes is looked at as soon as the hub tells of it."""
    drain_seconds: float = 30.0
    """How long answers under way may take when the worker is told to stop."""


@dataclass(slots=True)
class Worker:
    """Answers for one unit; ``reviewer`` and ``sealer`` are other people's tokens, where those steps go by machine."""

    unit: IssuingUnit
    handling: Handling
    rule: WorkerRule = field(default_factory=WorkerRule)
    reviewer: IssuingUnit | None = None
    sealer: IssuingUnit | None = None
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _left: set[str] = field(default_factory=set)
    """What this run has nothing more to do with, as far as the inbox shows it."""
    _bell: Bell = field(default_factory=Bell)
    _listening: asyncio.Task[None] | None = None
    _seen_unit: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, then finish what is under way.

        Raises:
            NotAllowedError: a token is not valid, or lacks the post that it needs.
            WrongUnitError: a token is of another unit.
            ProtocolError: the address is not a hub's.
        """
        LOG.info("worker.started", unit=self.rule.unit, worker=self.unit.name)
        try:
            async with asyncio.TaskGroup() as tasks:
                while not stop.is_set():
                    await self._look(tasks, stop)
                    self._listen(tasks)
                    await self._bell.wait(stop, self.rule.pause_seconds)
                if self._listening is not None:
                    self._listening.cancel()
                    self._listening = None
                await self._drain()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        LOG.info("worker.stopped", unit=self.rule.unit, worker=self.unit.name)

    def _listen(self, tasks: asyncio.TaskGroup) -> None:
        """Listen for what comes, as soon as it is known to which unit."""
        code = self.rule.unit or self._seen_unit
        if self._listening is None and code is not None:
            self._listening = tasks.create_task(self._bell.listen(self.unit, code))

    async def _look(self, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        """Go through the inbox once, and begin with what is the worker's to do as soon as there is room for it."""
        seen = set()
        try:
            async for request in self.unit.inbox(*self._states()):
                seen.add(request.id)
                self._seen_unit = request.issuing_unit
                if request.id not in self._under_way and request.id not in self._left:
                    self._check_unit(request)
                    await self._room(stop)
                    if stop.is_set():
                        return
                    self._under_way[request.id] = tasks.create_task(self._work(request))
        except UnavailableError as problem:
            LOG.warning("worker.waiting", reason=str(problem))
            return
        self._left &= seen

    def _states(self) -> tuple[RequestState, ...]:
        more = ((_S.DRAFTED, self.reviewer), (_S.REVIEWED, self.sealer))
        return (_S.RECEIVED, _S.CLAIMED, *(state for state, who in more if who is not None))

    def _check_unit(self, request: VerificationRequest) -> None:
        if self.rule.unit not in (None, request.issuing_unit):
            raise WrongUnitError(
                f"the token is of unit {request.issuing_unit}, and this worker answers for {self.rule.unit}: "
                "give it a token of that unit"
            )

    async def _room(self, stop: asyncio.Event) -> None:
        """Wait until one more may be begun, or the worker is to stop."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while len(self._under_way) >= self.rule.concurrency and not stop.is_set():
                await asyncio.wait((stopping, *self._under_way.values()), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()

    async def _drain(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(tuple(self._under_way.values()), timeout=self.rule.drain_seconds)
            for task in late:
                task.cancel()  # its claim stands, and the next start goes on with it

    async def _work(self, request: VerificationRequest) -> None:
        try:
            await self._carry_on(request)
        except (NotAllowedError, WrongUnitError):
            raise
        except (OvertakenError, NotFoundError) as problem:
            LOG.info("worker.overtaken", request=request.id, code=problem.code)
        except UnavailableError as problem:
            LOG.warning("worker.waiting", request=request.id, reason=str(problem))
        except ClientError as problem:
            self._left.add(request.id)
            LOG.error("worker.failed", request=request.id, reason=str(problem))
        finally:
            del self._under_way[request.id]

    async def _carry_on(self, seen: VerificationRequest) -> None:
        """Take every step that is the worker's, from wherever the request stands."""
        request = await self._claimed(seen)
        while request is not None and (step := self._next(request)) is not None:
            request = await step(request)
            LOG.info("worker.stepped", request=request.id, state=request.state)
        if request is None or request.state in self._states():
            self._left.add(seen.id)

    async def _claimed(self, request: VerificationRequest) -> VerificationRequest | None:
        """Return the request as it stands if this worker has it, or has just got it; None leaves it to others.

        The key of a claim says whose it is and after how many steps it was made, and the hub knows the key.
        """
        given_back = any(each.step == Step.RELEASE and each.unit_code == request.issuing_unit for each in request.steps)
        if request.state == _S.RECEIVED and given_back:
            return None
        try:
            held = await self.unit.claim(request)
        except OvertakenError:
            return None
        return held if claimed_after(held) == claimed_after(request) else None

    def _next(
        self, request: VerificationRequest
    ) -> Callable[[VerificationRequest], Awaitable[VerificationRequest]] | None:
        returned = Step.RETURN in [each.step for each in request.steps[claimed_after(request) :]]
        match request.state:
            case _S.CLAIMED:
                return self.unit.release if returned else self._answer
            case _S.DRAFTED if self.reviewer and not returned:
                return self._review
            case _S.REVIEWED if self.sealer and not returned:
                return self._seal
        return None

    async def _answer(self, request: VerificationRequest) -> VerificationRequest:
        found = await self.handling.ask(request)
        try:
            match found:
                case None:
                    return await self.unit.release(request)
                case Reroute():
                    return await self.unit.reroute(request, found)
                case Answer():
                    return await self.unit.draft(request, _asked_for(found, request))
                case NoSuchRecord():
                    return await self.unit.draft(request, found)
        except (NotAllowedError, NotFoundError, OvertakenError):
            raise
        except RefusedError as problem:
            LOG.error(
                "worker.answer_refused", request=request.id, code=problem.code, field=problem.field, mend=problem.mend
            )
            return await self.unit.release(request)

    async def _review(self, request: VerificationRequest) -> VerificationRequest:
        assert self.reviewer is not None
        with _of_unit("reviewer", request):
            return await self.reviewer.review(request, approve=True)

    async def _seal(self, request: VerificationRequest) -> VerificationRequest:
        assert self.sealer is not None
        with _of_unit("sealer", request):
            return await self.sealer.seal(request)


def _asked_for(found: Answer, request: VerificationRequest) -> Answer:
    """Return what a part asks for of all that the unit's records say; a handler need not know of parts."""
    if request.part_of is None:
        return found
    return Answer({key: value for key, value in found.facts.items() if key in request.part_fields})


@contextmanager
def _of_unit(whose: str, request: VerificationRequest) -> Iterator[None]:
    """Say it clearly where the hub shows a request of the unit to one token and not to another."""
    try:
        yield
    except NotFoundError as problem:
        raise WrongUnitError(
            f"the {whose}'s token is not of unit {request.issuing_unit}, whose request {request.id} is",
            problem.request_id,
        ) from None
