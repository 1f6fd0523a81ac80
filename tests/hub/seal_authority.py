"""The seal authority of the tests: its people, its keys, a signer in this process, and the hub's services for it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from graph_models.ladybug_store import LadybugStore
from graph_models.rows import from_document, to_document
from graph_models.seal_records import add_grant, add_seal, grants_of_seal, list_seals
from graph_models.seals import GrantRecord, Seal, SealKind
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor, Post
from hub.clock import SystemIds
from hub.documents import FolderDocumentStore
from hub.entry.authority import AuthorityDesk
from hub.entry.development_seals import LocalSealCalls, bring_to_life
from hub.seal_book import SealBook
from hub.seal_grants import SealGrants
from hub.seal_pictures import SealPictures
from hub.seal_radar import RadarRule
from hub.seal_register import SealRegister
from hub.seal_steps import SealApplication, SealCall
from pki.authority import Subject
from pki.keystore import KeyAlgorithm, KeyStore
from pki.pkcs12 import Pkcs12KeyStore
from pki.trust import TrustRoot
from seals.errors import SignerUnavailableError
from seals.grants import Grant
from seals.kinds import SealKind as Kind
from seals.signer_desk import GrantTrust, SignerParts, SigningDesk
from seals.signer_key_desk import KeyDesk
from seals.signer_orders import SealedDocument, SealingOrder, SealingService
from seals.signer_records import SealRecord, written_record
from tests.hub.set_clock import SetClock
from tests.simulators.key_places import KeyPlace

HOLDER = "宁波市公安局"
HOLDER_IDENTIFIER = "NTRCN-11330200TEST00000X"
FIRST = Actor("police-1", "GA", frozenset({Post.SEAL_AUTHORITY}))
SECOND = Actor("police-2", "GA", frozenset({Post.SEAL_AUTHORITY}))
SUPERVISOR = Actor("reform-1", "GGB", frozenset({Post.SUPERVISOR}))
_numbers = itertools.count(1)


@dataclass
class DeskSigner(SealingService):
    """The signer's desks in this process, that can be out of reach; carries out ``SealKeys`` and ``SealingService``."""

    parts: SignerParts
    down: bool = False

    def __post_init__(self) -> None:
        self.desk = SigningDesk(self.parts)
        self.keys = KeyDesk(self.parts, self.desk)

    async def seal(self, order: SealingOrder) -> SealedDocument:
        return await asyncio.to_thread(self._up().desk.seal, order)

    async def create_key(self, label: str, algorithm: KeyAlgorithm, subject: Subject) -> str:
        head: dict[str, Any] = {"label": label, "algorithm": algorithm.value, "country": subject.country}
        head |= {"organisation": subject.organisation, "common_name": subject.common_name}
        return self._up().keys.create(head | {"organisation_identifier": subject.organisation_identifier})

    async def install_certificate(self, record: SealRecord, certificates_pem: str) -> None:
        self._up().keys.install({"seal": written_record(record), "certificates": certificates_pem})

    async def suspend(self, seal_id: str) -> None:
        self._up().desk.standing.suspend(seal_id)

    async def resume(self, seal_id: str) -> None:
        self._up().desk.standing.resume(seal_id)

    async def revoke_grant(self, grant_id: str) -> None:
        self._up().desk.standing.revoke(grant_id)

    async def destroy_key(self, label: str) -> None:
        self._up().keys.destroy(label)

    async def close(self) -> None:
        self.desk.close()

    def _up(self) -> DeskSigner:
        if self.down:
            raise SignerUnavailableError("the signer is down, as the test wants it")
        return self


@dataclass(frozen=True)
class SealAuthority:
    """Everything of the seal authority that does not depend on a hub's store."""

    folder: Path
    desk: AuthorityDesk
    roots: tuple[bytes, ...]
    clock: SetClock
    signer: DeskSigner

    def services(self, store: GraphStore) -> SealServices:
        """Return the hub's services for the seals on a store."""
        pictures = SealPictures(FolderDocumentStore(self.folder / "documents"))
        register = SealRegister(store, self.signer, self.clock, SystemIds(), self.roots, pictures)
        book = SealBook(store, self.clock, self.roots, RadarRule())
        return SealServices(self, register, SealGrants(store, self.signer, self.clock, self.roots), book)

    async def brought_to_life(self, scratch: Path, units: Sequence[str]) -> KeptRegister:
        """Bring both seals to life in a store of their own, grant them to the units, and return the register."""
        store = await LadybugStore.open(scratch, buffer_bytes=192 << 20)
        await store.migrate()
        await self.register_in(store, units)
        seals = await store.read(list_seals)
        grants = [grant for seal in seals for grant in await store.read(lambda tx, s=seal: grants_of_seal(tx, s.id))]
        await store.close()
        return KeptRegister(seals, tuple(grants))

    async def register_in(self, store: GraphStore, units: Sequence[str]) -> None:
        """Take both seals through their life in a store, as the development authority does, and grant them."""
        services = self.services(store)
        await bring_to_life(LocalSealCalls(services.register, services.grants), self.desk, HOLDER, units)

    def grant(self, seal_id: str, unit: str, **changes: object) -> Grant:
        """Return a grant for all proof types, for three hundred days around now, proposed by the first person."""
        now = self.clock.now()
        given: dict[str, object] = {
            "id": f"G-{next(_numbers)}",
            "seal_id": seal_id,
            "unit_code": unit,
            "proof_types": (),
            "not_before": now - timedelta(days=1),
            "not_after": now + timedelta(days=300),
            "daily_limit": None,
            "proposed_by": FIRST.subject,
        }
        return Grant(**(given | changes))  # type: ignore[arg-type]

    def signed(self, seal_id: str, unit: str, **changes: object) -> str:
        return self.desk.sign_grant(self.grant(seal_id, unit, **changes))


@dataclass(frozen=True)
class KeptRegister:
    """A register that came to life once and is copied into the stores of many tests."""

    seals: tuple[Seal, ...]
    grants: tuple[GrantRecord, ...]

    async def write(self, tx: Transaction) -> None:
        """Write all of it into an empty register."""
        for seal in self.seals:
            await add_seal(tx, seal)
        for grant in self.grants:
            await add_grant(tx, grant)

    def to_json(self) -> str:
        return to_document(self)

    @classmethod
    def from_json(cls, text: str) -> KeptRegister:
        return from_document(cls, text)


@dataclass(frozen=True)
class SealServices:
    """The hub's services for seals, and ways through a seal's life."""

    authority: SealAuthority
    register: SealRegister
    grants: SealGrants
    book: SealBook

    async def applied(self, kind: SealKind = SealKind.INFORMATION_SHARING) -> Seal:
        return await self.register.apply(FIRST, application(kind), key())

    async def approved(self, kind: SealKind = SealKind.INFORMATION_SHARING) -> Seal:
        return await self.register.approve(SECOND, call(await self.applied(kind)))

    async def made(self, kind: SealKind = SealKind.INFORMATION_SHARING) -> Seal:
        applied = await self.approved(kind)
        return await self.register.make(FIRST, call(applied))

    async def certified(self, kind: SealKind = SealKind.INFORMATION_SHARING) -> Seal:
        made = await self.made(kind)
        return await self.register.install(SECOND, call(made), self.certificate(made))

    async def active(self, kind: SealKind = SealKind.INFORMATION_SHARING) -> Seal:
        return await self.register.activate(FIRST, call(await self.certified(kind)))

    async def granted(self, seal: Seal, unit: str, **changes: object) -> GrantRecord:
        return await self.grants.register(SECOND, self.authority.signed(seal.id, unit, **changes), key())

    def certificate(self, seal: Seal, **more: Any) -> str:
        """Certify the key that waits."""
        waiting = seal.next_key or seal.key
        assert waiting is not None
        return self.authority.desk.certify(waiting.request, Kind(seal.kind.value), **more)


def signer_place(folder: Path) -> KeyPlace:
    """Return where the signer's keys are that are not on a token."""
    return KeyPlace(folder / "signer-keys", "another horse")


def make_authority(folder: Path, clock: SetClock, place: KeyPlace | None = None) -> SealAuthority:
    """Make the authority's keys and an empty signer in a folder; the signer's keys may be at another place."""
    keys: KeyStore = Pkcs12KeyStore(folder / "authority", "correct horse")
    serial = itertools.count(2**100).__next__
    earlier: Callable[[], datetime] = lambda: clock.now() - timedelta(days=1)  # noqa: E731
    AuthorityDesk(keys, folder / "authority", folder / "pki", earlier, serial).set_up("Proofhub Test")
    desk = AuthorityDesk(keys, folder / "authority", folder / "pki", clock.now, serial)
    roots = TrustRoot.load(folder / "pki" / "root.pem").der
    seal_keys = (place or signer_place(folder)).open()
    parts = SignerParts(
        open_keys=lambda: seal_keys,
        records=(),
        trust=lambda: GrantTrust(roots),
        folder=folder / "signer",
        clock=clock.now,
    )
    return SealAuthority(folder, desk, roots, clock, DeskSigner(parts))


def application(kind: SealKind = SealKind.INFORMATION_SHARING, **changes: object) -> SealApplication:
    """Return an application with a number of its own."""
    given: dict[str, object] = {
        "kind": kind,
        "holder": HOLDER,
        "holder_identifier": HOLDER_IDENTIFIER,
        "number": f"3302{next(_numbers):09}",
    }
    return SealApplication(**(given | changes))  # type: ignore[arg-type]


def call(seal: Seal, **changes: Any) -> SealCall:
    """Return a call with a key of its own."""
    return SealCall(**({"seal_id": seal.id, "key": key()} | changes))


def key() -> str:
    return f"K-{next(_numbers)}"
