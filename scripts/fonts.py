"""Makes the fonts that the project carries, from the Debian packages fonts-noto-cjk and fonts-hanazono.

    .venv/bin/python scripts/fonts.py [FOLDER]

Writes to seals/fonts by default, takes about five minutes, and gives the same bytes each time from the same packages
(fonts-noto-cjk 1:20220127+repack1-1, fonts-hanazono 20170904-2.1). Needed only when the fonts are to change.

- NotoSerifCJKsc-Regular.ttf: the Simplified Chinese face without Hangul.
- NotoSerifCJKsc-Bold.ttf: the same in bold, of the Han characters only the basic block.
- coverage.txt: which characters these have together.
- ProofhubRare-Regular.otf: the Han characters of extensions B to F that Noto lacks, from the Hanazono fonts. Most
  outlines are polygons; points that move a line by less than a thousandth of an em are left out.

Noto's outlines are made TrueType ones, which differ by at most two thousandths of an em: what embeds a part of a font
copies these, and interprets each PostScript one, so that a page takes a quarter less time to make.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.misc.psCharStrings import T2CharString
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.qu2cuPen import Qu2CuPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph

from scripts.polygons import Polygon, simplified

NOTO = Path("/usr/share/fonts/opentype/noto")
HANAZONO = Path("/usr/share/fonts/truetype/hanazono")
CARRIED = Path(__file__).resolve().parents[1] / "seals" / "fonts"
SC_FACE = 2
"""Which face of the collection is the Simplified Chinese one."""

EM = 1000
"""Units to the em; nearly all Han characters are as wide."""
MOST_ASIDE = 2.0
"""How far a quadratic curve may be from the cubic one, in units."""
SCALE = EM / 1024
"""From the em of the Hanazono fonts to that of Noto."""

HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))
HAN_BEYOND_BASIC = ((0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
RARE_NAME = "Proofhub Rare"
RARE_NOTICE = (
    "Made from the fonts of the GlyphWiki Project, copyright 2008-2017, under the Hanazono Font License; "
    "reduced to the rare characters, outlines simplified."
)
_LAYOUT_TABLES = ["VORG", "vhea", "vmtx", "BASE", "GPOS", "GSUB", "GDEF"]


def within(code: int, ranges: Iterable[tuple[int, int]]) -> bool:
    """Whether a code point is in one of the ranges, ends included."""
    return any(first <= code <= last for first, last in ranges)


def take_noto(style: str, wanted: Callable[[int], bool], folder: Path) -> Path:
    """Take the wanted characters out of one style of Noto Serif CJK; return the file written."""
    font = TTFont(NOTO / f"NotoSerifCJK-{style}.ttc", fontNumber=SC_FACE, recalcTimestamp=False)
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.drop_tables += _LAYOUT_TABLES
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for code in font.getBestCmap() if wanted(code)])
    subsetter.subset(font)
    _make_truetype(font)
    target = folder / f"NotoSerifCJKsc-{style}.ttf"
    font.save(target)
    return target


def _make_truetype(font: TTFont) -> None:
    """Put quadratic curves in the place of cubic ones."""
    glyphs, outlines = font.getGlyphSet(), dict[str, Glyph]()
    for name in font.getGlyphOrder():
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, MOST_ASIDE, reverse_direction=True))
        outlines[name] = pen.glyph()
    del font["CFF "]
    font.sfntVersion = "\0\1\0\0"
    builder = FontBuilder(font=font)
    builder.isTTF = True
    builder.setupGlyf(outlines)
    builder.setupMaxp()
    widths = font["hmtx"].metrics
    font["hmtx"].metrics = {name: (widths[name][0], getattr(glyph, "xMin", 0)) for name, glyph in outlines.items()}


def make_rare(already: set[int], folder: Path) -> Path:
    """Gather the Han characters that are not there already into one font; return the file written."""
    builder = FontBuilder(EM, isTTF=False)
    charstrings = {".notdef": T2CharStringPen(None, None).getCharString()}
    names: dict[int, str] = {}
    widths = {".notdef": EM}
    for file in ("HanaMinA.ttf", "HanaMinB.ttf"):
        font = TTFont(HANAZONO / file, lazy=True)
        for code, source in sorted(font.getBestCmap().items()):
            if code in already or code in names or not within(code, HAN_BEYOND_BASIC):
                continue
            names[code] = name = f"u{code:X}"
            widths[name] = round(font["hmtx"][source][0] * SCALE)
            charstrings[name] = _charstring(font, source, widths[name])
    _finish(builder, charstrings, names, widths)
    target = folder / "ProofhubRare-Regular.otf"
    builder.save(target)
    return target


def _charstring(font: TTFont, name: str, width: int) -> T2CharString:
    """Write a glyph as cubic outlines: polygons simplified, the few that have curves as they are."""
    pen = T2CharStringPen(None if width == EM else width, None)
    coordinates, ends, flags = font["glyf"][name].getCoordinates(font["glyf"])
    if all(flag & 1 for flag in flags):
        starts = [0, *(end + 1 for end in ends[:-1])]
        points = [(round(x * SCALE), round(y * SCALE)) for x, y in coordinates]
        for start, end in zip(starts, ends, strict=False):
            _draw(simplified(points[start : end + 1], 1.0), pen)
    else:
        cubic = Qu2CuPen(TransformPen(pen, (SCALE, 0, 0, SCALE, 0, 0)), 0.5, all_cubic=True)
        font.getGlyphSet()[name].draw(cubic)
    return pen.getCharString()


def _draw(polygon: Polygon, pen: T2CharStringPen) -> None:
    first, *rest = polygon
    pen.moveTo(first)
    for point in rest:
        pen.lineTo(point)
    pen.closePath()


def _finish(
    builder: FontBuilder, charstrings: dict[str, T2CharString], names: dict[int, str], widths: dict[str, int]
) -> None:
    postscript = "ProofhubRare-Regular"
    builder.setupGlyphOrder(list(charstrings))
    builder.setupCharacterMap(names)
    # The notice is also for veraPDF 1.28: it misreads the font matrix that comes right after the first operator.
    builder.setupCFF(postscript, {"FullName": RARE_NAME, "Notice": RARE_NOTICE}, charstrings, {"defaultWidthX": EM})
    builder.setupHorizontalMetrics({name: (width, 0) for name, width in widths.items()})
    # As Noto Serif CJK: a line with a rare character is no higher than its neighbours.
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable(
        {
            "copyright": RARE_NOTICE,
            "familyName": RARE_NAME,
            "styleName": "Regular",
            "uniqueFontIdentifier": postscript,
            "fullName": RARE_NAME,
            "psName": postscript,
            "version": "Version 1.000",
        }
    )
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120, fsType=0)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False


def write_coverage(codes: set[int], folder: Path) -> None:
    """Write which characters the fonts have together, as ranges in hexadecimal."""
    starts = sorted(code for code in codes if code - 1 not in codes)
    ends = sorted(code for code in codes if code + 1 not in codes)
    lines = (f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in zip(starts, ends, strict=True))
    (folder / "coverage.txt").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def characters(file: Path) -> set[int]:
    """Return the code points that a font has."""
    with TTFont(file, lazy=True) as font:
        return set(font.getBestCmap())


def main() -> None:
    """Make all three."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CARRIED
    folder.mkdir(parents=True, exist_ok=True)
    regular = take_noto("Regular", lambda code: not within(code, HANGUL), folder)
    bold = take_noto("Bold", lambda code: not within(code, (*HANGUL, *HAN_BEYOND_BASIC)), folder)
    rare = make_rare(characters(regular), folder)
    covered = {file: characters(file) for file in (regular, bold, rare)}
    write_coverage(set().union(*covered.values()), folder)
    for file, codes in covered.items():
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, {len(codes)} characters")


if __name__ == "__main__":
    main()
