"""Finds the place of the seal on a page: the template paints a white square there, before all that is shown upon it.

The square is read from what the renderer wrote, since asking the renderer costs another layout. A renderer that writes
it in another way is noticed at the first page.
"""

from __future__ import annotations

import re
import zlib

from seals.appearance import DIAMETER, POINTS_PER_MILLIMETRE
from seals.errors import PageError
from seals.page_shape import SealBox, UnfamiliarPage, contents_of_pages

SEAL_SIDE = DIAMETER * POINTS_PER_MILLIMETRE
"""Side of the square, in points."""

_CONTENTS_LIMIT = 4_000_000
"""Longest contents of one page that are read, in bytes: more than a page full of text in changing fonts has."""
_NUMBER = rb"[0-9]{1,6}(?:\.[0-9]{1,9})?"
_MARK = re.compile(
    rb"/Artifact<</Type/Layout>>BDC\nq 1 0 0 -1 (?P<left>%b) (?P<top>%b) cm/c0 cs 1 scn "
    rb"0 0 m (?P<side>119\.0551[0-9]*) 0 l (?P=side) (?P=side) l 0 (?P=side) l\nh\nf\nQ\nEMC" % (_NUMBER, _NUMBER)
)


def read_pages(pdf: bytes) -> tuple[bytes, ...]:
    """Return what our renderer wrote for each page: operators that paint it (ISO 32000-1, 7.8.2), not compressed.

    Raises:
        PageError: the file is not of the form that our renderer gives it.
    """
    pages = contents_of_pages(pdf)
    if isinstance(pages, UnfamiliarPage):
        raise PageError(f"the page is not as ours are: {pages.lacks}")
    return tuple(_inflated(page) for page in pages)


def find_seal_box(pages: tuple[bytes, ...]) -> SealBox:
    """Return where the seal goes on pages that were read.

    Raises:
        PageError: there is not one such place.
    """
    found = [(number, mark) for number, page in enumerate(pages) for mark in _MARK.finditer(page)]
    if len(found) != 1:
        raise PageError(f"the page has {len(found)} places for the seal")
    ((number, mark),) = found
    left, top = float(mark["left"]), float(mark["top"])
    return SealBox(
        page=number,
        left=round(left, 3),
        bottom=round(top - SEAL_SIDE, 3),
        right=round(left + SEAL_SIDE, 3),
        top=round(top, 3),
    )


def _inflated(contents: bytes) -> bytes:
    """Undo the compression (ISO 32000-1, 7.4.4) of a page's contents."""
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(contents, _CONTENTS_LIMIT)
    except zlib.error as problem:
        raise PageError("the contents of the page cannot be read") from problem
    if not reader.eof:
        raise PageError("the contents of the page are cut off or too long")
    return text
