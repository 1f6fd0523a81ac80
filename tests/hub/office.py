"""A hub's rooms wired on any store, with registers that can be stopped, a clock that can be set, and people to act.

Everything is real but the registers, which carry out the hub's own interface in memory. ``open_office`` may be called
several times on one store: that is a restart, or another process.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from graph_models.case_records import load_needs
from graph_models.casework import (
    Applicant,
    AuditEntry,
    DraftAnswer,
    IdentityEvidence,
    Need,
    OutboxEvent,
    RequestState,
    VerificationRequest,
)
from graph_models.catalogue import ApplicantKind, CatalogueVersion, Measure
from graph_models.catalogue_records import mark_published, save_draft
from graph_models.journal_records import load_audit, unpublished_events
from graph_models.seal_records import list_seals
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor, Post
from hub.case_files import CaseFile
from hub.case_input import OpenCase
from hub.cases import CaseService
from hub.catalogue import SnapshotHolder
from hub.clock import SystemIds
from hub.connectors import (
    DataSource,
    DownReason,
    NoSuchRecord,
    RecordFound,
    SourceDirectory,
    SourceDown,
    SourceFact,
    SourceOutcome,
    SourceQuery,
)
from hub.documents import DocumentStore, FolderDocumentStore
from hub.extraction import Extractor
from hub.identifiers import identity_check_digit
from hub.issuing import Letterhead
from hub.proof_levels import ProofLevels
from hub.proof_reading import ProofReader
from hub.proofs import ProofService
from hub.requests import RequestService, StepCall
from hub.seal_radar import RadarRule
from hub.seal_usage import SealUsage
from hub.verifying import Verifier
from hub.working_days import WorkingCalendar
from seals.judge import JudgePool
from seals.kinds import SealKind
from seals.signer_orders import SealingService
from seals.verification_policy import VerificationPolicy
from tests.hub.city_content import CONTENT
from tests.hub.seal_authority import HOLDER, DeskSigner, KeptRegister, SealAuthority, make_authority
from tests.hub.set_clock import NOW, SetClock
from tests.simulators.key_places import KeyPlace

NAME = "王小明"
PERSON = "33020319900101123" + identity_check_digit("33020319900101123")
NOBODY = "33020319900202233" + identity_check_digit("33020319900202233")
"""Of whom no register knows."""
OPERATOR = Actor("op-1", "MZ-HS", frozenset({Post.OPERATOR}))
_numbers = itertools.count(1)


def staff(unit: str, number: int, *posts: Post) -> Actor:
    """Return a person of a unit."""
    return Actor(f"{unit}-{number}", unit, frozenset(posts))


def drafter(unit: str) -> Actor:
    return staff(unit, 1, Post.DRAFTER)


def reviewer(unit: str) -> Actor:
    return staff(unit, 2, Post.REVIEWER)


def keeper(unit: str) -> Actor:
    return staff(unit, 3, Post.SEAL_KEEPER)


@dataclass
class Register:
    """A register in memory that can be down, or hang until it is resumed."""

    code: str
    facts: tuple[tuple[str, str], ...]
    down: DownReason | None = None
    hanging: bool = False
    resumed: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[SourceQuery] = field(default_factory=list)

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        self.asked.append(query)
        if self.hanging:
            await self.resumed.wait()
        if self.down is not None:
            return SourceDown(self.down, "as the test wants it")
        if NOBODY in query.subject.values():
            return NoSuchRecord("登记簿", tuple(query.subject), NOW)
        return RecordFound(tuple(SourceFact(*fact) for fact in self.facts), NOW, "登记簿")

    async def close(self) -> None:
        """There is nothing to give back."""


def registers() -> dict[str, Register]:
    """Return the city's registers, all of them up."""
    return {
        "population": Register("population", (("name", NAME),)),
        "insurance": Register("insurance", (("name", NAME), ("since", "2019-07-01"))),
        "estate": Register("estate", (("name", NAME),)),
    }


@dataclass(frozen=True)
class Seals:
    """The seal authority with its signer, made once for all tests, and the clock that everybody looks at."""

    folder: Path
    authority: SealAuthority
    policy: VerificationPolicy
    clock: SetClock
    judges: JudgePool

    @property
    def signer(self) -> DeskSigner:
        return self.authority.signer

    async def register_in(self, store: GraphStore) -> None:
        """Have both seals and a grant for each unit of the city in a store, unless it has seals."""
        if await store.read(list_seals):
            return
        file = self.folder / "register.json"
        if not file.exists():
            made = await self.authority.brought_to_life(self.folder / "scratch", [unit.code for unit in CONTENT.units])
            file.write_text(made.to_json())
        kept = KeptRegister.from_json(file.read_text())
        await store.write(kept.write)


def make_seals(folder: Path, place: KeyPlace | None = None) -> Seals:
    """Make the authority's keys and the signer in the folder, or open them again, maybe in another process.

    The signer's own keys are at the place, if one is named.

    Give back ``signer`` and ``judges`` by closing them.
    """
    clock = SetClock()
    authority = make_authority(folder, clock, place)
    policy = VerificationPolicy(trust_roots=authority.roots)
    return Seals(folder, authority, policy, clock, JudgePool(policy))


open_seals = make_seals


@dataclass(frozen=True, kw_only=True)
class Office:
    """The rooms of one hub process."""

    store: GraphStore
    clock: SetClock
    cases: CaseService
    requests: RequestService
    proofs: ProofService
    extractor: Extractor
    reader: ProofReader
    documents: DocumentStore
    registers: dict[str, Register]

    async def open(self, item: str, **changes: object) -> CaseFile:
        """Open a case as the operator of the handling unit."""
        return await self.cases.open(OPERATOR, matter(item, **changes))

    async def file(self, number: str) -> CaseFile:
        return await self.cases.read(OPERATOR, number)

    async def needs(self, number: str) -> tuple[Need, ...]:
        return await self.store.read(lambda tx: load_needs(tx, number))

    async def audit(self, number: str) -> tuple[AuditEntry, ...]:
        return await self.store.read(lambda tx: load_audit(tx, number, 0, 1000))

    async def events(self) -> tuple[OutboxEvent, ...]:
        return await self.store.read(lambda tx: unpublished_events(tx, 10_000))

    async def drafted(self, request: VerificationRequest, answer: DraftAnswer | None = None) -> VerificationRequest:
        """Claim and draft."""
        actor = drafter(request.issuing_unit)
        await self.requests.claim(actor, call(request))
        return await self.requests.draft(actor, call(request), answer or found())

    async def reviewed(self, request: VerificationRequest, answer: DraftAnswer | None = None) -> VerificationRequest:
        """Claim, draft and approve."""
        await self.drafted(request, answer)
        by = reviewer(request.issuing_unit)
        return await self.requests.review(by, call(request), approve=True, remarks=None)

    async def answered(self, request: VerificationRequest, answer: DraftAnswer | None = None) -> VerificationRequest:
        """Take a request through all steps."""
        await self.reviewed(request, answer)
        return await self.requests.seal(keeper(request.issuing_unit), call(request))

    async def inbox(self, unit: str) -> tuple[VerificationRequest, ...]:
        return await self.requests.inbox(drafter(unit), frozenset(RequestState), None, 100)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a test may put in the place of the usual part."""

    documents: DocumentStore | None = None
    signer: SealingService | None = None
    sources: tuple[DataSource, ...] | None = None
    levels: ProofLevels | None = None


def wire(store: GraphStore, seals: Seals, folder: Path, parts: Parts | None = None) -> Office:
    """Wire the rooms on a store; nothing is read or written yet."""
    parts, clock, ids, calendar = parts or Parts(), seals.clock, SystemIds(), WorkingCalendar()
    documents = parts.documents or FolderDocumentStore(folder / "documents")
    known, snapshots = registers(), SnapshotHolder(store)
    proofs = ProofService(
        store=store,
        documents=documents,
        signer=parts.signer or seals.signer,
        usage=SealUsage(store, clock, RadarRule()),
        clock=clock,
        ids=ids,
        letterhead=Letterhead("https://proofs.example", dict.fromkeys(SealKind, HOLDER)),
        snapshots=snapshots,
        calendar=calendar,
        levels=parts.levels or ProofLevels(),
    )
    directory = SourceDirectory(known.values() if parts.sources is None else parts.sources)
    extractor = Extractor(store, snapshots, directory, proofs, calendar, clock, ids)
    return Office(
        store=store,
        clock=clock,
        cases=CaseService(store, snapshots, extractor, calendar, clock, ids),
        requests=RequestService(store, snapshots, proofs, clock),
        proofs=proofs,
        extractor=extractor,
        reader=ProofReader(store, documents, clock),
        documents=documents,
        registers=known,
    )


async def open_office(store: GraphStore, seals: Seals, folder: Path, parts: Parts | None = None) -> Office:
    """Wire the rooms, have the seals registered, and take over the published catalogue."""
    office = wire(store, seals, folder, parts)
    await seals.register_in(store)
    await office.cases.snapshots.refresh()
    return office


async def publish(store: GraphStore, number: int = 1) -> None:
    """Publish the city's catalogue."""
    version = CatalogueVersion(number=number, title="试行", digest="0" * 64, imported_at=NOW)

    async def work(tx: Transaction) -> None:
        await save_draft(tx, version, CONTENT)
        await mark_published(tx, number, NOW)

    await store.write(work)


def verifier_of(office: Office, seals: Seals) -> Verifier:
    """Return the public verifier on the office's store."""
    return Verifier(office.store, seals.judges, office.clock)


def matter(item: str, person: str = PERSON, **changes: object) -> OpenCase:
    """Return what an operator says, with a business number of its own."""
    given: dict[str, object] = {
        "business_number": f"B-{next(_numbers)}",
        "item_code": item,
        "region": "330203",
        "applicant": Applicant(kind=ApplicantKind.NATURAL_PERSON, name=NAME, identifier=person),
        "identity": IdentityEvidence(method=Measure.FACE_RECOGNITION, provider="dev-7", assertion_id="A-9", at=NOW),
    }
    return OpenCase(**(given | changes))  # type: ignore[arg-type]


def call(request: VerificationRequest, key: str | None = None, version: int | None = None) -> StepCall:
    """Return a call with a key of its own."""
    return StepCall(request_id=request.id, key=key or f"K-{next(_numbers)}", expected_version=version)


def found(**more: str) -> DraftAnswer:
    """Return an answer that there is a record."""
    return DraftAnswer(negative=False, facts=(("name", NAME), *more.items()), statement="")


NO_RECORD = DraftAnswer(negative=True, facts=(), statement="已查全市登记簿，按身份证号查询，无此记录。")


def states(case: CaseFile) -> dict[str, str]:
    """Return each requirement's last two digits with its need's state."""
    return {need.requirement_id[-2:]: need.state.value for need in case.needs}


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something has become true, checked often; the bound is no assertion about speed."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event of its own
            await asyncio.sleep(0.01)
