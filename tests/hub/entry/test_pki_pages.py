"""The authority's services as anybody meets them over HTTP: real keys, real answers, bounded bodies."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from starlette.applications import Starlette
from starlette.middleware import Middleware

from hub.entry.pki_pages import LONGEST_REQUEST, pki_routes
from hub.entry.pki_services import Answer, PkiServices, open_online_services
from hub.entry.problems import on_error, on_hub_error
from hub.entry.request_log import RequestLog
from hub.errors import HubError
from pki.development import DevelopmentPlan, create_development_authority
from pki.pkcs12 import Pkcs12KeyStore
from pki.revocation import Revocation
from pki.timestamp_tokens import check_token, read_token
from pki.timestamps import granted_token, time_stamp_request
from seals.errors import SignerUnavailableError

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
DIGEST = hashlib.sha256("证明".encode()).digest()
QUERY = {"Content-Type": "application/timestamp-query"}
OCSP = {"Content-Type": "application/ocsp-request"}


class StandingClock:
    def now(self) -> datetime:
        return NOW


class CountingIds:
    """Gives numbers one after the other."""

    def __init__(self) -> None:
        self.serial_number = itertools.count(2**100).__next__


@dataclass
class Desk:
    folder: Path
    keys: Pkcs12KeyStore
    client: httpx.AsyncClient

    def certificate(self, label: str) -> x509.Certificate:
        return self.keys.open(label).certificate

    def request(self, label: str) -> bytes:
        builder = ocsp.OCSPRequestBuilder()
        builder = builder.add_certificate(self.certificate(label), self.certificate("issuing"), hashes.SHA256())
        return builder.build().public_bytes(Encoding.DER)


def asked_in_a_thread(answer: Callable[[bytes], bytes]) -> Answer:
    async def ask(request: bytes) -> bytes:
        return await asyncio.to_thread(answer, request)

    return ask


def client_of(services: PkiServices) -> httpx.AsyncClient:
    handlers = {HubError: on_hub_error, Exception: on_error}
    app = Starlette(routes=pki_routes(services), middleware=[Middleware(RequestLog)], exception_handlers=handlers)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://hub.test")


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("pki")
    keys = Pkcs12KeyStore(folder / "keys", "x")
    plan, ids = DevelopmentPlan(organisation="Proofhub Test", seals=()), CountingIds()
    create_development_authority(folder, keys, plan, NOW, ids.serial_number)
    opened = open_online_services(keys, folder, StandingClock(), ids)  # type: ignore[arg-type]  # of ids, numbers only
    services = {name: asked_in_a_thread(answer) for name, answer in opened.items()}
    async with client_of(PkiServices(folder=folder, **services)) as client:
        yield Desk(folder, keys, client)


async def test_a_digest_is_stamped(desk: Desk) -> None:
    answer = await desk.client.post("/pki/tsa", content=time_stamp_request(DIGEST, 7), headers=QUERY)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/timestamp-reply")
    assert answer.headers["cache-control"] == "no-store"
    token = read_token(granted_token(answer.content, 7))
    assert check_token(token, DIGEST, [desk.certificate("root").public_bytes(Encoding.DER)]).problem is None
    assert token.at == NOW


async def test_no_number_of_a_stamp_is_given_twice(desk: Desk) -> None:
    request = time_stamp_request(DIGEST, 7)
    answers = [await desk.client.post("/pki/tsa", content=request, headers=QUERY) for _ in range(5)]
    assert len({read_token(granted_token(answer.content, 7)).serial for answer in answers}) == 5


async def test_a_certificate_is_asked_about_in_the_body_and_in_the_path(desk: Desk) -> None:
    request = desk.request("tsa")
    path = f"/pki/ocsp/{quote(b64encode(request).decode(), safe='')}"
    for answer in (await desk.client.post("/pki/ocsp", content=request, headers=OCSP), await desk.client.get(path)):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ocsp-response")
        found = ocsp.load_der_ocsp_response(answer.content)
        assert found.certificate_status is ocsp.OCSPCertStatus.GOOD


@pytest.mark.parametrize("text", ["rubbish!", "AAAA", "A" * (LONGEST_REQUEST + 4)])
async def test_a_path_that_is_no_request_is_called_malformed(desk: Desk, text: str) -> None:
    answer = await desk.client.get(f"/pki/ocsp/{text}")
    found = ocsp.load_der_ocsp_response(answer.content)
    assert found.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@pytest.mark.parametrize(("path", "headers"), [("/pki/tsa", QUERY), ("/pki/ocsp", OCSP)])
async def test_a_body_that_is_too_long_or_of_another_type_is_not_read(desk: Desk, path: str, headers) -> None:
    assert (await desk.client.post(path, content=bytes(LONGEST_REQUEST + 1), headers=headers)).status_code == 413
    assert (await desk.client.post(path, content=b"x", headers={"Content-Type": "text/plain"})).status_code == 415
    assert (await desk.client.post(path, content=b"rubbish", headers=headers)).status_code == 200


async def test_lists_and_certificates_are_published(desk: Desk) -> None:
    for name, label in (("root", "root"), ("issuing", "issuing")):
        listed = await desk.client.get(f"/pki/{name}.crl")
        assert listed.headers["content-type"] == "application/pkix-crl"
        assert x509.load_der_x509_crl(listed.content).issuer == desk.certificate(label).subject
        certificate = await desk.client.get(f"/pki/{name}.cer")
        assert certificate.headers["content-type"] == "application/pkix-cert"
        assert x509.load_der_x509_certificate(certificate.content) == desk.certificate(label)


async def test_a_revocation_is_told_as_soon_as_it_is_listed(desk: Desk, tmp_path: Path) -> None:
    keys, ids = Pkcs12KeyStore(desk.folder / "keys", "x"), CountingIds()
    serial = desk.certificate("grants").serial_number
    revocation = Revocation(serial, NOW, x509.ReasonFlags.key_compromise)
    plan = DevelopmentPlan(organisation="Proofhub Test", seals=(), revocations=(revocation,))
    create_development_authority(desk.folder, keys, plan, NOW, ids.serial_number)
    answer = await desk.client.post("/pki/ocsp", content=desk.request("grants"), headers=OCSP)
    assert ocsp.load_der_ocsp_response(answer.content).certificate_status is ocsp.OCSPCertStatus.REVOKED


async def test_where_nobody_answers_that_is_said(tmp_path: Path) -> None:
    async def nobody(request: bytes) -> bytes:
        raise SignerUnavailableError("the signer does not answer")

    async with client_of(PkiServices(folder=tmp_path, time_stamp=nobody, ocsp=nobody)) as client:
        assert (await client.post("/pki/tsa", content=b"x", headers=QUERY)).status_code == 503
        assert (await client.post("/pki/ocsp", content=b"x", headers=OCSP)).status_code == 503
        assert (await client.get("/pki/ocsp/AAAA")).status_code == 503
        for name in ("root.crl", "issuing.crl", "root.cer", "issuing.cer"):
            assert (await client.get(f"/pki/{name}")).status_code == 404


def test_without_their_keys_there_are_no_services(tmp_path: Path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    assert open_online_services(keys, tmp_path, StandingClock(), CountingIds()) == {}  # type: ignore[arg-type]
