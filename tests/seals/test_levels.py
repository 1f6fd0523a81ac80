from itertools import pairwise

import pytest

from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.levels import SealLevel, level_of
from tests.vectors.make_vectors import FOLDER


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("good_information_sharing", SealLevel.B_B),
        ("good_stamped_inside", SealLevel.B_T),
        ("good_long_term", SealLevel.B_T),
        ("good_with_all_it_takes", SealLevel.B_LTA),
        ("unsigned", SealLevel.B_B),
        ("sealed_twice", SealLevel.B_B),
        ("garbage", SealLevel.B_B),
    ],
)
def test_a_file_is_of_the_level_whose_parts_it_has(name, level) -> None:
    assert level_of(read_findings((FOLDER / f"{name}.pdf").read_bytes(), DocumentLimits())) is level


def test_a_level_reaches_itself_and_what_is_below() -> None:
    for lower, higher in pairwise(SealLevel):
        assert higher.reaches(lower)
        assert higher.reaches(higher)
        assert not lower.reaches(higher)
