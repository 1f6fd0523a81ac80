"""What both transports of subscriptions share: how many there may be, how one is opened, and how all of them end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import NoReturn, TypeVar

from graphql import ExecutionResult, GraphQLError

from hub.actors import Actor
from schema.context import Loaders, RequestContext, Services
from schema.documents import Documents, InvalidDocumentError, PreparedDocument
from schema.errors import RequestRefusedError
from schema.event_execution import subscribed
from schema.execution import shown
from schema.http_request import GraphQLRequest
from schema.limits import GraphQLLimits, OperationFacts
from schema.schema import core_schema

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Bounds on subscriptions; nothing is ever queued for a subscriber, whatever these say."""

    connections: int = 2_000
    """Most connections at a time, of all callers, WebSockets and event streams together."""
    connections_per_actor: int = 20
    """Most connections of one actor of one unit."""
    introducing: int = 200
    """Most WebSockets of which it is not known yet whose they are; they take no connection from those that are."""
    subscriptions: int = 20
    """Most subscriptions of one WebSocket; an event stream has one."""
    subscriptions_per_actor: int = 100
    """Most subscriptions of one actor of one unit, on all its connections."""
    message_bytes: int = 131_072
    """Largest message of a caller."""
    init_seconds: float = 5.0
    """How long a caller may take to say who it is."""
    write_seconds: float = 10.0
    """How long a caller may not read until it is cut off."""
    ping_seconds: float = 20.0
    """How often something is sent where nothing happens, so that nobody in between thinks it dead."""


WEBSOCKET, SSE = TRANSPORTS = ("websocket", "sse")
"""By what subscribers are connected."""


class CloseCode(IntEnum):
    """Why a WebSocket is closed: RFC 6455, 7.4, the codes of graphql-transport-ws, and SLOW, which is ours."""

    TOO_LARGE = 1009
    RESTART = 1012
    """The hub stops: connect again, to whichever hub answers, and go on from the last cursor."""
    TRY_LATER = 1013
    MALFORMED = 4400
    NOT_INITIALISED = 4401
    FORBIDDEN = 4403
    """No valid token, or it has expired."""
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    TAKEN = 4409
    SLOW = 4410
    """The caller does not read."""
    INIT_TWICE = 4429
    FAILED = 4500


class StreamEndedError(Exception):
    """A connection is at its end; without a code the caller is gone, or has had everything."""

    def __init__(self, code: CloseCode | None = None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StreamRefusedError(Exception):
    """A subscription cannot be opened, or cannot go on; the errors are as the caller may see them."""

    def __init__(self, errors: Sequence[Mapping[str, object]]) -> None:
        super().__init__("refused")
        self.errors = errors


class Seats:
    """Counts the connections of all, of each actor and of those who have not said who they are, and subscriptions."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._taken = 0
        self.by_transport: Counter[str] = Counter(dict.fromkeys(TRANSPORTS, 0))
        """How many there are of each transport."""
        self._strangers: Counter[None] = Counter()
        self._of: Counter[tuple[str, str]] = Counter()
        self._subscriptions: Counter[tuple[str, str]] = Counter()

    @property
    def taken(self) -> int:
        """How many there are."""
        return self._taken

    @contextmanager
    def connection(self, transport: str) -> Iterator[None]:
        """Take a seat while the block lasts. Raises StreamEndedError where none is left."""
        if self._taken >= self._limits.connections:
            raise StreamEndedError(CloseCode.TRY_LATER, "the hub has as many subscribers as it takes")
        self._taken += 1
        self.by_transport[transport] += 1
        try:
            yield
        finally:
            self._taken -= 1
            self.by_transport[transport] -= 1

    @contextmanager
    def of(self, actor: Actor) -> Iterator[None]:
        """Count a connection as this actor's while the block lasts. Raises StreamEndedError where it has too many."""
        full = StreamEndedError(CloseCode.TRY_LATER, "this caller has as many connections as it may")
        with _one_more(self._of, _name(actor), self._limits.connections_per_actor, full):
            yield

    @contextmanager
    def stranger(self) -> Iterator[None]:
        """Count a connection until it is known whose it is. Raises StreamEndedError where there are too many."""
        full = StreamEndedError(
            CloseCode.TRY_LATER, "the hub waits for as many callers to introduce themselves as it may"
        )
        with _one_more(self._strangers, None, self._limits.introducing, full):
            yield

    @contextmanager
    def subscription(self, actor: Actor) -> Iterator[None]:
        """Count a subscription as this actor's while the block lasts. Raises StreamRefusedError: one too many."""
        most = self._limits.subscriptions_per_actor
        full = StreamRefusedError([refusal("TOO_MANY_SUBSCRIPTIONS", f"a caller has at most {most}: end one")])
        with _one_more(self._subscriptions, _name(actor), most, full):
            yield


class Streams:
    """Opens subscriptions under the limits that hold for every document, and ends them when the hub stops."""

    def __init__(
        self, services: Services, documents: Documents, bounds: GraphQLLimits, limits: StreamLimits | None = None
    ) -> None:
        """Take what resolvers need, the prepared documents and their limits, and the limits of streams."""
        self.limits = limits or StreamLimits()
        self.seats = Seats(self.limits)
        self._services = services
        self._documents = documents
        self._cost = bounds.cost
        self._stopping = asyncio.Event()
        self.open: Counter[str] = Counter(dict.fromkeys(watchable(), 0))
        """How many subscriptions of each field there are."""
        self.cut_off: Counter[str] = Counter(dict.fromkeys(TRANSPORTS, 0))
        """How many subscribers of each transport were cut off because they did not read."""

    def stop(self) -> None:
        """Tell every subscriber to connect again."""
        self._stopping.set()

    async def until_stopped(self) -> NoReturn:
        """Wait until the hub stops. Raises StreamEndedError then."""
        await self._stopping.wait()
        raise StreamEndedError(CloseCode.RESTART, "the hub stops: connect again and go on from your cursor")

    async def results(
        self, request: GraphQLRequest, actor: Actor, request_id: str
    ) -> AsyncGenerator[dict[str, object], None]:
        """Give what the subscription says, each when it is asked for.

        Raises:
            StreamRefusedError: it is no subscription, beyond the limits, not permitted, or failed.
        """
        prepared, operation = self._prepared(request)
        context = RequestContext(actor, self._services, request_id, Loaders(self._services, actor))
        self.open.update(operation.root_fields)
        try:
            with self.seats.subscription(actor):
                found = await subscribed(core_schema(), prepared, request, context)
                if isinstance(found, ExecutionResult):
                    raise StreamRefusedError([shown(error, request_id) for error in found.errors or ()])
                async with aclosing(found) as results:
                    async for result in results:
                        yield _payload(result, request_id)
        except StreamRefusedError:
            raise
        except Exception as problem:  # the caller sees a refusal of the hub's as it is, and of all else an id
            path = sorted(operation.root_fields)
            raise StreamRefusedError([shown(GraphQLError("", path=path, original_error=problem), request_id)]) from None
        finally:
            self.open.subtract(operation.root_fields)

    def _prepared(self, request: GraphQLRequest) -> tuple[PreparedDocument, OperationFacts]:
        try:
            prepared = self._documents.prepare(request.query)
            operation = prepared.operation(request.operation_name)
            if operation.node.operation.value != "subscription":
                raise RequestRefusedError(400, "SUBSCRIPTION_ONLY", "queries and mutations go by POST, one in each")
            if operation.cost(request.variables) > self._cost:
                said = f"its pages can hold more than {self._cost} entries"
                raise RequestRefusedError(400, "COST_LIMIT", said)
        except InvalidDocumentError as invalid:
            errors = [{**error.formatted, "extensions": {"code": invalid.code}} for error in invalid.errors]
            raise StreamRefusedError(errors) from None
        except RequestRefusedError as refused:
            raise StreamRefusedError([refusal(refused.code, refused.message)]) from None
        return prepared, operation


@contextmanager
def _one_more(counts: Counter[K], name: K, most: int, full: Exception) -> Iterator[None]:
    """Count one more under the name while the block lasts; raise ``full`` where there are as many as there may be."""
    if counts[name] >= most:
        raise full
    counts[name] += 1
    try:
        yield
    finally:
        counts[name] -= 1
        if not counts[name]:
            del counts[name]


def _name(actor: Actor) -> tuple[str, str]:
    return actor.unit_code, actor.subject


def watchable() -> tuple[str, ...]:
    """Return the names of what can be watched."""
    kind = core_schema().subscription_type
    return tuple(kind.fields) if kind else ()


def refusal(code: str, message: str) -> dict[str, object]:
    """Return one error as GraphQL shows it."""
    return {"message": message, "extensions": {"code": code}}


def _payload(result: ExecutionResult, request_id: str) -> dict[str, object]:
    if not result.errors:
        return {"data": result.data}
    return {"errors": [shown(error, request_id) for error in result.errors], "data": result.data}
