"""Neo4j Community from its Maven artifacts: loopback only, no password, small memory, data for one run."""

from __future__ import annotations

from dataclasses import dataclass

import neo4j
from neo4j.exceptions import DriverError, Neo4jError

from scripts.service_downloads import java_classpath
from scripts.service_process import LOOPBACK, Running, free_ports, listens, new_folder, start_guarded

_JVM = [
    "-Djava.awt.headless=true",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.nio", "java.io", "sun.nio.ch")),
]


@dataclass(frozen=True, slots=True)
class Size:
    """How much memory a server takes, for how long a run its code is worth compiling, and how it is set."""

    heap: str = "512m"
    page_cache: str = "128m"
    more: tuple[tuple[str, str], ...] = ()
    """Settings beside those below."""
    jvm: tuple[str, ...] = ("-Xms256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


SMALL = Size()
"""For tests."""


def start_neo4j(*, detached: bool = False, size: Size = SMALL) -> Running:
    """Start it; gives at once, before it answers. Raises DownloadFailedError when Maven cannot bring it."""
    classpath = java_classpath("neo4j")
    folder = new_folder("neo4j")
    (port,) = free_ports(1)
    (folder / "conf").mkdir()
    (folder / "conf" / "neo4j.conf").write_text(_settings(port, size))
    entry = "org.neo4j.server.CommunityEntryPoint"
    memory = (f"-Xmx{size.heap}", *size.jvm)
    command = ["java", *memory, *_JVM, "-cp", classpath, entry, f"--home-dir={folder}", f"--config-dir={folder}/conf"]
    guard = start_guarded(folder, command, detached=detached)
    address = f"bolt://{LOOPBACK}:{port}"
    return Running("neo4j", address, lambda: listens(port) and _answers(address), folder, guard, tuple(command))


def _settings(port: int, size: Size) -> str:
    lines = {
        "server.bolt.listen_address": f"{LOOPBACK}:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "dbms.security.auth_enabled": "false",
        "dbms.usage_report.enabled": "false",
        "server.memory.pagecache.size": size.page_cache,
        # The logs of transactions are set aside in pieces of 256 MB otherwise.
        "db.tx_log.preallocate": "false",
        "db.tx_log.rotation.retention_policy": "keep_none",
        **dict(size.more),
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def _answers(address: str) -> bool:
    """Whether a statement is answered over bolt."""
    try:
        with neo4j.GraphDatabase.driver(address, connection_timeout=2, max_transaction_retry_time=0) as driver:
            driver.execute_query("RETURN 1")
    except (DriverError, Neo4jError, OSError):
        return False
    return True
