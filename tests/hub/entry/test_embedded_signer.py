"""The signer that a hub starts for itself: it comes back when it dies, and goes when the hub does."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.clock import SystemClock, SystemIds
from hub.entry.embedded_signer import embedded_signer
from hub.entry.key_stores import open_keys
from hub.entry.settings import SealSettings
from pki.development import GRANTS_LABEL, create_development_authority
from pki.timestamps import granted_token, time_stamp_request
from seals.errors import PrunedDocumentError, SignerStartError, SignerUnavailableError
from seals.signer_client import SignerClient
from seals.signer_desk import spool_key
from seals.signer_files import private_folder
from seals.signer_locks import NamedLocks
from seals.signer_orders import SealingOrder
from seals.signer_records import SealRecords
from tests.seals.granting import Granting
from tests.seals.proof_contents import SHARED_CONTENT, seal_plan
from tests.seals.signer_host import seal_records

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> SealSettings:
    """Settings of a hub whose seals, keys and grants are made."""
    folder = tmp_path_factory.mktemp("embedded")
    seals = SealSettings(
        folder=folder / "keys",
        passphrase=SecretStr("correct horse"),
        pki_folder=folder / "pki",
        signer_folder=folder / "signer",
        signer_workers=1,
    )
    since = SystemClock().now() - timedelta(hours=1)
    create_development_authority(seals.pki_folder, open_keys(seals), seal_plan(), since, SystemIds().serial_number)
    records = SealRecords((), private_folder(seals.signer_folder) / "seals.json", NamedLocks(folder / "locks"))
    for record in seal_records():
        records.put(record)
    return seals


@pytest.fixture(scope="module")
def granting(settings: SealSettings) -> Granting:
    return Granting(open_keys(settings).open(GRANTS_LABEL), SystemClock().now())


def order(granting: Granting, key: str) -> SealingOrder:
    return SealingOrder(key, SHARED_CONTENT, granting.to("U001", "information-sharing"))


async def test_it_seals_stamps_and_ends_with_the_hub(settings: SealSettings, granting: Granting) -> None:
    async with embedded_signer(settings) as client:
        assert (await client.seal(order(granting, "need-1"))).pdf
        answer = await client.time_stamp(time_stamp_request(b"d" * 32, 7))
        assert granted_token(answer, 7)
        worker = await client.ping()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


async def test_when_it_dies_sealing_waits_and_goes_on(settings: SealSettings, granting: Granting) -> None:
    async with embedded_signer(settings) as client:
        first = await client.seal(order(granting, "need-2"))
        worker = await client.ping()
        os.kill(parent_of(worker), signal.SIGKILL)
        await end_of(worker)  # until its parent is really gone it may answer as before
        assert await client.seal(order(granting, "need-2")) == first
        assert (await client.seal(order(granting, "need-3"))).pdf
        assert await client.ping() != worker


async def test_what_it_sealed_long_ago_is_pruned_and_named_when_it_is_asked_for_again(
    settings: SealSettings, granting: Granting
) -> None:
    async with embedded_signer(settings) as client:
        document = await client.seal(order(granting, "need-4"))
        key = spool_key("need-4")
        place = settings.signer_folder / "spool" / key[:2] / key[2:]
        os.utime(place, (0, 0))
        async with asyncio.timeout(30):
            while place.exists():  # noqa: ASYNC110  no event tells of another process's files
                await asyncio.sleep(0.05)
        with pytest.raises(PrunedDocumentError) as refused:
            await client.seal(order(granting, "need-4"))
    assert refused.value.document_sha256 == document.sha256


async def test_a_wrong_passphrase_stops_the_start_with_the_reason(settings: SealSettings) -> None:
    wrong = settings.model_copy(update={"passphrase": SecretStr("wrong horse")})
    with pytest.raises(SignerStartError, match="passphrase"):
        async with embedded_signer(wrong):
            pass


_HUB = """
import asyncio, sys
from hub.entry.embedded_signer import embedded_signer
from hub.entry.settings import SealSettings

async def main():
    settings = SealSettings.model_validate_json(sys.stdin.readline())
    async with embedded_signer(settings) as client:
        print(client._socket, await client.ping(), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_when_the_hub_is_killed_its_signer_ends(settings: SealSettings) -> None:
    told = settings.model_dump_json().replace("**********", "correct horse")
    hub = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HUB, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert hub.stdin is not None
    assert hub.stdout is not None
    hub.stdin.write(told.encode() + b"\n")
    socket, worker = (await hub.stdout.readline()).split()
    hub.kill()
    await hub.communicate()
    await end_of(int(worker))
    with pytest.raises(SignerUnavailableError):
        await SignerClient(Path(os.fsdecode(socket)), patience_seconds=0.1).ping()


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


async def end_of(process: int) -> None:
    """Wait until another's child is no more."""
    async with asyncio.timeout(30):
        while is_alive(process):  # noqa: ASYNC110  # no event tells of the end of another's child
            await asyncio.sleep(0.02)


def is_alive(process: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
