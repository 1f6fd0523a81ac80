"""What a seal's update writes of a page's own: the part of the update that follows from the page alone.

Made once when a page is rendered; `page_update.py` adds the seal's part, the time and the signature. Five objects are
new. Each begins with what the page determines, above all numbers of objects, and ends with what the seal does.
"""

from __future__ import annotations

from dataclasses import dataclass

from seals.page_shape import NEW_OBJECTS, PageShape, SealBox, UnfamiliarPage, read_shape

ENTRY = b"%010d 00000 n \n"
"""One line of a cross-reference table (ISO 32000-1, 7.5.4): where an object begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChanges:
    """The page's part of an update (ISO 32000-1, 7.5.6)."""

    changed: bytes
    """Catalog, page, structure tree and its document as the seal leaves them, and the form; a line end before them."""
    field_at: int
    """Offset of what follows these in the sealed file, in bytes: field, appearance, structure element, signature."""
    field: bytes
    appearance: bytes
    element: bytes
    signature: bytes
    """The beginnings of these four."""
    table: bytes
    """The cross-reference section up to the entries of these four."""
    free: int
    """The first number that no object has then: a seal's picture takes it and the next."""
    trailer: bytes
    """The trailer from after its size to the second half of the file's identifier, which is between parentheses."""


def read_changes(pdf: bytes, box: SealBox) -> PageChanges | UnfamiliarPage:
    """Work out a page's part of the update that puts a seal into a box. Never raises for what the page holds."""
    shape = read_shape(pdf, box)
    return shape if isinstance(shape, UnfamiliarPage) else _changes(shape, box, len(pdf))


def _changes(shape: PageShape, box: SealBox, length: int) -> PageChanges:
    form, field, appearance, element, signature = range(shape.size, shape.size + NEW_OBJECTS)
    # PDF/A wants the first file's end marker to end its line (ISO 19005-3, 6.1.9); the renderer ends with the marker.
    changed = b"\n"
    entries = b"xref\n0 1\n0000000000 65535 f \n"
    for number, text in _changed(shape):
        entries += b"%d %d\n%b" % (number, NEW_OBJECTS if number == form else 1, ENTRY % (length + len(changed)))
        changed += b"%d 0 obj\n%b\nendobj\n" % (number, text)
    rectangle = b"%.3f %.3f %.3f %.3f" % (box.left, box.bottom, box.right, box.top)
    return PageChanges(
        changed=changed,
        field_at=length + len(changed),
        field=b"%d 0 obj\n<</Type/Annot/Subtype/Widget/Rect[%b]/P %d 0 R/AP<</N %d 0 R>>/StructParent %d/V %d 0 R"
        % (field, rectangle, shape.page, appearance, shape.key, signature),
        appearance=b"%d 0 obj\n" % appearance,
        element=b"%d 0 obj\n<</Type/StructElem/S/Form/P %d 0 R/Pg %d 0 R/K[<</Type/OBJR/Obj %d 0 R/Pg %d 0 R>>]"
        % (element, shape.document, shape.page, field, shape.page),
        signature=b"%d 0 obj\n" % signature,
        table=entries,
        free=shape.size + NEW_OBJECTS,
        trailer=b"/Root %d 0 R/Info %b 0 R/Prev %d/ID[(%b)"
        % (shape.catalog, shape.information, shape.table_at, shape.identity),
    )


def _changed(shape: PageShape) -> tuple[tuple[int, bytes], ...]:
    """Return number and text of each object of the page that the seal adds to, and of the form, in order."""
    form, field, _, element, signature = range(shape.size, shape.size + NEW_OBJECTS)
    parent_tree = b"%b %d %d 0 R%b%d>>" % (shape.tree_text, shape.key, element, shape.tree_rest, shape.key + 1)
    permission = b"%b/AcroForm %d 0 R/Perms<</DocMDP %d 0 R>>>>" % (shape.catalog_text, form, signature)
    return (
        (shape.tree, parent_tree),
        (shape.document, b"%b %d 0 R]>>" % (shape.document_text, element)),
        (shape.page, b"%b/Annots[%d 0 R]>>" % (shape.page_text, field)),
        (shape.catalog, permission),
        (form, b"<</Fields[%d 0 R]/SigFlags 3>>" % field),  # it has signatures, and is only to be appended to (12.7.2)
    )
