"""Makes the page of a proof: facts and endorsement to an A4 PDF, PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1).

The templates are beside this file, one for each family of proof types; a new proof type needs no code. The same content
gives the same bytes. The file has a classic cross-reference table and one section of it, which sealing relies on.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import cache
from io import BytesIO
from pathlib import Path

import orjson
import segno
import typst

from seals.endorsement import Fact, facts_json
from seals.errors import PageError
from seals.glyphs import FONTS
from seals.kinds import SealKind
from seals.page_changes import PageChanges, read_changes
from seals.page_content import PageContent, PageFamily
from seals.page_limits import require_within_limits
from seals.page_shape import SealBox, UnfamiliarPage

TEMPLATES = Path(__file__).parent / "page_templates"
PDF_STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]
PAGE_HEIGHT = 297 / 25.4 * 72
"""Height of A4 in points."""

_SIZES = (140, 120, 105)
"""Sizes of type for the facts in tenths of a point (四号, 小四, 五号): the largest that makes one page is taken."""
_SIZE_OF_LONG_ONES = 120
"""Size of type for the facts where several pages are needed."""
_ONE_PAGE_AT_MOST = 1200
"""With more characters than these in the values, one page is not tried."""
_SEAL_CORNERS = (
    "query(<seal-corner>).map(mark => mark.location().position())"
    ".map(at => (page: at.page, x: at.x.pt(), y: at.y.pt()))"
)
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

    Keeps its compilers for the thread that calls it: the first page takes about 0.1 s, the next 10 to 40 ms.

    Raises:
        UnprintableCharacterError: no carried font has a character, or it is one that is not to be shown.
        PageError: a bound is passed, or the page cannot be made.
    """
    require_within_limits(content)
    record = orjson.dumps(_inputs(content)).decode()
    fewer_pages = _SIZES if sum(len(fact.value) for fact in content.facts) < _ONE_PAGE_AT_MOST else ()
    for size in fewer_pages:
        page = _typeset(content, record, size)
        if page.seal_box.page == 0:
            return page
    return _typeset(content, record, _SIZE_OF_LONG_ONES)


def _typeset(content: PageContent, record: str, size: int) -> RenderedPage:
    """Render with the facts in type of one size, in tenths of a point."""
    compiler = _compiler(content.family)
    try:
        pdf = compiler.compile(
            format="pdf",
            sys_inputs={"content": record, "tenths-of-points": str(size)},
            pdf_standards=PDF_STANDARDS,
            timestamp=content.endorsement.extracted_at.replace(microsecond=0),
        )
        corners = orjson.loads(compiler.eval(_SEAL_CORNERS))
    except RuntimeError as problem:
        raise PageError("the page cannot be made") from problem
    if not isinstance(pdf, bytes):
        raise PageError("the page is not one file")
    return RenderedPage(pdf, _seal_box(corners))


def _compiler(family: PageFamily) -> typst.Compiler:
    """Return this thread's compiler of a family's template."""
    compilers: dict[PageFamily, typst.Compiler] = _kept.__dict__.setdefault("compilers", {})
    if family not in compilers:
        compilers[family] = typst.Compiler(
            TEMPLATES / f"{family.lower()}.typ", root=TEMPLATES, font_paths=_fonts(), sys_inputs={}
        )
    return compilers[family]


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
        **asdict(endorsement),
        "title": content.title,
        "title_en": content.title_en,
        "facts": [_fact(fact) for fact in content.facts],
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
    """Return the QR code (GB/T 18284) of an address as SVG; the quiet zone is the paper around it."""
    out = BytesIO()
    segno.make(address, error="m", micro=False, boost_error=False).save(out, kind="svg", border=0, xmldecl=False)
    return out.getvalue().decode()


def _seal_box(corners: list[dict[str, float]]) -> SealBox:
    """Turn the two corners that the template marked (points from the upper left of the page) into a box."""
    first, last = corners
    return SealBox(
        page=int(first["page"]) - 1,
        left=round(first["x"], 3),
        bottom=round(PAGE_HEIGHT - last["y"], 3),
        right=round(last["x"], 3),
        top=round(PAGE_HEIGHT - first["y"], 3),
    )
