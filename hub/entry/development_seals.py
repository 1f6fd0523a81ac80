"""Seals for development: an authority on this machine takes them through the same life as a city's, step by step.

Its two people are made up; everything else is real. Keys are made by the signer, certificates and grants are signed
with the authority's own keys, and the register holds what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509

from graph_models.seal_states import SealStep
from graph_models.seals import GrantState, Seal, SealKind, SealState
from hub.actors import Actor, Post
from hub.clock import Clock, Ids, to_millisecond
from hub.entry.authority import AuthorityDesk
from hub.entry.key_stores import open_authority_keys, open_keys
from hub.entry.settings import Settings
from hub.seal_grants import SealGrants
from hub.seal_register import SealRegister
from hub.seal_steps import SealApplication, SealCall
from pki.development import OCSP_LABEL, TSA_LABEL
from pki.keystore import KeyAlgorithm, KeyStore, SealingKey, SigningKey
from seals.grants import Grant
from seals.kinds import SealKind as Kind

_NO_ORGANISATION = "NTRCN-000000000000000000"  # of the form that a seal asks for, and nobody's
_GRANT_PERIOD = timedelta(days=3 * 365)
REST = timedelta(days=30)
"""A grant with less than this left is signed anew."""
PEOPLE = tuple(Actor(f"development-{number}", "development", frozenset({Post.SEAL_AUTHORITY})) for number in (1, 2))
"""The two people of the development authority."""
_NEXT_STEP = {
    SealState.APPLIED: SealStep.APPROVE,
    SealState.APPROVED: SealStep.MAKE,
    SealState.MADE: SealStep.ACTIVATE,
}
_ENDED = frozenset({SealState.REVOKED, SealState.DESTROYED})


def prepare_development_authority(settings: Settings, now: datetime, ids: Ids) -> Path:
    """Make the development authority's keys where they are missing; return the path of the root.

    Its own are kept in the authority's folder, those of its online services with the signer's.

    Raises:
        PkiError: the keys cannot be opened or written.
    """
    settings.seals.pki_folder.mkdir(parents=True, exist_ok=True)
    return _desk(settings, lambda: now, ids).set_up(settings.seals.holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealView:
    """What the development authority looks at in a seal."""

    id: str
    kind: str
    holder: str
    state: SealState
    last_by: str
    """Who took the last step."""
    waiting: str | None
    """The certificate request of the key that waits for its certificate."""
    granted: frozenset[str]
    """Codes of units with a grant for all proof types that is not about to end."""


class SealCalls(Protocol):
    """How a register is spoken to: in this process, or through a running hub's API."""

    async def all(self, person: Actor) -> list[SealView]:
        """Return all seals."""

    async def apply(self, person: Actor, application: SealApplication) -> None:
        """Apply for a seal."""

    async def step(self, person: Actor, step: SealStep, seal_id: str, certificate: str | None) -> None:
        """Take a step with a seal; a certificate goes with INSTALL alone."""

    async def grant(self, person: Actor, signed: Sequence[str]) -> None:
        """Register signed grants."""


async def register_development_seals(
    settings: Settings, calls: SealCalls, units: Iterable[str], clock: Clock, ids: Ids
) -> None:
    """Bring both seals to life where they are not yet, and grant the units, by their codes, both for all proof types.

    What was begun before is taken up where it was left; what is there is kept.

    Raises:
        HubError, RemoteError: the register does not take a step.
        PkiError: the authority's keys cannot be opened: ``prepare_development_authority`` comes first.
    """
    desk = _desk(settings, clock.now, ids)
    await bring_to_life(calls, desk, settings.seals.holder, units)


async def bring_to_life(calls: SealCalls, desk: AuthorityDesk, holder: str, units: Iterable[str]) -> None:
    """Do what ``register_development_seals`` does with an authority's desk at hand."""
    known = tuple(units)
    for kind in SealKind:
        seal = await _begun(calls, kind, holder)
        while seal.state in _NEXT_STEP:
            seal = await _stepped(calls, desk, seal)
        wanting = [unit for unit in known if unit not in seal.granted]
        await calls.grant(PEOPLE[1], [desk.sign_grant(_grant(desk, seal, unit)) for unit in wanting])


async def _begun(calls: SealCalls, kind: SealKind, holder: str) -> SealView:
    seals = await calls.all(PEOPLE[0])
    for seal in seals:
        if seal.kind == kind and seal.holder == holder and seal.state not in _ENDED:
            return seal
    number = f"{len(seals) + 1:013}"
    application = SealApplication(kind=kind, holder=holder, holder_identifier=_NO_ORGANISATION, number=number)
    await calls.apply(PEOPLE[0], application)
    return await _begun(calls, kind, holder)


async def _stepped(calls: SealCalls, desk: AuthorityDesk, seal: SealView) -> SealView:
    """Take the step that comes next, by the person who did not take the one before."""
    by = next(person for person in PEOPLE if person.subject != seal.last_by)
    if seal.waiting is not None:
        certificate = desk.certify(seal.waiting, Kind(seal.kind))
        await calls.step(by, SealStep.INSTALL, seal.id, certificate)
    else:
        await calls.step(by, _NEXT_STEP[seal.state], seal.id, None)
    return next(each for each in await calls.all(by) if each.id == seal.id)


def _grant(desk: AuthorityDesk, seal: SealView, unit: str) -> Grant:
    now = to_millisecond(desk.now())
    return Grant(
        id=f"G{desk.serial():x}",
        seal_id=seal.id,
        unit_code=unit,
        proof_types=(),
        not_before=now,
        not_after=now + _GRANT_PERIOD,
        daily_limit=None,
        proposed_by=PEOPLE[0].subject,
    )


@dataclass(frozen=True, slots=True)
class LocalSealCalls:
    """Speaks to the register in this process."""

    register: SealRegister
    grants: SealGrants

    async def all(self, person: Actor) -> list[SealView]:
        """See SealCalls."""
        return [await self._view(person, seal) for seal in await self.register.all(person)]

    async def apply(self, person: Actor, application: SealApplication) -> None:
        """See SealCalls."""
        await self.register.apply(person, application, self._key())

    async def step(self, person: Actor, step: SealStep, seal_id: str, certificate: str | None) -> None:
        """See SealCalls."""
        call = SealCall(seal_id=seal_id, key=self._key())
        if certificate is not None:
            await self.register.install(person, call, certificate)
            return
        steps = {
            SealStep.APPROVE: self.register.approve,
            SealStep.MAKE: self.register.make,
            SealStep.ACTIVATE: self.register.activate,
        }
        await steps[step](person, call)

    async def grant(self, person: Actor, signed: Sequence[str]) -> None:
        """See SealCalls."""
        for text in signed:
            await self.grants.register(person, text, self._key())

    async def _view(self, person: Actor, seal: Seal) -> SealView:
        lasting = [
            grant.unit_code
            for grant in await self.grants.of_seal(person, seal.id)
            if grant.state is GrantState.REGISTERED
            and not grant.proof_types
            and grant.not_after - self.register.clock.now() > REST
        ]
        waiting = seal.next_key or seal.key
        return SealView(
            id=seal.id,
            kind=seal.kind.value,
            holder=seal.holder,
            state=seal.state,
            last_by=seal.steps[-1].by,
            waiting=waiting.request if waiting is not None and waiting.certificate is None else None,
            granted=frozenset(lasting),
        )

    def _key(self) -> str:
        return self.register.ids.identifier("K")


@dataclass(frozen=True, slots=True)
class DividedKeys:
    """Two stores as one: the keys of the online services are the signer's, all others the authority's own."""

    own: KeyStore
    signers: KeyStore

    def labels(self) -> tuple[str, ...]:
        """See KeyStore."""
        theirs = set(self.signers.labels()) & _SERVICES
        return tuple(sorted({*self.own.labels(), *theirs}))

    def create(self, label: str, algorithm: KeyAlgorithm) -> SigningKey:
        """See KeyStore."""
        return self._of(label).create(label, algorithm)

    def signing_key(self, label: str) -> SigningKey:
        """See KeyStore."""
        return self._of(label).signing_key(label)

    def store_certificate(self, label: str, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> None:
        """See KeyStore."""
        self._of(label).store_certificate(label, certificate, chain)

    def open(self, label: str) -> SealingKey:
        """See KeyStore."""
        return self._of(label).open(label)

    def destroy(self, label: str) -> None:
        """See KeyStore."""
        self._of(label).destroy(label)

    def _of(self, label: str) -> KeyStore:
        return self.signers if label in _SERVICES else self.own


_SERVICES = frozenset({TSA_LABEL, OCSP_LABEL})


def _desk(settings: Settings, now: Callable[[], datetime], ids: Ids) -> AuthorityDesk:
    return AuthorityDesk(
        keys=DividedKeys(open_authority_keys(settings.authority), open_keys(settings.seals)),
        folder=settings.authority.folder,
        public=settings.seals.pki_folder,
        now=now,
        serial=ids.serial_number,
        service_url=f"{settings.server.public_url.rstrip('/')}/pki",
    )
