"""A signer process on the seals of a test, as a program; it ends when its standard input does.

    python -m tests.seals.signer_host '{"keys": …, "root": …, "folder": …, "socket": …, "workers": …, …}'

``RunningSigner`` starts it, restarts it and kills it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pki.development import ROOT_FILE
from pki.keystore import KeyStore
from pki.trust import TrustRoot
from seals.appearance import SealFace
from seals.errors import SealsError
from seals.kinds import SEAL_NAMES, SealKind
from seals.signer_desk import GrantTrust, SignerParts
from seals.signer_process import ProcessPlan, run_signer
from seals.signer_records import SealRecord, read_record, written_record
from seals.signer_worker import OtherService, WorkerPlan
from tests.simulators.key_places import KeyPlace

PROJECT = Path(__file__).parents[2]
PASSPHRASE = "correct horse"
HOLDER = "宁波市公安局"


def seal_label(kind: SealKind) -> str:
    return kind.lower().replace("_", "-")


def seal_records() -> tuple[SealRecord, ...]:
    faces = {kind: SealFace(HOLDER, SEAL_NAMES[kind].zh) for kind in SealKind}
    return tuple(SealRecord(seal_label(kind), kind, seal_label(kind), face) for kind, face in faces.items())


def main() -> None:
    """Run a signer as the first argument says."""
    wish = json.loads(sys.argv[1])
    now, roots = datetime.fromisoformat(wish["now"]), TrustRoot.load(Path(wish["root"])).der
    parts = SignerParts(
        open_keys=KeyPlace.from_record(wish["keys"]).open,
        records=tuple(map(read_record, wish["records"])),
        trust=lambda: GrantTrust(roots),
        folder=Path(wish["folder"]),
        clock=lambda: now,
    )
    worker = WorkerPlan(
        parts=parts,
        uids=frozenset(wish["uids"]),
        other_services=_services,
        question_seconds=wish["question_seconds"],
    )
    plan = ProcessPlan(
        worker=worker,
        socket=Path(wish["socket"]),
        workers=wish["workers"],
        stop=sys.stdin.fileno(),
        started=lambda: print("started", flush=True),
    )
    try:
        run_signer(plan)
    except SealsError as problem:
        print(problem, flush=True)
        sys.exit(3)


def _services(_: KeyStore) -> Mapping[str, OtherService]:
    return {"ocsp": lambda request: b"status of " + request}


@dataclass
class RunningSigner:
    """A signer process, for as long as a test wants it."""

    office: Path
    """Holds the root."""
    keys: KeyPlace
    folder: Path
    """The signer's own."""
    socket: Path
    now: datetime
    workers: int = 1
    uids: tuple[int, ...] = (os.getuid(),)
    question_seconds: float = 5.0
    root: str = ROOT_FILE
    records: tuple[SealRecord, ...] = field(default_factory=seal_records)
    environment: Mapping[str, str] = field(default_factory=dict)
    """What it has besides that of the tests."""
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    async def start(self) -> str:
        """Start it, and return what it says: "started", or why it could not."""
        wish = {
            "keys": self.keys.to_record(),
            "root": os.fspath(self.office / self.root),
            "records": [written_record(record) for record in self.records],
            "folder": os.fspath(self.folder),
            "socket": os.fspath(self.socket),
            "workers": self.workers,
            "now": self.now.isoformat(),
            "uids": self.uids,
            "question_seconds": self.question_seconds,
        }
        command = (sys.executable, "-m", "tests.seals.signer_host", json.dumps(wish))
        self.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=PROJECT,
            env=os.environ | dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()

    async def end(self) -> int:
        """Close its standard input and return its exit status."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        status = await self.process.wait()
        await self._drop_pipes()
        return status

    async def kill(self) -> None:
        """Kill the parent; its workers see it and end."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        await self._drop_pipes()

    async def _drop_pipes(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        await self.process.stdout.read()
        if self.process.stdin is not None:
            self.process.stdin.close()


if __name__ == "__main__":
    main()
