"""Who calls, for what needs a token."""

from __future__ import annotations

from starlette.requests import Request

from hub.actors import Actor
from hub.errors import UnauthenticatedError


def caller(request: Request) -> Actor:
    """Return the actor of the call's token. Raises UnauthenticatedError."""
    actor: Actor | None = request.state.actor
    if actor is None:
        raise UnauthenticatedError(
            "this call needs a bearer token",
            message_zh="此操作需要令牌",
            mend="Send the header Authorization: Bearer <token>.",
        )
    return actor
