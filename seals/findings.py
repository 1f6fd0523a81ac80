"""Read any PDF into typed facts, with no opinion on them: what `checks.py` judges.

The file is hostile until shown otherwise. Sizes are bounded by `DocumentLimits`; whatever a parser raises on the way
becomes a fact (`problem`). Time and memory are bounded outside, by the process that `judge.py` can kill. No address
named in a file is fetched.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from io import BytesIO

from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from seals.errors import UnreadableDocumentError
from seals.hostile_input import DocumentLimits, one_line
from seals.pdf_attachments import AttachmentFinding, read_attachments
from seals.pdf_signature import SignatureFinding, SignatureType, read_signature
from seals.pdf_validation_data import ValidationData, read_validation_data

for _reader in ("pyhanko.pdf_utils", "pyhanko.sign.diff_analysis", "pyhanko.sign.validation"):
    logging.getLogger(_reader).setLevel(logging.CRITICAL + 1)  # what it says of a file is a finding, not a log line


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a file holds."""

    size: int
    """Bytes."""
    sha256: str
    """Of the whole file, lower-case hexadecimal."""
    problem: str | None = None
    """Why the file could not be read as a PDF, or None."""
    encrypted: bool = False
    revisions: int = 0
    signatures: tuple[SignatureFinding, ...] = ()
    unreadable_signatures: tuple[str, ...] = ()
    """One line for each signature field whose value cannot be read."""
    attachments: tuple[AttachmentFinding, ...] = ()
    attachments_problem: str | None = None
    validation_data: ValidationData = field(default_factory=ValidationData)
    """What the file brings for long-term validation; nothing if that cannot be read."""

    @property
    def seals(self) -> tuple[SignatureFinding, ...]:
        """The signatures that are no document time stamps."""
        return tuple(found for found in self.signatures if found.type is SignatureType.SIGNATURE)

    @property
    def document_stamps(self) -> tuple[SignatureFinding, ...]:
        """The document time stamps."""
        return tuple(found for found in self.signatures if found.type is SignatureType.DOCUMENT_TIME_STAMP)


@dataclass(slots=True)
class _Signatures:
    """Signatures as they are collected."""

    read: list[SignatureFinding] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def read_findings(data: bytes, limits: DocumentLimits) -> Findings:
    """Read a file.

    Raises:
        UnreadableDocumentError: it is larger than `limits` allow, or reading it takes more memory than there is.
    """
    if len(data) > limits.document_bytes:
        raise UnreadableDocumentError(f"the file is larger than {limits.document_bytes} bytes")
    digest = hashlib.sha256(data).hexdigest()
    try:
        return _read(data, digest, limits)
    except MemoryError as problem:
        raise UnreadableDocumentError("the file takes more memory than is given to it") from problem
    except Exception as problem:  # a parser of hostile bytes may raise anything: that it did is the finding
        return Findings(size=len(data), sha256=digest, problem=one_line(problem))


def _read(data: bytes, digest: str, limits: DocumentLimits) -> Findings:
    reader = PdfFileReader(BytesIO(data), strict=True, decode_limits=_decode_limits(limits))
    revisions = reader.xrefs.total_revisions
    if revisions > limits.revisions:
        raise UnreadableDocumentError(f"the file has {revisions} revisions")
    if "/Encrypt" in reader.trailer:
        return Findings(size=len(data), sha256=digest, encrypted=True, revisions=revisions)
    signatures = _read_signatures(data, reader, limits)
    attachments, problem = _read_attachments(reader, limits)
    return Findings(
        size=len(data),
        sha256=digest,
        revisions=revisions,
        signatures=tuple(signatures.read),
        unreadable_signatures=tuple(signatures.unreadable),
        attachments=attachments,
        attachments_problem=problem,
        validation_data=_read_validation_data(reader, limits),
    )


def _read_signatures(data: bytes, reader: PdfFileReader, limits: DocumentLimits) -> _Signatures:
    signatures = _Signatures()
    for number, (name, _, signature_field) in enumerate(enumerate_sig_fields(reader, filled_status=True)):
        if number == limits.signatures:
            raise UnreadableDocumentError("the file has more signature fields than are read")
        try:
            signatures.read.append(read_signature(data, reader, str(name), signature_field))
        except MemoryError:
            raise
        except Exception as problem:  # one broken signature must not hide the others
            signatures.unreadable.append(one_line(problem))
    return signatures


def _read_attachments(
    reader: PdfFileReader, limits: DocumentLimits
) -> tuple[tuple[AttachmentFinding, ...], str | None]:
    try:
        return read_attachments(reader, limits), None
    except MemoryError:
        raise
    except Exception as problem:  # unreadable attachments are a fact of their own
        return (), one_line(problem)


def _read_validation_data(reader: PdfFileReader, limits: DocumentLimits) -> ValidationData:
    try:
        return read_validation_data(reader, limits)
    except MemoryError:
        raise
    except Exception:  # what cannot be read helps nobody: the questions that it would answer stay open
        return ValidationData()


def _decode_limits(limits: DocumentLimits) -> DecodeLimits:
    """Bound what compressed streams may expand to: each a little more than an attachment, all together a budget."""
    return DecodeLimits(
        per_stream=StreamDecodeLimits(max_output_size=limits.attachment_bytes * 4),
        document_budget=DocumentDecodeBudget(base_allowance=limits.decoded_bytes, max_ratio=0),
    )
