"""What an issuing unit does: looks into its inbox, claims, answers, reviews, seals, passes on (Art. 14, 16, 17).

The key of each step follows from who, which request and how many steps it had before: one intention, one key, in every
attempt and after every restart. So the hub itself remembers what this program has done.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from hub.client import operations
from hub.client.connection import HubConnection, each_of
from hub.client.errors import ProtocolError
from hub.client.inputs import (
    DraftAnswer,
    Fact,
    Given,
    RequestPart,
    RerouteRequest,
    ReviewAnswer,
    SeenStepCall,
    StepCall,
)
from hub.client.operations import Operation
from hub.client.records import VerificationRequest
from hub.client.words import RequestState, Step

_PAGE = 50
_PROGRESS = "progress"
"""What the hub says of what was not for this subscription."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the unit's records say: each fact of the request's form."""

    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NoSuchRecord:
    """There is no such record: an answer like any other. Says which register was searched, by which keys."""

    statement: str


@dataclass(frozen=True, slots=True)
class Reroute:
    """Another unit is competent: which, and why."""

    to_unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """Another issuing unit knows some facts: which unit, which facts of the form, and why."""

    unit_code: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class IssuingUnit:
    """One program of an issuing unit. Every method raises a ClientError where the hub does not do it."""

    connection: HubConnection
    name: str = "client"
    """Tells apart programs that share a token; at most 64 characters."""

    def inbox(self, *states: RequestState) -> AsyncIterator[VerificationRequest]:
        """Give what the unit is asked, the earliest due first; in which states (none said: all that is open)."""
        asked = {"states": list(states) or None, "first": _PAGE}
        return each_of(lambda after: self.connection.ask(operations.INBOX, {**asked, "after": after}))

    async def arrivals(self, unit_code: str) -> AsyncGenerator[None, None]:
        """Tell at once, and then whenever a request has come to the token's unit: it is time to look into the inbox.

        Raises:
            UnavailableError: it was cut off; what came meanwhile is in the inbox.
            ClientError: the hub refuses.
        """
        async with aclosing(self.connection.listen(operations.WATCH_INBOX, {"unit": unit_code})) as results:
            async for data in results:
                event = data.get("requestAssigned")
                if not isinstance(event, dict):
                    raise ProtocolError("requestAssigned is not in the result")
                if event.get("event") != _PROGRESS:
                    yield

    async def read(self, request_id: str) -> VerificationRequest:
        """Return a request that the unit is asked, or asks."""
        return await self.connection.ask(operations.READ_REQUEST, {"id": request_id})

    async def claim(self, request: VerificationRequest) -> VerificationRequest:
        """Take a request to look into it. One that this program has claimed is returned as it stands now."""
        call = StepCall(request_id=request.id, key=self._key("claim", request, claimed_after(request)))
        return await self._take(operations.CLAIM, call)

    async def release(self, request: VerificationRequest) -> VerificationRequest:
        """Give a claimed request back to the unit's inbox."""
        call = StepCall(request_id=request.id, key=self._key("release", request, len(request.steps)))
        return await self._take(operations.RELEASE, call)

    async def draft(self, request: VerificationRequest, answer: Answer | NoSuchRecord) -> VerificationRequest:
        """Draft the answer to a request that this program's token has claimed."""
        match answer:
            case Answer(facts=facts):
                said = {"negative": False, "statement": "", "facts": [Fact(key=k, value=v) for k, v in facts.items()]}
            case NoSuchRecord(statement=statement):
                said = {"negative": True, "statement": statement, "facts": []}
        return await self._take(operations.DRAFT, DraftAnswer(**self._seen("draft", request), **said))

    async def review(
        self, request: VerificationRequest, *, approve: bool, remarks: str | None = None
    ) -> VerificationRequest:
        """Approve a colleague's draft, or return it with remarks."""
        step = "approve" if approve else "return"
        call = ReviewAnswer(**self._seen(step, request), approve=approve, remarks=remarks)
        return await self._take(operations.REVIEW, call)

    async def seal(self, request: VerificationRequest) -> VerificationRequest:
        """Confirm the seal: the proof is made and delivered, at once or as soon as the hub can."""
        return await self._take(operations.SEAL, SeenStepCall(**self._seen("seal", request)))

    async def reroute(self, request: VerificationRequest, to: Reroute) -> VerificationRequest:
        """Pass a request on to the unit that is competent."""
        call = RerouteRequest(**self._seen("reroute", request), to_unit=to.to_unit, reason=to.reason)
        return await self._take(operations.REROUTE, call)

    async def request_part(self, request: VerificationRequest, part: Part) -> VerificationRequest:
        """Ask another unit for a part of the answer to a request that this program's token has claimed.

        Returns:
            What the other unit is asked. The request itself is of another version now: read it again.
        """
        call = RequestPart(
            **self._seen("part", request), unit_code=part.unit_code, fields=part.fields, reason=part.reason
        )
        return await self._take(operations.REQUEST_PART, call)

    async def _take(self, operation: Operation[VerificationRequest], call: Given) -> VerificationRequest:
        return await self.connection.ask(operation, {"input": call.variables()})

    def _seen(self, step: str, request: VerificationRequest) -> dict[str, Any]:
        return {
            "request_id": request.id,
            "key": self._key(step, request, len(request.steps)),
            "expected_version": request.version,
        }

    def _key(self, step: str, request: VerificationRequest, steps_before: int) -> str:
        return f"{self.name}/{step}/{request.id}/{steps_before}"


def claimed_after(request: VerificationRequest) -> int:
    """Return how many steps there were before the claim that holds now, or before the one to come."""
    claims = [place for place, each in enumerate(request.steps) if each.step == Step.CLAIM]
    return claims[-1] if claims and request.state != RequestState.RECEIVED else len(request.steps)
