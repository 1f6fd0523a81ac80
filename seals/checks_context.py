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
from seals.proven_time import JudgedStamp, TrustMaterial, judge_stamps, proven_time
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
    """From the seal's certificate to a root, at `signed_at`."""
    material: TrustMaterial
    stamps: tuple[JudgedStamp, ...]
    """The time stamps, the last first."""
    proven_at: datetime | None
    """The earliest time at which time stamps prove that the seal existed; None without any."""

    @property
    def signed_at(self) -> datetime | None:
        """The best that is known of the time of sealing: proven, or else claimed."""
        claimed = self.seal.claimed_time if self.seal is not None else None
        return self.proven_at if self.proven_at is not None else claimed

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
    material = _material(findings, policy)
    stamps = judge_stamps((stamp for signature in findings.signatures for stamp in signature.time_stamps), material, at)
    proven_at = proven_time(stamps, seal.coverage.covered_to) if seal is not None else None
    return CheckContext(
        findings=findings,
        policy=policy,
        at=at,
        seal=seal,
        endorsement=_endorsement(seal),
        path=_path(seal, material, proven_at),
        material=material,
        stamps=stamps,
        proven_at=proven_at,
    )


def _material(findings: Findings, policy: VerificationPolicy) -> TrustMaterial:
    brought = findings.validation_data
    return TrustMaterial(
        roots=policy.trust_roots,
        stamp_roots=policy.trust_roots if policy.time_stamp_roots is None else policy.time_stamp_roots,
        certificates=(*policy.intermediates, *brought.certificates),
        crls=(*policy.crls, *brought.crls),
        ocsp_responses=(*policy.ocsp_responses, *brought.ocsp_responses),
    )


def _endorsement(seal: SignatureFinding | None) -> Endorsement | None:
    if seal is None or len(seal.endorsements) != 1:
        return None
    try:
        return Endorsement.from_json(seal.endorsements[0])
    except MalformedEndorsementError:
        return None


def _path(seal: SignatureFinding | None, material: TrustMaterial, proven_at: datetime | None) -> CertificatePath:
    if seal is None or seal.claimed_time is None:
        return CertificatePath((), "no seal with a time")
    helpers = (*seal.signer.others, *material.certificates)
    path = find_path(seal.signer.certificate, helpers, material.roots, proven_at or seal.claimed_time)
    if path.certificates and seal.claimed_time < path.certificates[0].not_valid_before_utc:
        return CertificatePath((), "the seal says that it was applied before its certificate was valid")
    return path
