"""Executes one prepared operation, and turns whatever went wrong in it into what the caller may see."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeGuard, cast

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute
from strawberry.execution import optimized_is_awaitable

from graph_models.errors import StoreUnavailableError
from hub.errors import HubError, UnavailableError
from schema.context import RequestContext
from schema.documents import PreparedDocument
from schema.errors import RequestRefusedError, note_unavailable
from schema.http_request import GraphQLRequest

_IS_AWAITABLE = cast("Callable[[object], TypeGuard[Awaitable[object]]]", optimized_is_awaitable)
LOG = structlog.get_logger("proofhub.graphql")
_FRAMES = 6
"""Innermost places of the code that are logged with an unexpected error."""


async def run(
    schema: GraphQLSchema, prepared: PreparedDocument, request: GraphQLRequest, context: RequestContext
) -> ExecutionResult:
    """Execute an operation; resolvers that wait for nothing run without leaving this task."""
    try:
        result = execute(
            schema,
            prepared.document,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
            is_awaitable=_IS_AWAITABLE,
        )
        return result if isinstance(result, ExecutionResult) else await result
    except RecursionError as problem:
        raise RequestRefusedError(400, "DEPTH_LIMIT", "the request is nested too deeply") from problem


def is_refused(result: ExecutionResult) -> bool:
    """Tell whether nothing was executed: a variable could not be taken."""
    return result.data is None and all(error.path is None for error in result.errors or ())


def shown(error: GraphQLError, request_id: str) -> dict[str, object]:
    """Return an error as the caller sees it: a refusal as it is, anything unexpected as an id that is in the log."""
    cause = _cause(error)
    if isinstance(cause, StoreUnavailableError):
        LOG.warning("graphql.store_unavailable", request_id=request_id, reason=type(cause.__cause__ or cause).__name__)
        cause = _later()
    note_unavailable(cause)
    if isinstance(cause, HubError):
        more = {"code": cause.code, "messageZh": cause.message_zh, "mend": cause.mend, "field": cause.field}
        return _formatted(error, cause.message, more)
    if error.path is None or cause is None:
        return _formatted(error, error.message, {"code": "BAD_REQUEST"})
    LOG.error(
        "graphql.failed",
        request_id=request_id,
        path=".".join(str(part) for part in error.path),
        error=type(cause).__name__,
        where=_places(cause),
    )
    return _formatted(error, "internal error", {"code": "INTERNAL", "id": request_id})


def _later() -> UnavailableError:
    return UnavailableError(
        "the hub cannot do this now", message_zh="系统暂时无法处理，请稍后再试", mend="Ask again, under the same key."
    )


def _cause(error: GraphQLError) -> Exception | None:
    cause = error.original_error
    return _cause(cause) if isinstance(cause, GraphQLError) else cause


def _formatted(error: GraphQLError, message: str, extensions: Mapping[str, object]) -> dict[str, object]:
    formatted: dict[str, object] = {**error.formatted, "message": message, "extensions": extensions}
    return formatted


def _places(cause: Exception) -> list[str]:
    """Return where it happened; never the message, which may hold personal data."""
    frames = traceback.extract_tb(cause.__traceback__)[-_FRAMES:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames]
