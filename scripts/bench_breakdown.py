"""Subject: where the time of one extraction goes, on each store, by timers put in where the parts are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import structlog
import uvloop
from starlette.applications import Starlette
from starlette.types import Message

from graph_models.seal_records import list_seals
from graph_models.seals import SealState
from hub.actors import Post
from hub.clock import SystemClock
from hub.connectors import SourceDirectory
from hub.entry.app import make_app
from hub.entry.key_stores import open_keys
from hub.entry.settings import Settings
from hub.entry.wiring import Hub, open_hub
from hub.seal_keys import signer_record
from scripts.bench_city import ITEM, Engine
from scripts.bench_harness import MILLISECONDS, Figure, median, percentile
from scripts.bench_questions import open_case
from scripts.bench_run import Run
from scripts.bench_timers import READS, WRITES, Stopwatch, TimedDocuments, TimedSigner, TimedSource, TimedStore

WHOLE = "the whole call"
PARTS = (
    READS[0],
    WRITES[0],
    "ask the data source",
    WRITES[1],
    "make the page",
    "seal the page",
    "keep the document",
    WRITES[2],
    READS[1],
)
REST = "HTTP, parsing, validating, routing, resolving and the rest"


def breakdown(run: Run) -> Iterator[Figure]:
    """Open cases inside this process, one at a time, with every part timed; the rest is what is left over."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    for engine in run.engines:
        settings = run.settings(engine, store="inside")
        token = run.city.token(settings, run.handler_of(settings, ITEM), Post.OPERATOR)
        watch = uvloop.run(_measured(run, settings, token))
        yield from _figures(engine, watch)


def _figures(engine: Engine, watch: Stopwatch) -> Iterator[Figure]:
    whole = watch.seconds[WHOLE]
    rest = [total - sum(watch.seconds[part][turn] for part in PARTS) for turn, total in enumerate(whole)]
    found = [(WHOLE, whole), *((part, watch.seconds[part]) for part in PARTS), (REST, rest)]
    title = f"breakdown, {engine.name}: "
    for name, seconds in found:
        share = None if name == WHOLE else median(seconds) / median(whole)
        against = None if name == WHOLE else title + WHOLE
        yield Figure(
            title + name, MILLISECONDS, median(seconds) * 1000, percentile(seconds, 0.99) * 1000, share, against
        )


async def _measured(run: Run, settings: Settings, token: str) -> Stopwatch:
    watch = Stopwatch()
    async with _timed_hub(settings, watch) as hub:
        call = _Call(make_app(hub, settings), token)
        for turn in range(run.plan.warm_up + run.plan.rounds * run.plan.calls):
            if turn == run.plan.warm_up:
                watch.forget()
            now = SystemClock().now()
            body = open_case(ITEM, f"inside-{now.timestamp():.0f}-{next(run.marks)}", now).encode()
            watch.begin()
            with watch.timing(WHOLE):
                answer = await call(body)
            if b'"state":"MET"' not in answer:
                raise AssertionError(answer.decode()[:1000])
    return watch


@asynccontextmanager
async def _timed_hub(settings: Settings, watch: Stopwatch) -> AsyncIterator[Hub]:
    """Open a hub and put timed parts in the places of its own."""
    async with open_hub(settings) as hub:
        extractor, store = hub.cases.extractor, TimedStore(hub.store, watch)
        seals = [seal for seal in await hub.store.read(list_seals) if seal.state is SealState.ACTIVE]
        records = [signer_record(seal, seal.key.label) for seal in seals if seal.key is not None]
        signer = TimedSigner(open_keys(settings.seals), records, SystemClock(), watch)
        documents = TimedDocuments(extractor.proofs.documents, watch)
        proofs = replace(extractor.proofs, store=store, signer=signer, documents=documents)
        timed = replace(extractor, store=store, proofs=proofs, sources=_timed_sources(extractor.sources, watch))
        yield replace(hub, cases=replace(hub.cases, store=store, extractor=timed))
        await signer.close()


def _timed_sources(sources: SourceDirectory, watch: Stopwatch) -> SourceDirectory:
    found = [sources.find(code) for code in sources.codes]
    return SourceDirectory([TimedSource(source, watch) for source in found if source is not None])


@dataclass(frozen=True, slots=True)
class _Call:
    """Calls the application as a server would, with no network in between."""

    app: Starlette
    token: str

    async def __call__(self, body: bytes) -> bytes:
        """Post a GraphQL request and return the answer's body."""
        parts: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            parts.append(message.get("body", b""))

        await self.app(self._scope(len(body)), receive, send)
        return b"".join(parts)

    def _scope(self, length: int) -> dict[str, object]:
        headers = {
            "host": "127.0.0.1",
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "content-length": str(length),
        }
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
        }
