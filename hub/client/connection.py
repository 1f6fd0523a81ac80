"""The one way to the hub: HTTP with a bearer token, bounded in time and size, repeated where it may pass.

Everything may be repeated: a query changes nothing, and a mutation has its key, which is the same in every attempt.
Whichever process of the hub answers, what the connection has written before is there: ``hub.client.bookmarks``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import orjson
import stamina

from hub.client.answers import Answered, data_of, event_in, found_in, is_about, retry_after_in
from hub.client.bookmarks import HEADER, Bookmarks
from hub.client.errors import BehindError, NotAllowedError, ProtocolError, UnavailableError
from hub.client.operations import Operation
from hub.client.records import Page, Problem, Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")
TokenSource = Callable[[], Awaitable[str]]
"""Gives a token that is good now; asked before each attempt, so that it may be refreshed."""
_LEAST_PAUSE_SECONDS = 0.1
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """Bounds on what a call may cost."""

    total_seconds: float = 60.0
    """From the question to its answer, all attempts included."""
    call_seconds: float = 15.0
    """One attempt."""
    connect_seconds: float = 3.0
    quiet_seconds: float = 60.0
    """A subscription of which nothing is heard for so long is dead; the hub says something three times a minute."""
    attempts: int = 10
    longest_pause_seconds: float = 5.0
    longest_told_pause_seconds: float = 20.0
    """The hub may say when to ask again (``Retry-After``): no longer is waited for it."""
    answer_bytes: int = 20_000_000
    connections: int = 20


class HubConnection:
    """Kept connections to one hub, for one token; a context manager."""

    def __init__(
        self, url: str, token: TokenSource, limits: ClientLimits | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        """Take the hub's address, the source of tokens, the limits, and how TLS trusts (None: as the system does).

        Raises:
            ValueError: the address is neither https nor http on loopback, where a token would be seen by nobody.
        """
        self._token = token
        self._limits = limits = limits or ClientLimits()
        self._bookmarks = Bookmarks()
        self._client = httpx.AsyncClient(
            base_url=_checked(url),
            timeout=httpx.Timeout(limits.call_seconds, connect=limits.connect_seconds),
            limits=httpx.Limits(max_connections=limits.connections),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "proofhub-client"},
            verify=tls or True,
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> HubConnection:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the kept connections."""
        await self._client.aclose()

    async def ask(self, operation: Operation[R], variables: Mapping[str, object]) -> R:
        """Return what a query finds or a mutation made. Raises a ClientError."""
        sent = orjson.dumps({"query": operation.text, "variables": variables})

        async def attempt() -> R:
            answer = await self._send("POST", "/graphql", sent)
            try:
                return found_in(operation, data_of(answer), answer.request_id)
            except UnavailableError as problem:
                problem.retry_after = answer.retry_after
                raise

        return await self._repeated(attempt)

    async def listen(self, text: str, variables: Mapping[str, object]) -> AsyncGenerator[dict[str, Any], None]:
        """Give the data of each result of a subscription as it comes, until the hub says that it is complete.

        Raises:
            UnavailableError: the hub is not reached, or the answer was cut off: ask again, from the last cursor.
            ClientError: the hub refuses.
        """
        sent, limits = orjson.dumps({"query": text, "variables": variables}), self._limits
        headers = await self._headers() | {"Accept": "text/event-stream"}
        timeout = httpx.Timeout(limits.quiet_seconds, connect=limits.connect_seconds)
        opening = self._client.stream("POST", "/graphql", content=sent, headers=headers, timeout=timeout)
        try:
            async with opening as response:
                name = response.headers.get("x-request-id")
                if response.status_code != 200:
                    data_of(await self._answered(response, headers))  # says why
                self._bookmarks.learn(headers, response.headers.get(HEADER))
                async for kind, data in self._events(response, name):
                    if kind == "complete":
                        return
                    yield data_of(Answered(200, data, name))
        except httpx.HTTPError as problem:
            raise UnavailableError(f"the subscription was cut off: {type(problem).__name__}") from None
        raise UnavailableError("the subscription was cut off", name)

    async def document(self, number: str) -> bytes:
        """Return the sealed PDF of a proof. Raises a ClientError."""

        async def attempt() -> bytes:
            answer = await self._send("GET", f"/proofs/{quote(number, safe='')}.pdf")
            if answer.status != 200:
                data_of(answer)  # says why
            return answer.body

        return await self._repeated(attempt)

    async def _repeated(self, attempt: Callable[[], Awaitable[T]]) -> T:
        limits = self._limits
        attempts = stamina.retry_context(
            on=partial(_pause, limits.longest_told_pause_seconds), attempts=limits.attempts,
            timeout=limits.total_seconds, wait_initial=0.1, wait_max=limits.longest_pause_seconds, wait_jitter=0.1,
        )  # fmt: skip
        behind: BehindError | None = None
        try:
            async with asyncio.timeout(limits.total_seconds):
                async for each in attempts:
                    with each:
                        try:
                            return await attempt()
                        except BehindError as problem:
                            behind = problem
                            raise
        except (TimeoutError, BehindError):
            if behind is not None:  # as after a restore: what was lost there will not come, and this call has said so
                self._bookmarks.forget()
                raise behind from None
            raise UnavailableError(f"no answer within {limits.total_seconds} s") from None
        raise AssertionError("the attempts end with a result or an error")

    async def _send(self, method: str, path: str, content: bytes | None = None) -> Answered:
        headers = await self._headers()
        try:
            async with (
                asyncio.timeout(self._limits.call_seconds),
                self._client.stream(method, path, content=content, headers=headers) as response,
            ):
                return await self._answered(response, headers)
        except (TimeoutError, httpx.HTTPError) as problem:
            raise UnavailableError(f"no hub answers at {self._client.base_url}: {type(problem).__name__}") from None

    async def _headers(self) -> dict[str, str]:
        bearer = _bearer(await self._token())
        return {"Authorization": bearer, "Content-Type": "application/json", **self._bookmarks.header()}

    async def _answered(self, response: httpx.Response, headers: dict[str, str]) -> Answered:
        """Read an answer. Raises UnavailableError where its status says that this may pass."""
        name, status = response.headers.get("x-request-id"), response.status_code
        told = retry_after_in(response.headers)
        if status == 429 or (status >= 500 and status != 503):
            raise UnavailableError(f"the hub answers with status {status}", name, told)
        answer = Answered(status, await self._read(response, name), name, told)
        if status in (400, 503) and is_about(HEADER, answer):
            if status == 400:  # of another database: what it was to bring about cannot be had
                self._bookmarks.forget()
            raise BehindError("what was written before has not arrived where the hub reads", name)
        if status == 503:
            raise UnavailableError("the hub answers with status 503", name, told)
        self._bookmarks.learn(headers, response.headers.get(HEADER))
        return answer

    async def _events(self, response: httpx.Response, name: str | None) -> AsyncGenerator[tuple[str, bytes], None]:
        """Give kind and data of each server-sent event; comments are passed over."""
        waiting = bytearray()
        async for chunk in response.aiter_raw():
            waiting += chunk
            while (end := waiting.find(b"\n\n")) >= 0:
                kind, data = event_in(bytes(waiting[:end]))
                del waiting[: end + 2]
                if kind:
                    yield kind, data
            if len(waiting) > self._limits.answer_bytes:
                raise ProtocolError(f"an event is longer than {self._limits.answer_bytes} bytes", name)

    async def _read(self, response: httpx.Response, name: str | None) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._limits.answer_bytes:
                raise ProtocolError(f"the answer is longer than {self._limits.answer_bytes} bytes", name)
        return bytes(body)


async def each_of(ask: Callable[[str | None], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    """Give what stands on all pages, of which ``ask`` brings the one after a cursor, or the first."""
    after: str | None = None
    while True:
        page = await ask(after)
        for node in page.nodes:
            yield node
        after = page.page_info.end_cursor
        if not page.page_info.has_next_page:
            return


def _pause(longest: float, problem: Exception) -> bool | float:
    """Tell whether to ask again, or in how many seconds where the hub says that."""
    if not isinstance(problem, UnavailableError):
        return False
    told = problem.retry_after
    return True if told is None else min(max(told, _LEAST_PAUSE_SECONDS), longest)


def _bearer(token: str) -> str:
    if _TOKEN.fullmatch(token):
        return f"Bearer {token}"
    raise NotAllowedError(
        Problem(
            code="UNAUTHENTICATED",
            message="the token is empty or has characters that cannot be sent",
            message_zh="令牌为空或含有无法发送的字符",
            mend="Give the token as its issuer made it.",
        )
    )


def _checked(url: str) -> httpx.URL:
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL as problem:
        raise ValueError(f"{url!r} is no address") from problem
    if found.scheme == "https" or (found.scheme == "http" and _is_loopback(found.host)):
        return found
    raise ValueError(f"{url}: must be https; plain http is for loopback only")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
