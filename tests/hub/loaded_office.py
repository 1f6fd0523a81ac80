"""A hub process under load, that is killed and started again: it opens cases, withdraws some, and names those it took.

    python -m tests.hub.loaded_office '{"folder": …, "seals": …, "keys": …, "socket": …, "turn": …}'

It begins with what an earlier process left, as a hub does. When its standard input ends it takes no more cases,
finishes everything and says "finished". ``LoadedOffice`` starts it and kills it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from graph_models.ladybug_store import LadybugStore
from graph_models.proof_records import open_intents
from hub.clock import SystemIds
from seals.signer_client import SignerClient
from tests.hub.killed_office import BUFFER
from tests.hub.office import NOW, OPERATOR, Office, Parts, make_seals, matter, open_office
from tests.simulators.key_places import KeyPlace

PROJECT = Path(__file__).parents[2]
CALLERS = 8
ACCEPTED, FINISHED = "accepted ", "finished"
"""What a process says of each case, and at its end."""
_AT_LEAST = 2
"""So many cases a process takes before it is killed: a hub that only starts is no load."""
_TURN_SECONDS = 1000
"""How much later, by the clock that everybody looks at, each process starts than the one before."""
_LOOK_SECONDS = 0.2
"""How often a process looks for what was left; meanwhile the clock goes on by more than anything is left alone."""
_WITHDRAWN = 3
"""Each third case is withdrawn as soon as it is open."""


async def main() -> None:
    """Be a hub under load as the first argument says."""
    wish = json.loads(sys.argv[1])
    seals = make_seals(Path(wish["seals"]), KeyPlace.from_record(wish["keys"]))
    seals.clock.at = NOW
    seals.clock.advance(seconds=wish["turn"] * _TURN_SECONDS)
    store = await LadybugStore.open(Path(wish["folder"]) / "graph", buffer_bytes=BUFFER)
    signer = SignerClient(Path(wish["socket"]), patience_seconds=0.3, answer_seconds=2)
    office = await open_office(store, seals, Path(wish["folder"]), Parts(signer=signer))
    told = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    looking = asyncio.create_task(_look_after(office))
    await asyncio.gather(*(_open_cases(office, caller, told.done) for caller in range(CALLERS)))
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    await _finish_all(office)
    await store.close()
    print(FINISHED, flush=True)


async def _open_cases(office: Office, caller: int, told: Callable[[], bool]) -> None:
    ids, count = SystemIds(), caller
    while not told():
        number = (await office.cases.open(OPERATOR, matter("SHARED", business_number=ids.identifier("B")))).case.number
        print(f"{ACCEPTED}{number}", flush=True)
        count += 1
        if count % _WITHDRAWN == 0:
            await office.cases.withdraw(OPERATOR, number, f"W-{number}")


async def _look_after(office: Office) -> None:
    """Do what the loops of a hub do."""
    while True:
        await _look(office)
        await asyncio.sleep(_LOOK_SECONDS)


async def _look(office: Office) -> int:
    office.clock.advance(seconds=20)
    return await office.proofs.recover() + await office.extractor.take_up()


async def _finish_all(office: Office) -> None:
    for _ in range(200):
        await office.extractor.drain()
        if not await _look(office) and not await office.store.read(lambda tx: open_intents(tx, 1)):
            return
    raise AssertionError("something is left open for ever")


@dataclass
class LoadedOffice:
    """One hub process after the other, on the same store."""

    folder: Path
    seals: Path
    keys: KeyPlace
    socket: Path
    accepted: list[str] = field(default_factory=list)
    """Numbers of the cases that a process said it had opened."""
    turn: int = 0
    at_start: int = field(default=0, repr=False)
    finished: bool = False
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    listening: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        wish = {name: os.fspath(getattr(self, name)) for name in ("folder", "seals", "socket")}
        record = json.dumps({**wish, "keys": self.keys.to_record(), "turn": self.turn})
        command = (sys.executable, "-m", "tests.hub.loaded_office", record)
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdin=pipe, stdout=pipe)
        self.turn, self.at_start = self.turn + 1, len(self.accepted)
        self.listening = asyncio.create_task(self._listen(self.process))

    async def kill(self) -> bool:
        """Kill it, unless it has hardly begun, and start another one on what it left."""
        assert self.process is not None
        if len(self.accepted) < self.at_start + _AT_LEAST:
            return False
        self.process.kill()
        await self._ended()
        await self.start()
        return True

    async def finish(self) -> None:
        """Have everything finished and the process end."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert await self._ended() == 0
        assert self.finished

    async def _ended(self) -> int:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.listening is not None
        status = await self.process.wait()
        await self.listening
        self.process.stdin.close()
        return status

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            said = line.decode()
            if said.startswith(ACCEPTED) and said.endswith("\n"):
                self.accepted.append(said.removeprefix(ACCEPTED).strip())
            self.finished |= said.strip() == FINISHED


if __name__ == "__main__":
    asyncio.run(main())
