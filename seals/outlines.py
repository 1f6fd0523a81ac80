"""Outlines of characters, read from a carried font: text that needs no font where it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fontTools.pens.basePen import BasePen
from fontTools.pens.qu2cuPen import Qu2CuPen
from fontTools.ttLib import TTFont, TTLibError

from seals.errors import PageError, UnprintableCharacterError

Point = tuple[float, float]
MOST_ASIDE = 0.002
"""How far a cubic curve may be from the quadratic ones that it stands for, in em: fewer do than there are."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of an outline: `M` move, `L` line, `C` cubic curve, `Z` close; the points it takes, the last its end."""

    step: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character as an outline in em units: the baseline at 0, the em 1 wide and high."""

    outline: tuple[Segment, ...]
    advance: float
    """How far the next character is, in em."""


def read_glyphs(font_file: Path, text: str) -> tuple[Glyph, ...]:
    """Return the outline of each character of a text.

    Raises:
        UnprintableCharacterError: the font has no outline for some of them.
        PageError: the font cannot be read.
    """
    try:
        with font_file.open("rb") as file, TTFont(file, lazy=True) as font:
            return _read(font, text)
    except (OSError, TTLibError) as problem:
        raise PageError(f"the carried font {font_file.name} cannot be read") from problem


def _read(font: TTFont, text: str) -> tuple[Glyph, ...]:
    names = font.getBestCmap()
    missing = "".join(dict.fromkeys(character for character in text if ord(character) not in names))
    if missing:
        raise UnprintableCharacterError(missing)
    glyphs, em = font.getGlyphSet(), font["head"].unitsPerEm
    found = []
    for character in text:
        glyph = glyphs[names[ord(character)]]
        pen = _OutlinePen(glyphs, em)
        glyph.draw(Qu2CuPen(pen, MOST_ASIDE * em, all_cubic=True))
        found.append(Glyph(tuple(pen.outline), glyph.width / em))
    return tuple(found)


class _OutlinePen(BasePen):  # type: ignore[misc]  # fontTools ships no types
    """Gathers an outline of lines and cubic curves; the base class takes components apart."""

    def __init__(self, glyphs: object, em: int) -> None:
        super().__init__(glyphs)
        self._em = em
        self.outline: list[Segment] = []

    def _add(self, step: str, *points: Point) -> None:
        self.outline.append(Segment(step, tuple((x / self._em, y / self._em) for x, y in points)))

    def _moveTo(self, pt: Point) -> None:  # noqa: N802  # fontTools' names
        self._add("M", pt)

    def _lineTo(self, pt: Point) -> None:  # noqa: N802
        self._add("L", pt)

    def _curveToOne(self, pt1: Point, pt2: Point, pt3: Point) -> None:  # noqa: N802
        self._add("C", pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self._add("Z")
