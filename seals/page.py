"""Makes the page of a proof: facts and endorsement to an A4 PDF, PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1).

The templates are beside this file, one for each family of proof types; a new proof type needs no code. The same content
gives the same bytes. The file has a classic cross-reference table and one section of it, which sealing relies on.
"""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import NamedTuple

import orjson
import typst
import zxingcpp

from seals.endorsement import Endorsement, Fact, facts_json
from seals.errors import PageError
from seals.glyphs import FONTS
from seals.kinds import SealKind
from seals.page_changes import PageChanges, read_changes
from seals.page_content import PageContent
from seals.page_limits import require_within_limits
from seals.page_mark import find_seal_box, read_pages
from seals.page_shape import SealBox, UnfamiliarPage
from seals.page_source import page_source

TEMPLATES = Path(__file__).parent / "page_templates"
PDF_STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]
PAGE_HEIGHT = 297 / 25.4 * 72
"""Height of A4 in points."""

_SIZES = (14.0, 12.0, 10.5)
"""Sizes of type for the facts in points (四号, 小四, 五号): the first that leaves the seal on page one is taken."""
_SIZE_OF_LONG_ONES = 12.0
"""Size of type for the facts where several pages are needed, in points."""
_ONE_PAGE_AT_MOST = 1200
"""With more characters than these in the values, one page is not tried."""
_SHOWN = tuple(each.name for each in fields(Endorsement))
_DARK = re.compile(rb"\0+")
_SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_kept = threading.local()


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A proof that has no seal yet."""

    pdf: bytes
    seal_box: SealBox
    changes: PageChanges | UnfamiliarPage = field(init=False)
    """The page's part of what a seal adds; follows from the two, so it cannot differ from them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", read_changes(self.pdf, self.seal_box))


def render_page(content: PageContent) -> RenderedPage:
    """Render a proof; the same content gives the same bytes.

    Keeps a compiler for the thread that calls it: the first page takes about 0.1 s, the next 5 to 30 ms.

    Raises:
        UnprintableCharacterError: no carried font has a character, or it is one that is not to be shown.
        PageError: a bound is passed, or the page cannot be made.
    """
    require_within_limits(content)
    draft = _draft(content, orjson.dumps(_inputs(content)).decode())
    return RenderedPage(draft.pdf, draft.seal_box)


class _Draft(NamedTuple):
    """A page in type of some size, which may not be the one that is taken."""

    pdf: bytes
    pages: int
    seal_box: SealBox


def _draft(content: PageContent, inputs: str) -> _Draft:
    """Typeset with the facts in the largest type that leaves the seal on the first page, or in that for long ones."""
    sizes = _SIZES if sum(len(fact.value) for fact in content.facts) < _ONE_PAGE_AT_MOST else ()
    for size in sizes:
        draft = _typeset(content, inputs, size, several=False)
        if draft.pages == 1:
            return draft
        if draft.seal_box.page == 0:
            return _typeset(content, inputs, size, several=True)
        if draft.seal_box.page > 1:
            break  # three pages do not become one in a smaller type
    return _typeset(content, inputs, _SIZE_OF_LONG_ONES, several=True)


def _typeset(content: PageContent, inputs: str, size: float, *, several: bool) -> _Draft:
    """Typeset what the template reads, with the facts in type of one size, in points; number the pages if `several`."""
    try:
        pdf = _compiler().compile(
            page_source(content.family, inputs, size, several=several),
            format="pdf",
            pdf_standards=PDF_STANDARDS,
            timestamp=content.endorsement.extracted_at.replace(microsecond=0),
        )
    except RuntimeError as problem:
        raise PageError("the page cannot be made") from problem
    if not isinstance(pdf, bytes):
        raise PageError("the page is not one file")
    pages = read_pages(pdf)
    return _Draft(pdf, len(pages), find_seal_box(pages))


def _compiler() -> typst.Compiler:
    """Return this thread's compiler; it remembers what pages have in common."""
    if not hasattr(_kept, "compiler"):
        _kept.compiler = typst.Compiler(root=TEMPLATES, font_paths=_fonts(), sys_inputs={})
    compiler: typst.Compiler = _kept.compiler
    return compiler


@cache
def _fonts() -> typst.Fonts:
    """Return the carried fonts and no others, so that every machine sets the same page."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _inputs(content: PageContent) -> dict[str, object]:
    """Return what the template reads: text and nothing but text, with times as the page writes them."""
    endorsement = content.endorsement
    local = endorsement.extracted_at.astimezone(_SHANGHAI)
    valid_until = content.valid_until
    return {
        **{name: getattr(endorsement, name) for name in _SHOWN},
        "title": content.title,
        "title_en": content.title_en,
        "facts": [_fact(fact) for fact in content.facts],
        "parts": [{**asdict(part), "confirmed_at": None} for part in endorsement.parts],
        "remarks": content.remarks,
        "shared": endorsement.seal_kind is SealKind.INFORMATION_SHARING,
        "extracted_at": None,
        "extracted_time": f"{local:%Y-%m-%d %H:%M:%S} +08:00",
        "extracted_date_zh": _chinese_date(local),
        "valid_until": valid_until,
        "valid_until_zh": None if valid_until is None else _chinese_date(date.fromisoformat(valid_until)),
        "check_url": content.check_url,
        "qr_svg": _qr_svg(content.check_url),
        "facts_json": facts_json(content.facts).decode(),
        "endorsement_json": endorsement.to_json().decode(),
    }


def _fact(fact: Fact) -> dict[str, str]:
    return {"label": fact.label, "label_en": fact.label_en, "value": fact.value}


def _chinese_date(day: date | datetime) -> str:
    """Return a date as official papers write it: Arabic numerals without leading zeros (GB/T 9704-2012, 7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日"


def _qr_svg(address: str) -> str:
    """Return the QR code (GB/T 18284) of an address as SVG, a line for each run of dark modules in a row.

    The quiet zone is the paper around it.
    """
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = code.to_image(add_quiet_zones=False)
    side, modules = image.shape[0], bytes(memoryview(image))  # type: ignore[arg-type]  # its type does not say it can
    rows = enumerate(modules[begin : begin + side] for begin in range(0, side * side, side))
    lines = "".join(f"M{run.start()} {y}.5h{len(run[0])}" for y, row in rows for run in _DARK.finditer(row))
    path = f'<path fill="none" stroke="#000" d="{lines}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">{path}</svg>'
