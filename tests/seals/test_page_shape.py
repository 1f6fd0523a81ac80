from dataclasses import replace

import pytest

from seals.endorsement import Fact, facts_digest
from seals.page import RenderedPage, render_page
from seals.page_content import PageContent, PageFamily
from seals.page_shape import PageShape, UnfamiliarPage, read_shape


@pytest.fixture(scope="module")
def page(shared_content) -> RenderedPage:
    return render_page(shared_content)


def _with_facts(content: PageContent, number: int) -> PageContent:
    facts = tuple(Fact(f"k{turn}", f"项目{turn}", f"Item {turn}", f"𠀀㐂{turn}") for turn in range(number))
    return replace(content, facts=facts, endorsement=replace(content.endorsement, facts_sha256=facts_digest(facts)))


@pytest.mark.parametrize("family", PageFamily)
@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("facts", [1, 40, 100])
def test_every_page_that_our_renderer_makes_is_known(shared_content, family, negative, facts) -> None:
    content = replace(_with_facts(shared_content, facts), family=family, remarks="查无记录" if negative else None)
    content = replace(content, endorsement=replace(content.endorsement, negative=negative))
    page = render_page(content)
    shape = read_shape(page.pdf, page.seal_box)
    assert isinstance(shape, PageShape), shape
    assert shape.key == page.pdf.count(b"/Type/Page/")


def test_the_numbers_are_those_of_the_objects_that_a_seal_changes(page) -> None:
    shape = read_shape(page.pdf, page.seal_box)
    assert isinstance(shape, PageShape)
    for number, text in (
        (shape.catalog, shape.catalog_text),
        (shape.page, shape.page_text),
        (shape.tree, shape.tree_text + shape.tree_rest),
        (shape.document, shape.document_text),
    ):
        assert b"\n%d 0 obj\n%b" % (number, text) in page.pdf
    assert page.pdf[shape.table_at :].startswith(b"xref\n0 %d\n" % shape.size)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"%PDF-1.7\n", b"%PDF-2.0\n"),
        (b"/Lang(zh-CN)/StructTreeRoot", b"/Lang(zh-CN)/AcroFormRoots"),
        (b"/MarkInfo", b"/MarkInfa"),
        (b"/Tabs/S/Parent", b"/Tabs/R/Parent"),
        (b"/S/Document/P 5 0 R", b"/S/Document/P 6 0 R"),
        (b"/ParentTreeNextKey 1", b"/ParentTreeNextKey 2"),
        (b"/Count 1", b"/Count 2"),
        (b" 65535 f\r\n", b" 65534 f\r\n"),
        (b" 00000 n\r\n", b" 00001 n\r\n"),
        (b"trailer\n<</Size ", b"trailer\n<</Zise "),
        (b"\nendobj\n3 0 obj\n", b"\nendobj\n4 0 obj\n"),
        (b"\nendobj\n3 0 obj\n", b"\nendobi\n3 0 obj\n"),
        (b"%%EOF", b"%%EOL"),
    ],
)
def test_a_page_that_differs_in_a_letter_is_not_known(page, old, new) -> None:
    assert page.pdf.count(old)
    assert isinstance(read_shape(page.pdf.replace(old, new), page.seal_box), UnfamiliarPage)


def test_a_page_that_refers_to_an_object_it_has_not_is_not_known(page) -> None:
    shape = read_shape(page.pdf, page.seal_box)
    assert isinstance(shape, PageShape)
    dangling = page.pdf.replace(
        b"/DestOutputProfile %d 0 R" % (shape.size - 4), b"/DestOutputProfile %d 0 R" % shape.size
    )
    assert len(dangling) == len(page.pdf)
    assert dangling != page.pdf
    assert read_shape(dangling, page.seal_box) == UnfamiliarPage("an object that is referred to")


@pytest.mark.parametrize("spoil", [lambda pdf: pdf + b"\n", lambda pdf: b"\n" + pdf, lambda pdf: pdf[:-9000]])
def test_a_page_with_more_or_less_to_it_is_not_known(page, spoil) -> None:
    assert isinstance(read_shape(spoil(page.pdf), page.seal_box), UnfamiliarPage)


@pytest.mark.parametrize("pdf", [b"", b"rubbish", b"%PDF-1.7\n%%EOF", b"startxref\n1\n%%EOF"])
def test_what_is_no_page_is_not_known(page, pdf) -> None:
    assert isinstance(read_shape(pdf, page.seal_box), UnfamiliarPage)


@pytest.mark.parametrize(
    "change", [{"page": 1}, {"page": -1}, {"left": -1.0}, {"top": 900.0}, {"right": float("nan")}, {"bottom": 400.0}]
)
def test_a_box_for_which_there_is_no_room_is_not_accepted(page, change) -> None:
    shape = read_shape(page.pdf, replace(page.seal_box, **change))
    assert shape in (UnfamiliarPage("the tree of pages"), UnfamiliarPage("room for the seal"))
