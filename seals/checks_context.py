"""What checks of a file look at: findings, policy, the time, and what was worked out from them once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pki.trust import CertificatePath, find_path
from seals.endorsement import ENDORSEMENT_ATTACHMENT, FACTS_ATTACHMENT, Endorsement
from seals.errors import MalformedEndorsementError
from seals.findings import Findings
from seals.pdf_attachments import AttachmentFinding
from seals.pdf_signature import SignatureFinding
from seals.verification_policy import VerificationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """Everything that a check of a file may look at."""

    findings: Findings
    policy: VerificationPolicy
    at: datetime
    """When the question is asked; aware."""
    seal: SignatureFinding | None
    """The only seal; None if there is none or more than one."""
    endorsement: Endorsement | None
    """As the seal's signed attribute says; None if it is missing, double or malformed."""
    path: CertificatePath

    def attachment(self, name: str) -> AttachmentFinding | None:
        """Return the attachment of that name; None if there is none, or more than one."""
        found = [attachment for attachment in self.findings.attachments if attachment.name == name]
        return found[0] if len(found) == 1 else None

    @property
    def attached_endorsement(self) -> AttachmentFinding | None:
        """The attached endorsement."""
        return self.attachment(ENDORSEMENT_ATTACHMENT)

    @property
    def attached_facts(self) -> AttachmentFinding | None:
        """The attached facts."""
        return self.attachment(FACTS_ATTACHMENT)


def context_of(findings: Findings, policy: VerificationPolicy, at: datetime) -> CheckContext:
    """Work out the seal, its endorsement and its certificate path."""
    seals = findings.seals
    seal = seals[0] if len(seals) == 1 and not findings.unreadable_signatures else None
    return CheckContext(
        findings=findings,
        policy=policy,
        at=at,
        seal=seal,
        endorsement=_endorsement(seal),
        path=_path(seal, policy),
    )


def _endorsement(seal: SignatureFinding | None) -> Endorsement | None:
    if seal is None or len(seal.endorsements) != 1:
        return None
    try:
        return Endorsement.from_json(seal.endorsements[0])
    except MalformedEndorsementError:
        return None


def _path(seal: SignatureFinding | None, policy: VerificationPolicy) -> CertificatePath:
    if seal is None or seal.claimed_time is None:
        return CertificatePath((), "no seal with a time")
    helpers = (*seal.signer.others, *policy.intermediates)
    return find_path(seal.signer.certificate, helpers, policy.trust_roots, seal.claimed_time)
