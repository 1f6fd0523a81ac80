"""Files made to hurt whoever opens them: bombs, circles, depths; and files that are no proof at all."""

from __future__ import annotations

import functools
import zlib
from io import BytesIO

import pikepdf

from seals.endorsement import FACTS_ATTACHMENT, facts_json
from tests.vectors.forger import SealChoices, seal
from tests.vectors.good_proofs import sharing
from tests.vectors.proofs import FACTS, SHARING, Materials, unsealed_page
from tests.vectors.vector import Vector

_MEBIBYTE = 1024 * 1024
_BOMB_MEBIBYTES = 1024


def written_by_hand(objects: dict[int, bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF with these objects and a correct cross-reference table."""
    output = BytesIO()
    output.write(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = output.tell()
        output.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = output.tell()
    output.write(b"xref\n0 %d\n0000000000 65535 f \n" % (max(objects) + 1))
    for number in range(1, max(objects) + 1):
        output.write(b"%010d 00000 n \n" % places[number])
    output.write(b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, trailer, table))
    return output.getvalue()


@functools.cache
def bomb() -> bytes:
    """A gigabyte of zeros, deflated twice."""
    squeezer = zlib.compressobj(9)
    once = b"".join(squeezer.compress(bytes(_MEBIBYTE)) for _ in range(_BOMB_MEBIBYTES)) + squeezer.flush()
    return zlib.compress(once, 9)


def stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def bomb_in_the_facts(materials: Materials) -> bytes:
    """Sealed by the city's own key, so that the attachment really is looked at."""

    def plant(pdf: pikepdf.Pdf) -> None:
        twice = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
        attached = pdf.attachments[FACTS_ATTACHMENT].obj.EF
        attached.F = pdf.make_stream(bomb(), Filter=twice)

    page = unsealed_page(SHARING.to_json(), facts_json(FACTS), plant)
    return seal(page, materials.city.sharing, SealChoices(endorsements=(SHARING.to_json(),)))


def bomb_in_an_object_stream(_: Materials) -> bytes:
    """The catalogue is said to be in an object stream that never ends."""
    body = stream(b"/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", bomb())
    start = b"%PDF-1.7\n2 0 obj\n" + body + b"\nendobj\n"
    rows = b"".join(
        kind.to_bytes(1, "big") + first.to_bytes(4, "big") + second.to_bytes(2, "big")
        for kind, first, second in ((0, 0, 65535), (2, 2, 0), (1, 9, 0), (1, len(start), 0))
    )
    table = stream(b"/Type /XRef /Size 4 /W [1 4 2] /Root 1 0 R", rows)
    return start + b"3 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(start)


def bomb_in_the_cross_reference(_: Materials) -> bytes:
    table = stream(b"/Type /XRef /Size 2000000000 /W [1 4 2] /Root 1 0 R /Filter [/FlateDecode /FlateDecode]", bomb())
    return b"%PDF-1.7\n1 0 obj\n" + table + b"\nendobj\nstartxref\n9\n%%EOF\n"


def deep_nesting(_: Materials) -> bytes:
    depth = 10_000
    return written_by_hand({1: b"<< /Type /Catalog /AcroForm %s%s >>" % (b"[" * depth, b"]" * depth)})


def deep_form(_: Materials) -> bytes:
    """Form fields, each the only child of the one before."""
    depth = 1_500
    fields = {number: b"<< /T (a) /Kids [%d 0 R] >>" % (number + 1) for number in range(3, depth)}
    fields[depth] = b"<< /T (a) >>"
    return written_by_hand({1: b"<< /Type /Catalog /AcroForm 2 0 R >>", 2: b"<< /Fields [3 0 R] >>", **fields})


def table_that_follows_itself(_: Materials) -> bytes:
    pdf = written_by_hand({1: b"<< /Type /Catalog >>"})
    table = pdf.index(b"xref\n")
    return written_by_hand({1: b"<< /Type /Catalog >>"}, b"/Root 1 0 R /Prev %d" % table)


def endless_table(_: Materials) -> bytes:
    """A table that says it has a thousand million rows."""
    pdf = written_by_hand({1: b"<< /Type /Catalog >>"})
    return pdf.replace(b"xref\n0 2\n", b"xref\n0 1000000000\n", 1)


def many_objects(_: Materials) -> bytes:
    return written_by_hand({1: b"<< /Type /Catalog >>", **dict.fromkeys(range(2, 5000), b"null")})


def many_revisions(_: Materials) -> bytes:
    pdf = written_by_hand({1: b"<< /Type /Catalog >>"})
    for _number in range(200):
        before = pdf.rindex(b"\nxref\n") + 1
        ending = b"trailer\n<< /Size 2 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (before, len(pdf))
        pdf += b"xref\n0 0\n" + ending
    return pdf


def page_tree_in_a_circle(_: Materials) -> bytes:
    return written_by_hand({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"})


def form_in_a_circle(_: Materials) -> bytes:
    catalogue = b"<< /Type /Catalog /AcroForm << /Fields [2 0 R] >> >>"
    return written_by_hand({1: catalogue, 2: b"<< /T (a) /Kids [2 0 R] >>"})


def attachments_in_a_circle(materials: Materials) -> bytes:
    def plant(pdf: pikepdf.Pdf) -> None:
        tree = pdf.Root.Names.EmbeddedFiles = pdf.make_indirect(pikepdf.Dictionary())
        tree.Kids = pikepdf.Array([tree, tree, tree])

    page = unsealed_page(SHARING.to_json(), facts_json(FACTS), plant)
    return seal(page, materials.city.sharing, SealChoices(endorsements=(SHARING.to_json(),)))


def reference_to_itself(_: Materials) -> bytes:
    return written_by_hand({1: b"1 0 R"})


def length_that_refers_to_itself(_: Materials) -> bytes:
    body = b"<< /Length 2 0 R >>\nstream\nabc\nendstream"
    return written_by_hand({1: b"<< /Type /Catalog /AcroForm 2 0 R >>", 2: body})


def encrypted(materials: Materials) -> bytes:
    output = BytesIO()
    with pikepdf.open(BytesIO(sharing(materials))) as pdf:
        pdf.save(output, encryption=pikepdf.Encryption(owner="owner", user="", R=6))
    return output.getvalue()


def signature_of_garbage(_: Materials) -> bytes:
    value = b"<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 -1 9999999999 1] /Contents <%s> >>"
    return written_by_hand(
        {
            1: b"<< /Type /Catalog /AcroForm << /Fields [2 0 R] >> >>",
            2: b"<< /FT /Sig /T (Seal) /V 3 0 R >>",
            3: value % (b"30848888888888" * 20),
        }
    )


def address_to_fetch(_: Materials) -> bytes:
    """Asks for a program to be started and an address to be opened, as some viewers would."""
    return written_by_hand(
        {
            1: b"<< /Type /Catalog /OpenAction << /S /URI /URI (http://127.0.0.1:9/) >> /AcroForm 2 0 R >>",
            2: b"<< /Fields [] /XFA 3 0 R >>",
            3: stream(b"", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
        }
    )


FILES = (
    Vector("empty", lambda _: b"", "is_pdf"),
    Vector("garbage", lambda _: bytes(range(256)) * 40, "is_pdf"),
    Vector("only_a_header", lambda _: b"%PDF-1.7\n%%EOF\n", "is_pdf"),
    Vector("a_web_page", lambda _: b"<!doctype html><title>proof</title>", "is_pdf"),
    Vector("encrypted", encrypted, "is_pdf"),
    Vector("bomb_in_the_facts", bomb_in_the_facts, "facts"),
    Vector("bomb_in_an_object_stream", bomb_in_an_object_stream, "is_pdf"),
    Vector("bomb_in_the_cross_reference", bomb_in_the_cross_reference, "is_pdf"),
    Vector("deep_nesting", deep_nesting, "is_pdf"),
    Vector("deep_form", deep_form, "is_pdf"),
    Vector("table_that_follows_itself", table_that_follows_itself, "is_pdf"),
    Vector("endless_table", endless_table, "is_pdf"),
    Vector("many_objects", many_objects, "one_seal"),
    Vector("many_revisions", many_revisions, "is_pdf"),
    Vector("page_tree_in_a_circle", page_tree_in_a_circle, "one_seal"),
    Vector("form_in_a_circle", form_in_a_circle, "is_pdf"),
    Vector("attachments_in_a_circle", attachments_in_a_circle, "facts"),
    Vector("reference_to_itself", reference_to_itself, "is_pdf"),
    Vector("length_that_refers_to_itself", length_that_refers_to_itself, "is_pdf"),
    Vector("signature_of_garbage", signature_of_garbage, "one_seal"),
    Vector("address_to_fetch", address_to_fetch, "one_seal"),
)
