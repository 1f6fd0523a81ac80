"""Which characters a page can show: those that a carried font has and that have a shape of their own.

Control and format characters (line breaks, zero width, reversed direction), private and unassigned ones and marks that
stack on others are never shown, whatever a font holds: a value must read on paper as it reads to a machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from seals.errors import PageError, UnprintableCharacterError

FONTS = Path(__file__).parent / "fonts"
"""The folder of the carried fonts."""
COVERAGE = FONTS / "coverage.txt"
"""Which characters the fonts have: ranges in hexadecimal, one a line, written by `scripts/fonts.py` with the fonts.

Reading it takes milliseconds, the fonts themselves a second."""

_SHAPELESS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"}


def require_printable(texts: Iterable[str]) -> None:
    """Check that every character can be shown.

    Raises:
        UnprintableCharacterError: some cannot; it names each once, in their order.
        PageError: the list of characters cannot be read.
    """
    printable = printable_characters()
    missing = dict.fromkeys(character for text in texts for character in text if character not in printable)
    if missing:
        raise UnprintableCharacterError("".join(missing))


@cache
def printable_characters() -> frozenset[str]:
    """Return all characters that a page can show; read once in a process.

    Raises:
        PageError: the list of characters cannot be read.
    """
    return frozenset(character for character in map(chr, covered_codes()) if has_shape(character))


def has_shape(character: str) -> bool:
    """Whether a character is one that reads on paper as it reads to a machine."""
    return unicodedata.category(character) not in _SHAPELESS


def covered_codes() -> Iterator[int]:
    """Yield the code points that some carried font has, in order.

    Raises:
        PageError: the list of characters cannot be read.
    """
    try:
        for line in COVERAGE.read_text(encoding="ascii").splitlines():
            first, _, last = line.partition("-")
            yield from range(int(first, 16), int(last or first, 16) + 1)
    except (OSError, ValueError) as problem:
        raise PageError("the list of the carried characters cannot be read") from problem
