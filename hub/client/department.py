"""What a department's system does: opens cases, waits for their proofs, takes them, ends the case."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from hub.client import operations
from hub.client.connection import HubConnection, each_of
from hub.client.errors import DocumentError, StillWaitingError
from hub.client.inputs import AnswerQuestion, EndCase, OpenCase, RegionAnswer
from hub.client.records import Case, Plan, Proof, ServiceItem
from hub.client.words import ApplicantKind

_PAGE = 100


class CaseWatch(Protocol):
    """How one learns of a case's changes: by asking again and again, or by a subscription."""

    def changes(self, connection: HubConnection, number: str) -> AsyncGenerator[Case, None]:
        """Give the case as it is now, and again whenever it may have changed, without end."""
        ...


@dataclass(frozen=True, slots=True)
class Polling:
    """Asks again and again, in pauses that grow."""

    first_seconds: float = 0.5
    longest_seconds: float = 15.0
    growth: float = 1.5

    async def changes(self, connection: HubConnection, number: str) -> AsyncGenerator[Case, None]:
        """See CaseWatch."""
        pause = self.first_seconds
        while True:
            yield await connection.ask(operations.READ_CASE, {"number": number})
            await asyncio.sleep(pause)
            pause = min(pause * self.growth, self.longest_seconds)


@dataclass(frozen=True, slots=True)
class Department:
    """One department's system. Every method raises a ClientError where the hub does not do it."""

    connection: HubConnection
    watch: CaseWatch = field(default_factory=Polling)

    async def plan(self, item: str, region: str, kind: ApplicantKind, answers: Sequence[RegionAnswer] = ()) -> Plan:
        """Return what a case would bring and when, before it is opened."""
        given = [answer.variables() for answer in answers]
        asked = {"item": item, "region": region, "kind": kind, "answers": given}
        return await self.connection.ask(operations.PLAN_CASE, asked)

    async def item(self, code: str) -> ServiceItem:
        """Return a service item of the catalogue."""
        return await self.connection.ask(operations.READ_ITEM, {"code": code})

    def items(self, search: str | None = None, unit: str | None = None) -> AsyncIterator[ServiceItem]:
        """Give the catalogue's items by code: those with a text in code or name, those that a unit handles."""
        asked = {"search": search, "unit": unit, "first": _PAGE}
        return each_of(lambda after: self.connection.ask(operations.LIST_ITEMS, {**asked, "after": after}))

    async def open(self, given: OpenCase) -> Case:
        """Open a case, with what can be had within two seconds; opened again with the same content it is the same."""
        return await self.connection.ask(operations.OPEN_CASE, {"input": given.variables()})

    async def read(self, number: str) -> Case:
        """Return a case of the unit."""
        return await self.connection.ask(operations.READ_CASE, {"number": number})

    async def wait_for(self, case: Case, seconds: float) -> Case:
        """Return the case once nothing of it is under way any more, or once a question waits for the caller's answer.

        Raises:
            StillWaitingError: that is not so within the time; it holds the case as it stood last.
        """
        last: Case | None = None
        try:
            async with asyncio.timeout(seconds), aclosing(self.watch.changes(self.connection, case.number)) as changes:
                async for last in changes:
                    if last.questions or not last.moves:
                        return last
        except TimeoutError:
            pass
        raise StillWaitingError(f"case {case.number} is not complete after {seconds} s", last)

    async def answer(self, case: Case, given: RegionAnswer) -> Case:
        """Answer the question of a need; the case goes on with it."""
        key = f"answer/{case.number}/{given.proof_type_code}/{given.region}"
        asked = AnswerQuestion(number=case.number, key=key, proof_type_code=given.proof_type_code, region=given.region)
        return await self.connection.ask(operations.ANSWER_QUESTION, {"input": asked.variables()})

    async def close(self, case: Case) -> Case:
        """Close a case of which nothing is under way."""
        return await self.connection.ask(operations.CLOSE_CASE, {"input": _ending(case, "close")})

    async def withdraw(self, case: Case) -> Case:
        """Withdraw a case and what is under way for it; what is sealed stays recorded."""
        return await self.connection.ask(operations.WITHDRAW_CASE, {"input": _ending(case, "withdraw")})

    async def download(self, proof: Proof) -> bytes:
        """Return the sealed PDF, after its digest was held against the proof's record.

        The hub raises proofs to their long-term level after it has issued them: where the file is another than the
        record says, the record is read once more.

        Raises:
            DocumentError: the file is not what its record says.
        """
        for known in (proof, None):
            record = known or await self.connection.ask(operations.READ_PROOF, {"number": proof.number})
            data = await self.connection.document(proof.number)
            if hashlib.sha256(data).hexdigest() == record.document_sha256:
                return data
        raise DocumentError(f"the file of proof {proof.number} does not have the digest of its record")


def _ending(case: Case, how: str) -> dict[str, object]:
    return EndCase(number=case.number, key=f"{how}/{case.number}").variables()
