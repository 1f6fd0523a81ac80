"""The use of seals by units (Art. 15): which seal and grant an issuing goes by, and the usage book.

A use is decided and counted with the intent, and entered in the book with the proof; both hold the seal's gate, so
that nothing is intended or committed after a suspension has returned. What no grant covers is refused, and recorded
as a violation, once for each issuing and reason.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from graph_models.casework import IssuingIntent, Proof
from graph_models.journal import Receipt
from graph_models.journal_records import add_receipt, append_audit, append_events, find_receipt
from graph_models.seal_records import (
    grants_of_unit,
    hold_gate,
    hold_grant,
    list_seals,
    load_grant_with_seal,
    load_seal,
)
from graph_models.seals import GrantRecord, GrantState, Seal, SealState, SealViolation, UsageEntry
from graph_models.store import GraphStore, Transaction
from graph_models.usage_records import add_use, count_use
from graph_models.violation_records import add_violation
from hub.actors import Actor
from hub.audit import SEALS_STREAM, entry, seal_stream
from hub.clock import CITY_TIME, Clock
from hub.errors import RefusedUse, SealExpiringError, SealNotGrantedError, SealRefusedError, SealSuspendedError
from hub.events import EventType, events_for
from hub.issuing import end_of_day
from hub.seal_radar import RadarRule, may_seal
from seals.grants import using_unit
from seals.page_content import content_from_json

_ENDED = frozenset({SealState.REVOKED, SealState.DESTROYED})
_ASK = "Ask the seal authority (市公安局) for a grant that covers the unit, the proof type and the time."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """What a seal is wanted for."""

    issuing_key: str
    kind: str
    holder: str
    unit_code: str
    proof_type_code: str
    at: datetime
    usable_until: datetime | None


@dataclass(frozen=True, slots=True)
class SealUsage:
    """Decides by which seal and grant an issuing goes, and keeps the book."""

    store: GraphStore
    clock: Clock
    rule: RadarRule

    async def reserve(self, tx: Transaction, intent: IssuingIntent) -> IssuingIntent:
        """Choose the seal and the grant of a new intent and count the use; the intent names both then.

        Raises:
            SealSuspendedError: no seal of the kind is active.
            SealExpiringError: its certificate ends before the proof, or too soon anyway.
            SealNotGrantedError: no grant covers the unit, the proof type and the time, or its day is used up.
        """
        use = _use_of(intent)
        grants = _covering(await grants_of_unit(tx, use.unit_code), use, self.rule)
        day, used_up = city_day(intent.intended_at), False
        for grant in grants:
            if not await hold_gate(tx, grant.seal_id, intent.case_number):
                continue
            held = await hold_grant(tx, grant.id)
            if held.state is GrantState.REGISTERED:
                used = await count_use(tx, grant.id, day)
                if grant.daily_limit is None or used <= grant.daily_limit:
                    return replace(intent, seal_id=grant.seal_id, grant_id=grant.id)
                await count_use(tx, grant.id, day, -1)
                used_up = True
        raise await self._refusal(tx, use, used_up=used_up)

    async def grant_of(self, tx: Transaction, intent: IssuingIntent) -> GrantRecord | None:
        """Return the grant by which an intent may be sealed now; None where seal or grant was revoked for ever.

        Raises:
            SealSuspendedError: the seal is suspended: it may be tried again later.
        """
        grant, seal = await load_grant_with_seal(tx, intent.grant_id or "")
        return grant if _stands(seal, grant) else None

    async def hold(self, tx: Transaction, intent: IssuingIntent) -> Seal | None:
        """Return the seal of an intent that may be committed now, held until then; see ``grant_of`` for the rest."""
        await hold_gate(tx, intent.seal_id or "", intent.case_number)
        grant = await hold_grant(tx, intent.grant_id or "")
        seal = await load_seal(tx, grant.seal_id)
        return seal if _stands(seal, grant) else None

    async def enter(self, tx: Transaction, intent: IssuingIntent, seal: Seal, proof: Proof) -> None:
        """Write the use into the book, with the proof."""
        made = UsageEntry(
            proof_number=proof.number,
            seal_id=seal.id,
            grant_id=intent.grant_id or "",
            unit_code=_use_of(intent).unit_code,
            proof_type_code=proof.proof_type_code,
            key_label=seal.key.label if seal.key else "",
            at=self.clock.now(),
        )
        await add_use(tx, made, city_day(intent.intended_at))

    async def release(self, tx: Transaction, intent: IssuingIntent) -> None:
        """Count the use of an intent that is closed as void no more."""
        if intent.grant_id is not None:
            await count_use(tx, intent.grant_id, city_day(intent.intended_at), -1)

    @asynccontextmanager
    async def watched(self, actor: Actor) -> AsyncIterator[None]:
        """Record a refused use as a violation once what was refused is undone; the refusal goes on to the caller."""
        try:
            yield
        except SealRefusedError as refusal:
            if refusal.use is not None:
                await self._record(actor, refusal, refusal.use)
            raise

    async def _record(self, actor: Actor, refusal: SealRefusedError, use: RefusedUse) -> None:
        at, kind, key = self.clock.now(), EventType.SEAL_VIOLATION, f"{use.issuing_key} {refusal.code}"
        stream = seal_stream(use.seal_id) if use.seal_id else SEALS_STREAM
        detail = {"unit": use.unit_code, "type": use.proof_type_code, "reason": refusal.code}
        units = (use.unit_code, *use.authority_units)

        async def work(tx: Transaction) -> None:
            if await find_receipt(tx, use.unit_code, kind, key) is not None:
                return
            await append_audit(tx, entry(stream, actor, kind, use.issuing_key, at, **detail))
            await add_violation(tx, _violation(use, refusal.code, actor, at))
            await append_events(tx, events_for(units, kind, use.issuing_key, at, seal=use.seal_id, **detail))
            done = Receipt(
                unit_code=use.unit_code, operation=kind, key=key, content_digest="", result=use.issuing_key, at=at
            )
            await add_receipt(tx, done)

        await self.store.write(work)

    async def _refusal(self, tx: Transaction, use: _Use, *, used_up: bool) -> SealRefusedError:
        """Say why no grant lets the unit use a seal: none is active, none lasts, or the unit may use none of them."""
        of_kind = [seal for seal in await list_seals(tx) if _is_wanted(seal, use)]
        active = [seal for seal in of_kind if seal.state is SealState.ACTIVE]
        if not active:
            return _none_active(use, of_kind)
        lasting = [seal for seal in active if _lasts(seal, use, self.rule)]
        return _not_granted(use, lasting[0], used_up=used_up) if lasting else _expiring(active)


def city_day(at: datetime) -> str:
    """Return the day of a time as the city's offices have it, ISO."""
    return at.astimezone(CITY_TIME).date().isoformat()


def _use_of(intent: IssuingIntent) -> _Use:
    content = content_from_json(intent.order_json)
    said = content.endorsement
    return _Use(
        issuing_key=intent.key,
        kind=said.seal_kind.value,
        holder=content.seal_holder,
        unit_code=using_unit(said),
        proof_type_code=said.proof_type_code,
        at=intent.intended_at,
        usable_until=end_of_day(content.valid_until) if content.valid_until else None,
    )


def _lasts(seal: Seal, use: _Use, rule: RadarRule) -> bool:
    end = seal.key.not_after if seal.key else None
    return end is not None and may_seal(end, use.at, use.usable_until, rule)


def _is_wanted(seal: Seal, use: _Use) -> bool:
    return seal.kind.value == use.kind and seal.holder == use.holder


def _covering(pairs: Iterable[tuple[GrantRecord, Seal]], use: _Use, rule: RadarRule) -> list[GrantRecord]:
    """Return the grants, of active seals that last, which cover a use: those without a daily limit first."""
    found = [
        grant
        for grant, seal in pairs
        if grant.state is GrantState.REGISTERED
        and (_is_wanted(seal, use) and seal.state is SealState.ACTIVE and _lasts(seal, use, rule))
        and (not grant.proof_types or use.proof_type_code in grant.proof_types)
        and grant.not_before <= use.at <= grant.not_after
    ]
    return sorted(found, key=lambda grant: grant.daily_limit is not None)


def _stands(seal: Seal, grant: GrantRecord) -> bool:
    """Tell whether seal and grant may still be used; False for ever. Raises SealSuspendedError for the time being."""
    if seal.state in _ENDED or grant.state is GrantState.REVOKED:
        return False
    if seal.state is not SealState.ACTIVE:
        raise _suspended(None)
    return True


def _violation(use: RefusedUse, reason: str, actor: Actor, at: datetime) -> SealViolation:
    return SealViolation(
        issuing_key=use.issuing_key,
        seal_id=use.seal_id,
        unit_code=use.unit_code,
        proof_type_code=use.proof_type_code,
        reason=reason,
        by=actor.subject,
        at=at,
    )


def _refused_use(use: _Use, seals: list[Seal]) -> RefusedUse:
    return RefusedUse(
        issuing_key=use.issuing_key,
        unit_code=use.unit_code,
        proof_type_code=use.proof_type_code,
        seal_id=seals[0].id if seals else None,
        authority_units=tuple({seal.steps[0].unit_code for seal in seals}),
    )


def _none_active(use: _Use, of_kind: list[Seal]) -> SealSuspendedError:
    suspended = [seal for seal in of_kind if seal.state is SealState.SUSPENDED]
    return _suspended(_refused_use(use, suspended or of_kind))


def _suspended(use: RefusedUse | None) -> SealSuspendedError:
    return SealSuspendedError(
        "no seal of this kind is active: it is suspended, or there is none yet",
        message_zh="该类电子印章未启用或已暂停使用",
        mend="Wait until the seal authority (市公安局) activates or resumes the seal.",
        use=use,
    )


def _expiring(seals: list[Seal]) -> SealExpiringError:
    names = ", ".join(seal.number for seal in seals)
    return SealExpiringError(
        f"the certificate of the seal {names} ends before the proof does, or within the days that are set",
        message_zh="印章证书即将到期，不得继续用印",
        mend="Have the seal authority (市公安局) rotate the seal's key: proofhub seal rotate.",
    )


def _not_granted(use: _Use, seal: Seal, *, used_up: bool) -> SealNotGrantedError:
    said = _refused_use(use, [seal])
    if used_up:
        return SealNotGrantedError(
            f"the unit {use.unit_code} has used up the day's limit of its grant",
            message_zh="本单位当日用印次数已达授权上限",
            mend="Wait until tomorrow, or ask the seal authority (市公安局) for a higher limit.",
            use=said,
        )
    return SealNotGrantedError(
        f"the unit {use.unit_code} holds no grant of the seal for proofs of the type {use.proof_type_code} now",
        message_zh="本单位未获准将该印章用于此类证明",
        mend=_ASK,
        use=said,
    )
