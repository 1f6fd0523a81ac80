"""The explorer: one page to try queries on, with nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from schema.answer_cache import Answer


@cache
def explorer_page() -> Answer:
    """Return the page; its policy lets run nothing but its own script and reach nothing but this hub."""
    page = files("schema").joinpath("explorer.html").read_text(encoding="utf-8")
    script, style = _between(page, "<script>", "</script>"), _between(page, "<style>", "</style>")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = (
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    )
    return Answer(200, "text/html; charset=utf-8", page.encode(), headers)


def _between(page: str, begin: str, end: str) -> str:
    return page.split(begin, 1)[1].split(end, 1)[0]


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
