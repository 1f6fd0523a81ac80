"""Parts shared by the tests of sealing: an authority with one seal of each kind, and the content of two proofs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from pki.development import DevelopmentAuthority, create_development_authority
from pki.keystore import KeyStore
from pki.trust import TrustRoot
from seals.appearance import SealFace
from seals.grants import using_unit
from seals.kinds import SEAL_NAMES, SealKind
from seals.page_content import PageContent
from seals.signer import GrantTrust, SealingOrder, SealRecord, SignerParts
from tests.seals.granting import Granting, grants_key
from tests.seals.proof_contents import HOLDER, MADE_AT, SHARED_CONTENT, VERIFIED_CONTENT, seal_plan
from tests.seals.signer_host import PASSPHRASE
from tests.simulators.key_places import KeyPlace, KeyStoreKind


@dataclass(frozen=True)
class SealOffice:
    """Who makes and keeps the seals."""

    folder: Path
    place: KeyPlace
    keys: KeyStore
    authority: DevelopmentAuthority
    root: TrustRoot
    records: tuple[SealRecord, ...]
    now: datetime
    granting: Granting

    @property
    def roots(self) -> tuple[bytes, ...]:
        return self.root.der

    def parts(self, folder: Path, **changes: object) -> SignerParts:
        """Return what a signer needs that keeps its files in a folder."""
        given: dict[str, object] = {
            "open_keys": lambda: self.keys,
            "records": self.records,
            "trust": lambda: GrantTrust(self.roots, self.authority.revocation_lists),
            "folder": folder,
            "clock": lambda: self.now,
        }
        return SignerParts(**(given | changes))  # type: ignore[arg-type]

    def order(self, key: str, content: PageContent, **changes: object) -> SealingOrder:
        """Return an order with a grant that covers it, or one that differs as the changes say."""
        endorsement = content.endorsement
        grant = self.granting.to(using_unit(endorsement), _label(endorsement.seal_kind), **changes)
        return SealingOrder(key, content, grant)

    def record(self, kind: SealKind) -> SealRecord:
        return next(record for record in self.records if record.kind is kind)


SealOffices = Callable[[KeyStoreKind], SealOffice]


def _label(kind: SealKind) -> str:
    return kind.lower().replace("_", "-")


@pytest.fixture(scope="session")
def seal_offices(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SealOffices:
    """Makes the office with its keys in either store, once."""

    @cache
    def made(kind: KeyStoreKind) -> SealOffice:
        folder = tmp_path_factory.mktemp("seal-office")
        if kind is KeyStoreKind.PKCS12:
            return _made(folder, KeyPlace(folder / "keys", PASSPHRASE))
        tokens = request.getfixturevalue("soft_tokens")
        tokens.emptied("seals")
        return _made(folder, tokens.place("seals"))

    return made


@pytest.fixture(scope="module")
def seal_office(seal_offices: SealOffices, key_store: KeyStoreKind) -> SealOffice:
    return seal_offices(key_store)


def _made(folder: Path, place: KeyPlace) -> SealOffice:
    keys = place.open()
    authority = create_development_authority(folder, keys, seal_plan(), MADE_AT, itertools.count(2**100).__next__)
    records = tuple(
        SealRecord(_label(kind), kind, _label(kind), SealFace(HOLDER, SEAL_NAMES[kind].zh)) for kind in SealKind
    )
    root = TrustRoot.load(authority.root_pem)
    granting = Granting(grants_key(keys, authority.issuing, MADE_AT), MADE_AT)
    return SealOffice(folder, place, keys, authority, root, records, MADE_AT + timedelta(hours=1), granting)


@pytest.fixture(scope="session")
def shared_content() -> PageContent:
    return SHARED_CONTENT


@pytest.fixture(scope="session")
def verified_content() -> PageContent:
    return VERIFIED_CONTENT
