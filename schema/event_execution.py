"""Opens a subscription of which each event is executed to its end, also where its caller goes meanwhile.

A field's execution that is cancelled at its start leaves the calls of the fields below it made and never awaited, and
cuts reads of the store in the middle. An execution is short and bounded; waiting for the next event is not, and is cut.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable
from typing import Any

from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import (
    Executor,
    create_source_event_stream,
    execute_subscription_event,
    map_source_to_response_event,
)

from schema.context import RequestContext
from schema.documents import PreparedDocument
from schema.http_request import GraphQLRequest


async def subscribed(
    schema: GraphQLSchema, document: PreparedDocument, request: GraphQLRequest, context: RequestContext
) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
    """Return the results of a subscription, or the one that says why there are none."""
    executor = Executor.build(
        schema,
        document.document,
        context_value=context,
        raw_variable_values=request.variables,
        operation_name=request.operation_name,
    )
    if not isinstance(executor, Executor):
        return ExecutionResult(None, errors=list(executor))
    opened = create_source_event_stream(executor)
    source = await opened if inspect.isawaitable(opened) else opened
    if isinstance(source, ExecutionResult):
        return source
    return _mapped(executor, source)


def _mapped(executor: Executor[Any], source: AsyncIterable[object]) -> AsyncGenerator[ExecutionResult, None]:
    return map_source_to_response_event(executor, source, _executed)


def _executed(executor: Executor[Any]) -> Awaitable[ExecutionResult] | ExecutionResult:
    execution = execute_subscription_event(executor)
    return execution if isinstance(execution, ExecutionResult) else _to_its_end(execution)


async def _to_its_end(execution: Awaitable[ExecutionResult]) -> ExecutionResult:
    task = asyncio.ensure_future(execution)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise
