"""How a later revision lies in the file: nothing but the objects that its table lists, the table, its trailer and end.

Readers differ in what they make of bytes that no table lists, of an object listed twice, of a table that points back
into sealed bytes or into the signature's own string. After a seal none of these is taken (ISO 32000-1, 7.5.4 to 7.5.6,
read strictly): each revision begins where the one before it ends, and every byte of it is accounted for.
"""

from __future__ import annotations

import re

from pyhanko.pdf_utils.generic import DictionaryObject, Reference, TrailerReference, read_object
from pyhanko.pdf_utils.misc import PdfReadError, read_non_whitespace
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import XRefEntry, XRefSectionType, XRefType, parse_xref_table

_BLANK = re.compile(rb"[\x00\t\n\f\r ]*")
_TABLE = re.compile(
    rb"xref *\r?\n(?:\d+ \d+ *\r?\n(?:\d{10} \d{5} [nf](?: \r| \n|\r\n))*)+trailer[\x00\t\n\f\r ]*(?=<<)"
)
_END = re.compile(rb"[\x00\t\n\f\r ]*startxref[\t ]*[\r\n]+(\d+)[\t ]*[\r\n]+%%EOF(?:\r\n|\r|\n)?")
_TRAILER_KEYS = {"/Size", "/Root", "/Prev", "/Info", "/ID"}


def later_layout_problem(data: bytes, reader: PdfFileReader, signed_revision: int, covered_to: int) -> str | None:
    """Say what is wrong with how the revisions after a signed one lie in the file, or None.

    Args:
        data: the whole file.
        reader: the file's reader, strict; raises whatever the file provokes.
        signed_revision: number of the revision that is signed.
        covered_to: offset at which that revision ends.
    """
    place = covered_to
    for revision in range(signed_revision + 1, reader.xrefs.total_revisions):
        problem, place = _read_revision(data, reader, revision, place)
        if problem is not None:
            return f"later revision {revision}: {problem}"
    return None if place == len(data) else "bytes that belong to no revision"


def _read_revision(data: bytes, reader: PdfFileReader, revision: int, place: int) -> tuple[str | None, int]:
    """Read one revision that begins at an offset: what is wrong with it, and where it ends."""
    about = reader.xrefs.get_xref_container_info(revision)
    if about.xref_section_type is not XRefSectionType.STANDARD:
        return "its cross-reference is no plain table", place
    start = about.declared_startxref
    table = _TABLE.match(data, start)
    if table is None:
        return "its cross-reference table is not of the form that all readers take", place
    reader.stream.seek(start + len(b"xref"))
    rows = [row for row in parse_xref_table(reader.stream, strict=True) if row.idnum]
    problem = _objects_problem(data, reader, rows, (place, start))
    return (problem, place) if problem is not None else _read_end(data, reader, table.end(), start)


def _objects_problem(data: bytes, reader: PdfFileReader, rows: list[XRefEntry], span: tuple[int, int]) -> str | None:
    """Walk from object to object: each begins where the one before it ends, the last ends where the table begins."""
    if len({row.idnum for row in rows}) != len(rows):
        return "its table lists one object twice"
    if any(row.xref_type is not XRefType.STANDARD or row.generation for row in rows):
        return "its table declares objects free, or uses numbers again"
    place, table = span
    for location, number in sorted((int(str(row.location)), row.idnum) for row in rows):
        if location != _after_blank(data, place) or location >= table:
            return f"object {number} is not where the one before it ends"
        header = re.compile(rb"%d 0 obj\b" % number).match(data, location)
        if header is None:
            return f"object {number} is not where its table says"
        place = _end_of_object(reader, header.end(), number)
    return None if _after_blank(data, place) == table else "it holds bytes that its table does not list"


def _end_of_object(reader: PdfFileReader, body: int, number: int) -> int:
    """Return the offset after the `endobj` of an object whose body is at an offset."""
    stream = reader.stream
    stream.seek(body)
    read_non_whitespace(stream, seek_back=True)  # type: ignore[no-untyped-call]  # pyHanko types a part
    read_object(stream, Reference(number, 0, reader))
    read_non_whitespace(stream, seek_back=True)  # type: ignore[no-untyped-call]  # pyHanko types a part
    if stream.read(6) != b"endobj":
        raise PdfReadError("an object does not end with endobj")
    return int(stream.tell())


def _read_end(data: bytes, reader: PdfFileReader, place: int, table: int) -> tuple[str | None, int]:
    """Read the trailer at an offset and what follows it: what is wrong, and where the revision ends."""
    reader.stream.seek(place)
    trailer = DictionaryObject.read_from_stream(reader.stream, TrailerReference(reader))  # type: ignore[no-untyped-call]  # pyHanko types a part
    if not set(trailer) <= _TRAILER_KEYS:
        return "its trailer has unusual entries", place
    if trailer.raw_get("/Root") != reader.trailer.flatten(0).raw_get("/Root"):
        return "its trailer names another catalogue", place
    end = _END.match(data, reader.stream.tell())
    if end is None or int(end[1]) != table:
        return "it does not end as a revision does", place
    return None, end.end()


def _after_blank(data: bytes, place: int) -> int:
    found = _BLANK.match(data, place)
    return found.end() if found is not None else place
