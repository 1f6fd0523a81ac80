"""Incremental updates behind a sealed file that change what is seen, run or found: written by hand, object by object.

The sealed bytes stay as they are, so that the signature computes: only what may follow it can refuse these.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.vectors.proofs import Materials
from tests.vectors.updates import Anatomy, Update, anatomy, stream, with_entry
from tests.vectors.vector import Vector

_ALERT = b"<< /S /JavaScript /JS (app.alert\\('good'\\)) >>"
_WORDS = stream(b"", b"BT /F1 24 Tf 72 720 Td (Proof of ownership) Tj ET")
_FORM = stream(
    b"/Type /XObject /Subtype /Form /BBox [0 0 300 40]",
    b"1 g 0 0 300 40 re f 0 g BT /F1 18 Tf 4 8 Td (Somebody else) Tj ET",
)
_FIELD = b"/FT /Sig /T (Later) /Type /Annot /F 132 /P %d 0 R"


def _update(plan: Callable[[Anatomy], Update]) -> Callable[[Materials], bytes]:
    """The small sealed file with an update that is worked out from what it is made of."""

    def make(materials: Materials) -> bytes:
        pdf = materials.sealed_by(materials.city.sharing)
        return plan(anatomy(pdf)).after(pdf)

    return make


def _catalogue(entry: bytes, *more: bytes) -> Callable[[Materials], bytes]:
    """One more entry in the catalogue; `more` are new objects, the first of which the entry calls %d."""

    def plan(parts: Anatomy) -> Update:
        written = entry % parts.size if b"%d" in entry else entry
        objects = enumerate(more, parts.size)
        return Update((*objects, (parts.catalogue, with_entry(parts.bodies[parts.catalogue], written))))

    return _update(plan)


def _without(part: str, entry: bytes) -> Callable[[Materials], bytes]:
    """An object that has lost an entry: the name is written as one that says nothing."""

    def plan(parts: Anatomy) -> Update:
        number = getattr(parts, part)
        body = parts.bodies[number]
        assert entry in body
        return Update(((number, body.replace(entry, b"/X" + entry[1:], 1)),))

    return _update(plan)


def _changed(part: str, old: bytes, new: bytes) -> Callable[[Materials], bytes]:
    def plan(parts: Anatomy) -> Update:
        number = getattr(parts, part)
        body = parts.bodies[number]
        assert old in body
        return Update(((number, body.replace(old, new, 1)),))

    return _update(plan)


def _entry(part: str, entry: bytes, *more: bytes) -> Callable[[Materials], bytes]:
    """One more entry in an object that the seal covers; `more` are new objects, the first of which it calls %d."""

    def plan(parts: Anatomy) -> Update:
        number = getattr(parts, part)
        written = entry % parts.size if b"%d" in entry else entry
        return Update((*enumerate(more, parts.size), (number, with_entry(parts.bodies[number], written))))

    return _update(plan)


def new_field(entries: bytes, *more: bytes, shown: bool = True) -> Callable[[Anatomy], Update]:
    """A signature field without a value, which a time stamp could be put into; `shown` puts it among the page's."""

    def plan(parts: Anatomy) -> Update:
        number, old = parts.size, b"[ %d 0 R ]" % parts.field
        both = b"[ %d 0 R %d 0 R ]" % (parts.field, number)
        written = entries % (number + 1) if b"%d" in entries else entries
        field = b"<< " + _FIELD % parts.page + b" " + written + b" >>"
        form = parts.bodies[parts.form].replace(old, both, 1)
        page = parts.bodies[parts.page].replace(b"/Annots " + old, b"/Annots " + both, 1)
        changed = ((parts.form, form), (parts.page, page)) if shown else ((parts.form, form),)
        return Update(((number, field), *enumerate(more, number + 1), *changed))

    return plan


def _field(entries: bytes, *more: bytes) -> Callable[[Materials], bytes]:
    return _update(new_field(entries, *more))


def _store(body: bytes, *more: bytes) -> Callable[[Materials], bytes]:
    """A security store; `more` are new objects, the first of which the store calls %d."""
    return _catalogue(b"/DSS " + body, *more)


def _content_replaced(parts: Anatomy) -> Update:
    return Update(((parts.content, _WORDS),))


def _font_replaced(parts: Anatomy) -> Update:
    """A font by which the same codes show other letters."""
    differences = b"/Encoding << /Type /Encoding /Differences [80 /S /r /o /o /f] >>"
    number = int(parts.bodies[parts.page].split(b"/F1 ")[1].split()[0])
    return Update(((number, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica %s >>" % differences),))


def _content_in_the_store(parts: Anatomy) -> Update:
    """The store's "certificate" is the page's content, written anew."""
    store = with_entry(parts.bodies[parts.catalogue], b"/DSS << /Certs [ %d 0 R ] >>" % parts.content)
    return Update(((parts.content, _WORDS), (parts.catalogue, store)))


def _attachment_replaced(parts: Anatomy) -> Update:
    """Every attachment hangs on another tree of names."""
    body = parts.bodies[parts.catalogue].replace(b"/Names <<", b"/Names << /X 0 >> /Old <<", 1)
    return Update(((parts.catalogue, body),))


def _page_inserted(parts: Anatomy) -> Update:
    """The page tree gets a page that claims more."""
    tree = int(parts.bodies[parts.catalogue].split(b"/Pages ")[1].split()[0])
    page = with_entry(parts.bodies[parts.page], b"").replace(b"/Annots", b"/X", 1)
    pages = b"<< /Type /Pages /Count 2 /Kids [ %d 0 R %d 0 R ] >>" % (parts.page, parts.size)
    return Update(((parts.size, page), (tree, pages)))


def _page_removed(parts: Anatomy) -> Update:
    tree = int(parts.bodies[parts.catalogue].split(b"/Pages ")[1].split()[0])
    return Update(((tree, b"<< /Type /Pages /Count 0 /Kids [] >>"),))


def _object_freed(parts: Anatomy) -> Update:
    """The field with the seal's picture is declared free: most viewers show nothing there."""
    return Update(rows=((parts.field, b"0000000000 00001 f \n"),))


def _another_root(parts: Anatomy) -> Update:
    """The trailer names another catalogue, of another page tree."""
    root, pages = parts.size, parts.size + 1
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] >>" % pages
    catalogue = parts.bodies[parts.catalogue]
    tree = catalogue.split(b"/Pages ")[1].split()[0]
    catalogue = catalogue.replace(b"/Pages %b 0 R" % tree, b"/Pages %d 0 R" % pages, 1)
    objects = (
        (root, catalogue),
        (pages, b"<< /Type /Pages /Count 1 /Kids [ %d 0 R ] >>" % (pages + 1)),
        (pages + 1, page),
    )
    return Update(objects, root=b"/Root %d 0 R" % root)


_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
    b'<rdf:li xml:lang="x-default">Proof of ownership</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>'
    b"</x:xmpmeta>"
)

_MAKERS: dict[str, Callable[[Materials], bytes]] = {
    "update_of_the_content": _update(_content_replaced),
    "update_of_the_font": _update(_font_replaced),
    "update_of_the_attachments": _update(_attachment_replaced),
    "update_that_inserts_a_page": _update(_page_inserted),
    "update_that_removes_the_page": _update(_page_removed),
    "update_that_frees_the_seal": _update(_object_freed),
    "update_to_another_catalogue": _update(_another_root),
    "update_that_opens_a_script": _catalogue(b"/OpenAction %d 0 R", _ALERT),
    "update_with_actions_of_the_file": _catalogue(b"/AA << /WC %d 0 R >>", _ALERT),
    "update_with_actions_of_the_page": _entry("page", b"/AA << /O %d 0 R >>", _ALERT),
    "update_that_turns_the_page": _entry("page", b"/Rotate 180"),
    "update_that_crops_the_page": _entry("page", b"/CropBox [0 0 595 700]"),
    "update_with_layers": _catalogue(b"/OCProperties << /OCGs [] /D << >> >>"),
    "update_of_the_version": _changed("catalogue", b"/Version /1.7", b"/Version /1.3"),
    "update_of_the_metadata": _catalogue(b"/Metadata %d 0 R", stream(b"/Type /Metadata /Subtype /XML", _XMP)),
    "update_of_the_marks": _catalogue(b"/MarkInfo << /Marked true /Suspects true /Words (ownership) >>"),
    "update_with_hidden_words_in_the_extensions": _catalogue(
        b"/Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 /Page %d 0 R >> >>", _FORM
    ),
    "update_without_the_certification": _without("catalogue", b"/Perms"),
    "update_of_the_permission": _changed("seal", b"/P 1", b"/P 3"),
    "update_of_the_appearance": _entry("field", b"/AP << /N %d 0 R >>", _FORM),
    "update_of_the_place_of_the_seal": _changed("field", b"/Rect [ 0 0 0 0 ]", b"/Rect [ 72 700 272 730 ]"),
    "update_that_hides_the_seal": _changed("field", b"/F 132", b"/F 2"),
    "update_with_a_mouse_action_on_the_seal": _entry("field", b"/AA << /U %d 0 R >>", _ALERT),
    "update_of_the_form": _entry(
        "form", b"/XFA %d 0 R", stream(b"", b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")
    ),
    "update_of_the_fonts_of_the_form": _entry("form", b"/NeedAppearances true /DA (/Helv 0 Tf 0 g)"),
    "update_of_the_resources_of_the_form": _entry("form", b"/DR << /Font << /F1 %d 0 R >> >>", b"<< /Type /Font >>"),
    "later_field_that_is_seen": _field(b"/Subtype /Widget /Rect [72 700 272 730] /AP << /N %d 0 R >>", _FORM),
    "later_field_with_a_look_but_no_room": _field(b"/Subtype /Widget /Rect [72 700 72 700] /AP << /N %d 0 R >>", _FORM),
    "later_field_without_a_value": _field(b"/Subtype /Widget /Rect [0 0 0 0]"),
    "later_field_that_is_a_note": _field(b"/Subtype /Text /Rect [72 700 72 700] /Contents (Ownership) /Open true"),
    "later_field_that_is_free_text": _field(
        b"/Subtype /FreeText /Rect [72 700 272 700] /DA (/Helv 18 Tf) /Contents (and of ownership)"
    ),
    "later_field_that_is_a_line": _field(b"/Subtype /Line /Rect [0 0 0 0] /L [72 710 400 710] /BS << /W 40 >>"),
    "later_field_that_is_a_popup": _field(b"/Subtype /Popup /Rect [0 0 0 0] /Open true /Contents (Ownership)"),
    "later_field_with_a_script": _field(b"/Subtype /Widget /Rect [0 0 0 0] /AA << /PO %d 0 R >>", _ALERT),
    "later_field_that_is_a_link": _field(b"/Subtype /Link /Rect [0 0 0 0] /A << /S /URI /URI (http://127.0.0.1:9/) >>"),
    "later_field_with_a_label": _field(b"/Subtype /Widget /Rect [0 0 0 0] /MK << /CA (Ownership) /BG [1 0 0] >>"),
    "later_field_with_a_child_that_is_seen": _field(
        b"/Kids [ %d 0 R ]",
        b"<< /Type /Annot /Subtype /Widget /Rect [72 700 272 730] /F 4 >>",
    ),
    "store_that_is_the_content": _update(_content_in_the_store),
    "store_with_other_entries": _store(b"<< /Certs [ %d 0 R ] /Words (ownership) >>", stream(b"", b"0")),
    "store_that_refers_to_a_form": _store(b"<< /Certs [ %d 0 R ] >>", _FORM),
    "store_that_is_a_script": _store(b"<< /Type /DSS /Certs [ %d 0 R ] /VRI << /A << /TU (D:2026) >> >> >>", _ALERT),
}
_UNREADABLE = {"update_that_frees_the_seal": "is_pdf"}
FAULTS = tuple(Vector(name, make, _UNREADABLE.get(name, "whole_file")) for name, make in _MAKERS.items())
