"""Which characters a page can show."""

from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont

from seals.errors import UnprintableCharacterError
from seals.glyphs import FONTS, covered_codes, printable_characters, require_printable

RARE = "䶮㛃𬱖𫖮𪚥𠮷㴢𠅤𮧵龘"


def test_the_list_of_characters_is_that_of_the_carried_fonts() -> None:
    held: set[int] = set()
    for file in FONTS.glob("*.[ot]tf"):
        with TTFont(file, lazy=True) as font:
            held |= set(font.getBestCmap())
    assert set(covered_codes()) == held


def test_the_fonts_are_these_three_and_their_licences_lie_beside_them() -> None:
    carried = {file.name for file in FONTS.iterdir()}
    fonts = {"NotoSerifCJKsc-Regular.ttf", "NotoSerifCJKsc-Bold.ttf", "ProofhubRare-Regular.otf"}
    assert carried == fonts | {"coverage.txt", "OFL.txt", "HANAZONO.txt"}


def test_rare_characters_of_names_are_shown() -> None:
    require_printable([RARE, "阿依古丽·买买提", "Zoë O’Brien", "（甲）—〇、“乙”"])


@pytest.mark.parametrize(
    ("first", "last"), [(0x4E00, 0x9FEA), (0x3400, 0x4DB5), (0x20000, 0x2A6D6), (0x2A700, 0x2B734), (0x2B740, 0x2EBE0)]
)
def test_whole_blocks_of_han_characters_are_shown(first: int, last: int) -> None:
    missing = {chr(code) for code in range(first, last + 1)} - printable_characters()
    assert {character for character in missing if character.isalnum()} == set()


@pytest.mark.parametrize(
    "character",
    [
        "\n",
        "\t",
        "\x00",
        "\x7f",
        "\u200b",  # zero width space
        "\u202e",  # right-to-left override
        "\u2066",  # left-to-right isolate
        "\u2028",  # line separator
        "\ufeff",  # byte order mark
        "\u0301",  # a mark that stacks on what is before it
        "\ue000",  # private use
        "\ufffe",  # no character
        "\ud800",  # half a pair
        "\U00030001",  # extension G, in none of the fonts
        "한",
        "😀",
    ],
)
def test_what_no_font_has_or_what_has_no_shape_is_refused(character: str) -> None:
    with pytest.raises(UnprintableCharacterError) as caught:
        require_printable(["好", f"王{character}明{character}"])
    assert caught.value.characters == character
