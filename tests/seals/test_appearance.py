import re

import pytest

from seals.appearance import DIAMETER, POINTS_PER_MILLIMETRE, SealFace, seal_to_pdf, seal_to_svg
from seals.errors import UnprintableCharacterError

SHORT = SealFace("宁波市公安局", "电子证明共享信息专用章")
LONG = SealFace("宁波国家高新技术产业开发区行政审批服务管理局联合窗口", "电子证明核实信息专用章", "3302000012345")
_OPERATION = re.compile(r"((?:-?[\d.]+ )*)([a-zA-Z]+)")


def _points(content: bytes) -> list[tuple[float, float]]:
    """All points of the path operators, in points of the page."""
    found = []
    for operands, operator in _OPERATION.findall(content.decode()):
        if operator in {"m", "l", "c"}:
            numbers = [float(number) for number in operands.split()]
            found += list(zip(numbers[::2], numbers[1::2], strict=True))
    return found


@pytest.mark.parametrize("face", [SHORT, LONG])
def test_all_ink_lies_within_the_circle(face: SealFace) -> None:
    middle = DIAMETER / 2 * POINTS_PER_MILLIMETRE
    ring = 1.2 * POINTS_PER_MILLIMETRE
    points = _points(seal_to_pdf(face).split(b" S\n")[1])
    assert points
    assert all((x - middle) ** 2 + (y - middle) ** 2 < (middle - ring) ** 2 for x, y in points)


def test_the_seal_is_symmetric_about_its_middle() -> None:
    middle = DIAMETER / 2 * POINTS_PER_MILLIMETRE
    xs = [x for x, _ in _points(seal_to_pdf(SealFace("甲甲甲", "甲甲甲")))]
    assert abs((min(xs) + max(xs)) / 2 - middle) < 0.1


def test_text_is_outlines_so_that_no_font_is_named() -> None:
    operators = {operator for _, operator in _OPERATION.findall(seal_to_pdf(LONG).decode())}
    assert operators <= {"m", "l", "c", "h", "f", "S", "rg", "RG", "w"}


def test_a_number_adds_ink_and_its_absence_leaves_none() -> None:
    assert len(seal_to_pdf(SealFace("宁波市公安局", "章", "1"))) > len(seal_to_pdf(SealFace("宁波市公安局", "章")))


def test_the_same_face_is_drawn_once() -> None:
    assert seal_to_pdf(SHORT) is seal_to_pdf(SealFace("宁波市公安局", "电子证明共享信息专用章"))


def test_a_character_without_outline_is_refused_and_named() -> None:
    with pytest.raises(UnprintableCharacterError) as caught:
        seal_to_pdf(SealFace("宁波\U000f0000", "章\U000f0001"))
    assert caught.value.characters == "\U000f0000\U000f0001"


def test_the_drawing_for_the_documentation_has_the_same_shape() -> None:
    drawing = seal_to_svg(SHORT)
    assert drawing.startswith("<svg ")
    assert 'width="42.0mm"' in drawing
    assert drawing.count("Z") == seal_to_pdf(SHORT).count(b" h")
