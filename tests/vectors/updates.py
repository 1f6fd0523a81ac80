"""Incremental updates written by hand: what no library would write, and some viewers would follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

Change = Callable[[IncrementalPdfFileWriter], None]


class _Writer(IncrementalPdfFileWriter):
    """Leaves the metadata alone, so that the change asked for is the only one."""

    def _update_meta(self) -> None:
        pass


def appended(pdf: bytes, change: Change) -> bytes:
    """One more revision, as any PDF program would add it."""
    writer = _Writer(BytesIO(pdf))
    change(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


@dataclass(frozen=True)
class Anatomy:
    """Numbers and bodies of the objects of a sealed file that attacks aim at."""

    size: int
    """The next free object number."""
    table: int
    """Offset of the last cross-reference table."""
    catalogue: int
    page: int
    content: int
    field: int
    seal: int
    form: int
    bodies: Mapping[int, bytes]
    places: Mapping[int, int]
    """Offsets."""


def anatomy(pdf: bytes) -> Anatomy:
    """Look up what a file sealed by the forger, or by the project, is made of."""
    reader = PdfFileReader(BytesIO(pdf))
    page = reader.root["/Pages"]["/Kids"].raw_get(0)
    field = reader.root["/AcroForm"]["/Fields"].raw_get(0)
    found = {
        "catalogue": reader.root_ref.idnum,
        "page": page.idnum,
        "content": page.get_object().raw_get("/Contents").idnum,
        "field": field.idnum,
        "seal": field.get_object().raw_get("/V").idnum,
        "form": reader.root.raw_get("/AcroForm").idnum,
    }
    references = {number: generic.Reference(number, 0, reader) for number in found.values()}
    return Anatomy(
        size=int(reader.trailer["/Size"]),
        table=int(reader.last_startxref or 0),
        bodies={number: _written(reference.get_object()) for number, reference in references.items()},
        places={number: reader.xrefs[reference] for number, reference in references.items()},
        **found,
    )


def _written(body: generic.PdfObject) -> bytes:
    output = BytesIO()
    body.write_to_stream(output)
    return output.getvalue()


@dataclass(frozen=True)
class Update:
    """An incremental update; the defaults are those of an honest one."""

    objects: tuple[tuple[int, bytes], ...] = ()
    """Number and body; the same number may come twice."""
    hidden: tuple[tuple[int, bytes], ...] = ()
    """Objects that no table lists, written before the others."""
    rows: tuple[tuple[int, bytes], ...] = ()
    """More rows of the table, 20 bytes each."""
    trailer: bytes = b""
    previous: int | None = None
    root: bytes | None = None

    def after(self, pdf: bytes) -> bytes:
        """Write it behind a file."""
        parts = anatomy(pdf)
        output = BytesIO()
        output.write(pdf)
        for number, body in self.hidden:
            output.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        rows = list(self.rows)
        for number, body in self.objects:
            rows.append((number, b"%010d 00000 n \n" % output.tell()))
            output.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        size = max((parts.size, *(number + 1 for number, _ in rows)))
        table = output.tell()
        output.write(b"xref\n0 1\n0000000000 65535 f \n")
        output.write(b"".join(b"%d 1\n%s" % row for row in rows))
        root = self.root or b"/Root %d 0 R" % parts.catalogue
        previous = parts.table if self.previous is None else self.previous
        output.write(b"trailer\n<< /Size %d %s /Prev %d %s >>\n" % (size, root, previous, self.trailer))
        output.write(b"startxref\n%d\n%%%%EOF\n" % table)
        return output.getvalue()


def with_entry(body: bytes, entry: bytes) -> bytes:
    """A dictionary with one more entry, before those it has."""
    return body.replace(b"<<", b"<< " + entry + b" ", 1)


def stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)
