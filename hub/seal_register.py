"""The life of a seal (Art. 15): apply, approve, make, install, activate, suspend, resume, rotate, revoke, destroy.

The seal authority alone takes these steps, two that follow each other by two people; suspending takes one. Each is one
transaction: permission, order, people, version, then state, audit, events and receipt together. What the signer has
to do is done before: it can be asked again, so a crash in between leaves nothing but the same call to be repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.journal_records import append_audit, append_events
from graph_models.seal_records import add_seal, grants_of_seal, list_seals, load_seal, save_seal
from graph_models.seal_states import SealStep
from graph_models.seals import Seal, SealKey, SealState
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.audit import entry, seal_stream
from hub.clock import Clock, Ids
from hub.errors import ConflictError, NotFoundError, UnavailableError
from hub.events import EventType, events_for
from hub.permission import Operation, require
from hub.receipts import Keyed, done_before, keyed, note_done
from hub.seal_keys import SealKeys, certified, key_label, keys_of, signer_record, subject_of
from hub.seal_pictures import SealPictures, picture_digest
from hub.seal_steps import (
    SealApplication,
    SealCall,
    applied_for,
    changed_meanwhile,
    check_reason,
    check_step,
    check_text,
    taken,
    with_certificate,
)
from pki.errors import PkiError
from pki.keystore import KeyAlgorithm
from seals.errors import SealsError

LOG = structlog.get_logger("proofhub.seals")

T = TypeVar("T")
Change = Callable[[Seal], Seal]

EVENTS: Mapping[SealStep, EventType] = {
    SealStep.APPLY: EventType.SEAL_APPLIED,
    SealStep.APPROVE: EventType.SEAL_APPROVED,
    SealStep.MAKE: EventType.SEAL_MADE,
    SealStep.INSTALL: EventType.SEAL_CERTIFIED,
    SealStep.ACTIVATE: EventType.SEAL_ACTIVATED,
    SealStep.SUSPEND: EventType.SEAL_SUSPENDED,
    SealStep.RESUME: EventType.SEAL_RESUMED,
    SealStep.ROTATE: EventType.SEAL_ROTATED,
    SealStep.REVOKE: EventType.SEAL_REVOKED,
    SealStep.DESTROY: EventType.SEAL_DESTROYED,
}
"""What is told of each step."""
_TRIES = 3
"""How often a step is tried where somebody else's comes in between; what was prepared for one version is not."""
_STOPPED = frozenset({SealState.SUSPENDED, SealState.REVOKED})
_CONCERN_UNITS = frozenset({SealStep.SUSPEND, SealStep.RESUME, SealStep.REVOKE})
"""Steps that units with a grant are told of."""


@dataclass(frozen=True, slots=True)
class _Allowed:
    """A seal on which a step may be taken."""

    seal: Seal


@dataclass(frozen=True, slots=True)
class SealRegister:
    """What the seal authority does with seals."""

    store: GraphStore
    keys: SealKeys
    clock: Clock
    ids: Ids
    trust_roots: tuple[bytes, ...]
    """Roots of the seals' certificates, in DER."""
    pictures: SealPictures

    async def read(self, actor: Actor, seal_id: str) -> Seal:
        """Return a seal. Raises NotFoundError."""
        require(actor, Operation.READ_SEALS)
        return await self.store.read(lambda tx: _load(tx, seal_id))

    async def all(self, actor: Actor) -> tuple[Seal, ...]:
        """Return all seals by number."""
        require(actor, Operation.READ_SEALS)
        return await self.store.read(list_seals)

    async def apply(self, actor: Actor, application: SealApplication, key: str) -> Seal:
        """Apply for a seal.

        Raises:
            InvalidInputError: a value is malformed.
            ConflictError: the number is another seal's.
        """
        require(actor, Operation.MANAGE_SEALS)
        seal = applied_for(actor, application, self.ids.identifier("S"), self.clock.now())
        said = (seal.kind, seal.holder, seal.holder_identifier, seal.name, seal.number, application.remarks)
        mutation = keyed(actor, EVENTS[SealStep.APPLY], key, *said)

        async def work(tx: Transaction) -> Seal:
            before = await done_before(tx, mutation)
            if before is not None:
                return await load_seal(tx, before)
            await add_seal(tx, seal)
            await self._journal(tx, actor, SealStep.APPLY, seal, mutation)
            return seal

        try:
            return await self.store.write(work)
        except DuplicateKeyError as problem:
            raise _number_taken(seal.number) from problem

    async def approve(self, actor: Actor, call: SealCall) -> Seal:
        """Approve what was applied for."""
        return await self._step(actor, call, SealStep.APPROVE, _nothing_to_prepare)

    async def make(
        self,
        actor: Actor,
        call: SealCall,
        algorithm: KeyAlgorithm = KeyAlgorithm.P_256,
        picture: bytes | None = None,
    ) -> Seal:
        """Have the signer make the seal's key; its certificate request is in the answer's ``key``.

        ``picture`` is a PNG file that the seal shows for ever instead of the drawn one.

        Raises:
            InvalidInputError: the picture cannot be the face of a seal.
        """
        said = (algorithm, *filter(None, (picture_digest(picture),)))

        async def prepare(seal: Seal) -> Change:
            kept = None if picture is None else await self.pictures.keep(picture)
            made = await self._new_key(seal, algorithm)
            return lambda found: replace(found, key=made, picture=kept)

        return await self._step(actor, call, SealStep.MAKE, prepare, *said)

    async def install(self, actor: Actor, call: SealCall, certificate: str) -> Seal:
        """Keep the issued certificate of the key that waits for one; in a rotation the new key takes over.

        Raises:
            InvalidInputError: the certificate is not of this key, kind, holder or trust root.
        """

        async def prepare(seal: Seal) -> Change:
            waiting = seal.next_key or seal.key
            if waiting is None:
                raise AssertionError("a seal in a state that takes a certificate has a key")
            found = certified(seal, waiting, certificate, self.trust_roots, self.clock.now())
            record = signer_record(seal, waiting.label, await self.pictures.shown(seal.picture))
            await _of_signer(self.keys.install_certificate(record, found.certificate or ""))
            return lambda current: with_certificate(current, found)

        return await self._step(actor, call, SealStep.INSTALL, prepare, certificate)

    async def activate(self, actor: Actor, call: SealCall) -> Seal:
        """Let the seal be used by those who hold a grant."""

        async def prepare(seal: Seal) -> Change:
            await _of_signer(self.keys.resume(seal.id))
            return _unchanged

        return await self._step(actor, call, SealStep.ACTIVATE, prepare)

    async def suspend(self, actor: Actor, call: SealCall) -> Seal:
        """Suspend the seal: when this returns, nothing more is sealed or committed under it. One person is enough."""
        return await self._stopped(await self._step(actor, call, SealStep.SUSPEND, _nothing_to_prepare))

    async def resume(self, actor: Actor, call: SealCall) -> Seal:
        """Let a suspended seal be used again; what waited for it goes on by itself."""

        async def prepare(seal: Seal) -> Change:
            await _of_signer(self.keys.resume(seal.id))
            return _unchanged

        return await self._step(actor, call, SealStep.RESUME, prepare)

    async def rotate(self, actor: Actor, call: SealCall, algorithm: KeyAlgorithm = KeyAlgorithm.P_256) -> Seal:
        """Have the signer make the next key; the old one seals until the new one has its certificate."""

        async def prepare(seal: Seal) -> Change:
            made = await self._new_key(seal, algorithm)
            return lambda found: replace(found, next_key=made)

        return await self._step(actor, call, SealStep.ROTATE, prepare, algorithm)

    async def revoke(self, actor: Actor, call: SealCall) -> Seal:
        """Revoke the seal for ever; the reason is in the call's remarks, the time is the present.

        What was intended and is not sealed yet is closed as void. Its certificates are revoked by their authority.
        """
        check_reason(call.remarks)
        return await self._stopped(await self._step(actor, call, SealStep.REVOKE, _nothing_to_prepare))

    async def destroy(self, actor: Actor, call: SealCall) -> Seal:
        """Destroy the keys of a revoked seal; what they sealed is still checked by its certificates."""

        async def prepare(seal: Seal) -> Change:
            for each in keys_of(seal):
                await _of_signer(self.keys.destroy_key(each.label))
            return _unchanged

        return await self._step(actor, call, SealStep.DESTROY, prepare)

    async def remind_signer(self) -> int:
        """Tell the signer again which seals are suspended or revoked, should it not have heard it; return how many.

        Raises:
            SealsError: it is out of reach still.
        """
        stopped = [seal for seal in await self.store.read(list_seals) if seal.state in _STOPPED]
        for seal in stopped:
            await self.keys.suspend(seal.id)
            if await self._is_active(seal.id):  # resumed meanwhile
                await self.keys.resume(seal.id)
        return len(stopped)

    async def _is_active(self, seal_id: str) -> bool:
        return (await self.store.read(lambda tx: load_seal(tx, seal_id))).state is SealState.ACTIVE

    async def _stopped(self, seal: Seal) -> Seal:
        """Tell the signer too. Where it cannot be reached it seals nothing, and the register's state binds the hub."""
        if seal.state is not SealState.ACTIVE:
            try:
                await self.keys.suspend(seal.id)
            except (SealsError, PkiError) as problem:
                LOG.error("seal.signer_not_told", seal=seal.id, reason=type(problem).__name__)
        return seal

    async def _new_key(self, seal: Seal, algorithm: KeyAlgorithm) -> SealKey:
        label = key_label(seal)
        request = await _of_signer(self.keys.create_key(label, algorithm, subject_of(seal)))
        return SealKey(
            label=label,
            algorithm=algorithm.value,
            request=request,
            certificate=None,
            not_before=None,
            not_after=None,
        )

    async def _step(
        self,
        actor: Actor,
        call: SealCall,
        step: SealStep,
        prepare: Callable[[Seal], Awaitable[Change]],
        *content: str,
    ) -> Seal:
        require(actor, Operation.MANAGE_SEALS)
        check_text("remarks", call.remarks)
        mutation = keyed(actor, EVENTS[step], call.key, call.seal_id, call.remarks, *content)
        before = await self.store.read(lambda tx: self._before(tx, actor, call, step, mutation))
        if isinstance(before, Seal):
            return before
        change, prepared = await prepare(before.seal), prepare is not _nothing_to_prepare
        seen = replace(call, expected_version=before.seal.version) if prepared else call

        async def work(tx: Transaction) -> Seal:
            found = await self._before(tx, actor, seen, step, mutation)
            if isinstance(found, Seal):
                return found
            saved = await save_seal(tx, change(taken(actor, call, step, found.seal, self.clock.now())))
            await self._journal(tx, actor, step, saved, mutation)
            return saved

        for _ in range(_TRIES):
            try:
                return await self.store.write(work)
            except StaleVersionError:
                continue
        raise changed_meanwhile()

    async def _before(
        self, tx: Transaction, actor: Actor, call: SealCall, step: SealStep, mutation: Keyed
    ) -> Seal | _Allowed:
        """Return the seal as it is where the step was taken before under this key, or else that it may be taken."""
        if await done_before(tx, mutation) is not None:
            return await load_seal(tx, call.seal_id)
        seal = await _load(tx, call.seal_id)
        check_step(actor, call, step, seal)
        return _Allowed(seal)

    async def _journal(self, tx: Transaction, actor: Actor, step: SealStep, seal: Seal, mutation: Keyed) -> None:
        at, event = seal.steps[-1].at, EVENTS[step]
        detail = {"state": seal.state, "remarks": seal.steps[-1].remarks, "key": seal.key.label if seal.key else None}
        if seal.picture is not None:
            detail |= {"picture": seal.picture.sha256, "picture_shown": seal.picture.shown_sha256}
        await append_audit(tx, entry(seal_stream(seal.id), actor, event, seal.id, at, **detail))
        units = {actor.unit_code}
        if step in _CONCERN_UNITS:
            units |= {grant.unit_code for grant in await grants_of_seal(tx, seal.id)}
        await append_events(tx, events_for(units, event, seal.id, at, seal_kind=seal.kind, state=seal.state))
        await note_done(tx, mutation, seal.id, at)


async def _nothing_to_prepare(_: Seal) -> Change:
    return _unchanged


def _unchanged(seal: Seal) -> Seal:
    return seal


async def _load(tx: Transaction, seal_id: str) -> Seal:
    try:
        return await load_seal(tx, seal_id)
    except RecordNotFoundError as problem:
        raise NotFoundError(
            "there is no such seal", message_zh="没有该印章", mend="List the seals.", field="sealId"
        ) from problem


async def _of_signer(work: Awaitable[T]) -> T:
    """Return what the signer does. Raises UnavailableError where it cannot now."""
    try:
        return await work
    except (SealsError, PkiError) as problem:
        LOG.error("seal.signer_failed", reason=type(problem).__name__)
        raise UnavailableError(
            f"the signer cannot do it now: {problem}",
            message_zh="签章服务暂时无法处理",
            mend="Repeat the same call with the same key when the signer is back.",
        ) from problem


def _number_taken(number: str) -> ConflictError:
    return ConflictError(
        f"there is a seal with the number {number} already",
        message_zh="该印章编码已被使用",
        mend="Give the seal a number of its own.",
        field="number",
    )
