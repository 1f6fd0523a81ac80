"""Seals, grants and uses with every field set, for the stores' tests."""

from __future__ import annotations

from datetime import timedelta

from graph_models.seals import GrantRecord, GrantState, Seal, SealKey, SealKind, SealState, SealStepRecord, UsageEntry
from tests.contract.records import AT

DAY = "2026-03-02"


def seal_key(label: str = "seal-1") -> SealKey:
    return SealKey(
        label=label,
        algorithm="P_256",
        request="-----BEGIN CERTIFICATE REQUEST-----",
        certificate="-----BEGIN CERTIFICATE-----",
        not_before=AT,
        not_after=AT + timedelta(days=900),
    )


def seal(identifier: str = "S1", number: str = "3302000000001", state: SealState = SealState.ACTIVE) -> Seal:
    return Seal(
        id=identifier,
        kind=SealKind.INFORMATION_SHARING,
        holder="宁波市公安局",
        holder_identifier="NTRCN-11330200MB1234567X",
        name="电子证明共享信息专用章",
        number=number,
        state=state,
        key=seal_key(),
        next_key=None,
        old_keys=(seal_key("seal-0"),),
        steps=(SealStepRecord(step="APPLY", at=AT, by="police-1", unit_code="NB-GA", remarks="新刻“章”"),),
        version=1,
    )


def grant(identifier: str = "G1", seal_id: str = "S1", unit: str = "NB-MZ") -> GrantRecord:
    return GrantRecord(
        id=identifier,
        seal_id=seal_id,
        unit_code=unit,
        proof_types=("P-MARRIAGE",),
        not_before=AT,
        not_after=AT + timedelta(days=365),
        daily_limit=200,
        signed="e30",
        proposed_by="police-1",
        registered_by="police-2",
        registered_at=AT,
        state=GrantState.REGISTERED,
        revoked_by=None,
        revoked_at=None,
        reason=None,
        version=1,
    )


def use(proof_number: str = "NBP1", grant_id: str = "G1", minutes: int = 0, key: str = "seal-1") -> UsageEntry:
    return UsageEntry(
        proof_number=proof_number,
        seal_id="S1",
        grant_id=grant_id,
        unit_code="NB-MZ",
        proof_type_code="P-MARRIAGE",
        key_label=key,
        at=AT + timedelta(minutes=minutes),
    )
