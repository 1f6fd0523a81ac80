"""An S3 server, S3Proxy from its Maven artifacts, over a folder: loopback only, one bucket, data for one run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from scripts.service_downloads import java_classpath
from scripts.service_process import LOOPBACK, Running, free_ports, listens, new_folder, start_guarded

BUCKET = "proofs"
ACCESS_KEY, SECRET_KEY = "tests-access-key", "tests-secret-key"  # known to everybody: loopback, for one run
_JVM = ["-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
_LOGGING = """<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level %logger %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
"""
"""Without it each call is logged in full, which takes longer than the call."""


@dataclass(frozen=True, slots=True)
class ServerKey:
    """A PKCS#12 file with the server's certificate and key, for TLS."""

    file: Path
    passphrase: str


def start_s3(*, detached: bool = False, key: ServerKey | None = None) -> Running:
    """Start it; gives at once, before it answers. Raises DownloadFailedError when Maven cannot bring it.

    ``key``: serve by TLS, and only so.
    """
    classpath = java_classpath("s3")
    folder = new_folder("s3")
    (port,) = free_ports(1)
    address = f"{'https' if key else 'http'}://{LOOPBACK}:{port}"
    (folder / "data" / BUCKET).mkdir(parents=True)
    (folder / "logback.xml").write_text(_LOGGING)
    settings = folder / "s3proxy.properties"
    settings.write_text(_settings(address, folder / "data", key))
    logging = f"-Dlogback.configurationFile={folder / 'logback.xml'}"
    command = ["java", *_JVM, logging, "-cp", classpath, "org.gaul.s3proxy.Main", "--properties", str(settings)]
    guard = start_guarded(folder, command, detached=detached)
    return Running(
        "s3", address, lambda: listens(port) and (bool(key) or _answers(address)), folder, guard, (*command,)
    )


def _settings(address: str, data: Path, key: ServerKey | None) -> str:
    lines = {
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": ACCESS_KEY,
        "s3proxy.credential": SECRET_KEY,
        "jclouds.provider": "filesystem-nio2",
        "jclouds.filesystem.basedir": str(data),
    }
    if key is None:
        lines["s3proxy.endpoint"] = address
    else:
        lines["s3proxy.secure-endpoint"] = address
        lines["s3proxy.keystore-path"] = str(key.file)
        lines["s3proxy.keystore-password"] = key.passphrase
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _answers(address: str) -> bool:
    """Whether the bucket can be listed by whom it belongs to."""
    store = S3Store(
        BUCKET,
        config={"endpoint": address, "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY},
        client_options={"allow_http": True, "timeout": "3s"},
        retry_config={"max_retries": 0},
    )
    try:
        obstore.list_with_delimiter(store)
    except (BaseError, OSError):
        return False
    return True
