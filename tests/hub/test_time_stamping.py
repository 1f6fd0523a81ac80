"""Time stamps from outside: the second service when the first fails, nothing unbounded, nothing that spoils a proof."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.time_stamping import AskedTimeStamper, HttpTimeStamper, StampLimits, StampTrust
from pki.development import TSA_LABEL, DevelopmentPlan, create_development_authority
from pki.errors import TimeStampUnavailableError
from pki.pkcs12 import Pkcs12KeyStore
from pki.timestamp_tokens import read_token
from pki.timestamps import TimeStampAuthority
from pki.trust import TrustRoot
from seals.errors import SignerUnavailableError
from tests.hub.set_clock import NOW, SetClock
from tests.simulators.running_app import running
from tests.vectors.additions import enlarged

DIGEST = hashlib.sha256("证明".encode()).digest()
QUICK = StampLimits(total_seconds=2.0, address_seconds=1.0, rest_seconds=10.0)
NOBODY = "http://127.0.0.1:9/tsa"
TOKEN = -2
"""Which of an answer's structures the token is, counted from the outermost."""
_serials = itertools.count(2**70)
Answer = Callable[[bytes], Response]


@dataclass
class Service:
    """A time-stamp service, and what it answers."""

    authority: TimeStampAuthority
    trust: StampTrust
    answer: Answer | None = None
    url: str = ""
    asked: int = 0

    def answered(self, request: bytes, at: datetime = NOW) -> bytes:
        return self.authority.answer(request, at, next(_serials))

    def page(self, request: Request, body: bytes) -> Response:
        self.asked += 1
        answer = self.answer or (lambda asked: reply(self.answered(asked)))
        return answer(body)

    def stamper(self, *urls: str, **changes: object) -> HttpTimeStamper:
        given: dict[str, object] = {"trust": self.trust, "limits": QUICK}
        return HttpTimeStamper(urls, nonce=_serials.__next__, **(given | changes))  # type: ignore[arg-type]


def reply(content: bytes) -> Response:
    return Response(content, media_type="application/timestamp-reply")


def made_authority(folder: Path) -> tuple[TimeStampAuthority, StampTrust]:
    keys = Pkcs12KeyStore(folder / "keys", "correct horse")
    plan = DevelopmentPlan(organisation="Proofhub Test", seals=())
    made = create_development_authority(folder, keys, plan, NOW - timedelta(days=1), _serials.__next__)
    trust = StampTrust(roots=TrustRoot.load(made.root_pem).der, helpers=(), now=SetClock().now)
    return TimeStampAuthority(keys.open(TSA_LABEL)), trust


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[TimeStampAuthority, StampTrust]:
    return made_authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def service(authority: tuple[TimeStampAuthority, StampTrust]) -> Iterator[Service]:
    made = Service(*authority)

    async def page(request: Request) -> Response:
        return made.page(request, await request.body())

    with running(Starlette(routes=[Route("/tsa", page, methods=["POST"])])) as port:
        made.url = f"http://127.0.0.1:{port}/tsa"
        yield made


async def test_a_service_gives_a_token_of_the_digest(service: Service) -> None:
    token = read_token(await service.stamper(service.url).stamp(DIGEST))
    assert (token.imprint, token.at) == (DIGEST, NOW)


def test_where_the_first_service_is_down_the_second_is_asked_and_the_first_rests(service: Service) -> None:
    seconds = [0.0]
    stamper = service.stamper(NOBODY, service.url, clock=lambda: seconds[0], limits=StampLimits(rest_seconds=10.0))
    for _ in range(2):
        assert read_token(stamper.ask(DIGEST)).imprint == DIGEST
    assert [address.rests_until for address in stamper._addresses] == [10.0, 0.0]
    seconds[0] = 25.0
    stamper.ask(DIGEST)
    assert stamper._addresses[0].rests_until == 35.0


def test_when_every_service_is_down_it_says_so_at_once_and_after_the_rest_asks_again(service: Service) -> None:
    seconds = [0.0]
    stamper = service.stamper(service.url, clock=lambda: seconds[0])
    service.answer = lambda _: Response(status_code=503)
    for _ in range(5):
        with pytest.raises(TimeStampUnavailableError):
            stamper.ask(DIGEST)
    assert service.asked == 1
    service.answer, seconds[0] = None, 10.0
    assert read_token(stamper.ask(DIGEST)).imprint == DIGEST


def test_a_service_that_never_answers_costs_no_more_than_its_bound(service: Service) -> None:
    async def silent(request: Request) -> Response:
        await request.body()
        await request.receive()  # comes when the caller has gone
        return Response()

    with running(Starlette(routes=[Route("/tsa", silent, methods=["POST"])])) as port:
        limits = StampLimits(total_seconds=5.0, address_seconds=0.3)
        stamper = service.stamper(f"http://127.0.0.1:{port}/tsa", service.url, limits=limits)
        started = time.monotonic()
        assert read_token(stamper.ask(DIGEST)).imprint == DIGEST
        assert time.monotonic() - started < limits.total_seconds


@pytest.mark.parametrize(
    "answer",
    [
        lambda service: lambda asked: reply(b"\0" * (QUICK.answer_bytes + 1)),
        lambda service: lambda asked: Response(service.answered(asked), media_type="text/html"),
        lambda service: lambda asked: Response(service.answered(asked), 307, headers={"Location": "/tsa"}),
        lambda service: lambda asked: reply(b"rubbish"),
        lambda service: lambda asked: reply(b""),
        lambda service: lambda asked: reply(service.answered(b"no request")),
        lambda service: lambda asked: reply(service.answered(asked, NOW + timedelta(minutes=6))),
        lambda service: lambda asked: reply(service.answered(asked, NOW - timedelta(minutes=6))),
        lambda service: lambda asked: reply([*enlarged(service.answered(asked), b"\5\0")][TOKEN]),
    ],
    ids=[
        "too long",
        "another type",
        "redirect",
        "rubbish",
        "empty",
        "rejection",
        "clock ahead",
        "clock behind",
        "more",
    ],
)
def test_what_is_no_token_of_now_is_as_good_as_none(service: Service, answer: Callable[[Service], Answer]) -> None:
    service.answer = answer(service)
    with pytest.raises(TimeStampUnavailableError):
        service.stamper(service.url).ask(DIGEST)


def test_a_token_that_no_root_leads_to_or_of_another_request_is_refused(service: Service, tmp_path: Path) -> None:
    stranger, _ = made_authority(tmp_path)
    kept: list[bytes] = []
    service.answer = lambda asked: reply(stranger.answer(asked, NOW, next(_serials)))
    with pytest.raises(TimeStampUnavailableError, match="cannot be believed"):
        service.stamper(service.url).ask(DIGEST)
    service.answer = lambda asked: kept.append(service.answered(asked)) or reply(kept[0])  # type: ignore[func-returns-value]
    service.stamper(service.url).ask(DIGEST)
    with pytest.raises(TimeStampUnavailableError, match="another request"):
        service.stamper(service.url).ask(DIGEST)


@pytest.mark.parametrize("url", ["ftp://tsa.example", "tsa.example", "http://", "file:///etc/passwd"])
def test_what_is_no_address_is_refused_at_the_start(service: Service, url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        service.stamper(url)


async def test_an_authority_asked_directly_gives_a_token_or_says_that_there_is_none(service: Service) -> None:
    async def answer(request: bytes) -> bytes:
        if service.asked:
            raise SignerUnavailableError("it is down")
        return service.answered(request)

    stamper = AskedTimeStamper(answer, service.trust, _serials.__next__)
    assert read_token(await stamper.stamp(DIGEST)).imprint == DIGEST
    service.asked = 1
    with pytest.raises(TimeStampUnavailableError, match="it is down"):
        await stamper.stamp(DIGEST)
