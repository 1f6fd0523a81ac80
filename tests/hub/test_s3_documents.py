"""The S3 store against a real server: durable, bounded, by TLS, and silent about its keys."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from structlog.testing import capture_logs

from hub.errors import UnavailableError
from hub.s3_documents import MOST_BYTES, S3DocumentStore, bucket_address
from scripts.service_process import Running
from scripts.service_s3 import SECRET_KEY, ServerKey, start_s3
from tests.simulators.buckets import place_at
from tests.simulators.certificates import Authority
from tests.simulators.hostile_source import Flood, HostileSource, answer, close_half_way, drip, hang, speak_no_http

DATA = b"%PDF-1.7 a sealed proof"
SHA256 = hashlib.sha256(DATA).hexdigest()
PATIENCE = 30
"""Seconds; the bounds that are set are a tenth of it."""


@pytest.fixture
def own_server(s3_endpoint: str) -> Iterator[Running]:
    """A server that a test may kill (the shared one shows that the machine can run it)."""
    running = start_s3()
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("s3"), "authority")


@pytest.fixture(scope="module")
def by_tls(s3_endpoint: str, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with a certificate of the authority."""
    own = authority.issue("s3")
    key = load_pem_private_key(own.key.read_bytes(), None)
    certificate = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    file = tmp_path_factory.mktemp("s3") / "server.p12"
    sealed = pkcs12.serialize_key_and_certificates(b"s3", key, certificate, None, BestAvailableEncryption(b"for-a-run"))  # type: ignore[arg-type]  # an EC key is one of those
    file.write_bytes(sealed)
    running = start_s3(key=ServerKey(file, "for-a-run"))
    running.wait_until_ready()
    yield running.address
    running.stop()


@pytest.mark.services("s3")
@pytest.mark.requirement("I1")
async def test_what_was_kept_is_there_after_the_server_was_killed(own_server: Running) -> None:
    store = S3DocumentStore(place_at(own_server.address))
    await store.put(DATA)
    own_server.kill()
    with pytest.raises(UnavailableError):
        await S3DocumentStore(place_at(own_server.address, seconds=3.0)).get(SHA256)
    again = own_server.again()
    again.wait_until_ready()
    assert await store.get(SHA256) == DATA
    assert await store.put(DATA) == SHA256
    again.stop()


@pytest.mark.parametrize("behaviour", [hang, drip, close_half_way, speak_no_http, answer(b"", 503)], ids=str)
async def test_whatever_the_server_does_the_answer_comes_within_the_bound(behaviour: object) -> None:
    async with HostileSource(behaviour) as server, asyncio.timeout(PATIENCE):  # type: ignore[arg-type]
        store = S3DocumentStore(place_at(server.url.removesuffix("/records"), seconds=1.5))
        with pytest.raises(UnavailableError):
            await store.put(DATA)
        with pytest.raises(UnavailableError):
            await store.get(SHA256)
    assert 2 <= server.asked <= 8


async def test_what_is_larger_than_any_document_is_neither_sent_nor_read() -> None:
    taken = answer(b"", ETag='"x"')
    flood = Flood(announced=True)
    async with HostileSource(taken, flood) as server, asyncio.timeout(PATIENCE):
        store = S3DocumentStore(place_at(server.url.removesuffix("/records")))
        await store.put(DATA)
        with pytest.raises(UnavailableError):
            await store.get(SHA256)
        with pytest.raises(UnavailableError, match="too large"):
            await store.put(bytes(MOST_BYTES + 1))
    assert (flood.sent < flood.size, server.asked) == (True, 2)


@pytest.mark.services("s3")
async def test_tls_is_believed_where_the_authority_is_known_and_nowhere_else(by_tls: str, authority: Authority) -> None:
    store = S3DocumentStore(place_at(by_tls, ca_file=authority.file))
    assert await store.get(await store.put(DATA)) == DATA
    with capture_logs() as logs, pytest.raises(UnavailableError):
        await S3DocumentStore(place_at(by_tls, seconds=3.0)).get(SHA256)
    assert [entry["step"] for entry in logs] == ["get"]


@pytest.mark.services("s3")
async def test_a_wrong_key_is_told_by_the_servers_code_and_no_key_is_in_the_log(s3_endpoint: str) -> None:
    store = S3DocumentStore(place_at(s3_endpoint, secret_key="wrong-horse"))
    with capture_logs() as logs, pytest.raises(UnavailableError) as refused:
        await store.put(DATA)
    said = [(entry["reason"], entry["code"], entry["step"]) for entry in logs]
    assert said == [("PermissionDeniedError", "SignatureDoesNotMatch", "put")]
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert "wrong-horse" not in f"{logs}{refused.value}{place_at(s3_endpoint, secret_key='wrong-horse')}"


@pytest.mark.services("s3")
async def test_a_bucket_that_is_not_there_is_said_so_in_the_log(s3_endpoint: str) -> None:
    store = S3DocumentStore(place_at(s3_endpoint, bucket="no-such-bucket"))
    with capture_logs() as logs, pytest.raises(UnavailableError):
        await store.put(DATA)
    assert [entry["code"] for entry in logs] == ["NoSuchBucket"]


@pytest.mark.services("s3")
async def test_keys_of_the_settings_are_not_mixed_with_those_of_the_environment(
    s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-somebody-else")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    store = S3DocumentStore(place_at(s3_endpoint))
    assert await store.get(await store.put(DATA)) == DATA


@pytest.mark.services("s3")
async def test_without_keys_in_the_settings_those_of_the_environment_are_used(
    s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = place_at(s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", own.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    store = S3DocumentStore(place_at(s3_endpoint, access_key="", secret_key=""))
    assert await store.get(await store.put(DATA)) == DATA


@pytest.mark.services("s3")
@pytest.mark.requirement("I2")
async def test_a_store_that_knows_no_condition_is_written_to_again(s3_endpoint: str) -> None:
    store = S3DocumentStore(place_at(s3_endpoint, create_only=False, prefix="no-condition"))
    assert [await store.put(DATA), await store.put(DATA)] == [SHA256] * 2
    assert await store.get(SHA256) == DATA


@pytest.mark.requirement("I2")
@pytest.mark.parametrize("busy", [(503, "SlowDown"), (500, "InternalError")])
async def test_a_store_that_is_busy_is_asked_again(busy: tuple[int, str]) -> None:
    status, code = busy
    later = answer(f"<Error><Code>{code}</Code></Error>".encode(), status, "application/xml")
    async with HostileSource(later, later, answer(b"", ETag='"x"')) as server:
        assert await S3DocumentStore(place_at(server.url.removesuffix("/records"))).put(DATA) == SHA256
    assert server.asked == 3


@pytest.mark.requirement("I1")
async def test_what_somebody_else_is_writing_is_kept_only_when_it_is_there() -> None:
    conflict = answer(b"<Error><Code>ConditionalRequestConflict</Code></Error>", 409, "application/xml")
    there = answer(b"", ETag='"x"', Last_Modified="Wed, 25 Nov 2026 09:00:00 GMT")
    for script in ([there], [answer(b"", 404), there], [answer(b"", 404), conflict, there]):
        async with HostileSource(conflict, *script) as server:
            assert await S3DocumentStore(place_at(server.url.removesuffix("/records"))).put(DATA) == SHA256
        asked = [question.split(b" ")[0] for question in server.questions]
        assert asked == [b"PUT", b"HEAD", b"PUT", b"HEAD"][: len(script) + 1]
    async with HostileSource(conflict, answer(b"", 404)) as server:
        with pytest.raises(UnavailableError):
            await S3DocumentStore(place_at(server.url.removesuffix("/records"), seconds=1.5)).put(DATA)


async def test_a_document_is_created_and_never_written_over() -> None:
    async with HostileSource(answer(b"", ETag='"x"')) as server:
        await S3DocumentStore(place_at(server.url.removesuffix("/records"), prefix="a/b")).put(DATA)
    (question,) = server.questions
    assert question.startswith(f"PUT /proofs/a/b/{SHA256[:2]}/{SHA256[2:]}.pdf HTTP/1.1".encode())
    assert b"if-none-match: *" in question.lower()
    assert question.endswith(b"\r\n\r\n" + DATA)


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_authorities_that_cannot_be_read_are_noticed_at_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "authorities.pem"
    with pytest.raises(FileNotFoundError):
        S3DocumentStore(place_at("https://s3.example", ca_file=file))
    file.write_bytes(content)
    with pytest.raises(ValueError):
        S3DocumentStore(place_at("https://s3.example", ca_file=file))


def test_the_bucket_is_in_the_path_or_in_the_host() -> None:
    place = place_at("https://oss.example:8443/")
    assert bucket_address(place) == "https://oss.example:8443"
    hosted = place_at("https://oss.example:8443/", virtual_hosted=True)
    assert bucket_address(hosted) == "https://proofs.oss.example:8443"
