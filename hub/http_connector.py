"""A data source over HTTP and JSON: limits on time and size, retries, circuit breaker, TLS, credentials.

The hub posts ``{"proof_type", "subject", "case", "purpose"}`` to the source's address and takes, with status 200 and
``application/json``, exactly one of

- ``{"status": "found", "register", "as_of", "facts": {key: text}}``
- ``{"status": "no_such_record", "register", "keys": [key], "as_of"}``

``as_of`` is a time of RFC 3339. Anything else, a 404 included, is a source that is down, never a negative.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import aiohttp
import orjson
import stamina
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from hub.connectors import DownReason, NoSuchRecord, RecordFound, SourceDown, SourceFact, SourceOutcome, SourceQuery
from hub.errors import InvalidInputError

LOG = structlog.get_logger("proofhub.connector")

FACTS = 100
"""Most facts of one record."""
FACT_CHARACTERS = 2000
"""Longest value of a fact."""
KEYS = 20
"""Most keys that a negative may name."""
NAME_CHARACTERS = 200
"""Longest name of a register."""
_MEDIA_TYPE = "application/json"
_TOKEN = re.compile(r"[\x21-\x7e]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RFC_3339 = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLimits:
    """Bounds on what a source may cost."""

    total_seconds: float = 1.5
    """From the question to its outcome, retries included."""
    connect_seconds: float = 0.5
    read_seconds: float = 1.2
    """Longest silence of the source while it is answering."""
    attempts: int = 3
    answer_bytes: int = 1_000_000
    connections: int = 20
    breaker_failures: int = 5
    """So many failures in a row open the circuit breaker (熔断)."""
    breaker_seconds: float = 30.0
    """How long it stays open before the source is tried again."""
    skew_seconds: float = 120.0
    """How far the source's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSourceConfig:
    """Where a source is and how the hub shows who it is.

    Raises:
        InvalidInputError: the address is neither https nor http on loopback, or the token cannot be sent.
    """

    code: str
    url: str
    token: str = field(repr=False)
    token_header: str = "Authorization"  # noqa: S105  a header's name
    """``Authorization`` carries the token as Bearer (RFC 6750); another header carries it as it is (API key)."""
    ca_file: Path | None = None
    """PEM of the authorities that may vouch for the source; None: those of the system."""
    client_certificate: Path | None = None
    """PEM by which the hub shows itself (mutual TLS), its chain included."""
    client_key: Path | None = None
    limits: SourceLimits = SourceLimits()

    def __post_init__(self) -> None:
        try:
            url = urlsplit(self.url)
        except ValueError:
            raise _misconfigured(self.code, "url", "is no address") from None
        if not url.hostname or url.username is not None:
            raise _misconfigured(self.code, "url", "must name a host and nobody who logs in")
        if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname or "")):
            raise _misconfigured(self.code, "url", "must be https; plain http is for loopback only")
        if not _TOKEN.fullmatch(self.token):
            raise _misconfigured(self.code, "token", "must be printable ASCII without spaces, and not empty")
        if not _HEADER.fullmatch(self.token_header):
            raise _misconfigured(self.code, "token_header", "must be the name of a header (RFC 9110, 5.6.2)")


class HttpSource:
    """A data source behind HTTP; one client with kept connections, one circuit breaker."""

    def __init__(self, config: HttpSourceConfig, now: Callable[[], datetime]) -> None:
        """Take the configuration and the present time (aware).

        Raises:
            InvalidInputError: a certificate or key file cannot be used.
        """
        limits = config.limits
        self._config = config
        self._now = now
        self._tls = _tls(config)
        self._breakers = AsyncCircuitBreakerFactory(limits.breaker_failures, limits.breaker_seconds)
        self._opened: aiohttp.ClientSession | None = None

    @property
    def code(self) -> str:
        """Code by which the catalogue names the source."""
        return self._config.code

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        """Ask for one record; the outcome comes within the total time limit, whatever the source does."""
        started = time.perf_counter()
        try:
            outcome = await self._through_breaker(query)
        except _DownError as down:
            outcome = SourceDown(down.reason, down.detail)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        LOG.info(
            "source.asked",
            source=self.code,
            request_id=query.request_id,
            outcome=outcome.reason.value if isinstance(outcome, SourceDown) else type(outcome).__name__,
            detail=outcome.detail if isinstance(outcome, SourceDown) else None,
            ms=milliseconds,
        )
        return outcome

    async def close(self) -> None:
        """Close the kept connections."""
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        """Return what keeps the connections, which belongs to the loop that asks first."""
        if self._opened is None:
            limits = self._config.limits
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limits.connections, ssl=self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_headers(self._config),
                timeout=aiohttp.ClientTimeout(sock_connect=limits.connect_seconds, sock_read=limits.read_seconds),
                auto_decompress=False,
                trust_env=False,
            )
        return self._opened

    async def _through_breaker(self, query: SourceQuery) -> SourceOutcome:
        breaker = await self._breakers.get_breaker(self.code)
        try:
            async with breaker:
                return await self._in_time(query)
        except OpenedState as opened:
            opened.__traceback__ = None  # the library raises one object again and again: it would grow by every frame
            raise _DownError(DownReason.BREAKER_OPEN, "it failed repeatedly and is given time to recover") from None

    async def _in_time(self, query: SourceQuery) -> SourceOutcome:
        seconds = self._config.limits.total_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._with_retries(query)
        except TimeoutError:
            raise _DownError(DownReason.TIMEOUT, f"no answer within {seconds} s") from None

    async def _with_retries(self, query: SourceQuery) -> SourceOutcome:
        limits = self._config.limits
        attempts = stamina.retry_context(
            on=_may_pass, attempts=limits.attempts, timeout=limits.total_seconds, wait_initial=0.05, wait_max=0.4,
            wait_jitter=0.05,
        )  # fmt: skip
        async for attempt in attempts:
            with attempt:
                return _outcome(await self._post(query), query, self._latest_time())
        raise AssertionError("the attempts end with a result or an error")

    async def _post(self, query: SourceQuery) -> bytes:
        question = {
            "proof_type": query.proof_type_code,
            "subject": dict(query.subject),
            "case": query.case_number,
            "purpose": query.purpose,
        }
        headers = {"Content-Type": _MEDIA_TYPE, "X-Request-ID": query.request_id}
        asked = self._session().post(
            self._config.url, data=orjson.dumps(question), headers=headers, allow_redirects=False
        )
        try:
            async with asked as response:
                _check_head(response)
                return await _read(response, self._config.limits)
        except aiohttp.ServerTimeoutError as problem:
            passes = isinstance(problem, aiohttp.ConnectionTimeoutError)
            raise _DownError(DownReason.TIMEOUT, type(problem).__name__, may_pass=passes) from None
        except (aiohttp.ClientError, ValueError) as problem:  # ValueError: an address or a header that cannot be sent
            raise _DownError(DownReason.CONNECTION, type(problem).__name__, may_pass=True) from None

    def _latest_time(self) -> datetime:
        return self._now() + timedelta(seconds=self._config.limits.skew_seconds)


class _DownError(Exception):
    """Carries why the source is down to the one place that makes the outcome; leaves this file never."""

    def __init__(self, reason: DownReason, detail: str, *, may_pass: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.may_pass = may_pass


def _may_pass(problem: Exception) -> bool:
    """Tell whether asking again at once may help. A question changes nothing at the source, so it may be repeated."""
    return isinstance(problem, _DownError) and problem.may_pass


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("not printable")
    return text


_Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Value = Annotated[str, StringConstraints(max_length=FACT_CHARACTERS)]
_Register = Annotated[str, StringConstraints(max_length=NAME_CHARACTERS), AfterValidator(_printable)]
_Time = Annotated[str, StringConstraints(pattern=_RFC_3339)]


class _Found(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    status: Literal["found"]
    register_name: Annotated[_Register, Field(alias="register")]
    as_of: _Time
    facts: Annotated[dict[_Key, _Value], Field(min_length=1, max_length=FACTS)]


class _Negative(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    status: Literal["no_such_record"]
    register_name: Annotated[_Register, Field(alias="register")]
    keys: Annotated[list[_Key], Field(min_length=1, max_length=KEYS)]
    as_of: _Time


_ANSWER: TypeAdapter[_Found | _Negative] = TypeAdapter(Annotated[_Found | _Negative, Field(discriminator="status")])


def _outcome(body: bytes, query: SourceQuery, latest: datetime) -> SourceOutcome:
    """Return what the body states, held against the question."""
    try:
        answer = _ANSWER.validate_json(body)
    except ValidationError as problem:
        kind = problem.errors(include_input=False, include_url=False, include_context=False)[0]["type"]
        raise _malformed(f"the answer is not of the protocol ({kind})") from None
    as_of = _time(answer.as_of, latest)
    if isinstance(answer, _Negative):
        if not set(answer.keys) <= query.subject.keys():
            raise _malformed("the negative names keys that were not asked")
        return NoSuchRecord(answer.register_name, tuple(answer.keys), as_of)
    if any(answer.facts.get(key, value) != value for key, value in query.subject.items()):
        raise _malformed("the record is about another subject")
    facts = tuple(SourceFact(key, value) for key, value in answer.facts.items())
    return RecordFound(facts, as_of, answer.register_name)


def _time(text: str, latest: datetime) -> datetime:
    try:
        as_of = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _malformed("as_of is no time that exists") from None
    if as_of > latest:
        raise _malformed("as_of is in the future")
    return as_of


def _check_head(response: aiohttp.ClientResponse) -> None:
    """Return if the answer is one to be read, by status, media type and encoding."""
    status = response.status
    if status in (401, 403):
        raise _DownError(DownReason.UNAUTHORISED, f"status {status}")
    if status == 429 or status >= 500:
        raise _DownError(DownReason.SERVER_ERROR, f"status {status}", may_pass=True)
    if status != 200:
        raise _malformed(f"status {status} is not of the protocol")
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise _malformed("the answer is not application/json")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _malformed("the answer is compressed, which was not asked for")


async def _read(response: aiohttp.ClientResponse, limits: SourceLimits) -> bytes:
    body = bytearray()
    while chunk := await _chunk(response, limits.read_seconds):
        body += chunk
        if len(body) > limits.answer_bytes:
            raise _DownError(DownReason.TOO_LARGE, f"the answer is longer than {limits.answer_bytes} bytes")
    return bytes(body)


async def _chunk(response: aiohttp.ClientResponse, seconds: float) -> bytes:
    """Wait for more of the body, by a clock of our own: the client's stops when it cannot read what came."""
    try:
        async with asyncio.timeout(seconds):
            return await response.content.readany()
    except TimeoutError:
        raise _DownError(DownReason.TIMEOUT, f"silent for {seconds} s") from None


def _malformed(detail: str) -> _DownError:
    return _DownError(DownReason.MALFORMED, detail)


def _headers(config: HttpSourceConfig) -> dict[str, str]:
    bearer = config.token_header.lower() == "authorization"
    return {
        "Accept": _MEDIA_TYPE,
        "Accept-Encoding": "identity",  # a small compressed answer could unfold without bound
        "User-Agent": "proofhub",
        config.token_header: f"Bearer {config.token}" if bearer else config.token,
    }


def _tls(config: HttpSourceConfig) -> ssl.SSLContext:
    if urlsplit(config.url).scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and spares reading the system's authorities
    try:
        context = ssl.create_default_context(cafile=config.ca_file)
        if config.client_certificate is not None:
            context.load_cert_chain(config.client_certificate, config.client_key)
    except (OSError, ssl.SSLError) as problem:
        raise _misconfigured(
            config.code, "ca_file", f"or the client certificate cannot be used: {problem}"
        ) from problem
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _misconfigured(code: str, name: str, message: str) -> InvalidInputError:
    return InvalidInputError(
        f"data source {code}: {name} {message}",
        message_zh=f"数据源 {code} 的配置 {name} 无效",
        mend="Correct the settings of this data source.",
        field=name,
    )
