"""The two dedicated seals: what each is for and what it is called on paper."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pki.profiles import POLICY_INFORMATION_SHARING, POLICY_INFORMATION_VERIFICATION


class SealKind(StrEnum):
    """Which of the two seals; a proof carries exactly one (Art. 14)."""

    INFORMATION_SHARING = "INFORMATION_SHARING"
    INFORMATION_VERIFICATION = "INFORMATION_VERIFICATION"


@dataclass(frozen=True, slots=True)
class SealName:
    """What a seal is called, in Chinese and in English."""

    zh: str
    en: str


SEAL_NAMES: dict[SealKind, SealName] = {
    SealKind.INFORMATION_SHARING: SealName("电子证明共享信息专用章", "Information-sharing seal"),
    SealKind.INFORMATION_VERIFICATION: SealName("电子证明核实信息专用章", "Information-verification seal"),
}
"""Names of the seals as the regulation gives them (Art. 14)."""

SEAL_POLICIES: dict[SealKind, str] = {
    SealKind.INFORMATION_SHARING: POLICY_INFORMATION_SHARING,
    SealKind.INFORMATION_VERIFICATION: POLICY_INFORMATION_VERIFICATION,
}
"""The certificate policy that a seal's certificate must carry, and no other kind's may."""


def kind_of_policies(policies: frozenset[str]) -> SealKind | None:
    """Return the kind of seal that a certificate with these policies is for; None unless exactly one matches."""
    found = [kind for kind, policy in SEAL_POLICIES.items() if policy in policies]
    return found[0] if len(found) == 1 else None
