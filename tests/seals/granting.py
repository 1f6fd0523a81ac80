"""The part of the seal authority that signs grants, and sources of grants for tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pki.authority import CertificateAuthority, CertificateOrder, Subject
from pki.keystore import KeyAlgorithm, KeyStore, SealingKey
from pki.profiles import GRANT_SIGNING
from seals.grants import Grant, SignedGrant, sign_grant

GRANTS_LABEL = "granting"
_serials = itertools.count(2**101)
_DAY = timedelta(days=1)


def grants_key(
    keys: KeyStore,
    issuing: CertificateAuthority,
    now: datetime,
    *,
    serial: Callable[[], int] = _serials.__next__,
    algorithm: KeyAlgorithm = KeyAlgorithm.P_256,
    label: str = GRANTS_LABEL,
) -> SealingKey:
    """Return the key that signs grants; it is made and certified where it is missing."""
    if label in keys.labels():
        return keys.open(label)
    order = CertificateOrder(
        profile=GRANT_SIGNING,
        subject=Subject(organisation="Proofhub Test", common_name="Grants"),
        serial=serial(),
        not_before=now,
        not_after=now + timedelta(days=1097),
    )
    key = keys.create(label, algorithm)
    keys.store_certificate(label, issuing.issue(order, key.public_key), (issuing.certificate,))
    return keys.open(label)


def grant_of(seal_id: str, unit: str, now: datetime, **changes: object) -> Grant:
    """Return a grant for all proof types, for three hundred days around now."""
    given: dict[str, object] = {
        "id": f"G-{seal_id}-{unit}",
        "seal_id": seal_id,
        "unit_code": unit,
        "proof_types": (),
        "not_before": now.replace(microsecond=0) - _DAY,
        "not_after": now.replace(microsecond=0) + 300 * _DAY,
        "daily_limit": None,
    }
    return Grant(**(given | changes))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Granting:
    """The seal authority, ready to sign a grant of whatever a test asks for."""

    key: SealingKey
    now: datetime
    signed: dict[tuple[str, str], SignedGrant] = field(default_factory=dict)

    def to(self, unit: str, seal_id: str, /, **changes: object) -> SignedGrant:
        """Sign a grant for a unit and a seal; changes may name others."""
        if changes:
            return sign_grant(replace(grant_of(seal_id, unit, self.now), **changes), self.key)  # type: ignore[arg-type]
        if (unit, seal_id) not in self.signed:
            self.signed[unit, seal_id] = sign_grant(grant_of(seal_id, unit, self.now), self.key)
        return self.signed[unit, seal_id]
