"""A hub process of its own on a stage: people at desks, and what they say to it over HTTP."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import httpx
from rich.console import Console

from hub.actors import Post
from hub.clock import SystemClock, SystemIds
from scripts.demonstration.city import City
from scripts.demonstration.processes import hub
from scripts.demonstration.publication import publish_once
from scripts.demonstration.story import APPLICANT, REGION, UNIT
from scripts.demonstration.window import Desk

T = TypeVar("T")
COMMAND = str(Path(sys.executable).with_name("proofhub"))
CASES = "{ cases(first: 100) { ... on CaseConnection { nodes { number state version } } } }"
VERIFY = (
    "query V($file: Base64!) { verifyProof(document: $file) { ... on Verdict { outcome checks { name status } } } }"
)


@dataclass
class Stage:
    """A served hub, which may be killed and started again."""

    city: City
    stack: ExitStack
    process: subprocess.Popen[bytes] = field(init=False)
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Start it."""
        self.start()

    def start(self) -> None:
        """Serve, and forget the connections to the process before."""
        self.process = self.stack.enter_context(hub(self.city))
        client = httpx.Client(
            base_url=self.city.url, timeout=30, trust_env=False, headers={"Accept": "application/json"}
        )
        self.client = self.stack.enter_context(client)

    def kill(self) -> None:
        """End the process without a warning, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def desk(self, subject: str, unit: str = UNIT, *posts: Post) -> Desk:
        """Return a person at a desk; an operator of the education bureau where nothing else is said."""
        return Desk(self.client, self.city.token(subject, unit, *(posts or (Post.OPERATOR,))))

    def post(self, token: str | None, body: Any, path: str = "/graphql", **headers: str) -> httpx.Response:
        """Send a body as it is (bytes) or as JSON."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return self.client.post(path, headers={"Content-Type": "application/json", **headers}, **content)

    def says(self, desk: Desk, document: str, **given: Any) -> dict[str, Any]:
        """Return the payload of a mutation with one input, errors and all."""
        answer = self.post(desk.token, {"query": document, "variables": {"input": given}}).json()
        payload: dict[str, Any] = next(iter(answer["data"].values()))
        return payload

    def cases(self) -> list[dict[str, Any]]:
        """Return number, state and version of the education bureau's cases."""
        found: list[dict[str, Any]] = self.desk("operator-1").ask(CASES)["cases"]["nodes"]
        return found

    def outcome(self, pdf: bytes, desk: Desk) -> tuple[str, str]:
        """Return what `POST /verify` and what GraphQL say of a file."""
        page = self.client.post("/verify", content=pdf, headers={"Content-Type": "application/pdf"}).json()
        asked = desk.ask(VERIFY, file=base64.b64encode(pdf).decode())["verifyProof"]
        return page["outcome"], asked["outcome"]

    def log(self) -> str:
        """Return what the hub has logged."""
        return (self.city.place.folder / "hub.log").read_text(encoding="utf-8")


@contextmanager
def staged(city: City) -> Iterator[Stage]:
    """Serve a hub whose catalogue is published."""
    with ExitStack() as stack:
        opened = Stage(city, stack)
        threads = stack.enter_context(ThreadPoolExecutor(1))  # it runs a loop of its own, and tests have one here
        threads.submit(publish_once, city, Console(file=StringIO())).result()
        yield opened


@contextmanager
def signer(city: City) -> Iterator[Path]:
    """Run the signer as a process of its own, for several hubs; give its socket."""
    with tempfile.TemporaryDirectory() as short:  # a socket's path is
        socket = Path(short) / "signer"
        settings = {"PROOFHUB_SEALS__SIGNER_SOCKET": str(socket)}
        settings["PROOFHUB_SEALS__SIGNER_FOLDER"] = str(city.place.folder / "common-signer")
        with (city.place.folder / "signer.log").open("ab") as log:
            process = subprocess.Popen(
                [COMMAND, "signer"], env={**os.environ, **city.environment, **settings}, stderr=log
            )
        try:
            eventually(lambda: socket.exists() or process.poll() is not None or None)
            assert process.poll() is None
            yield socket
        finally:
            process.terminate()
            process.wait(30)


def matter(item: str, number: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return what an operator says who opens a case."""
    identity = {"method": "FACE_RECOGNITION", "provider": "window-1", "assertionId": "A-1"}
    given = {
        "businessNumber": number or SystemIds().identifier("J-"),
        "itemCode": item,
        "region": REGION,
        "applicant": APPLICANT,
        "identity": {**identity, "at": SystemClock().now().isoformat()},
    }
    return given | changes


def command(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command with no settings but those given."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "160", **environment},
        timeout=60,
        check=False,
    )


def eventually(look: Callable[[], T | None], seconds: float = 20.0) -> T:
    """Return what is there once it is; the bound is no assertion about speed."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.05)
    return found
