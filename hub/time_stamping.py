"""Where time stamps come from: outside services by HTTP (RFC 3161, 3.4), or the signer's own authority.

Whatever a service does, an answer or a refusal comes within a bound of time and of bytes. A service that failed is left
alone for a while, and the next address is asked instead. A token that would spoil a proof, because no trust root leads
to it or its clock is wrong, is as good as none.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import structlog

from pki.errors import MalformedTimeStampError, PkiError, TimeStampUnavailableError
from pki.timestamp_tokens import LONGEST_TOKEN, UNREADABLE, check_token, read_token
from pki.timestamps import granted_token, time_stamp_request
from pki.trust import belong_together
from seals.errors import SealsError
from seals.pdf_signature_form import token_form_problem

LOG = structlog.get_logger("proofhub.timestamps")

CLOCK_DIFFERENCE = timedelta(minutes=5)
"""How far a service's clock may be off ours: as far as verification lets it be."""
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_HEADERS = {"Content-Type": _QUERY, "Accept": _REPLY, "Accept-Encoding": "identity", "User-Agent": "proofhub"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StampLimits:
    """Bounds on what a time stamp may cost."""

    total_seconds: float = 2.0
    """From the question to the token, all addresses together."""
    address_seconds: float = 1.0
    """Of one address."""
    answer_bytes: int = LONGEST_TOKEN
    rest_seconds: float = 10.0
    """How long an address that failed is left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampTrust:
    """Which tokens are taken."""

    roots: tuple[bytes, ...]
    """Of time-stamp authorities, DER."""
    helpers: tuple[bytes, ...]
    """Certificates that may lie between, DER."""
    now: Callable[[], datetime]

    def require(self, token: bytes, digest: bytes) -> None:
        """Return if a token, DER, can be believed and its time is ours. Raises MalformedTimeStampError.

        What a verifier of ours would refuse is refused here, where another authority can still be asked.
        """
        said = read_token(token)
        answer = check_token(said, digest, self.roots, self.helpers)
        problem = answer.problem or _form_problem(token)
        if problem is None and not belong_together(said.others, answer.path, self.roots):
            problem = "it carries a certificate that does not belong to it"
        if problem is not None:
            raise MalformedTimeStampError(f"the time stamp cannot be believed: {problem}")
        if abs(said.at - self.now()) > CLOCK_DIFFERENCE:
            raise MalformedTimeStampError("the clock of the time-stamp authority is not ours")


def _form_problem(token: bytes) -> str | None:
    try:
        return token_form_problem(token)
    except UNREADABLE as problem:
        raise MalformedTimeStampError("this is no time-stamp token") from problem


@dataclass(slots=True)
class _Address:
    url: str
    rests_until: float = 0.0


@dataclass(slots=True)
class HttpTimeStamper:
    """Asks one address after the other; may be used from several threads. Carries out `pki.timestamps.TimeStamper`."""

    urls: tuple[str, ...]
    trust: StampTrust
    nonce: Callable[[], int]
    limits: StampLimits = field(default_factory=StampLimits)
    clock: Callable[[], float] = time.monotonic
    """Seconds; for bounds and rests."""
    _addresses: tuple[_Address, ...] = field(init=False)

    def __post_init__(self) -> None:
        for url in self.urls:
            if httpx.URL(url).scheme not in ("http", "https") or not httpx.URL(url).host:
                raise ValueError(f"{url} is no address of a time-stamp service")
        self._addresses = tuple(_Address(url) for url in self.urls)

    async def stamp(self, digest: bytes) -> bytes:
        """See TimeStamper."""
        return await asyncio.to_thread(self.ask, digest)

    def ask(self, digest: bytes) -> bytes:
        """Return a token, DER, for a SHA-256 digest, within the bounds.

        Raises:
            TimeStampUnavailableError: no address gives one at the moment.
        """
        give_up_at = self.clock() + self.limits.total_seconds
        said = "every time-stamp service is resting after a failure"
        for address in self._addresses:
            left = min(self.limits.address_seconds, give_up_at - self.clock())
            if left <= 0 or self.clock() < address.rests_until:
                continue
            try:
                return self._within(address.url, digest, left)
            except (MalformedTimeStampError, httpx.HTTPError, TimeoutError, OSError) as problem:
                said = f"{address.url}: {problem or type(problem).__name__}"
                address.rests_until = self.clock() + self.limits.rest_seconds
                LOG.warning("timestamp.service_down", url=address.url, reason=type(problem).__name__)
        raise TimeStampUnavailableError(f"no time stamp can be had: {said}")

    def _within(self, url: str, digest: bytes, seconds: float) -> bytes:
        """Ask in a thread that is left behind when it takes too long: looking up an address has no bound of its own."""
        answer: Future[bytes] = Future()

        def work() -> None:
            try:
                answer.set_result(self._asked(url, digest, self.clock() + seconds))
            except BaseException as problem:  # goes to whoever waits
                answer.set_exception(problem)

        threading.Thread(target=work, name="time-stamp", daemon=True).start()
        return answer.result(seconds)

    def _asked(self, url: str, digest: bytes, give_up_at: float) -> bytes:
        nonce = self.nonce()
        body = bytearray()
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=give_up_at - self.clock()) as client,
            client.stream("POST", url, content=time_stamp_request(digest, nonce), headers=_HEADERS) as response,
        ):
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if response.status_code != 200 or kind != _REPLY:
                raise MalformedTimeStampError(f"it answered with status {response.status_code}, {kind or 'no type'}")
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > self.limits.answer_bytes:
                    raise MalformedTimeStampError(f"its answer is longer than {self.limits.answer_bytes} bytes")
                if self.clock() > give_up_at:
                    raise TimeoutError("it answers too slowly")
        token = granted_token(bytes(body), nonce)
        self.trust.require(token, digest)
        return token


@dataclass(frozen=True, slots=True)
class AskedTimeStamper:
    """Asks an authority that takes requests in DER, as the signer's own does; carries out `TimeStamper`."""

    answer: Callable[[bytes], Awaitable[bytes]]
    """Takes a TimeStampReq, gives a TimeStampResp."""
    trust: StampTrust
    nonce: Callable[[], int]

    async def stamp(self, digest: bytes) -> bytes:
        """See TimeStamper."""
        nonce = self.nonce()
        try:
            token = granted_token(await self.answer(time_stamp_request(digest, nonce)), nonce)
            self.trust.require(token, digest)
        except (PkiError, SealsError) as problem:
            raise TimeStampUnavailableError(f"no time stamp can be had: {problem}") from problem
        return token
