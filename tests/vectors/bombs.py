"""More files made to hurt: bombs in each filter, depths and circles in each tree, and files too large to keep."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from seals.verdict import VerdictOutcome
from tests.vectors.hostile_files import bomb, written_by_hand
from tests.vectors.proofs import Materials
from tests.vectors.updates import Update, anatomy, stream, with_entry
from tests.vectors.vector import Vector

_MEBIBYTE = 1024 * 1024
_CATALOGUE = b"<< /Type /Catalog %s >>"


def _by_hand(catalogue: bytes, *others: bytes) -> Callable[[Materials], bytes]:
    objects = dict(enumerate((_CATALOGUE % catalogue, *others), 1))
    return lambda _: written_by_hand(objects)


def _in_the_store(entries: bytes, data: Callable[[], bytes]) -> Callable[[Materials], bytes]:
    """A bomb as the certificate of a security store behind a sealed file, where it must be looked at."""

    def make(materials: Materials) -> bytes:
        pdf = materials.sealed_by(materials.city.sharing)
        parts = anatomy(pdf)
        store = with_entry(parts.bodies[parts.catalogue], b"/DSS << /Certs [ %d 0 R ] >>" % parts.size)
        return Update(((parts.size, stream(entries, data())), (parts.catalogue, store))).after(pdf)

    return make


def _in_the_metadata(entries: bytes, data: Callable[[], bytes]) -> Callable[[Materials], bytes]:
    def make(materials: Materials) -> bytes:
        pdf = materials.sealed_by(materials.city.sharing)
        parts = anatomy(pdf)
        catalogue = with_entry(parts.bodies[parts.catalogue], b"/Metadata %d 0 R" % parts.size)
        return Update(((parts.size, stream(entries, data())), (parts.catalogue, catalogue))).after(pdf)

    return make


def _entities() -> bytes:
    """XML that expands to a thousand million words."""
    levels = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
    return b'<!DOCTYPE x [<!ENTITY a0 "word">%s]><x:xmpmeta xmlns:x="adobe:ns:meta/">&a9;</x:xmpmeta>' % levels


def _zeros() -> bytes:
    return zlib.compress(bytes(40 * _MEBIBYTE), 9)


_TWICE = b"/Filter [/FlateDecode /FlateDecode]"
_PREDICTOR = (
    b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2000000000 /Colors 32 /BitsPerComponent 16 >>"
)
_SMALL: dict[str, tuple[Callable[[Materials], bytes], str]] = {
    "bomb_in_the_store": (_in_the_store(_TWICE, bomb), "whole_file"),
    "bomb_of_one_filter_in_the_store": (_in_the_store(b"/Filter /FlateDecode", _zeros), "whole_file"),
    "bomb_of_many_filters": (_in_the_store(b"/Filter [%s]" % (b"/FlateDecode " * 500), bomb), "whole_file"),
    "bomb_of_a_predictor": (_in_the_store(_PREDICTOR, lambda: zlib.compress(bytes(4096))), "whole_file"),
    "bomb_of_old_compression": (_in_the_store(b"/Filter /LZWDecode", lambda: b"\x80\x0b\x60\x50" * 200), "whole_file"),
    "garbage_of_a_picture": (_in_the_store(b"/Filter /DCTDecode", lambda: b"\xff\xd8\xff" * 100), "whole_file"),
    "garbage_of_a_fax": (_in_the_store(b"/Filter /JBIG2Decode", lambda: bytes(300)), "whole_file"),
    "bomb_of_entities": (_in_the_metadata(b"/Type /Metadata /Subtype /XML", _entities), "whole_file"),
    "bomb_in_the_metadata": (_in_the_metadata(b"/Type /Metadata /Subtype /XML " + _TWICE, bomb), "whole_file"),
    "length_beyond_the_file": (
        _by_hand(b"/AcroForm 2 0 R", b"<< /Length 99999999999 >>\nstream\nx\nendstream"),
        "is_pdf",
    ),
    "length_below_zero": (_by_hand(b"/AcroForm 2 0 R", b"<< /Length -5 >>\nstream\nx\nendstream"), "is_pdf"),
    "outlines_in_a_circle": (_by_hand(b"/Outlines 2 0 R", b"<< /First 2 0 R /Last 2 0 R /Next 2 0 R >>"), "one_seal"),
    "names_in_a_circle": (_by_hand(b"/Names << /EmbeddedFiles 2 0 R >>", b"<< /Kids [2 0 R 2 0 R] >>"), "one_seal"),
    "deep_dictionaries": (_by_hand(b"/AcroForm " + b"<< /A " * 5000 + b"null" + b">>" * 5000), "is_pdf"),
    "script_in_the_names": (
        _by_hand(b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (app.alert\\(1\\)) >>] >> >>"),
        "one_seal",
    ),
    "addresses_of_signatures": (
        _by_hand(
            b"/AcroForm << /Fields [2 0 R] >>", b"<< /FT /Sig /T (S) /V << /FS /URL /F (http://127.0.0.1:9/) >> >>"
        ),
        "one_seal",
    ),
}
FAULTS = tuple(Vector(name, make, because) for name, (make, because) in _SMALL.items())


def _blanks(materials: Materials) -> bytes:
    """Nineteen mebibytes of blanks, with an end of a file behind them."""
    pdf = materials.sealed_by(materials.city.sharing)
    return pdf + b" " * (19 * _MEBIBYTE) + pdf[pdf.rindex(b"startxref") :]


def _objects(_: Materials) -> bytes:
    """A hundred thousand objects."""
    return written_by_hand({1: b"<< /Type /Catalog >>", **dict.fromkeys(range(2, 100_000), b"null")})


def _fields(_: Materials) -> bytes:
    """A hundred thousand form fields."""
    fields = b" ".join(b"%d 0 R" % number for number in range(3, 100_000))
    form = {2: b"<< /Fields [%s] >>" % fields, **dict.fromkeys(range(3, 100_000), b"<< /T (a) >>")}
    return written_by_hand({1: b"<< /Type /Catalog /AcroForm 2 0 R >>", **form})


def _brackets(_: Materials) -> bytes:
    return written_by_hand({1: b"<< /Type /Catalog /AcroForm " + b"[" * (10 * _MEBIBYTE) + b" >>"})


def _ends(_: Materials) -> bytes:
    return b"%PDF-1.7\n" + b"startxref\n9\n%%EOF\n" * 500_000


def _too_large(materials: Materials) -> bytes:
    pdf = materials.sealed_by(materials.city.sharing)
    return pdf + bytes(20 * _MEBIBYTE)


_NEVER_GOOD: dict[str, Callable[[Materials], bytes]] = {
    "blanks": _blanks,
    "a_hundred_thousand_objects": _objects,
    "a_hundred_thousand_fields": _fields,
    "brackets": _brackets,
    "ends_of_files": _ends,
    "too_large": _too_large,
}
TOO_LARGE_TO_KEEP = tuple(Vector(name, make, outcome=VerdictOutcome.UNDECIDED) for name, make in _NEVER_GOOD.items())
"""Made anew by the test that uses them; whether such a file is undecided or not good depends on the machine."""
