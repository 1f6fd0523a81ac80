"""The round red seal (圆形印章) as vectors: one ring, a star, its holder on the arc, its name below.

Drawn once for each seal, as the content of a PDF form (ISO 32000-1, 8.10) or as SVG. Text is outlines, so no font is
needed where the seal is shown. Lengths are millimetres from the centre, upwards positive, until they are written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from seals.outlines import Glyph, Point, Segment, read_glyphs

DIAMETER = 42.0
"""Outer diameter of the seal, in millimetres."""
POINTS_PER_MILLIMETRE = 72 / 25.4
SEAL_FONT = Path(__file__).parent / "fonts" / "NotoSerifCJKsc-Bold.ttf"
"""The carried font of which the outlines are taken."""
RED = (0.85, 0.08, 0.1)
"""Colour of the ink, in the page's RGB."""

_RING = 1.2
_STAR_RADIUS = 6.9
_ARC_TOP, _ARC_HEIGHT, _ARC_WIDTH = 18.5, 5.6, 5.0
_ARC_STEP, _ARC_SPAN = math.radians(30), math.radians(214)
_NAME_MIDDLE, _NAME_HEIGHT, _NAME_WIDTH = -10.7, 3.6, 28.6
_NUMBER_BASELINE, _NUMBER_HEIGHT, _NUMBER_STEP = 18.2, 2.0, math.radians(4.4)
_DESCENT = 0.12  # the ideographic box reaches from -0.12 to 0.88 em
_TALLEST = 1.75  # a character is at most so much higher than wide
_CURVE = 4 / 3 * math.tan(math.pi / 8)  # a quarter of a circle as one cubic curve


@dataclass(frozen=True, slots=True)
class SealFace:
    """What is engraved in a seal."""

    holder: str
    """Along the arc."""
    name: str
    """Below the star."""
    number: str | None = None
    """Along the lower edge, where a seal has a number."""


@lru_cache(maxsize=64)
def seal_to_pdf(face: SealFace, font_file: Path = SEAL_FONT) -> bytes:
    """Return the seal as PDF content operators in a square of `DIAMETER` whose lower left corner is the origin.

    Raises:
        UnprintableCharacterError: the font lacks a character of the face.
        PageError: the font cannot be read.
    """
    colour = " ".join(f"{part:g}" for part in RED)

    def place(point: Point) -> Point:
        return tuple((part + DIAMETER / 2) * POINTS_PER_MILLIMETRE for part in point)  # type: ignore[return-value]

    ring = _written(_circle(), place, _PDF_STEPS)
    filled = _written(_filled(face, font_file), place, _PDF_STEPS)
    width = _number(_RING * POINTS_PER_MILLIMETRE)
    return f"{colour} rg {colour} RG {width} w\n{ring} S\n{filled} f\n".encode("ascii")


def seal_to_svg(face: SealFace, font_file: Path = SEAL_FONT) -> str:
    """Return the seal as an SVG document of `DIAMETER` millimetres; raises as `seal_to_pdf`."""
    colour = "#" + "".join(f"{round(part * 255):02x}" for part in RED)
    half = DIAMETER / 2
    ring = _written(_circle(), _downwards, _SVG_STEPS)
    filled = _written(_filled(face, font_file), _downwards, _SVG_STEPS)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{DIAMETER}mm" height="{DIAMETER}mm" '
        f'viewBox="{-half} {-half} {DIAMETER} {DIAMETER}">'
        f'<path fill="none" stroke="{colour}" stroke-width="{_RING}" d="{ring}"/>'
        f'<path fill="{colour}" d="{filled}"/></svg>'
    )


def _downwards(point: Point) -> Point:
    return point[0], -point[1]


_PDF_STEPS = {"M": "{} m", "L": "{} l", "C": "{} c", "Z": "h"}
_SVG_STEPS = {"M": "M{}", "L": "L{}", "C": "C{}", "Z": "Z"}


def _written(segments: Iterable[Segment], place: Callable[[Point], Point], steps: dict[str, str]) -> str:
    """Write out a path in the operators of one format."""
    return " ".join(
        steps[segment.step].format(" ".join(_number(part) for point in segment.points for part in place(point)))
        for segment in segments
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")  # a hundredth of either unit is finer than any printer


def _circle() -> list[Segment]:
    """Return the middle line of the ring."""
    r = (DIAMETER - _RING) / 2
    k = r * _CURVE
    return [
        Segment("M", ((r, 0),)),
        Segment("C", ((r, k), (k, r), (0, r))),
        Segment("C", ((-k, r), (-r, k), (-r, 0))),
        Segment("C", ((-r, -k), (-k, -r), (0, -r))),
        Segment("C", ((k, -r), (r, -k), (r, 0))),
        Segment("Z", ()),
    ]


def _filled(face: SealFace, font_file: Path) -> list[Segment]:
    """Return all that is filled: star, holder, name and number."""
    glyphs = read_glyphs(font_file, face.holder + face.name + (face.number or ""))
    holder, rest = glyphs[: len(face.holder)], glyphs[len(face.holder) :]
    name, number = rest[: len(face.name)], rest[len(face.name) :]
    return [*_star(), *_holder(holder), *_name(name), *_number_line(number)]


def _star() -> list[Segment]:
    inner = _STAR_RADIUS * math.sin(math.radians(18)) / math.sin(math.radians(54))
    corners = [_polar(_STAR_RADIUS if corner % 2 == 0 else inner, math.radians(36) * corner) for corner in range(10)]
    return [Segment("M", (corners[0],)), *(Segment("L", (corner,)) for corner in corners[1:]), Segment("Z", ())]


def _holder(glyphs: tuple[Glyph, ...]) -> list[Segment]:
    """Set the holder's name along the upper arc, tops outwards, the closer the longer it is."""
    count = len(glyphs)
    step = min(_ARC_STEP, _ARC_SPAN / max(count - 1, 1))
    width = min(_ARC_WIDTH, step * (_ARC_TOP - _ARC_HEIGHT) * 0.96)
    height = min(_ARC_HEIGHT, width * _TALLEST)
    segments: list[Segment] = []
    for index, glyph in enumerate(glyphs):
        angle = step * (index - (count - 1) / 2)

        def place(point: Point, glyph: Glyph = glyph, angle: float = angle) -> Point:
            across = (point[0] - glyph.advance / 2) * width
            out = _ARC_TOP - height + (point[1] + _DESCENT) * height
            return _turned((across, out), angle)

        segments += _placed(glyph, place)
    return segments


def _name(glyphs: tuple[Glyph, ...]) -> list[Segment]:
    """Set the seal's name in one line below the star."""
    count = len(glyphs)
    width = min(_NAME_HEIGHT * 0.9, _NAME_WIDTH / max(count, 1))
    height = min(_NAME_HEIGHT, width * _TALLEST)
    segments: list[Segment] = []
    for index, glyph in enumerate(glyphs):
        middle = width * (index - (count - 1) / 2)

        def place(point: Point, glyph: Glyph = glyph, middle: float = middle) -> Point:
            across = middle + (point[0] - glyph.advance / 2) * width * 0.96
            return across, _NAME_MIDDLE - height / 2 + (point[1] + _DESCENT) * height

        segments += _placed(glyph, place)
    return segments


def _number_line(glyphs: tuple[Glyph, ...]) -> list[Segment]:
    """Set the number along the lower arc, tops inwards, so that it reads from left to right."""
    segments: list[Segment] = []
    for index, glyph in enumerate(glyphs):
        angle = _NUMBER_STEP * (index - (len(glyphs) - 1) / 2)

        def place(point: Point, glyph: Glyph = glyph, angle: float = angle) -> Point:
            across = (point[0] - glyph.advance / 2) * _NUMBER_HEIGHT
            return _turned((across, point[1] * _NUMBER_HEIGHT - _NUMBER_BASELINE), -angle)

        segments += _placed(glyph, place)
    return segments


def _placed(glyph: Glyph, place: Callable[[Point], Point]) -> list[Segment]:
    return [Segment(segment.step, tuple(place(point) for point in segment.points)) for segment in glyph.outline]


def _polar(radius: float, angle: float) -> Point:
    """Return the point at an angle clockwise from the top."""
    return radius * math.sin(angle), radius * math.cos(angle)


def _turned(point: Point, angle: float) -> Point:
    """Turn a point clockwise about the centre."""
    x, y = point
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
