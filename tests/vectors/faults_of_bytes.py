"""Genuine proofs whose bytes somebody touched."""

from __future__ import annotations

import re

from tests.vectors.forger import write_range, written_range
from tests.vectors.good_proofs import sharing
from tests.vectors.proofs import Materials
from tests.vectors.vector import Vector


def _with_another_byte(pdf: bytes, place: int) -> bytes:
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


def changed_text(materials: Materials) -> bytes:
    """One bit of a compressed stream of the page."""
    pdf = sharing(materials)
    return _with_another_byte(pdf, pdf.index(b"\nstream") + 60)


def changed_attachment(materials: Materials) -> bytes:
    """One bit of an attachment's compressed stream."""
    pdf = sharing(materials)
    attached = next(re.finditer(rb"/EmbeddedFile\b", pdf)).start()
    return _with_another_byte(pdf, pdf.index(b"stream", attached) + 20)


def changed_date(materials: Materials) -> bytes:
    return re.sub(rb"(/M ?\(D[^0-9]*(?:072)?)2026", rb"\g<1>2025", sharing(materials))


def truncated_in_half(materials: Materials) -> bytes:
    pdf = sharing(materials)
    return pdf[: len(pdf) // 2]


def truncated_by_one_line(materials: Materials) -> bytes:
    return sharing(materials)[:-4]


def truncated_before_the_seal(materials: Materials) -> bytes:
    """Only the first revision is left: the page as it was before sealing."""
    pdf = sharing(materials)
    return pdf[: pdf.index(b"%%EOF") + 6]


def bytes_before(materials: Materials) -> bytes:
    return b"%PDF-1.7\n" + sharing(materials)


def bytes_after(materials: Materials) -> bytes:
    return sharing(materials) + b"\nsome more words\n"


def bytes_after_with_an_end(materials: Materials) -> bytes:
    """Words that end as a PDF ends, so that a lenient reader finds the old cross-reference table."""
    pdf = sharing(materials)
    ending = pdf[pdf.rindex(b"startxref") :]
    return pdf + b"\n% some more words\n" + ending


def content_behind_the_signature(materials: Materials) -> bytes:
    """Not signed, not shown: the rest of a string with more room than its signature takes, which ours has not."""
    pdf = materials.sealed_by(materials.city.sharing)
    end = written_range(pdf)[2] - 1
    return pdf[: end - 8] + b"CAFEBABE" + pdf[end:]


def changed_signature_value(materials: Materials) -> bytes:
    """One bit of the signature: in the last bytes of the CMS structure."""
    pdf = sharing(materials)
    first, last = written_range(pdf)[1] + 1, written_range(pdf)[2] - 1
    place = first + len(pdf[first:last].rstrip(b"0")) - 4
    digit = b"0" if pdf[place : place + 1] != b"0" else b"1"
    return pdf[:place] + digit + pdf[place + 1 :]


def emptied_signature(materials: Materials) -> bytes:
    pdf = sharing(materials)
    first, last = written_range(pdf)[1] + 1, written_range(pdf)[2] - 1
    return pdf[:first] + b"0" * (last - first) + pdf[last:]


def changed_byte_range(materials: Materials) -> bytes:
    """The range is made shorter after signing."""
    pdf = sharing(materials)
    start, hole_start, hole_end, tail = written_range(pdf)
    return write_range(pdf, (start, hole_start, hole_end, tail - 100))


FAULTS = (
    Vector("changed_text", changed_text, "intact"),
    Vector("changed_attachment", changed_attachment, "intact"),
    Vector("changed_date", changed_date, "intact"),
    Vector("truncated_in_half", truncated_in_half, "is_pdf"),
    Vector("truncated_by_one_line", truncated_by_one_line, "is_pdf"),
    Vector("truncated_before_the_seal", truncated_before_the_seal, "one_seal"),
    Vector("bytes_before", bytes_before, "is_pdf"),
    Vector("bytes_after", bytes_after, "whole_file"),
    Vector("bytes_after_with_an_end", bytes_after_with_an_end, "whole_file"),
    Vector("content_behind_the_signature", content_behind_the_signature, "whole_file"),
    Vector("changed_signature_value", changed_signature_value, "signature_valid"),
    Vector("emptied_signature", emptied_signature, "one_seal"),
    Vector("changed_byte_range", changed_byte_range, "whole_file"),
)
