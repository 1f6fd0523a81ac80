from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.errors import SealingError
from seals.kinds import SealKind
from seals.page import RenderedPage, render_page
from seals.sealing import Seal, seal_page


@pytest.fixture(scope="module")
def seal_it(seal_office, shared_content):
    """Puts the sharing seal on any page."""
    record = seal_office.record(SealKind.INFORMATION_SHARING)
    seal = Seal.prepare(record.kind, record.face, seal_office.keys.open(record.key_label))

    def run(page: RenderedPage) -> PdfFileReader:
        return PdfFileReader(BytesIO(seal_page(page, shared_content.endorsement, seal, seal_office.now)))

    return run


@pytest.fixture(scope="module")
def page(shared_content) -> RenderedPage:
    """A page with one line end more than ours have, so that the PDF library seals it."""
    rendered = render_page(shared_content)
    return RenderedPage(rendered.pdf + b"\n", rendered.seal_box)


def _spoiled(page: RenderedPage, change) -> RenderedPage:
    with pikepdf.open(BytesIO(page.pdf)) as document:
        change(document)
        out = BytesIO()
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return RenderedPage(out.getvalue(), page.seal_box)


def test_the_field_is_the_content_of_a_form_element_of_the_document(seal_it, page) -> None:
    reader = seal_it(page)
    tree = reader.root["/StructTreeRoot"]
    element = tree["/K"][0]["/K"][-1]
    assert element["/S"] == "/Form"
    assert element["/K"][0].raw_get("/Obj").reference == reader.root["/AcroForm"]["/Fields"].raw_get(0).reference
    assert element["/Alt"] == element["/K"][0]["/Obj"]["/TU"]


def test_the_parent_tree_leads_from_the_field_back_to_its_element(seal_it, page) -> None:
    tree = seal_it(page).root["/StructTreeRoot"]
    numbers = tree["/ParentTree"]["/Nums"]
    element = tree["/K"][0]["/K"][-1]
    assert numbers[-2] == element["/K"][0]["/Obj"]["/StructParent"] == tree["/ParentTreeNextKey"] - 1
    assert numbers[-1] == element
    keys = [numbers[place] for place in range(0, len(numbers), 2)]
    assert keys == sorted(set(keys))


def _without_structure(document: pikepdf.Pdf) -> None:
    del document.Root.StructTreeRoot


def _without_parent_tree(document: pikepdf.Pdf) -> None:
    del document.Root.StructTreeRoot.ParentTree


def _with_one_child_only(document: pikepdf.Pdf) -> None:
    document.Root.StructTreeRoot.K[0].K = document.Root.StructTreeRoot.K[0].K[0]


def _without_tab_order(document: pikepdf.Pdf) -> None:
    for sheet in document.pages:
        del sheet.obj.Tabs


def _with_a_strange_root_element(document: pikepdf.Pdf) -> None:
    document.Root.StructTreeRoot.K[0].S = pikepdf.Name.Part


@pytest.mark.parametrize(
    "change",
    [
        _without_structure,
        _without_parent_tree,
        _with_one_child_only,
        _without_tab_order,
        _with_a_strange_root_element,
    ],
)
def test_a_page_that_is_not_as_ours_are_is_refused(seal_it, page, change) -> None:
    with pytest.raises(SealingError):
        seal_it(_spoiled(page, change))
