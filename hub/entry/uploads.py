"""Reads bodies within a bound, chunk by chunk, whatever their headers promise."""

from __future__ import annotations

from starlette.requests import Request

from hub.errors import HubError


class TooLargeError(HubError):
    """The body is longer than allowed."""

    code = "TOO_LARGE"


async def limited_body(request: Request, limit: int) -> bytes:
    """Return the body.

    Raises:
        TooLargeError: it has more than ``limit`` bytes; no more than that was read.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLargeError(
                f"the body is longer than {limit} bytes",
                message_zh=f"内容超过 {limit} 字节",
                mend=f"Send at most {limit} bytes.",
            )
        parts.append(part)
    return b"".join(parts)
