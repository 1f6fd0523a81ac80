"""Attachments are read from the name tree within bounds on their number, depth and size."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.errors import UnreadableDocumentError
from seals.hostile_input import DocumentLimits
from seals.pdf_attachments import AttachmentFinding, read_attachments
from tests.vectors.proofs import write

LIMITS = DocumentLimits(attachments=3, attachment_bytes=10)


def read(pdf: pikepdf.Pdf, limits: DocumentLimits = LIMITS) -> tuple[AttachmentFinding, ...]:
    return read_attachments(PdfFileReader(BytesIO(write(pdf)), strict=True), limits)


def blank() -> pikepdf.Pdf:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(100, 100))
    return pdf


def attached(**files: bytes) -> pikepdf.Pdf:
    pdf = blank()
    for name, data in files.items():
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, data)
    return pdf


def specification(pdf: pikepdf.Pdf, data: bytes) -> pikepdf.Object:
    stream = pdf.make_stream(data)
    return pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Filespec, EF=pikepdf.Dictionary(F=stream)))


def with_tree(pdf: pikepdf.Pdf, tree: pikepdf.Object) -> pikepdf.Pdf:
    pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=tree)
    return pdf


def test_files_come_in_the_order_of_their_names_with_their_digests() -> None:
    found = read(attached(b=b"two", a=b"one"))
    assert [(each.name, each.data) for each in found] == [("a", b"one"), ("b", b"two")]
    assert found[0].sha256 == hashlib.sha256(b"one").hexdigest()


def test_a_file_without_attachments_has_none() -> None:
    assert read(blank()) == ()
    other = blank()
    other.Root.Names = pikepdf.Dictionary(Dests=pikepdf.Dictionary(Names=pikepdf.Array()))
    assert read(other) == ()


def test_a_tree_of_several_nodes_is_read_through_to_its_leaves() -> None:
    pdf = blank()
    leaves = [
        pdf.make_indirect(pikepdf.Dictionary(Names=pikepdf.Array([name, specification(pdf, name.encode())])))
        for name in ("a", "b")
    ]
    tree = pikepdf.Dictionary(Kids=pikepdf.Array(leaves))
    assert [each.name for each in read(with_tree(pdf, tree))] == ["a", "b"]


def test_more_files_than_are_read_are_refused() -> None:
    with pytest.raises(UnreadableDocumentError, match="more attachments"):
        read(attached(a=b"", b=b"", c=b"", d=b""))


def test_a_file_larger_than_is_read_is_refused() -> None:
    assert len(read(attached(a=b"x" * 10))) == 1
    with pytest.raises(UnreadableDocumentError, match="larger"):
        read(attached(a=b"x" * 11))


def test_a_tree_deeper_than_is_read_is_refused() -> None:
    pdf = blank()
    node = pikepdf.Dictionary(Names=pikepdf.Array(["a", specification(pdf, b"1")]))
    for _ in range(8):
        node = pikepdf.Dictionary(Kids=pikepdf.Array([pdf.make_indirect(node)]))
    with pytest.raises(UnreadableDocumentError, match="too deep"):
        read(with_tree(pdf, node))


def test_a_tree_that_turns_in_a_circle_is_refused() -> None:
    pdf = blank()
    node = pdf.make_indirect(pikepdf.Dictionary())
    node.Kids = pikepdf.Array([node])
    with pytest.raises(UnreadableDocumentError, match="too deep"):
        read(with_tree(pdf, node))


def test_an_attachment_that_is_no_stream_is_refused() -> None:
    pdf = blank()
    wrong = pikepdf.Dictionary(Type=pikepdf.Name.Filespec, EF=pikepdf.Dictionary(F=pikepdf.Dictionary(Length=3)))
    tree = pikepdf.Dictionary(Names=pikepdf.Array(["a", wrong]))
    with pytest.raises(UnreadableDocumentError, match="not a stream"):
        read(with_tree(pdf, tree))
