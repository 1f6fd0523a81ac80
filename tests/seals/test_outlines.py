from pathlib import Path

import pytest

from seals.appearance import SEAL_FONT
from seals.errors import PageError, UnprintableCharacterError
from seals.outlines import read_glyphs


def test_each_character_has_its_outline_in_em_units() -> None:
    glyphs = read_glyphs(SEAL_FONT, "宁波宁")
    assert glyphs[0] == glyphs[2] != glyphs[1]
    for glyph in glyphs:
        assert glyph.advance == 1
        assert glyph.outline[0].step == "M"
        assert glyph.outline[-1].step == "Z"
        assert all(-0.3 < part < 1.2 for segment in glyph.outline for point in segment.points for part in point)


def test_a_blank_has_an_advance_and_no_ink() -> None:
    (blank,) = read_glyphs(SEAL_FONT, " ")
    assert blank.outline == ()
    assert 0 < blank.advance < 1


def test_what_the_font_lacks_is_named_once() -> None:
    with pytest.raises(UnprintableCharacterError) as caught:
        read_glyphs(SEAL_FONT, "宁\U000f0000\U000f0000")
    assert caught.value.characters == "\U000f0000"


def test_a_font_that_is_none_is_an_error_of_this_room(tmp_path: Path) -> None:
    (tmp_path / "broken.otf").write_bytes(b"rubbish")
    for name in ("broken.otf", "absent.otf"):
        with pytest.raises(PageError, match=name):
            read_glyphs(tmp_path / name, "宁")
