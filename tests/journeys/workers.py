"""`proofhub worker` as a process of its own in the police's machine room, and who else takes part."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.actors import Post
from hub.client.connection import HubConnection
from hub.client.department import Department, Polling
from hub.client.inputs import OpenCase
from hub.client.issuing import IssuingUnit
from scripts.demonstration.story import APPLICANT, ITEM, UNIT
from tests.journeys.stage import COMMAND, Stage, eventually, matter

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "docs" / "examples"
POLICE = "330203-GA"


@dataclass(frozen=True)
class MachineRoom:
    """A folder with the police's database, tokens, and what its workers say."""

    stage: Stage
    folder: Path

    def __post_init__(self) -> None:
        """Write the database: one person with a clean record."""
        with closing(sqlite3.connect(self.folder / "records.sqlite")) as database, database:
            database.execute("CREATE TABLE people (id_number TEXT PRIMARY KEY, name TEXT, convictions INTEGER)")
            database.execute("INSERT INTO people VALUES (?, ?, 0)", (APPLICANT["identifier"], APPLICANT["name"]))

    @property
    def asked_file(self) -> Path:
        return self.folder / "asked"

    def token(self, subject: str, unit: str, *posts: Post) -> str:
        """Return the file of a token."""
        file = self.folder / f"{subject}-{unit}.token"
        file.write_text(self.stage.city.token(subject, unit, *posts))
        return str(file)

    def drafting(self, subject: str = "auto-1", unit: str = POLICE) -> list[str]:
        """Return the options of a worker that drafts for the police."""
        return ["--url", self.stage.city.url, "--unit", POLICE, "--token-file", self.token(subject, unit, Post.DRAFTER)]

    def sealing(self) -> list[str]:
        """Return the options by which it goes on to the seal."""
        reviewer, keeper = self.token("auto-2", POLICE, Post.REVIEWER), self.token("auto-3", POLICE, Post.SEAL_KEEPER)
        return ["--reviewer-token-file", reviewer, "--sealer-token-file", keeper]

    @contextmanager
    def worker(self, handler: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker until the block ends, or until it is killed."""
        environment = {**os.environ, "RECORDS": str(self.folder / "records.sqlite"), "ASKED": str(self.asked_file)}
        folder = EXAMPLES if handler.startswith("issuing_unit") else HERE
        with (self.folder / "worker.log").open("ab") as log:
            arguments = [COMMAND, "worker", "--handler", handler, *options]
            process = subprocess.Popen(arguments, cwd=folder, env=environment, stderr=log, stdin=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def asked(self) -> list[str]:
        """Return the requests about which the slow register was asked, in order."""
        return self.asked_file.read_text().split() if self.asked_file.exists() else []

    def when_asked(self, process: subprocess.Popen[bytes], count: int) -> None:
        """Return once the slow register was asked so often."""
        eventually(lambda: (len(self.asked()) >= count or process.poll() is not None) or None, 60)
        assert process.poll() is None, (self.folder / "worker.log").read_text()


@asynccontextmanager
async def speaking(stage: Stage, subject: str, unit: str, *posts: Post) -> AsyncIterator[HubConnection]:
    """Give a connection for somebody."""

    async def token() -> str:
        return stage.city.token(subject, unit, *posts)

    async with HubConnection(stage.city.url, token) as connection:
        yield connection


@asynccontextmanager
async def education(stage: Stage) -> AsyncIterator[Department]:
    """Give the education bureau's system."""
    async with speaking(stage, "operator-1", UNIT, Post.OPERATOR) as connection:
        yield Department(connection, Polling(0.1, 0.5))


@asynccontextmanager
async def police(stage: Stage) -> AsyncIterator[IssuingUnit]:
    """Give a program that looks on for the police's manager."""
    async with speaking(stage, "manager-1", POLICE, Post.UNIT_MANAGER) as connection:
        yield IssuingUnit(connection)


def given() -> OpenCase:
    """Return a new case, of whose proofs one is asked of the police."""
    return OpenCase.model_validate(matter(ITEM))
