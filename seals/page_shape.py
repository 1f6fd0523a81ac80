"""Knows a page of our own renderer again, and where in it a seal is added.

The header, the layout of all objects, the cross-reference table, the trailer and the few objects that a seal changes
must be written letter for letter as the renderer writes them (ISO 32000-1, 7.5). Any surprise, another habit of a newer
renderer among them, makes the page an `UnfamiliarPage`, which is sealed by way of a full PDF library instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class SealBox:
    """Where the seal goes: points from the lower left corner of a page."""

    page: int
    """Counted from 0."""
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """What of a page a seal's update needs. A text runs from an object's `<<` to where the update adds something."""

    size: int
    """Objects in the cross-reference table: the first free number."""
    table_at: int
    """Offset of the cross-reference table, in bytes."""
    identity: bytes
    """The first part of the file's identifier, as it is written between parentheses."""
    information: bytes
    """Number of the document information, in decimal."""
    catalog: int
    catalog_text: bytes
    page: int
    """Number of the page that the seal goes on."""
    page_text: bytes
    tree: int
    """Number of the structure tree's root."""
    tree_text: bytes
    """Up to where the parent tree's list of numbers ends."""
    tree_rest: bytes
    """From there to where the next key of the parent tree is written."""
    key: int
    """The next key of the parent tree."""
    document: int
    """Number of the structure element that holds all others."""
    document_text: bytes


@dataclass(frozen=True, slots=True)
class UnfamiliarPage:
    """The page is not one of ours, or not whole; says what was looked for in vain."""

    lacks: str


def read_shape(pdf: bytes, box: SealBox) -> PageShape | UnfamiliarPage:
    """Find what a seal in a box changes in a page. Never raises for what the page holds."""
    try:
        return _read(pdf, box)
    except _UnfamiliarError as surprise:
        return UnfamiliarPage(str(surprise))


def contents_of_pages(pdf: bytes) -> tuple[bytes, ...] | UnfamiliarPage:
    """Return what each page shows, as it is stored: compressed (ISO 32000-1, 7.8.2). Never raises for what is there."""
    try:
        return _contents(pdf)
    except _UnfamiliarError as surprise:
        return UnfamiliarPage(str(surprise))


class _UnfamiliarError(Exception):
    """Something is not where, or not what, our renderer writes."""


NEW_OBJECTS = 5
"""How many objects a seal adds; they take the first free numbers."""
PICTURE_OBJECTS = 2
"""How many more its picture adds, at most: its colours and its opacity."""

_N = rb"[1-9][0-9]{0,6}"  # an object's number
_COUNT = rb"(?:0|[1-9][0-9]{0,6})"
_REFERENCES = rb"%b 0 R(?: %b 0 R)*" % (_N, _N)
_NUMBER = rb"-?[0-9]{1,6}(?:\.[0-9]{1,6})?"
_HEADER = re.compile(rb"%PDF-1\.7\n%[\x80-\xff]{4}\n\n")
_LONGEST_TRAILER = 400


def _object(text: bytes) -> re.Pattern[bytes]:
    """Return the pattern of a whole object."""
    return re.compile(rb"(?P<number>%b) 0 obj\n%b>>\nendobj\n" % (_N, text))


_TRAILER = re.compile(
    rb"trailer\n<</Size (?P<size>%b)/Root (?P<root>%b) 0 R/Info (?P<information>%b) 0 R"
    rb"/ID\[\((?P<identity>[A-Za-z0-9+/=]{1,64})\)\([A-Za-z0-9+/=]{1,64}\)\]>>\n"
    rb"startxref\n(?P<table>[1-9][0-9]{0,9})\n%%%%EOF\Z" % (_N, _N, _N)
)
_CATALOG = _object(
    rb"(?P<text><</Type/Catalog/Pages (?P<pages>%b) 0 R/Metadata %b 0 R/OutputIntents %b 0 R/Lang\([A-Za-z-]+\)"
    rb"/StructTreeRoot (?P<tree>%b) 0 R"
    rb"/MarkInfo<</Marked true/Suspects false>>/ViewerPreferences<</DisplayDocTitle true/Direction/L2R>>"
    rb"/Outlines %b 0 R/Names<</EmbeddedFiles<</Names\[(?:\([a-z.]+\)%b 0 R)+\]>>>>/AF\[%b\])"
    % (_N, _N, _N, _N, _N, _N, _REFERENCES)
)
_PAGES = _object(rb"<</Type/Pages/Count (?P<count>%b)/Kids\[(?P<kids>%b)\]" % (_N, _REFERENCES))
_PAGE = _object(
    rb"(?P<text><</Type/Page/Resources %b 0 R/MediaBox\[0 0 (?P<width>%b) (?P<height>%b)\]/StructParents %b/Tabs/S"
    rb"/Parent (?P<pages>%b) 0 R/Contents (?P<contents>%b) 0 R)" % (_N, _NUMBER, _NUMBER, _COUNT, _N, _N)
)
_CONTENTS = re.compile(
    rb"%b 0 obj\n<</Length %b/Filter/FlateDecode>>\nstream\n(?P<stream>.*)\nendstream\nendobj\n" % (_N, _N), re.DOTALL
)
_TREE = _object(
    rb"(?P<text><</Type/StructTreeRoot/RoleMap<</Datetime/Span/Terms/Part/Title/P/Strong/Span/Em/Span>>"
    rb"/K\[(?P<document>%b) 0 R\]/ParentTree<</Nums\[(?:%b %b 0 R )*(?P<last>%b) %b 0 R)"
    rb"(?P<rest>\]>>(?:/IDTree<</Names\[(?:\([A-Za-z0-9]+\)%b 0 R)+\]>>)?/ParentTreeNextKey )(?P<key>%b)"
    % (_N, _COUNT, _N, _COUNT, _N, _N, _N)
)
_DOCUMENT = _object(rb"(?P<text><</Type/StructElem/S/Document/P (?P<tree>%b) 0 R/K\[%b)\]" % (_N, _REFERENCES))

_FIRST_ENTRY = b"0000000000 65535 f\r\n"
_ENTRY = re.compile(rb"([0-9]{10}) 00000 n\r\n")


class _Layout(NamedTuple):
    """A file as its cross-reference table lays it out: every object is where the table says, one after the other."""

    pdf: bytes
    offsets: list[int]
    """Where the objects 1, 2 and so on begin, then where the table does."""

    @property
    def size(self) -> int:
        """The number of entries, that of the free list among them (7.5.4)."""
        return len(self.offsets)

    def object(self, number: int, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Return the object of a number, which must be all of the pattern."""
        found = None
        if 0 < number < self.size:
            found = pattern.fullmatch(self.pdf, self.offsets[number - 1], self.offsets[number])
        if found is None:
            raise _UnfamiliarError(f"object {number}")
        return found


def _read(pdf: bytes, box: SealBox) -> PageShape:
    trailer = _trailer(pdf)
    layout = _layout(pdf, int(trailer["table"]), trailer.start())
    catalog = layout.object(int(trailer["root"]), _CATALOG)
    page = _page(layout, int(catalog["pages"]), box)
    tree = layout.object(int(catalog["tree"]), _TREE)
    document = layout.object(int(tree["document"]), _DOCUMENT)
    changed = [int(found["number"]) for found in (tree, document, page, catalog)]
    if layout.size != int(trailer["size"]) or changed != sorted(changed):
        raise _UnfamiliarError("the order of the objects")
    free = range(layout.size, layout.size + NEW_OBJECTS + PICTURE_OBJECTS)
    if any(b"%d 0 R" % number in pdf for number in free):
        raise _UnfamiliarError("an object that is referred to")  # the update would become it
    if document["tree"] != tree["number"] or int(tree["last"]) + 1 != int(tree["key"]):
        raise _UnfamiliarError("the structure")
    return PageShape(
        size=layout.size,
        table_at=layout.offsets[-1],
        identity=trailer["identity"],
        information=trailer["information"],
        catalog=changed[3],
        catalog_text=catalog["text"],
        page=changed[2],
        page_text=page["text"],
        tree=changed[0],
        tree_text=tree["text"],
        tree_rest=tree["rest"],
        key=int(tree["key"]),
        document=changed[1],
        document_text=document["text"],
    )


def _contents(pdf: bytes) -> tuple[bytes, ...]:
    trailer = _trailer(pdf)
    layout = _layout(pdf, int(trailer["table"]), trailer.start())
    catalog = layout.object(int(trailer["root"]), _CATALOG)
    pages = [layout.object(number, _PAGE) for number in _kids(layout.object(int(catalog["pages"]), _PAGES))]
    return tuple(layout.object(int(page["contents"]), _CONTENTS)["stream"] for page in pages)


def _trailer(pdf: bytes) -> re.Match[bytes]:
    trailer = _TRAILER.search(pdf, max(0, len(pdf) - _LONGEST_TRAILER))
    if trailer is None:
        raise _UnfamiliarError("the trailer")
    return trailer


def _layout(pdf: bytes, table: int, end: int) -> _Layout:
    """Look at the whole table: one section, every object in use, and nothing between one object and the next."""
    entries = _ENTRY.findall(pdf, table, end)
    offsets = [*map(int, entries), table]
    head = b"xref\n0 %d\n%b" % (len(offsets), _FIRST_ENTRY)
    header = _HEADER.match(pdf)
    whole = pdf.startswith(head, table) and table + len(head) + len(entries) * len(_FIRST_ENTRY) == end
    if not whole or header is None or header.end() != offsets[0]:
        raise _UnfamiliarError("the cross-reference table")
    for number, (begin, after) in enumerate(pairwise(offsets), 1):
        if not pdf.startswith(b"%d 0 obj\n" % number, begin) or not pdf.endswith(b"\nendobj\n", begin, after):
            raise _UnfamiliarError(f"object {number}")
    return _Layout(pdf, offsets)


def _page(layout: _Layout, number: int, box: SealBox) -> re.Match[bytes]:
    """Return the page that the seal goes on, which must have room for it."""
    pages = layout.object(number, _PAGES)
    kids = _kids(pages)
    if not 0 <= box.page < len(kids):
        raise _UnfamiliarError("the tree of pages")
    page = layout.object(kids[box.page], _PAGE)
    width, height = float(page["width"]), float(page["height"])
    inside = 0 <= box.left < box.right <= width and 0 <= box.bottom < box.top <= height
    if not inside or page["pages"] != pages["number"]:
        raise _UnfamiliarError("room for the seal")
    return page


def _kids(pages: re.Match[bytes]) -> list[int]:
    """Return the numbers of all pages, in order."""
    kids = [int(number) for number in pages["kids"].split(b" 0 R")[:-1]]
    if len(kids) != int(pages["count"]):
        raise _UnfamiliarError("the tree of pages")
    return kids
