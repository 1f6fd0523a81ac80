"""A small city with all its real parts: embedded store, catalogue, one data source, seals, judge, GraphQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from graph_models.ladybug_store import LadybugStore
from hub.actors import Actor, Post
from hub.archive_renewal import ArchiveRenewal
from hub.cases import CaseService
from hub.catalogue import CatalogueService, SnapshotHolder
from hub.catalogue_columns import TableKind
from hub.clock import SystemIds
from hub.connectors import NoSuchRecord, RecordFound, SourceDirectory, SourceFact, SourceOutcome, SourceQuery
from hub.contacts import ContactService
from hub.documents import FolderDocumentStore
from hub.event_feed import EventFeed
from hub.extraction import Extractor
from hub.identifiers import identity_check_digit
from hub.issuing import Letterhead
from hub.long_term_work import LongTermMeans, LongTermWork
from hub.proof_levels import ProofLevels
from hub.proof_reading import ProofReader
from hub.proofs import ProofService
from hub.requests import RequestService
from hub.seal_radar import RadarRule
from hub.seal_usage import SealUsage
from hub.statistics import Statistics
from hub.verifying import Verifier
from hub.watching import Watching
from hub.webhooks import WebhookService
from hub.working_days import WorkingCalendar
from schema.context import Services
from schema.limits import GraphQLLimits
from schema.view import GraphQLEndpoint
from seals.judge import JudgePool
from seals.kinds import SealKind
from seals.verification_policy import VerificationPolicy
from tests.hub.archive_office import Stamps, todays_policy
from tests.hub.catalogue_authority import JUSTICE, NOW, CountedIds, StillClock
from tests.hub.catalogue_tables import Catalogue, small_catalogue, workbook_of
from tests.hub.seal_authority import FIRST, HOLDER, SECOND, SUPERVISOR, SealAuthority, make_authority
from tests.hub.set_clock import SetClock
from tests.hub.webhook_posts import public_addresses, secrets

UNITS = ("JY", "GA", "GA-HS")
"""Units that may use both seals."""
PERSON = "33020319900101123" + identity_check_digit("33020319900101123")
NOBODY = "33020319900202233" + identity_check_digit("33020319900202233")
OPERATOR = Actor("op-1", "JY", frozenset({Post.OPERATOR}))
STRANGER = Actor("op-2", "GA", frozenset({Post.OPERATOR}))
DRAFTER = Actor("staff-1", "GA-HS", frozenset({Post.DRAFTER}))
REVIEWER = Actor("staff-2", "GA-HS", frozenset({Post.REVIEWER}))
SEALER = Actor("staff-3", "GA-HS", frozenset({Post.SEAL_KEEPER}))
MANAGER = Actor("staff-4", "GA-HS", frozenset({Post.UNIT_MANAGER}))
NAMES = "甲乙丙丁戊己庚辛"
ACTORS = {
    actor.subject: actor
    for actor in (OPERATOR, STRANGER, DRAFTER, REVIEWER, SEALER, MANAGER, JUSTICE, FIRST, SECOND, SUPERVISOR)
}


class Population:
    """A register that knows one person."""

    code = "population"

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        if query.subject["id_number"] == PERSON:
            return RecordFound((SourceFact("name", "王小明"),), NOW, "人口库")
        return NoSuchRecord("人口库", ("id_number",), NOW)

    async def close(self) -> None:
        """There is nothing to give back."""


def city_catalogue() -> Catalogue:
    """The small catalogue with a marriage certificate that asks a question, and eight more items.

    Two units issue it: one may ask the other one for the date.
    """
    tables = small_catalogue()
    tables[TableKind.PROOF_TYPES].append(
        {
            "code": "JH",
            "name": "婚姻登记证明",
            "family": "个人",
            "subject_keys": "id_number",
            "question": "婚姻登记地在哪里？",
            "question_en": "Where was the marriage registered?",
        }
    )
    tables[TableKind.FACTS] += [
        {"proof_type": "JH", "key": "name", "label": "姓名", "kind": "文本"},
        {"proof_type": "JH", "key": "since", "label": "登记日期", "kind": "日期", "required": "否"},
    ]
    for unit, region in (("GA-HS", "330203"), ("GA", "330282")):
        tables[TableKind.RELATIONSHIPS].append({"unit": unit, "proof_type": "JH", "region": region, "mode": "核实"})
    need = tables[TableKind.REQUIREMENTS][0]
    for number, name in enumerate(NAMES, start=2):
        more = {"item_code": f"NB{number:04}", "item_name": f"事项{name}", "proof_type": "婚姻登记证明"}
        tables[TableKind.REQUIREMENTS].append({**need, **more})
    return tables


class AsActor:
    """Stands before the endpoint as the server does: the header ``x-actor`` says who calls."""

    def __init__(self, app: ASGIApp, default: Actor | None = None) -> None:
        self._app = app
        self._default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = dict(scope["headers"]).get(b"x-actor", b"").decode()
        scope["state"] = {"actor": ACTORS.get(name, self._default), "request_id": "req-1"}
        await self._app(scope, receive, send)


@dataclass
class City:
    """The city, and how to ask it."""

    services: Services
    store: LadybugStore
    endpoint: GraphQLEndpoint
    client: httpx.AsyncClient
    authority: SealAuthority

    async def post(self, body: Any, actor: Actor | None = OPERATOR, **headers: str) -> httpx.Response:
        """Send a body as it is (bytes) or as JSON."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        named = {"x-actor": actor.subject} if actor else {}
        return await self.client.post(
            "/graphql", headers={"content-type": "application/json", **named, **headers}, **content
        )

    async def ask(self, query: str, actor: Actor = OPERATOR, **variables: Any) -> dict[str, Any]:
        """Return the data of an answer without errors."""
        answer = (await self.post({"query": query, "variables": variables}, actor)).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def publish(self, title: str) -> None:
        """Import the catalogue again and publish it."""
        await self.services.catalogue.import_file(JUSTICE, workbook_of(city_catalogue()), "a.xlsx", title)
        await self.services.catalogue.publish(JUSTICE)


@asynccontextmanager
async def open_city(folder: Path, limits: GraphQLLimits | None = None) -> AsyncIterator[City]:
    """Open a city whose catalogue is published."""
    store = await LadybugStore.open(folder / "graph", buffer_bytes=256 << 20)
    await store.migrate()
    authority = make_authority(folder, SetClock())
    await authority.register_in(store, UNITS)
    judges = JudgePool(VerificationPolicy(trust_roots=authority.roots))
    services = _services(store, folder, authority, judges)
    endpoint = GraphQLEndpoint(services, limits, graphiql=True)
    transport = httpx.ASGITransport(AsActor(endpoint))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", timeout=60) as client:
        city = City(services, store, endpoint, client, authority)
        await city.publish("第一版")
        yield city
    await judges.close()
    await authority.signer.close()
    await store.close()


def _services(store: LadybugStore, folder: Path, authority: SealAuthority, judges: JudgePool) -> Services:
    clock, ids, calendar, snapshots = StillClock(), CountedIds(), WorkingCalendar(), SnapshotHolder(store)
    documents = FolderDocumentStore(folder / "documents")
    letterhead = Letterhead("https://proofs.example", dict.fromkeys(SealKind, HOLDER))
    proofs = ProofService(
        store=store,
        snapshots=snapshots,
        calendar=calendar,
        documents=documents,
        signer=authority.signer,
        usage=SealUsage(store, clock, RadarRule()),
        clock=clock,
        ids=ids,
        letterhead=letterhead,
    )
    seals, levels = authority.services(store), ProofLevels()
    work = LongTermWork(lambda: LongTermMeans(stamper=Stamps(authority), policy=todays_policy(authority)), clock)
    extractor = Extractor(store, snapshots, SourceDirectory([Population()]), proofs, calendar, clock, ids)
    cases = CaseService(store, snapshots, extractor, calendar, clock, ids)
    requests = RequestService(store, snapshots, proofs, clock)
    return Services(
        cases=cases,
        requests=requests,
        snapshots=snapshots,
        catalogue=CatalogueService(store, clock, snapshots),
        proofs=ProofReader(store, documents, clock),
        verifier=Verifier(store, judges, clock),
        seals=seals.register,
        grants=seals.grants,
        seal_book=seals.book,
        archive=ArchiveRenewal(store, documents, work, levels, clock),
        webhooks=WebhookService(store, public_addresses(), secrets(), clock, SystemIds()),
        watching=Watching(EventFeed(store), cases, requests, clock),
        contacts=ContactService(store, snapshots, clock, SystemIds()),
        statistics=Statistics(store, clock),
    )


def case_input(number: str, identifier: str = PERSON, **more: Any) -> Mapping[str, Any]:
    """What an operator says when it opens a case."""
    return {
        "businessNumber": number,
        "itemCode": "NB0001",
        "region": "330203",
        "applicant": {"kind": "NATURAL_PERSON", "name": "王小明", "identifier": identifier},
        "identity": {
            "method": "FACE_RECOGNITION",
            "provider": "window-7",
            "assertionId": "A-9",
            "at": "2026-03-02T08:59:00+08:00",
        },
        **more,
    }
