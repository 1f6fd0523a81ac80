"""The HTTP connector over TLS: who the source must be, and how the hub shows who it is."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.connectors import DownReason, NoSuchRecord, SourceDown, SourceOutcome, SourceQuery
from hub.errors import InvalidInputError
from hub.http_connector import HttpSource, HttpSourceConfig
from tests.simulators.certificates import Authority
from tests.simulators.running_app import running

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


async def _empty_register(_: Request) -> JSONResponse:
    said = {"register": "税收征管信息库", "as_of": "2026-03-02T01:00:00Z", "keys": ["id_number"]}
    return JSONResponse({"status": "no_such_record", **said})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"), "authority")


@pytest.fixture(scope="module")
def address(authority: Authority) -> Iterator[str]:
    """A source that wants to see a certificate of the authority."""
    own = authority.issue("source")
    tls = {"ssl_certfile": own.certificate, "ssl_keyfile": own.key}
    asked = {"ssl_ca_certs": str(authority.file), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    app = Starlette(routes=[Route("/records", _empty_register, methods=["POST"])])
    with running(app, **tls, **asked) as port:
        yield f"https://127.0.0.1:{port}/records"


async def _ask(config: HttpSourceConfig) -> SourceOutcome:
    source = HttpSource(config, lambda: NOW)
    try:
        return await source.fetch(SourceQuery("SW-GS", {"id_number": "1"}, "C-1", "item", "q-1"))
    finally:
        await source.close()


async def test_source_and_hub_show_each_other_who_they_are(authority: Authority, address: str) -> None:
    own = authority.issue("hub")
    config = HttpSourceConfig(
        code="tax",
        url=address,
        token="t",
        ca_file=authority.file,
        client_certificate=own.certificate,
        client_key=own.key,
    )
    assert isinstance(await _ask(config), NoSuchRecord)


async def test_a_hub_without_its_certificate_gets_nothing(authority: Authority, address: str) -> None:
    outcome = await _ask(HttpSourceConfig(code="tax", url=address, token="t", ca_file=authority.file))
    assert isinstance(outcome, SourceDown)
    assert outcome.reason is DownReason.CONNECTION


async def test_a_source_that_nobody_known_vouches_for_is_told_nothing(address: str, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    outcome = await _ask(HttpSourceConfig(code="tax", url=address, token="t", ca_file=stranger.file))
    assert outcome == SourceDown(DownReason.CONNECTION, "ClientConnectorCertificateError")


async def test_a_certificate_for_another_name_is_not_taken(authority: Authority, address: str) -> None:
    elsewhere = address.replace("127.0.0.1", "localhost")
    outcome = await _ask(HttpSourceConfig(code="tax", url=elsewhere, token="t", ca_file=authority.file))
    assert outcome == SourceDown(DownReason.CONNECTION, "ClientConnectorCertificateError")


@pytest.mark.parametrize("content", [None, b"no PEM"])
def test_certificates_that_cannot_be_used_are_a_clear_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_bytes(content)
    config = HttpSourceConfig(code="tax", url="https://127.0.0.1:1/", token="t", ca_file=file)
    with pytest.raises(InvalidInputError, match="tax"):
        HttpSource(config, lambda: NOW)
