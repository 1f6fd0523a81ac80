"""Records of the seals (电子印章, Art. 15): seals and their keys, grants to units, the usage book, refused uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SealKind(StrEnum):
    """Which of the two dedicated seals; the names are those of ``seals.kinds.SealKind``."""

    INFORMATION_SHARING = "INFORMATION_SHARING"
    INFORMATION_VERIFICATION = "INFORMATION_VERIFICATION"


class SealState(StrEnum):
    """Where a seal stands."""

    APPLIED = "APPLIED"
    APPROVED = "APPROVED"
    MADE = "MADE"
    """Its key is made; its certificate may still be missing."""
    ACTIVE = "ACTIVE"
    """The only state in which it seals."""
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    DESTROYED = "DESTROYED"
    """Its keys are gone; its certificates stay recorded, for whoever checks a proof."""


class GrantState(StrEnum):
    """Whether a grant is in force, as far as its period goes."""

    REGISTERED = "REGISTERED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKey:
    """A key of a seal: the private half is with the signer."""

    label: str
    """Its name in the signer's key store."""
    algorithm: str
    """P_256, RSA_2048 or RSA_3072."""
    request: str
    """The certificate request that the key signed, in PEM (PKCS#10, RFC 2986)."""
    certificate: str | None
    """The issued certificate in PEM, those of its authorities after it, without the root; None until it is there."""
    not_before: datetime | None
    not_after: datetime | None
    """Period of the certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPictureRecord:
    """The picture that a seal shows instead of the drawn one; both files lie in the document store."""

    sha256: str
    """Digest of the file as it was supplied."""
    shown_sha256: str
    """Digest of the picture as seals show it, which was made of that file once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealStepRecord:
    """One step of a seal as it was taken."""

    step: str
    at: datetime
    by: str
    unit_code: str
    remarks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """An electronic seal (电子印章)."""

    id: str
    kind: SealKind
    holder: str
    """Name on the arc."""
    holder_identifier: str
    """The holder as the certificate identifies it (EN 319 412-1, 5.1.4): NTRCN- and the social credit code."""
    name: str
    """What it is called under the star."""
    number: str
    """The number that the police bureau gave it (印章编码); no two seals share one."""
    state: SealState
    key: SealKey | None
    """The key that seals."""
    next_key: SealKey | None
    """The key that follows in a rotation and waits for its certificate."""
    old_keys: tuple[SealKey, ...]
    """Keys that sealed before, the oldest first: proofs are checked with their certificates."""
    steps: tuple[SealStepRecord, ...]
    version: int
    picture: SealPictureRecord | None = None
    """None where the seal is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecord:
    """A grant (授权) as the hub registered it: the seal authority signed ``signed``, and the rest is read from it."""

    id: str
    seal_id: str
    unit_code: str
    proof_types: tuple[str, ...]
    """Codes; empty for all."""
    not_before: datetime
    not_after: datetime
    daily_limit: int | None
    signed: str
    """The signed grant as text."""
    proposed_by: str
    registered_by: str
    registered_at: datetime
    state: GrantState
    revoked_by: str | None
    revoked_at: datetime | None
    reason: str | None
    """Why it was revoked."""
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEntry:
    """One line of a seal's usage book: one for each committed proof."""

    proof_number: str
    seal_id: str
    grant_id: str
    unit_code: str
    """The unit that used the seal."""
    proof_type_code: str
    key_label: str
    """The seal's key when the proof was committed."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SealViolation:
    """A use of a seal that was refused because no grant covers it (违规情形)."""

    issuing_key: str
    """The issuing that was refused; it is one violation for each reason."""
    seal_id: str | None
    """None where there is no seal of the kind."""
    unit_code: str
    """The unit that wanted to use it."""
    proof_type_code: str
    reason: str
    """Code of the refusal."""
    by: str
    """Who asked for it: a staff number, or a system's name."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingProofs:
    """How many proofs that can be relied on stand on one key."""

    key_label: str
    count: int
    last_until: datetime | None
    """When the last of those that end does so; None where none of them ends."""
    endless: int
    """How many of them have no end."""
