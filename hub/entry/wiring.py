"""The composition root: the only file that names an engine, a bus or a key store."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from graph_models.ladybug_store import LadybugStore
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import GraphStore
from hub.archive_renewal import ArchiveRenewal
from hub.cases import CaseService
from hub.catalogue import CatalogueService, SnapshotHolder
from hub.clock import Clock, Ids, SystemClock, SystemIds
from hub.connectors import SourceDirectory
from hub.deadline_watch import DeadlineWatch
from hub.documents import DocumentStore, FolderDocumentStore
from hub.entry.background import Background
from hub.entry.document_settings import DocumentKind, DocumentSettings
from hub.entry.embedded_signer import embedded_signer
from hub.entry.eventing import Eventing, open_eventing
from hub.entry.pki_services import PkiServices
from hub.entry.posting import Posting, open_posting
from hub.entry.settings import (
    SealSettings,
    Settings,
    StoreEngine,
    StoreSettings,
)
from hub.entry.stamping import long_term_work, proof_levels
from hub.entry.telling import Telling, open_telling
from hub.entry.tokens import TokenVerifier
from hub.errors import HubError
from hub.event_feed import EventFeed
from hub.event_replay import EventReplay
from hub.event_retention import EventRetention
from hub.extraction import Extractor
from hub.http_connector import HttpSource, HttpSourceConfig
from hub.issuing import Letterhead
from hub.level_raiser import LevelRaiser
from hub.outbox import EventBus
from hub.proof_reading import ProofReader
from hub.proofs import ProofService
from hub.requests import RequestService
from hub.s3_documents import S3DocumentStore, S3Place
from hub.seal_book import SealBook
from hub.seal_grants import SealGrants
from hub.seal_pictures import SealPictures
from hub.seal_radar import RadarRule
from hub.seal_register import SealRegister
from hub.seal_usage import SealUsage
from hub.statistics import Statistics
from hub.verifying import Verifier
from hub.watching import Watching
from hub.webhooks import WebhookService
from hub.working_days import WorkingCalendar
from pki.development import ROOT_FILE
from seals.judge import JudgePool
from seals.kinds import SEAL_POLICIES, SealKind
from seals.recalled_documents import RecallingService
from seals.signer_client import SignerClient
from seals.verification_policy import VerificationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Everything that serves calls, wired."""

    store: GraphStore
    snapshots: SnapshotHolder
    catalogue: CatalogueService
    cases: CaseService
    requests: RequestService
    proofs: ProofReader
    verifier: Verifier
    tokens: TokenVerifier
    bus: EventBus
    replay: EventReplay
    feed: EventFeed
    watching: Watching
    background: Background
    pki: PkiServices
    seals: SealRegister
    grants: SealGrants
    seal_book: SealBook
    archive: ArchiveRenewal
    webhooks: WebhookService
    telling: Telling
    statistics: Statistics


@asynccontextmanager
async def open_hub(settings: Settings, clock: Clock | None = None, ids: Ids | None = None) -> AsyncIterator[Hub]:
    """Open all parts, give the hub, and close them in the opposite order.

    Raises:
        StoreError: the store cannot be opened or is of a newer version.
        PkiError, SealsError: a key or its certificate cannot be used.
        OSError, ValueError: a file named in the settings cannot be read.
    """
    clock, ids = clock or SystemClock(), ids or SystemIds()
    async with AsyncExitStack() as stack:
        store = await _open_store(settings.store)
        stack.push_async_callback(store.close)
        await store.migrate()
        events = open_eventing(settings, store, clock, ids)
        stack.push_async_callback(events.bus.close)
        sources = _open_sources(settings.sources.file, clock)
        stack.push_async_callback(sources.close)
        signer = await stack.enter_async_context(_open_signer(settings.seals))
        judges = JudgePool(verification_policy(settings.seals.pki_folder), settings.judge.processes)
        stack.push_async_callback(judges.close)
        posting = await stack.enter_async_context(open_posting(settings, store, clock, ids))
        yield await _assemble(settings, clock, ids, _Parts(store, events, sources, signer, judges, posting))


@dataclass(frozen=True, slots=True)
class _Parts:
    store: GraphStore
    events: Eventing
    sources: SourceDirectory
    signer: SignerClient
    judges: JudgePool
    posting: Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms:
    """What the services and the loops stand on."""

    documents: DocumentStore
    snapshots: SnapshotHolder
    roots: tuple[bytes, ...]
    book: SealBook
    register: SealRegister
    proofs: ProofService
    extractor: Extractor
    cases: CaseService
    requests: RequestService
    raiser: LevelRaiser
    watch: DeadlineWatch
    statistics: Statistics


async def _rooms(settings: Settings, clock: Clock, ids: Ids, parts: _Parts) -> _Rooms:
    store = parts.store
    documents = documents_of(settings.documents)
    snapshots = SnapshotHolder(store)
    await snapshots.refresh()
    calendar, supervisors = _calendar(settings), settings.deadlines.supervisors
    letterhead, rule = _letterhead(settings), _radar_rule(settings.seals)
    usage, levels = SealUsage(store, clock, rule), proof_levels(settings.seals)
    sealing = RecallingService(parts.signer, documents.get)
    proofs = ProofService(store, documents, sealing, usage, clock, ids, letterhead, snapshots, calendar, levels)
    roots = verification_policy(settings.seals.pki_folder).trust_roots
    extractor = Extractor(store, snapshots, parts.sources, proofs, calendar, clock, ids)
    work = long_term_work(settings.seals, parts.signer.time_stamp, clock, ids)
    return _Rooms(
        documents=documents,
        snapshots=snapshots,
        roots=roots,
        book=SealBook(store, clock, roots, rule),
        register=SealRegister(store, parts.signer, clock, ids, roots, SealPictures(documents)),
        proofs=proofs,
        extractor=extractor,
        cases=CaseService(store, snapshots, extractor, calendar, clock, ids),
        requests=RequestService(store, snapshots, proofs, clock, supervisors),
        raiser=LevelRaiser(store, documents, work, levels, clock),
        watch=DeadlineWatch(store, snapshots, calendar, clock, supervisors),
        statistics=Statistics(store, clock),
    )


async def _assemble(settings: Settings, clock: Clock, ids: Ids, parts: _Parts) -> Hub:
    rooms, store, feed = await _rooms(settings, clock, ids, parts), parts.store, EventFeed(parts.store)
    snapshots, raiser = rooms.snapshots, rooms.raiser
    telling = open_telling(settings, feed, rooms.requests, clock, ids)
    return Hub(
        store=store,
        snapshots=snapshots,
        catalogue=CatalogueService(store, clock, snapshots),
        cases=rooms.cases,
        requests=rooms.requests,
        proofs=ProofReader(store, rooms.documents, clock),
        verifier=Verifier(store, parts.judges, clock),
        tokens=TokenVerifier.load(
            settings.identity.issuer, settings.identity.audience, settings.identity.jwks_file, clock.now
        ),
        bus=parts.events.bus,
        replay=parts.events.replay,
        feed=feed,
        watching=Watching(feed, rooms.cases, rooms.requests, clock, ids),
        background=_background(rooms, parts, telling, timedelta(days=settings.events.keep_days)),
        pki=_pki_services(settings, parts.signer),
        seals=rooms.register,
        grants=SealGrants(store, parts.signer, clock, rooms.roots),
        seal_book=rooms.book,
        archive=ArchiveRenewal(store, rooms.documents, raiser.work, raiser.levels, clock),
        webhooks=parts.posting.service,
        telling=telling,
        statistics=rooms.statistics,
    )


def _background(rooms: _Rooms, parts: _Parts, telling: Telling, keep: timedelta) -> Background:
    return Background(
        snapshots=rooms.snapshots,
        extractor=rooms.extractor,
        proofs=rooms.proofs,
        deadlines=rooms.watch,
        outbox=parts.events.outbox,
        seals=rooms.register,
        seal_book=rooms.book,
        raiser=rooms.raiser,
        webhooks=parts.posting.delivery,
        messenger=telling.messenger,
        statistics=rooms.statistics,
        retention=EventRetention(parts.store, rooms.statistics.clock, keep),
    )


def _pki_services(settings: Settings, signer: SignerClient) -> PkiServices:
    return PkiServices(folder=settings.seals.pki_folder, time_stamp=signer.time_stamp, ocsp=signer.ocsp)


def _letterhead(settings: Settings) -> Letterhead:
    return Letterhead(settings.server.public_url.rstrip("/"), dict.fromkeys(SealKind, settings.seals.holder))


def _radar_rule(settings: SealSettings) -> RadarRule:
    return RadarRule(least=timedelta(days=settings.least_days), warning=timedelta(days=settings.warning_days))


def verification_policy(folder: Path) -> VerificationPolicy:
    """Read whom to trust from a folder with ``root.pem`` and revocation lists ``*.crl``; see ``trust_in``."""
    return trust_in(folder / ROOT_FILE)


def trust_in(root: Path) -> VerificationPolicy:
    """Trust the certificates of a PEM file, and the revocation lists ``*.crl`` that lie beside it.

    Raises:
        OSError: a file cannot be read.
        ValueError: the file holds no certificate.
    """
    roots = x509.load_pem_x509_certificates(root.read_bytes())
    return VerificationPolicy(
        trust_roots=tuple(root.public_bytes(Encoding.DER) for root in roots),
        seal_policies=tuple(SEAL_POLICIES.items()),
        crls=tuple(path.read_bytes() for path in sorted(root.parent.glob("*.crl"))),
    )


async def _open_store(settings: StoreSettings) -> GraphStore:
    if settings.engine is StoreEngine.LADYBUG:
        return await LadybugStore.open(settings.folder)
    password = settings.password.get_secret_value() if settings.user else None
    return await Neo4jStore.open(settings.uri, user=settings.user, password=password, database=settings.database)


def documents_of(settings: DocumentSettings) -> DocumentStore:
    """Return the document store that the settings name.

    Raises:
        OSError, ValueError: the folder cannot be made, or a value or the file of authorities cannot be used.
    """
    if settings.kind is DocumentKind.FOLDER:
        return FolderDocumentStore(settings.folder)
    return S3DocumentStore(
        S3Place(
            bucket=settings.bucket,
            endpoint=settings.endpoint,
            region=settings.region,
            prefix=settings.prefix,
            access_key=settings.access_key.get_secret_value(),
            secret_key=settings.secret_key.get_secret_value(),
            ca_file=settings.ca_file,
            virtual_hosted=settings.virtual_hosted,
            create_only=settings.create_only,
            seconds=settings.seconds,
        )
    )


def _open_sources(file: Path | None, clock: Clock) -> SourceDirectory:
    if file is None:
        return SourceDirectory([])
    try:
        return SourceDirectory([HttpSource(_source(entry), clock.now) for entry in json.loads(file.read_text())])
    except (ValueError, TypeError, AttributeError, HubError) as problem:
        raise ValueError(f"{file} is no list of data sources that can be used: {problem}") from problem


def _source(entry: dict[str, str]) -> HttpSourceConfig:
    paths = ("ca_file", "client_certificate", "client_key")
    return HttpSourceConfig(**{key: Path(value) if key in paths else value for key, value in entry.items()})  # type: ignore[arg-type]  # its constructor checks the values


@asynccontextmanager
async def _open_signer(settings: SealSettings) -> AsyncIterator[SignerClient]:
    """Give the way to the signer that the settings name, or to one of the hub's own; its keys are never here."""
    if settings.signer_socket is None:
        async with embedded_signer(settings) as client:
            yield client
        return
    client = SignerClient(settings.signer_socket)
    yield client
    await client.close()


def _calendar(settings: Settings) -> WorkingCalendar:
    overrides = dict.fromkeys(settings.calendar.resting, False) | dict.fromkeys(settings.calendar.working, True)
    return WorkingCalendar(overrides, time.fromisoformat(settings.calendar.office_close))
