"""The signer process: who may ask, what it makes of garbage, and what is left when it or a worker is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import struct
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pki.authority import CertificateOrder, Subject
from pki.certificate_requests import requested_key
from pki.errors import CertificateMismatchError, KeyExistsError, ProfileViolationError
from pki.keystore import KeyAlgorithm
from pki.profiles import seal_profile
from seals.appearance import SealFace
from seals.errors import (
    GrantScopeError,
    PeerRefusedError,
    ReusedIssuingKeyError,
    SignerProtocolError,
    SuspendedSealError,
    UnprintableCharacterError,
    WrongSealError,
)
from seals.judge_frames import frame
from seals.kinds import SEAL_POLICIES, SealKind
from seals.signer_client import SignerClient
from seals.signer_messages import HEAD_LIMIT, QUESTION_BODY_LIMIT
from seals.signer_records import SealRecord
from tests.seals.signer_host import HOLDER, RunningSigner
from tests.seals.signer_logs import entries_of, verify_logs

pytestmark = pytest.mark.both_key_stores

SEAL = "information-sharing"


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A short path: Unix sockets allow no long one."""
    with tempfile.TemporaryDirectory(prefix="signer-") as folder:
        yield Path(folder) / "s"


@pytest.fixture
async def running(seal_office, tmp_path, socket_path) -> AsyncIterator[RunningSigner]:
    """A signer with two workers."""
    signer = RunningSigner(
        seal_office.folder, seal_office.place, tmp_path / "signer", socket_path, seal_office.now, workers=2
    )
    assert await signer.start() == "started"
    yield signer
    if signer.process is not None and signer.process.returncode is None:
        await signer.end()


@pytest.fixture(scope="module")
async def undisturbed(seal_office, tmp_path_factory) -> AsyncIterator[RunningSigner]:
    """A signer with one worker, for tests that do it no harm."""
    with tempfile.TemporaryDirectory(prefix="signer-") as place:
        folder = tmp_path_factory.mktemp("undisturbed") / "signer"
        signer = RunningSigner(seal_office.folder, seal_office.place, folder, Path(place) / "s", seal_office.now)
        assert await signer.start() == "started"
        yield signer
        await signer.end()


@pytest.fixture
def client(running) -> SignerClient:
    return SignerClient(running.socket)


def entries(running: RunningSigner) -> list[dict]:
    return [dict(entry) for entry in entries_of(running.folder / "log")]


def raw(running: RunningSigner, data: bytes) -> dict:
    """Send bytes as they are; return the head of the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.fspath(running.socket))
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    (length,) = struct.unpack(">I", answer[:4])
    return orjson.loads(answer[4 : 4 + length])


@pytest.mark.requirement("R14.1", "R15.3")
async def test_an_order_is_sealed_behind_the_socket_and_asked_again_gives_the_same(
    client, seal_office, shared_content, verified_content
) -> None:
    orders = [seal_office.order("need-1", shared_content), seal_office.order("request-1", verified_content)]
    documents = [await client.seal(order) for order in orders]
    assert all(document.pdf.startswith(b"%PDF-") for document in documents)
    assert [await client.seal(order) for order in orders] == documents


async def test_refusals_come_back_as_the_errors_that_they_are(undisturbed, seal_office, shared_content) -> None:
    client = SignerClient(undisturbed.socket)
    await client.seal(seal_office.order("need-1", shared_content))
    with pytest.raises(ReusedIssuingKeyError, match="need-1"):
        await client.seal(seal_office.order("need-1", replace(shared_content, remarks="另有说明")))
    with pytest.raises(GrantScopeError):
        await client.seal(seal_office.order("need-2", shared_content, unit_code="U009"))
    with pytest.raises(UnprintableCharacterError) as refused:
        await client.seal(seal_office.order("need-3", replace(shared_content, title="证\U000f0000")))
    assert refused.value.characters == "\U000f0000"


async def test_after_a_restart_the_same_document_is_given(running, client, seal_office, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    document = await client.seal(order)
    assert await running.end() == 0
    assert await running.start() == "started"
    assert await client.seal(order) == document
    assert [entry["operation"] for entry in entries(running)].count("sealed") == 1


async def test_only_the_owner_reaches_the_socket(undisturbed) -> None:
    assert stat.S_IMODE(undisturbed.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(undisturbed.socket.parent.stat().st_mode) == 0o700


async def test_a_user_who_is_not_named_is_refused(seal_office, tmp_path, socket_path, shared_content) -> None:
    folder, nobody = tmp_path / "signer", (os.getuid() + 1,)
    running = RunningSigner(seal_office.folder, seal_office.place, folder, socket_path, seal_office.now, uids=nobody)
    os.chmod(socket_path.parent, 0o755)
    assert await running.start() == "started"
    with pytest.raises(PeerRefusedError):
        await SignerClient(socket_path).seal(seal_office.order("need-1", shared_content))
    await running.end()
    operations = [entry["operation"] for entry in entries(running)]
    assert operations == ["opened", "peer.refused", "closed"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">I", HEAD_LIMIT + 1),
        struct.pack(">I", 10) + b"{",
        frame(b"not json") + frame(b""),
        frame(b"[]") + frame(b""),
        frame(b"{}") + frame(b""),
        frame(b"{}") + struct.pack(">I", QUESTION_BODY_LIMIT + 1),
        frame(b'{"operation":"sign"}') + frame(b"x" * 32),
        frame(b'{"operation":"seal","issuing_key":7}') + frame(b""),
        frame(b'{"operation":"seal","issuing_key":"k","content":"{}","grant":""}') + frame(b""),
        frame(b'{"operation":"create_key","label":"x","algorithm":"DSA"}') + frame(b""),
        frame(b'{"operation":"install_certificate","seal":[]}') + frame(b""),
        frame(b'{"operation":"suspend"}') + frame(b""),
    ],
    ids=range(14),
)
async def test_garbage_gets_an_error_and_the_worker_goes_on(undisturbed, data: bytes) -> None:
    client = SignerClient(undisturbed.socket)
    before = await client.ping()
    answer = await asyncio.to_thread(raw, undisturbed, data)
    assert answer["error"] == SignerProtocolError.__name__
    assert await client.ping() == before


@pytest.mark.requirement("R15.3")
@pytest.mark.parametrize("operation", ["sign", "sign_digest", "seal_pdf", "seal"])
async def test_neither_a_pdf_nor_a_digest_is_sealed(undisturbed, operation: str) -> None:
    question = frame(orjson.dumps({"operation": operation, "digest": "0" * 64})) + frame(b"%PDF-1.7")
    assert (await asyncio.to_thread(raw, undisturbed, question))["error"] == SignerProtocolError.__name__


async def test_a_caller_who_says_nothing_is_left_after_a_while(seal_office, tmp_path, socket_path) -> None:
    signer = RunningSigner(
        seal_office.folder, seal_office.place, tmp_path / "signer", socket_path, seal_office.now, question_seconds=0.2
    )
    assert await signer.start() == "started"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(os.fspath(socket_path))
        assert await SignerClient(socket_path).ping()
    await signer.end()


@pytest.mark.requirement("R15.1")
async def test_when_suspending_returns_no_worker_seals_until_it_is_resumed(client, seal_office, shared_content) -> None:
    await client.suspend(SEAL)
    for number in range(6):
        with pytest.raises(SuspendedSealError):
            await client.seal(seal_office.order(f"need-{number}", shared_content))
    await client.resume(SEAL)
    assert (await client.seal(seal_office.order("need-1", shared_content))).pdf


async def test_a_suspension_holds_after_the_signer_was_killed(running, client, seal_office, shared_content) -> None:
    await client.suspend(SEAL)
    await running.kill()
    assert await running.start() == "started"
    with pytest.raises(SuspendedSealError):
        await client.seal(seal_office.order("need-1", shared_content))


async def test_two_workers_take_what_comes(client) -> None:
    seen: set[int] = set()
    async with asyncio.timeout(30):
        while len(seen) < 2:
            seen |= set(await asyncio.gather(*(client.ping() for _ in range(32))))


async def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(
    running, client, seal_office, shared_content
) -> None:
    worker = await client.ping()
    orders = [seal_office.order(f"need-{number}", shared_content) for number in range(30)]
    under_way = [asyncio.ensure_future(client.seal(order)) for order in orders]
    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    os.kill(worker, signal.SIGKILL)
    documents = await asyncio.gather(*under_way)
    assert len({document.sha256 for document in documents}) == len(orders)
    assert [await client.seal(order) for order in orders] == documents
    logged = {entry["document_sha256"] for entry in entries(running) if entry["operation"] == "sealed"}
    assert logged == {document.sha256 for document in documents}


async def test_sealing_waits_while_the_signer_is_dead_and_then_goes_on(
    running, client, seal_office, shared_content
) -> None:
    orders = [seal_office.order(f"need-{number}", shared_content) for number in range(10)]
    under_way = [asyncio.ensure_future(client.seal(order)) for order in orders]
    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    await running.kill()
    assert await running.start() == "started"
    documents = await asyncio.gather(*under_way)
    assert [await client.seal(order) for order in orders] == documents


async def test_told_to_end_it_finishes_what_it_has_begun(running, client, seal_office, shared_content) -> None:
    assert running.process is not None
    begun = asyncio.ensure_future(client.seal(seal_office.order("need-1", shared_content)))
    await client.ping()
    running.process.send_signal(signal.SIGTERM)
    assert await running.process.wait() == 0
    assert not running.socket.exists()
    ends = [file.entries[-1]["operation"] for file in verify_logs(running.folder / "log")]
    assert ends == ["closed", "closed"]
    begun.cancel()
    await asyncio.gather(begun, return_exceptions=True)


async def test_a_second_signer_on_the_same_folder_waits_until_the_first_has_ended(running) -> None:
    second = replace(running, process=None)
    starting = asyncio.ensure_future(second.start())
    assert await running.end() == 0
    assert await starting == "started"
    await second.end()


async def test_a_signer_that_cannot_open_its_keys_says_so_and_ends(seal_office, tmp_path, socket_path) -> None:
    place = replace(seal_office.place, secret="0000-wrong")
    signer = RunningSigner(seal_office.folder, place, tmp_path / "signer", socket_path, seal_office.now)
    assert place.secret_name in await signer.start()
    assert await signer.end() == 3


async def test_a_path_that_is_too_long_for_a_socket_is_a_clear_error(seal_office, tmp_path, socket_path) -> None:
    signer = RunningSigner(
        seal_office.folder, seal_office.place, tmp_path / "signer", socket_path.with_name("s" * 108), seal_office.now
    )
    assert "longer than" in await signer.start()
    assert await signer.end() == 3


async def test_other_services_answer_behind_the_same_socket(undisturbed) -> None:
    client = SignerClient(undisturbed.socket)
    assert await client.ocsp(b"a request") == b"status of a request"
    with pytest.raises(SignerProtocolError):
        await client.time_stamp(b"a request")


SUBJECT = Subject(
    organisation=HOLDER, common_name="电子证明共享信息专用章", organisation_identifier="NTRCN-91330200TEST00000X"
)
DISTRICT = SealRecord(
    "district", SealKind.INFORMATION_SHARING, "district-1", SealFace(HOLDER, "电子证明共享信息专用章")
)


def certified(seal_office, request: str, **changes: object) -> str:
    """Return the certificate that the authority issues for a request, with the issuing authority's."""
    given = {
        "profile": seal_profile(SEAL_POLICIES[SealKind.INFORMATION_SHARING]),
        "subject": SUBJECT,
        "serial": 2**120 + 1,
        "not_before": seal_office.granting.now,
        "not_after": seal_office.granting.now + timedelta(days=300),
    }
    issuing = seal_office.authority.issuing
    certificate = issuing.issue(CertificateOrder(**(given | changes)), requested_key(request))
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in (certificate, issuing.certificate))


@pytest.mark.requirement("R15.1")
async def test_a_new_seal_is_made_and_used_by_all_workers(client, seal_office, shared_content) -> None:
    label = f"district-{os.urandom(4).hex()}"
    record = replace(DISTRICT, key_label=label)
    request = await client.create_key(label, KeyAlgorithm.P_256, SUBJECT)
    assert requested_key(await client.create_key(label, KeyAlgorithm.P_256, SUBJECT)) == requested_key(request)
    await client.install_certificate(record, certified(seal_office, request))
    for number in range(6):
        order = seal_office.order(f"need-{number}", shared_content, seal_id="district")
        assert (await client.seal(order)).pdf
    shown = {each["seal_id"]: each["key_label"] for each in await client.certificates()}
    assert shown["district"] == label
    with pytest.raises(KeyExistsError):
        await client.create_key(label, KeyAlgorithm.P_256, SUBJECT)


async def test_a_certificate_that_is_not_the_seals_is_not_taken_in(client, seal_office) -> None:
    label, other = (f"district-{os.urandom(4).hex()}" for _ in range(2))
    record = replace(DISTRICT, key_label=label)
    request = await client.create_key(label, KeyAlgorithm.P_256, SUBJECT)
    await client.create_key(other, KeyAlgorithm.P_256, SUBJECT)
    pem = certified(seal_office, request)
    with pytest.raises(CertificateMismatchError):
        await client.install_certificate(replace(record, key_label=other), pem)
    with pytest.raises(ProfileViolationError, match="policy"):
        await client.install_certificate(replace(record, kind=SealKind.INFORMATION_VERIFICATION), pem)
    with pytest.raises(WrongSealError):
        await client.install_certificate(replace(record, face=SealFace("另一单位", record.face.name)), pem)
    assert "district" not in {each["seal_id"] for each in await client.certificates()}


@pytest.mark.requirement("R15.1")
async def test_a_destroyed_key_seals_nothing_more_and_other_keys_are_not_destroyed(
    running, client, seal_office, shared_content
) -> None:
    label = f"district-{os.urandom(4).hex()}"
    request = await client.create_key(label, KeyAlgorithm.P_256, SUBJECT)
    await client.install_certificate(replace(DISTRICT, key_label=label), certified(seal_office, request))
    document = await client.seal(seal_office.order("need-1", shared_content, seal_id="district"))
    for _ in range(2):
        await client.destroy_key(label)
    with pytest.raises(WrongSealError):
        await client.destroy_key("issuing")
    await running.kill()
    assert await running.start() == "started"
    with pytest.raises(WrongSealError, match="no seal district"):
        await client.seal(seal_office.order("need-2", shared_content, seal_id="district"))
    assert await client.seal(seal_office.order("need-1", shared_content, seal_id="district")) == document
    assert (await client.seal(seal_office.order("need-3", shared_content))).pdf


async def test_it_leaves_no_core(undisturbed) -> None:
    assert undisturbed.process is not None
    limits = await asyncio.to_thread(Path(f"/proc/{undisturbed.process.pid}/limits").read_text)
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
