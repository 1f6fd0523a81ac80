"""The signer process as an operator starts it, and the same desk in this process, on the seal of a measured office."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import Encoding

from hub.clock import SystemClock, to_millisecond
from hub.entry.key_stores import open_keys
from hub.entry.settings import SealSettings, TimeStampSource
from hub.entry.signer_host import signer_parts
from pki.development import GRANTS_LABEL
from pki.keystore import KeyAlgorithm
from scripts.bench_seal_office import HOLDER, KIND, LABEL, PASSPHRASE, SealOffice, content_of, make_office
from seals.appearance import SealFace
from seals.grants import Grant, SignedGrant, sign_grant, using_unit
from seals.kinds import SEAL_NAMES
from seals.signer_client import SignerClient
from seals.signer_desk import SigningDesk
from seals.signer_orders import SealingOrder
from seals.signer_records import SealRecord

_RECORD = SealRecord("seal", KIND, LABEL, SealFace(HOLDER, SEAL_NAMES[KIND].zh))
_GRANT_PERIOD = timedelta(days=1)
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SignerOffice:
    """An office whose seal is used through a signer; every order is another one."""

    office: SealOffice
    folder: Path
    grant: SignedGrant
    turns: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def order(self) -> SealingOrder:
        """Return the next order."""
        turn = next(self.turns)
        return SealingOrder(f"order-{turn}", content_of(turn), self.grant)

    def settings(self, name: str, workers: int = 1, tsa: TimeStampSource = TimeStampSource.NONE) -> SealSettings:
        """Return the settings of a signer with a folder of its own."""
        return SealSettings.model_validate(
            {
                "folder": self.folder / "keys",
                "passphrase": PASSPHRASE,
                "pki_folder": self.folder,
                "signer_folder": self.folder / name,
                "signer_workers": workers,
                "tsa": tsa,
            }
        )

    def desk(self, name: str) -> SigningDesk:
        """Open a signer's desk in this process."""
        return SigningDesk(replace(signer_parts(self.settings(name)), records=(_RECORD,)))

    @asynccontextmanager
    async def signer(self, settings: SealSettings) -> AsyncIterator[SignerClient]:
        """Run a signer process while it lasts, and give it the seal."""
        with _listening(settings) as socket:
            client = SignerClient(socket, patience_seconds=_START_SECONDS)
            await client.install_certificate(_RECORD, self._certificates(settings))
            yield client
            await client.close()

    def _certificates(self, settings: SealSettings) -> str:
        key = open_keys(settings).open(LABEL)
        return "".join(each.public_bytes(Encoding.PEM).decode() for each in (key.certificate, *key.chain))


def make_signer_office(folder: Path, algorithm: KeyAlgorithm) -> SignerOffice:
    """Make an authority, a seal and a grant for it in an empty folder."""
    office = make_office(folder, algorithm)
    made = SignerOffice(office, folder, SignedGrant(b"", b"", ()))
    now = to_millisecond(SystemClock().now())
    grant = Grant(
        id="grant",
        seal_id=_RECORD.id,
        unit_code=using_unit(content_of(0).endorsement),
        proof_types=(),
        not_before=now,
        not_after=now + _GRANT_PERIOD,
        daily_limit=None,
    )
    key = open_keys(made.settings("none")).open(GRANTS_LABEL)
    return replace(made, grant=sign_grant(grant, key))


@contextmanager
def _listening(settings: SealSettings) -> Iterator[Path]:
    """Run `proofhub signer`; give its socket, at which it listens soon."""
    with TemporaryDirectory(prefix="proofhub-") as short:  # a socket's path is
        socket = Path(short) / "signer"
        command = [str(Path(sys.executable).with_name("proofhub")), "signer"]
        environment = {**os.environ, **_environment(settings, socket)}
        with settings.signer_folder.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield socket
        finally:
            process.terminate()
            process.wait(timeout=60)


def _environment(settings: SealSettings, socket: Path) -> dict[str, str]:
    named = {
        "FOLDER": settings.folder,
        "PASSPHRASE": settings.passphrase.get_secret_value(),
        "PKI_FOLDER": settings.pki_folder,
        "SIGNER_FOLDER": settings.signer_folder,
        "SIGNER_SOCKET": socket,
        "SIGNER_WORKERS": settings.signer_workers,
        "TSA": settings.tsa.value,
    }
    return {f"PROOFHUB_SEALS__{name}": str(value) for name, value in named.items()}
