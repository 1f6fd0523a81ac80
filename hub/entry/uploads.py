"""Reads bodies within bounds of size and time, chunk by chunk, whatever their headers promise."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from hub.errors import HubError

UPLOAD_SECONDS = 120.0
"""How long a body may take: the largest comes in time at 1.4 Mbit/s."""


class TooLargeError(HubError):
    """The body is longer than allowed."""

    code = "TOO_LARGE"


class TooSlowError(HubError):
    """The body takes longer than allowed."""

    code = "TOO_SLOW"


async def limited_body(request: Request, limit: int, seconds: float = UPLOAD_SECONDS) -> bytes:
    """Return the body.

    Raises:
        TooLargeError: it has more than ``limit`` bytes; no more than that was read.
        TooSlowError: it takes longer than the seconds.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _whole(request, limit)
    except TimeoutError:
        raise TooSlowError(
            f"the body took longer than {seconds:g} s",
            message_zh=f"内容在 {seconds:g} 秒内未传完",
            mend="Send it again, over a faster line.",
        ) from None


async def _whole(request: Request, limit: int) -> bytes:
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
