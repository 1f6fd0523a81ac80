"""The command `proofhub signer`: the signer as a service of its own, for a hub that has no key."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import SystemClock, SystemIds
from pki.development import create_development_authority
from pki.pkcs12 import Pkcs12KeyStore
from pki.timestamps import granted_token, time_stamp_request
from seals.signer_client import SignerClient
from tests.seals.proof_contents import seal_plan

PROJECT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-c", "from hub.entry.command import main; main()", "signer")


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings for a shell; the keys are made."""
    since = SystemClock().now() - timedelta(hours=1)
    keys = Pkcs12KeyStore(tmp_path / "keys", "correct horse")
    create_development_authority(tmp_path / "pki", keys, seal_plan(), since, SystemIds().serial_number)
    with tempfile.TemporaryDirectory(prefix="signer-") as place:
        settings = {
            "FOLDER": tmp_path / "keys",
            "PASSPHRASE": "correct horse",
            "PKI_FOLDER": tmp_path / "pki",
            "SIGNER_FOLDER": tmp_path / "signer",
            "SIGNER_SOCKET": Path(place) / "s",
            "SIGNER_WORKERS": 1,
        }
        given = {name: value for name, value in os.environ.items() if not name.startswith("PROOFHUB_")}
        yield given | {f"PROOFHUB_SEALS__{name}": str(value) for name, value in settings.items()}


async def test_it_listens_says_so_and_ends_on_a_signal(environment: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(*COMMAND, cwd=PROJECT, env=environment, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert b"listens" in await process.stderr.readline()
    client = SignerClient(Path(environment["PROOFHUB_SEALS__SIGNER_SOCKET"]))
    assert granted_token(await client.time_stamp(time_stamp_request(b"d" * 32, 7)), 7)
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PROOFHUB_SEALS__SIGNER_SOCKET", "", "SIGNER_SOCKET"),
        ("PROOFHUB_SEALS__PASSPHRASE", "wrong horse", "passphrase"),
    ],
)
async def test_what_keeps_it_from_starting_is_said(
    environment: dict[str, str], name: str, value: str, said: str
) -> None:
    changed = {key: given for key, given in environment.items() if key != name} | ({name: value} if value else {})
    process = await asyncio.create_subprocess_exec(*COMMAND, cwd=PROJECT, env=changed, stderr=subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 3
    assert said in errors.decode()
