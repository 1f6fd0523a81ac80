"""Regions (GB/T 2260 codes) and what covers what.

A code of six digits names a province (330000), a city (330200) or a district or county (330203); nine or twelve
digits name a township or village below a district (GB/T 10114). A region covers itself and everything below it.
"""

from __future__ import annotations

NINGBO = "330200"
"""The city."""

DISTRICTS: dict[str, str] = {
    "330203": "海曙区",
    "330205": "江北区",
    "330206": "北仑区",
    "330211": "镇海区",
    "330212": "鄞州区",
    "330213": "奉化区",
    "330225": "象山县",
    "330226": "宁海县",
    "330281": "余姚市",
    "330282": "慈溪市",
}
"""The ten districts, counties and county-level cities of Ningbo (GB/T 2260)."""


def is_region_code(code: str) -> bool:
    """Tell whether the text has the form of a region code: 6, 9 or 12 ASCII digits."""
    return len(code) in (6, 9, 12) and code.isascii() and code.isdigit() and code[0] != "0"


def significant_prefix(code: str) -> str:
    """Return the digits of a code that say something: 33 for a province, 3302 for a city, else whole groups.

    ``330203004000`` says no village, so it is the township 330203004; ``330203000`` is the district itself.
    """
    while len(code) > 6 and code.endswith("000"):
        code = code[:-3]
    if len(code) > 6:
        return code
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def covers(outer: str, inner: str) -> bool:
    """Tell whether the outer region is the inner one or contains it."""
    return significant_prefix(inner).startswith(significant_prefix(outer))


def specificity(code: str) -> int:
    """Return how specific a region is: the more digits say something, the more specific."""
    return len(significant_prefix(code))
