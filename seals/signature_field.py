"""The visible signature field: the round seal, drawn or a picture, as its appearance, and its place in the structure.

Keeps the page what it was made as, PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1, 7.18): the field has a name to be
read out and is the content of a Form structure element, which the parent tree leads back to.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec

from seals.appearance import DIAMETER, POINTS_PER_MILLIMETRE, SealFace, seal_to_pdf
from seals.errors import SealingError
from seals.page_shape import SealBox
from seals.seal_pictures import SealPicture

FIELD_NAME = "ProofSeal"
"""Name of the signature field; a proof has this one only."""
APPEARANCE_SIDE = round(DIAMETER * POINTS_PER_MILLIMETRE, 3)
"""Width and height of the seal's appearance, in points."""


_PICTURE = b"%.3f 0 0 %.3f 0 0 cm\n/Picture Do\n"


class PageWriter(IncrementalPdfFileWriter):
    """Adds to a page without rewriting its metadata: they are the page's, and equal in XMP and Info as PDF/A asks."""

    def _update_meta(self) -> None:
        """Leave XMP and Info as they are; the library would write them anew with a time of its own."""


@dataclass(frozen=True, slots=True)
class SealForm:
    """The seal's appearance, compressed once for all its uses."""

    compressed: bytes
    description: str
    """What a screen reader says."""
    picture: SealPicture | None = None
    """What is shown instead of the drawn seal."""

    @classmethod
    def of(cls, face: SealFace, picture: SealPicture | None = None) -> SealForm:
        """Draw a face, or show a picture; raises as `seals.appearance.seal_to_pdf`."""
        drawn = seal_to_pdf(face) if picture is None else _PICTURE % (APPEARANCE_SIDE, APPEARANCE_SIDE)
        # As ink does: what is printed under the seal stays readable.
        return cls(zlib.compress(b"/Ink gs\n" + drawn, 9), f"{face.name}（{face.holder}）", picture)


def field_spec(form: SealForm, box: SealBox) -> SigFieldSpec:
    """Return the field that the seal is put in."""
    return SigFieldSpec(
        FIELD_NAME,
        on_page=box.page,
        box=(box.left, box.bottom, box.right, box.top),  # type: ignore[arg-type]  # takes fractions, though typed int
        readable_field_name=form.description,
    )


def draw_seal(writer: PageWriter, field: generic.IndirectObject, form: SealForm) -> None:
    """Make the seal the field's normal appearance (ISO 32000-1, 12.5.5)."""
    ink = _dictionary({"/Type": pdf_name("/ExtGState"), "/BM": pdf_name("/Multiply")})
    resources: dict[str, generic.PdfObject] = {"/ExtGState": _dictionary({"/Ink": ink})}
    if form.picture is not None:
        resources["/XObject"] = _dictionary({"/Picture": _add_picture(writer, form.picture)})
    stream = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject([_number(0), _number(0), *(_number(APPEARANCE_SIDE),) * 2]),
            pdf_name("/Resources"): _dictionary(resources),
            pdf_name("/Filter"): pdf_name("/FlateDecode"),
        },
        encoded_data=form.compressed,
    )
    _entries(field)[pdf_name("/AP")] = _dictionary({"/N": writer.add_object(stream)})


def _add_picture(writer: PageWriter, picture: SealPicture) -> generic.IndirectObject:
    """Add a picture, and how opaque it is as its soft mask (ISO 32000-1, 11.6.5.3)."""
    colours = _image(picture, "/DeviceRGB", picture.colours)
    if picture.opacity is not None:
        colours[pdf_name("/SMask")] = writer.add_object(_image(picture, "/DeviceGray", picture.opacity))
    return writer.add_object(colours)


def _image(picture: SealPicture, space: str, pixels: bytes) -> generic.StreamObject:
    entries: dict[str, generic.PdfObject] = {
        "/Type": pdf_name("/XObject"),
        "/Subtype": pdf_name("/Image"),
        "/Width": _number(picture.width),
        "/Height": _number(picture.height),
        "/ColorSpace": pdf_name(space),
        "/BitsPerComponent": _number(8),
        "/Filter": pdf_name("/FlateDecode"),
    }
    return generic.StreamObject(_dictionary(entries), encoded_data=pixels)


def tag_field(writer: PageWriter, field: generic.IndirectObject, form: SealForm) -> None:
    """Give the field its place in the document's structure (ISO 32000-1, 14.7.4.3).

    Raises:
        SealingError: the page's structure is not as our renderer makes it.
    """
    place = _find_place(writer, field)
    element = writer.add_object(_form_element(place, field, form))
    for parts, added in ((place.children, [element]), (place.numbers, [_number(place.key), element])):
        parts.extend(added)
        writer.update_container(parts)
    place.tree[pdf_name("/ParentTreeNextKey")] = _number(place.key + 1)
    writer.update_container(place.tree)
    _entries(field)[pdf_name("/StructParent")] = _number(place.key)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the document's structure a new element goes."""

    tree: generic.DictionaryObject
    document: generic.IndirectObject
    children: generic.ArrayObject
    numbers: generic.ArrayObject
    """The parent tree, as pairs of key and element."""
    key: int
    """The next free key of the parent tree."""
    page: generic.IndirectObject


def _find_place(writer: PageWriter, field: generic.IndirectObject) -> _Place:
    page = _entries(field).raw_get("/P")
    try:
        tree = writer.root["/StructTreeRoot"]
        children = tree["/K"][0]["/K"]
        numbers = tree["/ParentTree"]["/Nums"]
        place = _Place(tree, tree["/K"].raw_get(0), children, numbers, int(tree["/ParentTreeNextKey"]), page)
        as_we_make_it = tree["/K"][0]["/S"] == "/Document" and _entries(page)["/Tabs"] == "/S"
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as problem:
        raise SealingError("the page has no structure that a seal can be put into") from problem
    if not as_we_make_it or not all(isinstance(part, generic.ArrayObject) for part in (children, numbers)):
        raise SealingError("the page's structure is not that of a page of ours")
    return place


def _form_element(place: _Place, field: generic.IndirectObject, form: SealForm) -> generic.DictionaryObject:
    reference = _dictionary({"/Type": pdf_name("/OBJR"), "/Obj": field, "/Pg": place.page})
    return _dictionary(
        {
            "/Type": pdf_name("/StructElem"),
            "/S": pdf_name("/Form"),
            "/P": place.document,
            "/Pg": place.page,
            "/Alt": generic.TextStringObject(form.description),
            "/K": generic.ArrayObject([reference]),
        }
    )


def _dictionary(entries: dict[str, generic.PdfObject]) -> generic.DictionaryObject:
    named = {pdf_name(key): value for key, value in entries.items()}
    return generic.DictionaryObject(named)  # type: ignore[no-untyped-call]  # the library types it partly


def _number(value: float) -> generic.PdfObject:
    if isinstance(value, int):
        return generic.NumberObject(value)  # type: ignore[no-untyped-call]  # likewise
    return generic.FloatObject(value)  # type: ignore[no-untyped-call]  # likewise


def _entries(reference: generic.IndirectObject) -> generic.DictionaryObject:
    found = reference.get_object()  # type: ignore[no-untyped-call]  # likewise
    if not isinstance(found, generic.DictionaryObject):
        raise SealingError("the page is not as our renderer makes it")
    return found
