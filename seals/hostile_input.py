"""Limits on files that come from anywhere, and how their reader's complaints are put into words."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How much of a file is looked at. Beyond a limit the file is not judged, or judged not good: never read on."""

    document_bytes: int = 20 * MEBIBYTE
    """Largest file that is opened."""
    attachment_bytes: int = MEBIBYTE
    """Largest attachment that is decoded."""
    attachments: int = 16
    """Most attachments that are read."""
    signatures: int = 16
    """Most signature fields that are read."""
    revisions: int = 32
    """Most revisions (incremental updates) that a file may have."""
    validation_items: int = 64
    """Most certificates, most revocation lists and most OCSP answers that a file may bring."""
    decoded_bytes: int = 32 * MEBIBYTE
    """Most bytes that all compressed streams together may expand to."""


def one_line(problem: BaseException) -> str:
    """Return a parser's complaint as one short printable line, for the evidence of a check."""
    words = " ".join(str(problem).split())
    printable = "".join(character for character in words if character.isprintable())
    return f"{type(problem).__name__}: {printable[:160]}" if printable else type(problem).__name__
