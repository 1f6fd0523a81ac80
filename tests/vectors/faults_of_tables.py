"""Games with cross-reference tables, and bytes that no table knows: one reader follows them, another does not."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.vectors.faults_of_updates import new_field
from tests.vectors.forger import written_range
from tests.vectors.proofs import Materials
from tests.vectors.updates import Anatomy, Update, anatomy, stream, with_entry
from tests.vectors.vector import Vector

_WORDS = stream(b"", b"BT /F1 24 Tf 72 720 Td (Proof of ownership) Tj ET")
_ROW = b"%010d %05d %b \n"


def _sealed(materials: Materials) -> bytes:
    return materials.sealed_by(materials.city.sharing)


def _after(plan: Callable[[bytes, Anatomy], bytes]) -> Callable[[Materials], bytes]:
    """The small sealed file with something behind it."""

    def make(materials: Materials) -> bytes:
        pdf = _sealed(materials)
        return plan(pdf, anatomy(pdf))

    return make


def _store_of(parts: Anatomy) -> tuple[tuple[int, bytes], ...]:
    """An honest security store, for an update that hides something beside it."""
    store = with_entry(parts.bodies[parts.catalogue], b"/DSS << /Certs [] >>")
    return ((parts.catalogue, store),)


def _hidden_objects(pdf: bytes, parts: Anatomy) -> bytes:
    """Incremental saving: the page's content once more, in an update whose table leaves it out."""
    return Update(_store_of(parts), hidden=((parts.content, _WORDS),)).after(pdf)


def _no_table(pdf: bytes, parts: Anatomy) -> bytes:
    """Objects and a trailer with no table at all: a reader that mends files takes the last of each number."""
    body = b"%d 0 obj\n%s\nendobj\n" % (parts.content, _WORDS)
    trailer = b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (parts.size, parts.catalogue)
    return pdf + body + trailer + b"startxref\n0\n%%EOF\n"


def _old_table(pdf: bytes, parts: Anatomy) -> bytes:
    """Objects behind the seal, and an end that points to the table before them."""
    return pdf + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (parts.content, _WORDS, parts.table)


def _twice_in_one_table(pdf: bytes, parts: Anatomy) -> bytes:
    """The catalogue twice: the first has another page, the last one is honest; readers differ in which they take."""
    other = parts.bodies[parts.catalogue].replace(b"/Pages", b"/Pages %d 0 R /X" % parts.size, 1)
    pages = b"<< /Type /Pages /Count 0 /Kids [] >>"
    return Update(((parts.size, pages), (parts.catalogue, other), *_store_of(parts))).after(pdf)


def _key_twice(pdf: bytes, parts: Anatomy) -> bytes:
    """A catalogue with two page trees."""
    body = with_entry(parts.bodies[parts.catalogue], b"/Pages %d 0 R" % parts.size)
    return Update(((parts.size, b"<< /Type /Pages /Count 0 /Kids [] >>"), (parts.catalogue, body))).after(pdf)


def _root_twice(pdf: bytes, parts: Anatomy) -> bytes:
    """A trailer with two catalogues."""
    other = parts.bodies[parts.catalogue].replace(b"/Pages", b"/Pages %d 0 R /X" % (parts.size + 1), 1)
    pages = b"<< /Type /Pages /Count 0 /Kids [] >>"
    trailer = b"/Root %d 0 R" % parts.size
    objects = ((parts.size, other), (parts.size + 1, pages), *_store_of(parts))
    return Update(objects, trailer=trailer).after(pdf)


def _beside_the_chain(pdf: bytes, parts: Anatomy) -> bytes:
    """A chain of tables that leaves out the sealed revision's and says again where its objects are."""
    table = pdf[parts.table :]
    rows = re.findall(rb"(\d+) (\d+)\n((?:\d{10} \d{5} [nf] \n)+)", table)
    listed = [
        (int(first) + place, entry)
        for first, _, entries in rows
        for place, entry in enumerate(re.findall(rb"\d{10} \d{5} [nf] \n", entries))
        if int(first) + place
    ]
    before = int(re.findall(rb"/Prev (\d+)", table)[0])
    return Update(((parts.content, _WORDS),), rows=tuple(listed), previous=before).after(pdf)


def _loop(pdf: bytes, parts: Anatomy) -> bytes:
    """A table that follows itself."""
    made = Update(_store_of(parts)).after(pdf)
    own = int(made.rsplit(b"startxref\n", 1)[1].split()[0])
    return made[:own] + made[own:].replace(b"/Prev %d" % parts.table, b"/Prev %d" % own)


def _hybrid(pdf: bytes, parts: Anatomy) -> bytes:
    """A table and, for those who understand it, a stream that puts the content elsewhere."""
    content_at = len(pdf)
    body = b"%d 0 obj\n%s\nendobj\n" % (parts.content, _WORDS)
    table_at = content_at + len(body)
    row = b"\x01" + content_at.to_bytes(4, "big") + b"\x00\x00"
    entries = b"/Type /XRef /Size %d /W [1 4 2] /Index [%d 1] /Root %d 0 R"
    table = stream(entries % (parts.size + 1, parts.content, parts.catalogue), row)
    behind = pdf + body + b"%d 0 obj\n%s\nendobj\n" % (parts.size, table)
    return Update(_store_of(parts), trailer=b"/XRefStm %d" % table_at).after(behind)


def _table_stream(pdf: bytes, parts: Anatomy) -> bytes:
    """A cross-reference stream with the content in an object stream beside a store."""
    inner = b"<< /Pages %d 0 R >>" % parts.size
    first = b"%d 0 " % parts.catalogue
    packed = stream(b"/Type /ObjStm /N 1 /First %d" % len(first), first + inner)
    packed_at = len(pdf)
    behind = pdf + b"%d 0 obj\n%s\nendobj\n" % (parts.size, packed)
    table_at = len(behind)
    rows = ((2, parts.size, 0), (1, packed_at, 0), (1, table_at, 0))
    data = b"".join(kind.to_bytes(1, "big") + a.to_bytes(4, "big") + b.to_bytes(2, "big") for kind, a, b in rows)
    index = b"/Index [%d 1 %d 2]" % (parts.catalogue, parts.size)
    entries = b"/Type /XRef /Size %d /W [1 4 2] %b /Root %d 0 R /Prev %d"
    table = stream(entries % (parts.size + 2, index, parts.catalogue, parts.table), data)
    return behind + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (parts.size + 1, table, table_at)


def _other_generation(pdf: bytes, parts: Anatomy) -> bytes:
    """The content again under generation 1: readers that go by the number alone take it."""
    objects = b"%d 1 obj\n%s\nendobj\n" % (parts.content, _WORDS)
    row = (parts.content, _ROW % (len(pdf), 1, b"n"))
    return Update(_store_of(parts), rows=(row,)).after(pdf + objects)


def _inside_the_hole(pdf: bytes, parts: Anatomy) -> bytes:
    """A table that says a new object lies in the signature's own string."""
    return Update(_store_of(parts), rows=((parts.size, _ROW % (written_range(pdf)[1] + 40, 0, b"n")),)).after(pdf)


def _into_the_sealed(pdf: bytes, parts: Anatomy) -> bytes:
    """The content is said to lie where the page's first revision has its page."""
    return Update(_store_of(parts), rows=((parts.content, _ROW % (parts.places[parts.page], 0, b"n")),)).after(pdf)


def _unused_object(pdf: bytes, parts: Anatomy) -> bytes:
    """An object that nothing refers to, beside a store."""
    return Update((*_store_of(parts), (parts.size, _WORDS))).after(pdf)


def _comment(pdf: bytes, parts: Anatomy) -> bytes:
    """An object in a comment before an honest store."""
    return Update(_store_of(parts)).after(pdf + b"% " + b"%d 0 obj << >> endobj\n" % parts.content)


def _two_updates(pdf: bytes, parts: Anatomy) -> bytes:
    """Words that one update adds to the page and the next takes away again."""
    once = Update(((parts.content, _WORDS),)).after(pdf)
    table = int(once.rsplit(b"startxref\n", 1)[1].split()[0])
    return Update(((parts.content, parts.bodies[parts.content]),), previous=table).after(once)


def _field_in_two_steps(pdf: bytes, parts: Anatomy) -> bytes:
    """An invisible field first, its place on the page in a second update."""
    once = new_field(b"/Subtype /Widget /Rect [0 0 0 0]")(parts).after(pdf)
    table = int(once.rsplit(b"startxref\n", 1)[1].split()[0])
    body = b"<< /FT /Sig /T (Later) /Type /Annot /Subtype /Widget /Rect [72 700 272 730] /P %d 0 R >>" % parts.page
    return Update(((parts.size, body),), previous=table).after(once)


def _header_before(materials: Materials) -> bytes:
    return b"MZ\x90\x00 this is a program\n" + _sealed(materials)


def _blank_before(materials: Materials) -> bytes:
    return b"\n" + _sealed(materials)


def _web_page_behind(materials: Materials) -> bytes:
    """What a browser may take for a page."""
    return _sealed(materials) + b"<html><script>document.write('Proof of ownership')</script></html>\n%%EOF\n"


def _archive_behind(materials: Materials) -> bytes:
    """What an unpacker takes for an archive."""
    return _sealed(materials) + b"PK\x05\x06" + bytes(18)


_MAKERS: dict[str, tuple[Callable[[Materials], bytes], str]] = {
    "table_that_leaves_out_an_object": (_after(_hidden_objects), "whole_file"),
    "table_that_is_missing": (_after(_no_table), "is_pdf"),
    "table_of_the_sealed_revision_again": (_after(_old_table), "whole_file"),
    "table_with_one_object_twice": (_after(_twice_in_one_table), "whole_file"),
    "table_beside_the_chain": (_after(_beside_the_chain), "whole_file"),
    "table_in_a_loop": (_after(_loop), "is_pdf"),
    "table_with_a_hybrid": (_after(_hybrid), "is_pdf"),
    "table_stream_with_another_catalogue": (_after(_table_stream), "one_seal"),
    "table_with_another_generation": (_after(_other_generation), "is_pdf"),
    "table_into_the_signature": (_after(_inside_the_hole), "whole_file"),
    "table_into_the_sealed_bytes": (_after(_into_the_sealed), "whole_file"),
    "object_that_nothing_uses": (_after(_unused_object), "whole_file"),
    "object_in_a_comment": (_after(_comment), "whole_file"),
    "dictionary_with_one_key_twice": (_after(_key_twice), "is_pdf"),
    "trailer_with_two_catalogues": (_after(_root_twice), "is_pdf"),
    "words_added_and_taken_away": (_after(_two_updates), "whole_file"),
    "field_that_moves_into_sight": (_after(_field_in_two_steps), "whole_file"),
    "program_before_the_header": (_header_before, "is_pdf"),
    "blank_before_the_header": (_blank_before, "is_pdf"),
    "web_page_behind": (_web_page_behind, "is_pdf"),
    "archive_behind": (_archive_behind, "whole_file"),
}
FAULTS = tuple(Vector(name, make, because) for name, (make, because) in _MAKERS.items())
