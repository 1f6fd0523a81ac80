"""Turns records into pages: templates that escape everything, and headers that allow nothing but the page itself.

No page holds a script. The one style sheet stands in each page and is named to browsers by its digest (CSP Level 3).
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from hub.clock import CITY_TIME

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
_STYLE_DIGEST = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
"""Sent with every page; an address with a check code must not leak, be kept or be found by a search engine."""


def city_time(moment: datetime) -> str:
    """Return an aware time as people of the city read it (Asia/Shanghai), to the second."""
    local = moment.astimezone(CITY_TIME)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M:%S}"


def city_day(moment: datetime) -> str:
    """Return the day of an aware time in the city (Asia/Shanghai)."""
    local = moment.astimezone(CITY_TIME)
    return f"{local.year}年{local.month}月{local.day}日"


def megabytes(size: int) -> str:
    """Return a number of bytes in millions, without a needless decimal."""
    return f"{size / 1_000_000:g} MB"


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page.

    Args:
        template: name of a file in ``templates``, without its ending.
        status: HTTP status.
        values: what the template shows; all of it is escaped.
    """
    return HTMLResponse(_ENVIRONMENT.get_template(f"{template}.html").render(values), status, PAGE_HEADERS)


def prefers_html(accept: str | None) -> bool:
    """Tell whether an Accept header (RFC 9110, 12.5.1) wants a page rather than JSON; who says nothing gets JSON."""
    wanted = _qualities(accept or "")
    html = wanted.get("text/html", 0.0)
    json = wanted.get("application/json", 0.0)
    return html > 0 and html >= json


def _qualities(accept: str) -> dict[str, float]:
    """Return the weight of each media range that is named; what is malformed weighs nothing."""
    qualities: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [piece[2:] for piece in parameters if piece.startswith("q=")]
        qualities[name] = _weight(weights[0]) if weights else 1.0
    return qualities


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(city_time=city_time, city_day=city_day, megabytes=megabytes)
    environment.globals["style"] = Markup(_STYLE)  # noqa: S704  our own file
    return environment


_ENVIRONMENT = _environment()
