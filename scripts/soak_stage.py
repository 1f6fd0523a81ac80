"""The exchange that a fault run breaks: two hubs, a signer, Neo4j and Kafka, with networks between to cut."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from rich.console import Console

from scripts.demonstration.city import City, Place, prepare, write_sources
from scripts.demonstration.processes import StartError, free_port, registry
from scripts.demonstration.publication import publish_once
from scripts.service_kafka import start_kafka
from scripts.service_neo4j import Size, start_neo4j
from scripts.service_process import Running
from scripts.soak_plan import Fault
from scripts.soak_proxy import Proxy

TOPIC = "proofhub.soak"
KEEP_ALIVE = (
    ("server.bolt.connection_keep_alive", "5s"),
    ("server.bolt.connection_keep_alive_for_requests", "ALL"),
    ("server.bolt.connection_keep_alive_streaming_scheduling_interval", "2s"),
)
"""By these Neo4j says something to whoever waits, and tells how soon silence means a dead connection (docs/soak.md)."""
_COMMAND = str(Path(sys.executable).with_name("proofhub"))
_PARTITIONS = 3
_START_SECONDS = 90.0


@dataclass
class Program:
    """One of our processes, which may be killed and started again with the same settings."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    health: str | None
    """Address that answers once it serves; None where a socket does."""
    socket: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and return once it answers. Raises StartError."""
        self.process = self._spawned()
        deadline = time.monotonic() + _START_SECONDS
        while not await self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                end = self.log.read_text(errors="replace").splitlines()[-3:]
                raise StartError(f"{self.name} did not start; the end of {self.log}:\n" + "\n".join(end))
            await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End it by SIGKILL."""
        assert self.process is not None
        self.process.kill()
        await asyncio.to_thread(self.process.wait)

    async def stop(self) -> None:
        """Tell it to end, and wait for it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, 40)
        except subprocess.TimeoutExpired:
            await self.kill()

    def _spawned(self) -> subprocess.Popen[bytes]:
        if self.socket is not None:
            self.socket.unlink(missing_ok=True)
        command, environment = [_COMMAND, *self.arguments], os.environ | self.environment
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    async def _answers(self) -> bool:
        if self.health is None:
            return self.socket is not None and self.socket.exists()
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            try:
                return (await client.get(self.health)).is_success
            except httpx.HTTPError:
                return False


@dataclass
class Stage:
    """Everything that runs, and what can be done to it."""

    city: City
    hubs: tuple[Program, Program]
    urls: tuple[str, str]
    signer: Program
    database: Running
    broker: Running
    to_database: tuple[Proxy, Proxy]
    """The way of each hub to Neo4j."""
    to_broker: Proxy
    topic: str = TOPIC
    programs: dict[Fault, Program] = field(init=False)

    def __post_init__(self) -> None:
        """Say which process each kill ends."""
        first, second = self.hubs
        self.programs = {Fault.KILL_HUB_A: first, Fault.KILL_HUB_B: second, Fault.KILL_SIGNER: self.signer}

    async def begin(self, fault: Fault) -> None:
        """Do it."""
        match fault:
            case Fault.KILL_BROKER:
                await asyncio.to_thread(self.broker.kill)
            case Fault.KILL_DATABASE:
                await asyncio.to_thread(self.database.kill)
            case Fault.CUT_BROKER:
                await self.to_broker.cut()
            case Fault.STALL_BROKER:
                await self.to_broker.stall()
            case Fault.CUT_DATABASE:
                await asyncio.gather(*(way.cut() for way in self.to_database))
            case Fault.STALL_DATABASE:
                await asyncio.gather(*(way.stall() for way in self.to_database))
            case Fault.PART_HUB_A:
                await self.to_database[0].stall()
            case _:
                await self.programs[fault].kill()

    async def end(self, fault: Fault) -> None:
        """Undo it: a process is started again on what it left, a network passes again."""
        if fault in self.programs:
            await self.programs[fault].start()
        elif fault is Fault.KILL_BROKER:
            self.broker = await _again(self.broker)
        elif fault is Fault.KILL_DATABASE:
            self.database = await _again(self.database)
        for way in (self.to_broker, *self.to_database):
            way.restore()


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Start everything below a folder, publish the sample catalogue, and end it all.

    Raises:
        DownloadFailedError, ServiceFailedError, StartError: a part cannot be had.
    """
    async with AsyncExitStack() as stack:
        ways = [Proxy() for _ in range(3)]
        for way in ways:
            await way.open()
            stack.push_async_callback(way.close)
        to_broker = ways[2]
        city = await asyncio.to_thread(prepare, Place(folder / "var"), free_port())
        address = await _registry(stack, city)
        write_sources(city.place, address)
        services = await asyncio.gather(
            asyncio.to_thread(start_neo4j, size=Size(more=KEEP_ALIVE)),
            asyncio.to_thread(start_kafka, advertised=to_broker.port),
        )
        socket = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "signer"  # a socket's path is short
        stage = _assemble(city, services, (ways[0], ways[1]), to_broker, socket)
        stack.push_async_callback(_stop_services, stage)
        await _serve(stage, stack)
        yield stage


async def _registry(stack: AsyncExitStack, city: City) -> str:
    running = registry(city.place)
    address = await asyncio.to_thread(running.__enter__)
    stack.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
    return address


def _assemble(
    city: City, services: tuple[Running, ...] | Any, ways: tuple[Proxy, Proxy], to_broker: Proxy, socket: Path
) -> Stage:
    database, broker = services
    for way, service in ((ways[0], database), (ways[1], database), (to_broker, broker)):
        way.target = int(service.address.rpartition(":")[2])
    signing = {
        "PROOFHUB_SEALS__SIGNER_SOCKET": str(socket),
        "PROOFHUB_SEALS__SIGNER_FOLDER": str(city.place.folder / "common-signer"),
    }
    common = signing | {
        "PROOFHUB_STORE__ENGINE": "neo4j",
        "PROOFHUB_STORE__USER": "",
        "PROOFHUB_EVENTS__BUS": "kafka",
        "PROOFHUB_EVENTS__KAFKA_BOOTSTRAP": f"127.0.0.1:{to_broker.port}",
        "PROOFHUB_EVENTS__KAFKA_TOPIC": TOPIC,
    }
    cities = [city.another(free_port(), PROOFHUB_STORE__URI=f"bolt://127.0.0.1:{way.port}", **common) for way in ways]
    hubs = [_hub(name, each) for name, each in zip(("hub-a", "hub-b"), cities, strict=True)]
    signer = Program(
        "signer", ("signer",), {**city.environment, **signing}, city.place.folder / "signer.log", None, socket
    )
    return Stage(
        city=cities[0],
        hubs=(hubs[0], hubs[1]),
        urls=(cities[0].url, cities[1].url),
        signer=signer,
        database=database,
        broker=broker,
        to_database=ways,
        to_broker=to_broker,
    )


def _hub(name: str, city: City) -> Program:
    return Program(name, ("serve",), city.environment, city.place.folder / f"{name}.log", f"{city.url}/health/live")


async def _serve(stage: Stage, stack: AsyncExitStack) -> None:
    for service in (stage.database, stage.broker):
        await asyncio.to_thread(service.wait_until_ready)
    await _make_topic(stage)
    for program in (stage.signer, *stage.hubs):
        stack.push_async_callback(program.stop)
        await program.start()
    await asyncio.to_thread(publish_once, stage.city, Console(file=StringIO()))


async def _make_topic(stage: Stage) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.broker.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(stage.topic, num_partitions=_PARTITIONS, replication_factor=1)])
    finally:
        await admin.close()


async def _again(service: Running) -> Running:
    restarted = service.again()
    await asyncio.to_thread(restarted.wait_until_ready)
    return restarted


async def _stop_services(stage: Stage) -> None:
    for service in (stage.database, stage.broker):
        await asyncio.to_thread(service.stop)
