"""The HTTP connector against sources that answer well, badly, late or never."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from hub.connectors import DownReason, NoSuchRecord, RecordFound, SourceDown, SourceFact, SourceOutcome, SourceQuery
from hub.errors import InvalidInputError
from hub.http_connector import HttpSource, HttpSourceConfig, SourceLimits
from tests.simulators.hostile_source import (
    Behaviour,
    Flood,
    HostileSource,
    answer,
    close_at_once,
    close_half_way,
    drip,
    hang,
    send_endless_heads,
    speak_no_http,
    stated,
    stumble,
)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SOMEBODY = "11010519491231002X"
QUERY = SourceQuery("GA-HJ", {"id_number": SOMEBODY}, "C-1", "GA-0001", "q-1")
LIMITS = SourceLimits(total_seconds=0.6, read_seconds=0.3, breaker_failures=1000)
BAD = [
    ("hangs", hang, DownReason.TIMEOUT),
    ("drips", drip, DownReason.TIMEOUT),
    ("closes", close_at_once, DownReason.CONNECTION),
    ("closes-half-way", close_half_way, DownReason.CONNECTION),
    ("no-http", speak_no_http, DownReason.CONNECTION),
    ("endless-heads", send_endless_heads, DownReason.CONNECTION),
    ("flood", Flood(announced=True), DownReason.TOO_LARGE),
    ("flood-unannounced", Flood(announced=False), DownReason.TOO_LARGE),
    ("500", answer(b"{}", 500), DownReason.SERVER_ERROR),
    ("429", answer(b"{}", 429), DownReason.SERVER_ERROR),
    ("401", answer(b"{}", 401), DownReason.UNAUTHORISED),
    ("403", answer(b"{}", 403), DownReason.UNAUTHORISED),
    ("404", answer(b'{"error":"not found"}', 404), DownReason.MALFORMED),
    ("404-of-a-proxy", answer(b"<html>Not Found</html>", 404, "text/html"), DownReason.MALFORMED),
    ("404-like-a-negative", answer(b'{"status":"no_such_record"}', 404), DownReason.MALFORMED),
    ("redirect", answer(b"", 302, Location="http://127.0.0.1:1/"), DownReason.MALFORMED),
    ("no-content", answer(b"", 204), DownReason.MALFORMED),
    ("html", answer(b"<html></html>", 200, "text/html"), DownReason.MALFORMED),
    ("compressed", answer(b"\x1f\x8b", 200, Content_Encoding="gzip"), DownReason.MALFORMED),
    ("empty", answer(b""), DownReason.MALFORMED),
    ("no-json", answer(b"\xff\xfe{"), DownReason.MALFORMED),
    ("deep", answer(b"[" * 500_000), DownReason.MALFORMED),
    ("deep-record", answer(b'{"status":' * 100_000), DownReason.MALFORMED),
    ("list", answer(b"[]"), DownReason.MALFORMED),
    ("unknown-status", stated(status="perhaps"), DownReason.MALFORMED),
    ("negative-with-facts", stated(status="no_such_record"), DownReason.MALFORMED),
    ("no-register", stated(register=None), DownReason.MALFORMED),
    ("register-of-control-signs", stated(register="a\u0000b\u202e"), DownReason.MALFORMED),
    ("no-facts", stated(facts={}), DownReason.MALFORMED),
    ("number-as-fact", stated(facts={"name": 7}), DownReason.MALFORMED),
    ("nested-fact", stated(facts={"name": {"a": "b"}}), DownReason.MALFORMED),
    ("too-many-facts", stated(facts={f"k{n}": "" for n in range(101)}), DownReason.MALFORMED),
    ("long-fact", stated(facts={"name": "章" * 2001}), DownReason.MALFORMED),
    ("odd-key", stated(facts={"姓名": "章示例"}), DownReason.MALFORMED),
    ("more-than-asked", stated(extra=1), DownReason.MALFORMED),
    ("another-person", stated(facts={"id_number": "330203199001011232"}), DownReason.MALFORMED),
    ("other-keys", stated(status="no_such_record", facts=None, keys=["passport"]), DownReason.MALFORMED),
    ("no-keys", stated(status="no_such_record", facts=None, keys=[]), DownReason.MALFORMED),
    ("future", stated(as_of="2026-03-02T01:02:01Z"), DownReason.MALFORMED),
    ("no-zone", stated(as_of="2026-03-02T01:00:00"), DownReason.MALFORMED),
    ("seconds-since-1970", stated(as_of="1700000000"), DownReason.MALFORMED),
    ("impossible-day", stated(as_of="2026-02-30T01:00:00Z"), DownReason.MALFORMED),
    ("before-all-time", stated(as_of="0001-01-01T00:00:00+14:00"), DownReason.MALFORMED),
]


def _connector(url: str, limits: SourceLimits = LIMITS, **more: str) -> HttpSource:
    config = HttpSourceConfig(code="population", url=url, token=more.pop("token", "secret"), limits=limits, **more)
    return HttpSource(config, lambda: NOW)


@asynccontextmanager
async def _asking(*script: Behaviour, limits: SourceLimits = LIMITS) -> AsyncIterator[tuple[HttpSource, HostileSource]]:
    async with HostileSource(*script) as source:
        connector = _connector(source.url, limits)
        yield connector, source
        await connector.close()


async def _ask(*script: Behaviour) -> SourceOutcome:
    async with _asking(*script) as (connector, _):
        return await connector.fetch(QUERY)


async def test_a_record_comes_with_its_facts_register_and_time_in_utc() -> None:
    facts = (SourceFact("name", "章示例"), SourceFact("id_number", SOMEBODY))
    assert await _ask(stated()) == RecordFound(facts, NOW, "人口基础信息库")


async def test_a_negative_names_register_keys_and_time() -> None:
    outcome = await _ask(stated(status="no_such_record", facts=None, keys=["id_number"], register="婚姻登记库"))
    assert outcome == NoSuchRecord("婚姻登记库", ("id_number",), NOW)


@pytest.mark.parametrize(("behaviour", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_a_source_that_misbehaves_is_down_and_why_is_told(behaviour: Behaviour, reason: DownReason) -> None:
    outcome = await asyncio.wait_for(_ask(behaviour), timeout=20)
    assert isinstance(outcome, SourceDown), outcome
    assert outcome.reason is reason


async def test_what_cannot_be_read_further_is_waited_for_no_longer_than_a_silent_source() -> None:
    limits = SourceLimits(total_seconds=30, read_seconds=0.3, attempts=1)
    async with _asking(stumble, limits=limits) as (connector, _):
        outcome = await asyncio.wait_for(connector.fetch(QUERY), timeout=10)
    assert isinstance(outcome, SourceDown)
    assert outcome.reason in (DownReason.TIMEOUT, DownReason.CONNECTION)


async def test_an_address_that_no_name_can_be_is_a_source_that_is_down() -> None:
    connector = _connector("https://registry..example/records")
    outcome = await connector.fetch(QUERY)
    await connector.close()
    assert isinstance(outcome, SourceDown)
    assert outcome.reason is DownReason.CONNECTION


async def test_a_source_that_nobody_runs_is_down() -> None:
    async with HostileSource(hang) as source:
        url = source.url
    connector = _connector(url)
    assert await connector.fetch(QUERY) == SourceDown(DownReason.CONNECTION, "ClientConnectorError")
    await connector.close()


@pytest.mark.parametrize("announced", [True, False])
async def test_of_a_hundred_megabytes_little_more_than_the_limit_is_taken(announced: bool) -> None:
    flood = Flood(announced=announced)
    await _ask(flood)
    assert flood.sent < 20_000_000  # the limit, and what the buffers of both sides hold


async def test_a_failure_that_may_pass_is_tried_again() -> None:
    async with _asking(answer(b"", 503), close_at_once, stated()) as (connector, source):
        assert isinstance(await connector.fetch(QUERY), RecordFound)
        assert source.asked == 3


@pytest.mark.parametrize("behaviour", [answer(b"", 401), answer(b"x"), answer(b"", 302)])
async def test_what_will_not_pass_is_not_tried_again(behaviour: Behaviour) -> None:
    async with _asking(behaviour) as (connector, source):
        await connector.fetch(QUERY)
        assert source.asked == 1


async def test_retries_end_with_the_attempts() -> None:
    async with _asking(answer(b"", 500)) as (connector, source):
        await connector.fetch(QUERY)
        assert source.asked == 3


async def test_a_redirect_is_not_followed() -> None:
    async with HostileSource(stated()) as other:
        outcome = await _ask(answer(b"", 307, Location=other.url))
        assert outcome == SourceDown(DownReason.MALFORMED, "status 307 is not of the protocol")
        assert other.asked == 0


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with HostileSource(answer(b"", 500)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert isinstance(await _ask(stated()), RecordFound)
        assert proxy.asked == 0


async def test_the_question_carries_case_purpose_credential_and_request() -> None:
    async with _asking(stated()) as (connector, source):
        await connector.fetch(QUERY)
    head, _, body = source.questions[0].partition(b"\r\n\r\n")
    assert b'"case":"C-1","purpose":"GA-0001"' in body
    assert b"Authorization: Bearer secret" in head
    assert b"X-Request-ID: q-1" in head


async def test_an_api_key_is_sent_as_it_is_in_its_own_header() -> None:
    async with HostileSource(stated()) as source:
        connector = _connector(source.url, token="key-7", token_header="X-API-Key")
        await connector.fetch(QUERY)
        await connector.close()
    assert b"X-API-Key: key-7\r\n" in source.questions[0]


async def test_one_connection_serves_one_question_after_the_other() -> None:
    async with _asking(stated()) as (connector, source):
        for _ in range(5):
            await connector.fetch(QUERY)
        assert (source.asked, source.connections) == (5, 1)


async def test_the_breaker_opens_after_failures_in_a_row_and_spares_the_source() -> None:
    limits = SourceLimits(attempts=1, breaker_failures=3)
    async with _asking(answer(b"", 500), limits=limits) as (connector, source):
        reasons = [await connector.fetch(QUERY) for _ in range(6)]
        assert [outcome.reason for outcome in reasons if isinstance(outcome, SourceDown)] == (
            [DownReason.SERVER_ERROR] * 3 + [DownReason.BREAKER_OPEN] * 3
        )
        assert source.asked == 3


async def _when_half_open(connector: HttpSource) -> SourceOutcome:
    """Ask until the breaker lets a question through again."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        outcome = await connector.fetch(QUERY)
        if not (isinstance(outcome, SourceDown) and outcome.reason is DownReason.BREAKER_OPEN):
            return outcome
        await asyncio.sleep(0.01)
    raise AssertionError("the breaker stayed open")


async def test_an_open_breaker_lets_one_try_again_and_closes_when_the_source_is_back() -> None:
    limits = SourceLimits(attempts=1, breaker_failures=2, breaker_seconds=0.1)
    failing = answer(b"", 500)
    async with _asking(failing, failing, failing, stated(), limits=limits) as (connector, _):
        for _ in range(2):
            await connector.fetch(QUERY)
        still_down = await _when_half_open(connector)
        assert still_down == SourceDown(DownReason.SERVER_ERROR, "status 500")
        assert await connector.fetch(QUERY) == SourceDown(DownReason.BREAKER_OPEN, _RECOVERING)
        assert isinstance(await _when_half_open(connector), RecordFound)
        assert isinstance(await connector.fetch(QUERY), RecordFound)


_RECOVERING = "it failed repeatedly and is given time to recover"


async def test_negatives_do_not_open_the_breaker() -> None:
    negative = stated(status="no_such_record", facts=None, keys=["id_number"])
    async with _asking(negative, limits=SourceLimits(breaker_failures=2)) as (connector, _):
        outcomes = [await connector.fetch(QUERY) for _ in range(5)]
    assert all(isinstance(outcome, NoSuchRecord) for outcome in outcomes)


@pytest.mark.requirement("I4")
@pytest.mark.parametrize("behaviour", [stated(), answer(b'{"id_number":"' + SOMEBODY.encode() + b'"}'), close_at_once])
async def test_the_log_says_source_outcome_and_time_and_nothing_personal(behaviour: Behaviour) -> None:
    with capture_logs() as entries:
        outcome = await _ask(behaviour)
    asked = [entry for entry in entries if entry["event"] == "source.asked"]
    assert [(entry["source"], entry["request_id"]) for entry in asked] == [("population", "q-1")]
    assert asked[0]["ms"] > 0
    assert SOMEBODY not in repr(entries)
    assert "章示例" not in repr(entries)
    assert not isinstance(outcome, SourceDown) or SOMEBODY not in outcome.detail


@pytest.mark.parametrize("url", ["http://registry.example/records", "ftp://127.0.0.1/", "http://127.0.0.1.example/"])
def test_plain_http_is_for_loopback_only(url: str) -> None:
    with pytest.raises(InvalidInputError, match="https"):
        HttpSourceConfig(code="tax", url=url, token="t")


@pytest.mark.parametrize("url", ["https:///records", "https://[::1/", "https://clerk:secret@tax.example/"])
def test_an_address_names_a_host_and_nobody_who_logs_in(url: str) -> None:
    with pytest.raises(InvalidInputError, match="url"):
        HttpSourceConfig(code="tax", url=url, token="t")


@pytest.mark.parametrize("header", ["", "X Key", "X-Key:", "X-Key\r\nX-Other"])
def test_what_is_no_name_of_a_header_is_refused(header: str) -> None:
    with pytest.raises(InvalidInputError, match="token_header"):
        HttpSourceConfig(code="tax", url="https://tax.example/records", token="t", token_header=header)


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX-Other: 1", "口令"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(InvalidInputError, match="token"):
        HttpSourceConfig(code="tax", url="https://tax.example/records", token=token)


def test_a_token_is_not_shown_with_its_configuration() -> None:
    assert "secret" not in repr(HttpSourceConfig(code="tax", url="https://tax.example/records", token="secret"))
