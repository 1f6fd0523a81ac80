"""The four baseline levels of PAdES (ETSI EN 319 142-1, 6): how long a seal can be verified without asking anybody."""

from __future__ import annotations

from enum import StrEnum

from seals.findings import Findings


class SealLevel(StrEnum):
    """A level; each holds what the one before it holds."""

    B_B = "B_B"
    """A signature: its time is what the seal says."""
    B_T = "B_T"
    """With a time stamp, in the signature or over the document: its time is proven."""
    B_LT = "B_LT"
    """With the certificates and revocation data that verifying takes: nobody need be asked."""
    B_LTA = "B_LTA"
    """With a document time stamp over all that: it outlives the certificates, and can be renewed."""

    def reaches(self, other: SealLevel) -> bool:
        """Whether it is the other level or a higher one."""
        order = tuple(SealLevel)
        return order.index(self) >= order.index(other)


def level_of(findings: Findings) -> SealLevel:
    """Return the level that a file has the form of; whether its parts can be believed is for the checks."""
    seals = findings.seals
    if len(seals) != 1:
        return SealLevel.B_B
    sealed_to = seals[0].coverage.covered_to
    over_document = [found.coverage.covered_to for found in findings.document_stamps]
    if not seals[0].time_stamps and not any(covered > sealed_to for covered in over_document):
        return SealLevel.B_B
    if not findings.validation_data.speaks_of_revocation:
        return SealLevel.B_T
    # A stamp that ends the file covers the security store, wherever it stands.
    return SealLevel.B_LTA if findings.size in over_document else SealLevel.B_LT
