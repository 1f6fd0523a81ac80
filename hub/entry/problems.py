"""Turns errors into what callers see outside GraphQL: a typed answer, or an id that is in the log."""

from __future__ import annotations

from dataclasses import asdict

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from hub.errors import RETRY_SECONDS, CatalogueRejectedError, HubError, UnavailableError

LOG = structlog.get_logger("proofhub.server")

_STATUS = {
    "INVALID_INPUT": 400,
    "UNAUTHENTICATED": 401,
    "NOT_PERMITTED": 403,
    "NOT_FOUND": 404,
    "TOO_SLOW": 408,
    "CONFLICT": 409,
    "IDEMPOTENCY_CONFLICT": 409,
    "WRONG_STATE": 409,
    "EVENTS_GONE": 410,
    "TOO_LARGE": 413,
    "CATALOGUE_REJECTED": 422,
    "UNAVAILABLE": 503,
}
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="proofhub"'}


def orjson_answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return records or plain values as JSON, Chinese unescaped."""
    return Response(orjson.dumps(content), status, headers, "application/json")


async def on_hub_error(_: Request, problem: Exception) -> Response:
    """Answer a caller's mistake or a refusal: what is wrong and how to mend it."""
    if not isinstance(problem, HubError):
        raise problem
    content: dict[str, object] = {
        "code": problem.code,
        "message": problem.message,
        "messageZh": problem.message_zh,
        "mend": problem.mend,
        "field": problem.field,
    }
    if isinstance(problem, CatalogueRejectedError):
        content["problems"] = [asdict(row) for row in problem.problems]
    status = _STATUS.get(problem.code, 400)
    headers = {401: _CHALLENGE, 408: {"Connection": "close"}}.get(status)  # RFC 9110, 15.5.9
    if isinstance(problem, UnavailableError):
        headers = _again_after(problem.retry_seconds)
    return orjson_answer(content, status, headers)


async def on_store_error(request: Request, problem: Exception) -> Response:
    """Answer that the store cannot do it now; what happened is in the log under the request's id."""
    LOG.error("store.failed", request=request.state.request_id, reason=type(problem).__name__)
    answer = _masked(request, 503, "UNAVAILABLE", "the hub cannot do this now", "系统暂时无法处理，请稍后再试")
    answer.headers.update(_again_after(RETRY_SECONDS))
    return answer


async def on_error(request: Request, problem: Exception) -> Response:
    """Answer whatever nobody expected with the id under which the log has it."""
    LOG.error("server.failed", request=request.state.request_id, exc_info=problem)
    return _masked(request, 500, "INTERNAL", "internal error", "系统内部错误")


def _again_after(seconds: int) -> dict[str, str]:
    """Return the header that says when to ask again (RFC 9110, 10.2.3)."""
    return {"Retry-After": str(seconds)}


def _masked(request: Request, status: int, code: str, message: str, message_zh: str) -> Response:
    name = request.state.request_id
    return orjson_answer(
        {
            "code": code,
            "message": message,
            "messageZh": message_zh,
            "id": name,
            "mend": f"Tell the operator the id {name}.",
        },
        status,
        {"X-Request-Id": name},  # what nobody expected is answered outside the layer that adds it
    )
