"""The public pages over a real store and real judges, with three proofs on record; the first is a tracked vector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Scope

from graph_models.case_records import add_case
from graph_models.casework import Proof, ProofKind, ProofState
from graph_models.errors import GraphModelsError
from graph_models.ladybug_store import LadybugStore
from graph_models.proof_records import add_proof
from graph_models.store import Transaction
from hub.catalogue import SnapshotHolder
from hub.documents import FolderDocumentStore
from hub.entry.pages import PublicPages, page_routes
from hub.entry.problems import on_error, on_hub_error, on_store_error
from hub.entry.request_log import RequestLog
from hub.errors import HubError
from hub.proof_reading import ProofReader
from hub.verifying import Verifier
from seals.endorsement import Endorsement
from seals.judge import JudgePool
from seals.kinds import SealKind
from seals.verification import verify_document
from tests.contract import records
from tests.vectors.authority import JUDGED_AT
from tests.vectors.make_vectors import FOLDER, policy_of

UPLOAD_BYTES = 200_000
ON_RECORD, EXPIRED, WITHDRAWN = "on-record_code-000001", "expired_code--0000002", "withdrawn-code_000003"
"""Check codes."""
GOOD_PDF = (FOLDER / "good_information_sharing.pdf").read_bytes()
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PDF = {"Content-Type": "application/pdf"}
POLICY = policy_of(FOLDER, "clean")


@dataclass(frozen=True)
class StandingClock:
    """Shows the time at which the vectors are judged."""

    at: datetime = JUDGED_AT

    def now(self) -> datetime:
        return self.at


@dataclass
class PublicHub:
    """The server's public part, and what to break in it."""

    client: httpx.AsyncClient
    store: LadybugStore
    snapshots: SnapshotHolder
    app: ASGIApp


@asynccontextmanager
async def public_hub(folder: Path) -> AsyncIterator[PublicHub]:
    store = await LadybugStore.open(folder / "graph", buffer_bytes=192 << 20)
    await store.migrate()
    await store.write(_write_proofs)
    judges = JudgePool(POLICY)
    clock, snapshots = StandingClock(), SnapshotHolder(store)
    pages = PublicPages(
        proofs=ProofReader(store, FolderDocumentStore(folder / "documents"), clock),
        verifier=Verifier(store, judges, clock),
        snapshots=snapshots,
        upload_bytes=UPLOAD_BYTES,
    )
    app = Starlette(
        routes=page_routes(pages),
        middleware=[Middleware(RequestLog)],
        exception_handlers={HubError: on_hub_error, GraphModelsError: on_store_error, Exception: on_error},
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", timeout=60) as client:
        yield PublicHub(client, store, snapshots, app)
    await judges.close()
    await store.close()


async def _write_proofs(tx: Transaction) -> None:
    verdict = verify_document(GOOD_PDF, POLICY, at=JUDGED_AT)
    assert verdict.endorsement is not None
    await add_case(tx, records.case())
    good = _proof(verdict.endorsement, ON_RECORD, verdict.sealed_sha256)
    await add_proof(tx, good)
    other = replace(verdict.endorsement, seal_kind=SealKind.INFORMATION_VERIFICATION, drafted_by="staff-17")
    expired = _proof(replace(other, proof_number="NB-2026-TEST-000008", negative=True), EXPIRED, "0" * 64)
    await add_proof(tx, replace(expired, kind=ProofKind.VERIFIED, valid_until=JUDGED_AT - timedelta(days=1)))
    withdrawn = _proof(replace(other, proof_number="NB-2026-TEST-000009"), WITHDRAWN, "0" * 64)
    await add_proof(tx, replace(withdrawn, kind=ProofKind.VERIFIED, valid_until=None, state=ProofState.WITHDRAWN))


def _proof(endorsement: Endorsement, code: str, digest: str) -> Proof:
    return replace(
        records.proof(endorsement.proof_number),
        check_code=code,
        kind=ProofKind.SHARED,
        negative=endorsement.negative,
        extracted_at=endorsement.extracted_at,
        valid_until=JUDGED_AT + timedelta(days=90),
        document_sha256=digest,
        endorsement_json=endorsement.to_json().decode(),
    )


async def sent_in_chunks(app: ASGIApp, scope: Scope, chunk: bytes, count: int) -> tuple[int, int]:
    """Send a body in chunks without a length; return the answer's status and how many chunks were asked for."""
    given, statuses = 0, list[int]()

    async def receive() -> Message:
        nonlocal given
        given += 1
        return {"type": "http.request", "body": chunk, "more_body": given < count}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0], given


def post_scope(path: str, headers: dict[str, str]) -> Scope:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw, "http_version": "1.1"}
