"""Kafka from its Maven artifacts: one process that is broker and controller (KRaft), loopback only."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from scripts.service_downloads import java_classpath
from scripts.service_process import (
    LOOPBACK,
    PROJECT,
    Running,
    ServiceFailedError,
    free_ports,
    listens,
    new_folder,
    start_guarded,
)

_JVM = ["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
_CLUSTER = "cHJvb2ZodWItdGVzdHMtMQ"
"""Any 16 bytes in base64url: the name of a cluster of one."""


def start_kafka(*, detached: bool = False, advertised: int | None = None) -> Running:
    """Start it; gives at once, before it answers. Raises DownloadFailedError when Maven cannot bring it.

    ``advertised``: the loopback port at which clients are told to find it, where that is another than its own.
    """
    java = ["java", *_JVM, "-cp", java_classpath("kafka")]
    folder = new_folder("kafka")
    port, controller = free_ports(2)
    settings = folder / "server.properties"
    settings.write_text(_settings((port, controller, advertised or port), str(folder / "data")))
    formatting = [*java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(settings)]
    done = subprocess.run(formatting, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServiceFailedError(f"kafka's storage could not be formatted:\n{(done.stdout + done.stderr)[-3000:]}")
    command = [*java, "kafka.Kafka", str(settings)]
    guard = start_guarded(folder, command, detached=detached)
    address = f"{LOOPBACK}:{port}"
    return Running("kafka", address, lambda: listens(port) and _answers(address), folder, guard, tuple(command))


def _settings(ports: tuple[int, int, int], data: str) -> str:
    port, controller, advertised = ports
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{advertised}",
        "log.dirs": data,
        # One broker: nothing can be kept twice, and nobody else joins that a group should wait for.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def _answers(address: str) -> bool:
    """Ask in another process: the client draws from Python's common randomness, which property tests watch over."""
    asked = subprocess.run([sys.executable, "-m", __name__, address], cwd=PROJECT, capture_output=True, check=False)
    return asked.returncode == 0


async def _is_member(address: str) -> bool:
    """Whether the broker names itself as a member of its cluster."""
    client = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=3000)
    try:
        await client.start()
        cluster = await client.describe_cluster()
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()
    return bool(cluster["brokers"])


if __name__ == "__main__":
    sys.exit(not asyncio.run(_is_member(sys.argv[1])))
