"""An archive on an office's store: a time-stamp authority that can be down, and what raises and renews with it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from graph_models.archive_records import proofs_after
from graph_models.casework import Proof, ProofLevel
from graph_models.store import GraphStore
from hub.archive_renewal import ArchiveRenewal
from hub.documents import DocumentStore
from hub.entry.stamping import trusted_today
from hub.level_raiser import LevelRaiser
from hub.long_term_work import LongTermMeans, LongTermWork
from hub.proof_levels import LevelRule, ProofLevels
from pki.authority import CertificateAuthority, CertificateOrder, Subject
from pki.development import ISSUING_LABEL, TSA_LABEL
from pki.errors import TimeStampUnavailableError
from pki.keystore import KeyAlgorithm
from pki.profiles import TIME_STAMPING
from pki.timestamps import TimeStampAuthority
from seals.verification_policy import VerificationPolicy
from tests.hub.office import Office, Parts, Seals, make_seals, open_office
from tests.hub.seal_authority import SealAuthority

SHORT = timedelta(days=1000)
_serials = itertools.count(2**90)


@dataclass
class Stamps:
    """The authority's time stamps, by the key of a label; carries out ``TimeStamper``."""

    authority: SealAuthority
    label: str = TSA_LABEL
    down: bool = False
    asked: int = 0

    async def stamp(self, digest: bytes) -> bytes:
        self.asked += 1
        if self.down:
            raise TimeStampUnavailableError("it is down, as the test wants it")
        key = self.authority.desk.keys.open(self.label)
        return TimeStampAuthority(key).stamp(digest, self.authority.clock.now(), next(_serials))


def todays_policy(authority: SealAuthority) -> VerificationPolicy:
    """Trust the authority, with the lists that it published last."""
    return trusted_today(authority.desk.public)


def short_lived(authority: SealAuthority) -> str:
    """Have a time-stamp key certified for ``SHORT`` from now on; return its label."""
    keys, now, serial = authority.desk.keys, authority.clock.now(), next(_serials)
    label = f"tsa-{serial:x}"
    issuing = keys.open(ISSUING_LABEL)
    order = CertificateOrder(
        profile=TIME_STAMPING,
        subject=Subject(organisation="Proofhub Test", common_name="Short Time Stamping"),
        serial=serial,
        not_before=now - timedelta(minutes=1),
        not_after=now + SHORT,
    )
    made = CertificateAuthority(issuing.certificate, issuing).issue(
        order, keys.create(label, KeyAlgorithm.P_256).public_key
    )
    keys.store_certificate(label, made, (issuing.certificate,))
    return label


@dataclass
class Archive:
    """An office whose proofs are raised, by one process or several."""

    office: Office
    seals: Seals
    stamps: Stamps
    levels: ProofLevels = field(default_factory=lambda: ProofLevels(LevelRule(level=ProofLevel.B_LTA)))

    @property
    def store(self) -> GraphStore:
        return self.office.store

    def work(self) -> LongTermWork:
        authority = self.seals.authority
        means = lambda: LongTermMeans(stamper=self.stamps, policy=todays_policy(authority))  # noqa: E731
        return LongTermWork(means, self.office.clock)

    def raiser(self, documents: DocumentStore | None = None) -> LevelRaiser:
        """Return a raiser of its own, as another process has."""
        kept = documents or self.office.documents
        return LevelRaiser(self.store, kept, self.work(), self.levels, self.office.clock)

    def renewal(self) -> ArchiveRenewal:
        return ArchiveRenewal(self.store, self.office.documents, self.work(), self.levels, self.office.clock)

    async def issued(self) -> Proof:
        """Have one proof of shared data issued and committed."""
        number = (await self.office.open("SHARED")).case.number
        return (await self.office.file(number)).proofs[0]

    async def proofs(self) -> tuple[Proof, ...]:
        return await self.store.read(lambda tx: proofs_after(tx, "", 1000))

    def publish_lists(self) -> None:
        """Publish the revocation lists anew, as the authority does each week."""
        self.seals.authority.desk.set_up("Proofhub Test")


async def open_archive(store: GraphStore, seals: Seals, office: Office) -> Archive:
    """Return an archive on the office's store and documents."""
    archive = Archive(office, seals, Stamps(seals.authority))
    parts = Parts(documents=office.documents, levels=archive.levels)
    archive.office = await open_office(store, seals, seals.folder, parts)
    archive.publish_lists()
    return archive


@asynccontextmanager
async def own_seals(folder: Path) -> AsyncIterator[Seals]:
    """Give seals that no other test uses, and close them."""
    made = make_seals(folder)
    yield made
    await made.judges.close()
    await made.signer.close()
