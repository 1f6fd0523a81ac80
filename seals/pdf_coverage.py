"""What a signature covers, by the bytes of the file (ISO 32000-2, 12.8.1), and what was added after it.

pyHanko answers the same question leniently; a proof is read strictly: from the first byte to the end of a revision,
with no gap but the hexadecimal string that holds the signature itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from asn1crypto import parser
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from seals.hostile_input import one_line
from seals.pdf_later_content import STRICT_POLICY, later_content_problem
from seals.pdf_later_layout import later_layout_problem
from seals.pdf_signature_form import in_one_case

_HEXADECIMAL = re.compile(rb"<[0-9A-Fa-f]+>")
_END_OF_FILE = re.compile(rb"%%EOF[\r\n]{0,2}\Z")


class LaterChanges(StrEnum):
    """What the file holds after the bytes that a signature covers."""

    NONE = "NONE"
    LONG_TERM_ONLY = "LONG_TERM_ONLY"
    """A document security store and document time stamps (ETSI EN 319 142-1, 5.4), nothing else."""
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which bytes a signature covers and what follows them."""

    byte_range: tuple[int, ...]
    problem: str | None
    """Why the range is not "everything up to the end of a revision but the signature's own string", or None."""
    covered_to: int
    """Offset of the first byte after what is covered; 0 if the range cannot be used."""
    later_bytes: int
    later_changes: LaterChanges
    later_detail: str


def read_coverage(data: bytes, signature: EmbeddedPdfSignature) -> Coverage:
    """Compare a signature's byte range with the file, and look at what was added after it."""
    byte_range = tuple(int(number) for number in signature.byte_range)
    problem = _range_problem(data, byte_range, signature) or _revision_problem(signature)
    covered_to = byte_range[2] + byte_range[3] if problem is None else 0
    later = (LaterChanges.OTHER, "not looked at") if problem else _later(data, covered_to, signature)
    return Coverage(
        byte_range=byte_range,
        problem=problem,
        covered_to=covered_to,
        later_bytes=len(data) - covered_to,
        later_changes=later[0],
        later_detail=later[1],
    )


def padding_is_clean(contents: bytes) -> bool:
    """Whether only zeros follow the CMS structure in the signature's string: those bytes are not signed."""
    _, _, _, header, content, trailer = parser.parse(contents, strict=False)
    used = len(header) + len(content) + len(trailer)
    return not contents[used:].strip(b"\x00")


def _range_problem(data: bytes, byte_range: tuple[int, ...], signature: EmbeddedPdfSignature) -> str | None:
    if len(byte_range) != 4 or min(byte_range) < 0:
        return "the byte range is not two spans"
    start, hole_start, hole_end, tail = byte_range
    if start != 0:
        return f"the byte range starts at {start}, not at the first byte"
    if not hole_start < hole_end <= hole_end + tail <= len(data):
        return "the byte range does not lie in the file in order"
    hole = data[hole_start:hole_end]
    if not _HEXADECIMAL.fullmatch(hole) or len(hole) % 2 or not in_one_case(hole):
        return "what the byte range leaves out is not one hexadecimal string"
    if bytes.fromhex(hole[1:-1].decode("ascii")) != signature.pkcs7_content:
        return "what the byte range leaves out is not the signature's own string"
    return _place_problem(data, byte_range, signature)


def _place_problem(data: bytes, byte_range: tuple[int, ...], signature: EmbeddedPdfSignature) -> str | None:
    """The hole must be the value of /Contents in the very object that was read, and a revision must end the range."""
    hole_start, end = byte_range[1], byte_range[2] + byte_range[3]
    reference = signature.sig_field.raw_get("/V").reference
    position = signature.reader.xrefs[reference]
    if not isinstance(position, int) or position >= hole_start:
        return "the signature's string is not where its object is"
    before = data[position:hole_start]
    if b"endobj" in before or not before.rstrip().endswith(b"/Contents"):
        return "the signature's string is not where its object is"
    if not _END_OF_FILE.search(data[max(0, end - 16) : end]):
        return "the byte range does not end where a revision of the file ends"
    return None


def _revision_problem(signature: EmbeddedPdfSignature) -> str | None:
    signature.compute_integrity_info(skip_diff=True)  # type: ignore[no-untyped-call]  # pyHanko types a part
    if signature.coverage in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION):
        return None
    return "the cross-reference table of the sealed revision is not covered"


def _later(data: bytes, covered_to: int, signature: EmbeddedPdfSignature) -> tuple[LaterChanges, str]:
    if covered_to == len(data):
        return LaterChanges.NONE, "nothing"
    reader, revision = signature.reader, signature.signed_revision
    revisions = reader.xrefs.total_revisions - revision - 1
    if revisions < 1 or not _END_OF_FILE.search(data[-16:]):
        return LaterChanges.OTHER, "bytes that belong to no revision"
    try:
        problem = later_layout_problem(data, reader, revision, covered_to) or _change_problem(signature)
    except MemoryError:
        raise
    except Exception as unreadable:  # what cannot be read is not what may follow
        problem = one_line(unreadable)
    if problem is not None:
        return LaterChanges.OTHER, f"{revisions} later revision(s): {problem}"
    return LaterChanges.LONG_TERM_ONLY, f"{revisions} later revision(s): validation data and time stamps"


def _change_problem(signature: EmbeddedPdfSignature) -> str | None:
    result = signature.evaluate_modifications(STRICT_POLICY)
    if not isinstance(result, DiffResult):
        return "changes that no rule allows"
    if result.modification_level > ModificationLevel.LTA_UPDATES:
        return str(result.modification_level.name)
    reader = signature.reader
    last = reader.get_historical_resolver(reader.xrefs.total_revisions - 1)
    return later_content_problem(reader.get_historical_resolver(signature.signed_revision), last)
