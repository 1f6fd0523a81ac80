"""Which time is proven: the time stamps of a file judged, and the earliest moment at which the seal surely existed.

The best signature time of ETSI EN 319 102-1, 5.5 and 5.6.3: a stamp that cannot be believed proves nothing; one whose
key leaked later still proves something when a later stamp shows that it was there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from pki.revocation import RevocationAnswer, RevocationStatus, check_revocation
from pki.timestamp_tokens import TokenAnswer, check_token
from pki.trust import belong_together
from seals.check_results import CheckStatus
from seals.pdf_time_stamps import TimeStampFinding

CLOCK_DIFFERENCE = timedelta(minutes=5)
"""How far clocks may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustMaterial:
    """What judging rests on, DER: of the policy and of the file itself."""

    roots: tuple[bytes, ...]
    """Of the authorities of seals."""
    stamp_roots: tuple[bytes, ...]
    """Of the authorities of time stamps."""
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsp_responses: tuple[bytes, ...]

    @property
    def speaks_of_revocation(self) -> bool:
        """Whether there is anything to ask about revocation."""
        return bool(self.crls or self.ocsp_responses)

    def revocation(self, path: Sequence[x509.Certificate], at: datetime) -> RevocationAnswer:
        """Ask whether a certificate of a path was revoked at a time (aware)."""
        return check_revocation(path, self.crls, at, self.ocsp_responses)


@dataclass(frozen=True, slots=True)
class JudgedStamp:
    """One time stamp and what it is worth."""

    finding: TimeStampFinding
    status: CheckStatus
    """PASSED, FAILED, or INDETERMINATE when nobody says whether its certificate was revoked."""
    evidence: str
    path: tuple[x509.Certificate, ...] = ()
    """From its certificate to a root, empty if there is none."""

    @property
    def at(self) -> datetime | None:
        """The time that it proves; None when it proves none."""
        token = self.finding.token
        return token.at if token is not None and self.status is CheckStatus.PASSED else None


def judge_stamps(stamps: Iterable[TimeStampFinding], material: TrustMaterial, at: datetime) -> tuple[JudgedStamp, ...]:
    """Judge the time stamps of a file at a time (aware), the last first: it shows when those before it were there."""
    judged: list[JudgedStamp] = []
    for finding in sorted(stamps, key=lambda found: (found.covered_to, found.of_document), reverse=True):
        shown = proven_before(judged, finding.covered_to)
        judged.append(_judge(finding, material, at, shown))
    return tuple(judged)


def proven_before(stamps: Iterable[JudgedStamp], covered_to: int) -> datetime | None:
    """Return the earliest proven time of what ends at an offset and was stamped over later; None if there is none."""
    times = [stamp.at for stamp in stamps if stamp.at is not None and stamp.finding.covered_to > covered_to]
    return min(times, default=None)


def proven_time(stamps: Iterable[JudgedStamp], sealed_to: int) -> datetime | None:
    """Return the earliest time at which the seal, which covers the file up to an offset, is proven to have existed."""
    times = [stamp.at for stamp in stamps if stamp.at is not None and _covers_seal(stamp.finding, sealed_to)]
    return min(times, default=None)


def _covers_seal(finding: TimeStampFinding, sealed_to: int) -> bool:
    return finding.covered_to > sealed_to if finding.of_document else finding.covered_to == sealed_to


def _judge(finding: TimeStampFinding, material: TrustMaterial, at: datetime, shown: datetime | None) -> JudgedStamp:
    token = finding.token
    if token is None or finding.problem is not None:
        return JudgedStamp(finding, CheckStatus.FAILED, finding.problem or "no time stamp")
    if token.at > at + CLOCK_DIFFERENCE:
        return JudgedStamp(finding, CheckStatus.FAILED, f"made in the future: {token.at.isoformat()}")
    answer = check_token(token, finding.digest, material.stamp_roots, material.certificates)
    if answer.problem is not None:
        return JudgedStamp(finding, CheckStatus.FAILED, answer.problem)
    if not belong_together(token.others, answer.path, material.stamp_roots):
        return JudgedStamp(finding, CheckStatus.FAILED, "it carries a certificate that does not belong to it")
    return _judge_revocation(finding, answer, material, shown)


def _judge_revocation(
    finding: TimeStampFinding, answer: TokenAnswer, material: TrustMaterial, shown: datetime | None
) -> JudgedStamp:
    token, path = finding.token, answer.path.certificates
    made = "" if token is None else f"{token.at.isoformat()} by {path[0].subject.rfc4514_string()}"
    if not material.speaks_of_revocation or token is None:
        return JudgedStamp(finding, CheckStatus.PASSED, made, path)
    found = material.revocation(path, token.at)
    if found.status is RevocationStatus.COMPROMISED_LATER and shown is not None:
        found = material.revocation(path, shown)
        if found.status is RevocationStatus.COMPROMISED_LATER:  # it was there before the key leaked
            return JudgedStamp(finding, CheckStatus.PASSED, f"{made}; {found.evidence}", path)
        return JudgedStamp(finding, CheckStatus.INDETERMINATE, f"{made}; {found.evidence}", path)
    return JudgedStamp(finding, _STATUSES[found.status], f"{made}; {found.evidence}", path)


_STATUSES = {
    RevocationStatus.GOOD: CheckStatus.PASSED,
    RevocationStatus.REVOKED: CheckStatus.FAILED,
    RevocationStatus.COMPROMISED_LATER: CheckStatus.INDETERMINATE,
    RevocationStatus.UNKNOWN: CheckStatus.INDETERMINATE,
}
