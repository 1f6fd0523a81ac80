"""The seal's place, found in what the renderer wrote, against where a PDF library sees a square painted."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from seals.endorsement import Fact, facts_digest
from seals.errors import PageError
from seals.page import RenderedPage, render_page
from seals.page_content import PageContent, PageFamily
from seals.page_mark import SEAL_SIDE, find_seal_box, read_pages
from seals.page_shape import SealBox

MIDDLE = (210 - 26 - 66 / 2) / 25.4 * 72
"""Middle of the signature's column, in points: A4 is 210 mm wide, the margin 26 mm, the column 66 mm."""


@pytest.fixture(scope="module")
def page(shared_content: PageContent) -> RenderedPage:
    return render_page(shared_content)


def with_values(content: PageContent, *values: str) -> PageContent:
    facts = tuple(Fact(f"k{turn}", f"项目{turn}", f"Item {turn}", value) for turn, value in enumerate(values))
    return replace(content, facts=facts, endorsement=replace(content.endorsement, facts_sha256=facts_digest(facts)))


def squares(pdf: bytes) -> list[SealBox]:
    """Return all squares of the seal's size that are filled on any page, as pikepdf reads its operators."""
    with pikepdf.open(BytesIO(pdf)) as file:
        filled = [
            SealBox(number, min(x), min(y), max(x), max(y))
            for number, sheet in enumerate(file.pages)
            for x, y in filled_outlines(pikepdf.parse_content_stream(sheet))
        ]
    side = pytest.approx(SEAL_SIDE, abs=0.01)
    return [box for box in filled if box.right - box.left == side and box.top - box.bottom == side]


def filled_outlines(instructions: Iterable[tuple[Sequence[Any], pikepdf.Operator]]) -> Iterator[tuple[Any, Any]]:
    """Yield the x and the y of the corners of each outline that is filled, in points from the lower left corner."""
    matrix, kept, corners = pikepdf.Matrix(), [], []
    for operands, operator in instructions:
        match str(operator):
            case "q":
                kept.append(matrix)
            case "Q":
                matrix = kept.pop()
            case "cm":
                matrix = pikepdf.Matrix(*map(float, operands)) @ matrix
            case "m" | "l":
                corners.append(matrix.transform((float(operands[0]), float(operands[1]))))
            case "f" | "f*" | "B" | "B*" | "b" | "b*" | "S" | "s" | "n" as ending:
                if ending not in {"S", "s", "n"} and corners:
                    yield tuple(zip(*corners, strict=True))
                corners = []


@pytest.mark.parametrize("family", PageFamily)
@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("values", [(), ("值",) * 6, ("宁波市海曙区中山西路138弄26号502室",) * 40, ("长" * 2000,) * 3])
def test_the_box_is_where_a_library_sees_a_square_of_42_mm(
    shared_content: PageContent, family: PageFamily, values: tuple[str, ...], negative: bool
) -> None:
    content = replace(with_values(shared_content, *values), family=family, remarks="查无记录" if negative else None)
    name = "宁波市鄞州区公安局" * 8 if negative else "宁波市公安局"
    endorsement = replace(content.endorsement, negative=negative, producing_unit_name=name)
    page = render_page(replace(content, endorsement=endorsement))
    (seen,) = squares(page.pdf)
    assert page.seal_box.page == seen.page
    for side in ("left", "bottom", "right", "top"):
        assert getattr(page.seal_box, side) == pytest.approx(getattr(seen, side), abs=0.01)
    assert (page.seal_box.left + page.seal_box.right) / 2 == pytest.approx(MIDDLE, abs=0.01)


def test_nothing_but_one_mark_on_all_pages_is_a_place(page: RenderedPage) -> None:
    (contents,) = read_pages(page.pdf)
    assert find_seal_box((b"", contents)) == replace(page.seal_box, page=1)
    for pages in ((), (b"",), (contents, contents), (contents * 2,), (contents.replace(b"119.05", b"119.06"),)):
        with pytest.raises(PageError, match=r"has [02] places"):
            find_seal_box(pages)


def test_a_square_of_another_colour_is_no_mark(page: RenderedPage) -> None:
    (contents,) = read_pages(page.pdf)
    with pytest.raises(PageError, match="has 0 places"):
        find_seal_box((contents.replace(b" cs 1 scn", b" cs 0 scn"),))


@pytest.mark.parametrize("pdf", [b"", b"rubbish", b"%PDF-1.7\n%%EOF"])
def test_what_is_no_page_of_ours_has_no_contents(pdf: bytes) -> None:
    with pytest.raises(PageError, match="not as ours are"):
        read_pages(pdf)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (bytes, "cannot be read"),
        (lambda length: zlib.compress(bytes(10_000_000), 9)[:length], "cut off or too long"),
        (lambda length: zlib.compress(bytes(100), 9)[:-5].ljust(length, b"\0"), "cannot be read"),
    ],
)
def test_contents_that_are_no_whole_stream_of_bounded_length_are_refused(page: RenderedPage, spoilt, reason) -> None:
    with pikepdf.open(BytesIO(page.pdf)) as file:
        stored = file.pages[0].Contents.read_raw_bytes()
    assert page.pdf.count(stored) == 1
    with pytest.raises(PageError, match=reason):
        read_pages(page.pdf.replace(stored, spoilt(len(stored))))
