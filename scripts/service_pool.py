"""Services of one run: each is started once, when it is first asked for, and all are ended together."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from scripts.service_kafka import start_kafka
from scripts.service_neo4j import start_neo4j
from scripts.service_process import Running
from scripts.service_s3 import start_s3


class Starter(Protocol):
    """Starts one service and gives it before it answers."""

    def __call__(self, *, detached: bool = False) -> Running:
        """`detached`: outlive this process."""
        ...


STARTERS: dict[str, Starter] = {"neo4j": start_neo4j, "kafka": start_kafka, "s3": start_s3}
VARIABLES = {
    "neo4j": "PROOFHUB_TEST_NEO4J_URI",
    "kafka": "PROOFHUB_TEST_KAFKA_BOOTSTRAP",
    "s3": "PROOFHUB_TEST_S3_ENDPOINT",
}
"""Environment variable by which a service that runs already is made known; then none is started."""


class ServicePool:
    """Starts services side by side; `address` waits for the one that is needed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=len(STARTERS), thread_name_prefix="services")
        self._starting: dict[str, Future[str]] = {}
        self._running: list[Running] = []

    def launch(self, name: str) -> None:
        """Begin to start a service, without waiting, unless it runs already."""
        if name not in self._starting and VARIABLES[name] not in os.environ:
            self._starting[name] = self._threads.submit(self._start, STARTERS[name])

    def address(self, name: str) -> str:
        """Where the service answers. Raises DownloadFailedError or ServiceFailedError when it cannot be had."""
        self.launch(name)
        return os.environ.get(VARIABLES[name]) or self._starting[name].result()

    def close(self) -> None:
        """End every service that this pool started."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        while self._running:
            self._running.pop().stop()

    def _start(self, starter: Callable[[], Running]) -> str:
        service = starter()
        self._running.append(service)
        service.wait_until_ready()
        return service.address
