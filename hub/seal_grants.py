"""Grants (授权, Art. 15): registering what the seal authority signed, and revoking it.

Whoever proposed a grant stands in it under the authority's signature; another person registers it. Revoking takes one
person and binds before the call returns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.journal_records import append_audit, append_events
from graph_models.seal_records import add_grant, grants_of_seal, load_grant, load_seal, save_grant
from graph_models.seals import GrantRecord, GrantState, Seal, SealState
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.audit import entry, seal_stream
from hub.clock import Clock
from hub.errors import ConflictError, InvalidInputError, NotFoundError, SamePersonError, WrongStateError
from hub.events import EventType, events_for
from hub.permission import Operation, require
from hub.receipts import done_before, keyed, note_done
from hub.seal_keys import SealKeys
from hub.seal_steps import changed_meanwhile, check_reason, check_text
from pki.errors import PkiError
from seals.errors import GrantError, SealsError
from seals.grants import Grant, SignedGrant, verify_grant

LOG = structlog.get_logger("proofhub.seals")
_ENDED = frozenset({SealState.REVOKED, SealState.DESTROYED})


@dataclass(frozen=True, slots=True)
class SealGrants:
    """Which unit may use which seal."""

    store: GraphStore
    keys: SealKeys
    clock: Clock
    trust_roots: tuple[bytes, ...]
    """Roots of the certificates that sign grants, in DER."""

    async def of_seal(self, actor: Actor, seal_id: str) -> tuple[GrantRecord, ...]:
        """Return the grants of a seal by identifier, revoked ones too."""
        require(actor, Operation.READ_SEALS)
        return await self.store.read(lambda tx: grants_of_seal(tx, seal_id))

    async def register(self, actor: Actor, signed: str, key: str) -> GrantRecord:
        """Register a signed grant; it is in force from then on, within its period.

        Raises:
            InvalidInputError: it is malformed, not signed by the seal authority, over, or names no proposer.
            SamePersonError: the actor proposed it.
            NotFoundError: there is no such seal.
            WrongStateError: the seal has ended.
            ConflictError: a grant with its identifier is registered.
        """
        require(actor, Operation.GRANT_SEALS)
        record = self._record(actor, signed)
        mutation = keyed(actor, EventType.GRANT_REGISTERED, key, signed)

        async def work(tx: Transaction) -> GrantRecord:
            before = await done_before(tx, mutation)
            if before is not None:
                return await load_grant(tx, before)
            seal = await _living_seal(tx, record.seal_id)
            await add_grant(tx, record)
            await self._journal(tx, actor, EventType.GRANT_REGISTERED, record, seal)
            await note_done(tx, mutation, record.id, record.registered_at)
            return record

        try:
            return await self.store.write(work)
        except DuplicateKeyError as problem:
            raise ConflictError(
                f"a grant {record.id} is registered already",
                message_zh="该授权已登记",
                mend="Read the grants of the seal; a new grant has an identifier of its own.",
                field="grant",
            ) from problem

    async def revoke(self, actor: Actor, grant_id: str, reason: str, key: str) -> GrantRecord:
        """Revoke a grant: when this returns, nothing more is sealed or committed under it.

        Raises:
            InvalidInputError: there is no reason.
            NotFoundError: there is no such grant.
            WrongStateError: it is revoked already.
        """
        require(actor, Operation.GRANT_SEALS)
        check_reason(reason)
        check_text("reason", reason)
        mutation = keyed(actor, EventType.GRANT_REVOKED, key, grant_id, reason)
        await self.store.read(lambda tx: _load(tx, grant_id))
        await self._tell_signer(grant_id)

        async def work(tx: Transaction) -> GrantRecord:
            if await done_before(tx, mutation) is not None:
                return await load_grant(tx, grant_id)
            found = await _load(tx, grant_id)
            if found.state is GrantState.REVOKED:
                raise _revoked_already()
            saved = await save_grant(tx, self._revoked(actor, found, reason))
            seal = await load_seal(tx, saved.seal_id)
            await self._journal(tx, actor, EventType.GRANT_REVOKED, saved, seal)
            await note_done(tx, mutation, saved.id, self.clock.now())
            return saved

        try:
            return await self.store.write(work)
        except StaleVersionError as problem:
            raise changed_meanwhile() from problem

    async def _tell_signer(self, grant_id: str) -> None:
        """Tell the signer too. Where it cannot be reached it seals nothing, and the register's state binds the hub."""
        try:
            await self.keys.revoke_grant(grant_id)
        except (SealsError, PkiError) as problem:
            LOG.error("seal.signer_not_told", grant=grant_id, reason=type(problem).__name__)

    def _record(self, actor: Actor, signed: str) -> GrantRecord:
        now = self.clock.now()
        try:
            grant = verify_grant(SignedGrant.from_text(signed), self.trust_roots, now)
        except GrantError as problem:
            raise _refused(str(problem), "授权书无效或不是印章管理机关签发") from problem
        if now > grant.not_after:
            raise _refused("the grant's period is over", "授权书已过期")
        _check_proposer(actor, grant)
        return GrantRecord(
            id=grant.id,
            seal_id=grant.seal_id,
            unit_code=grant.unit_code,
            proof_types=grant.proof_types,
            not_before=grant.not_before,
            not_after=grant.not_after,
            daily_limit=grant.daily_limit,
            signed=signed,
            proposed_by=grant.proposed_by,
            registered_by=actor.subject,
            registered_at=now,
            state=GrantState.REGISTERED,
            revoked_by=None,
            revoked_at=None,
            reason=None,
            version=1,
        )

    def _revoked(self, actor: Actor, grant: GrantRecord, reason: str) -> GrantRecord:
        return replace(
            grant, state=GrantState.REVOKED, revoked_by=actor.subject, revoked_at=self.clock.now(), reason=reason
        )

    async def _journal(self, tx: Transaction, actor: Actor, event: EventType, grant: GrantRecord, seal: Seal) -> None:
        at = self.clock.now()
        detail = {"unit": grant.unit_code, "proposed_by": grant.proposed_by, "reason": grant.reason}
        await append_audit(tx, entry(seal_stream(seal.id), actor, event, grant.id, at, **detail))
        units = (actor.unit_code, grant.unit_code)
        payload = {"seal": seal.id, "seal_kind": seal.kind, "unit": grant.unit_code}
        await append_events(tx, events_for(units, event, grant.id, at, **payload))


def _check_proposer(actor: Actor, grant: Grant) -> None:
    if not grant.proposed_by:
        raise _refused("the grant does not say who proposed it", "授权书未载明提出人")
    if grant.proposed_by == actor.subject:
        raise SamePersonError(
            "whoever proposed a grant does not register it",
            message_zh="授权的提出与登记须由两人分别办理",
            mend="Ask a colleague of the seal authority to register the grant.",
        )


async def _living_seal(tx: Transaction, seal_id: str) -> Seal:
    try:
        seal = await load_seal(tx, seal_id)
    except RecordNotFoundError as problem:
        raise NotFoundError(
            f"there is no seal {seal_id}", message_zh="没有该印章", mend="Sign a grant for a seal that is registered."
        ) from problem
    if seal.state in _ENDED:
        raise WrongStateError(
            f"the seal {seal_id} is {seal.state}", message_zh="该印章已终止", mend="Grant another seal."
        )
    return seal


async def _load(tx: Transaction, grant_id: str) -> GrantRecord:
    try:
        return await load_grant(tx, grant_id)
    except RecordNotFoundError as problem:
        raise NotFoundError(
            "there is no such grant", message_zh="没有该授权", mend="List the grants of the seal.", field="grantId"
        ) from problem


def _revoked_already() -> WrongStateError:
    return WrongStateError(
        "the grant is revoked already", message_zh="该授权已撤销", mend="Nothing is left to be done."
    )


def _refused(message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        message,
        message_zh=message_zh,
        mend="Have the seal authority sign a grant: proofhub seal sign-grant.",
        field="grant",
    )
