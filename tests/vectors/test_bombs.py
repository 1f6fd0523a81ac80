"""Files too large to keep are given up in bounded time and memory, in a process of their own."""

from __future__ import annotations

import pytest

from seals.judge import judge_once
from seals.judge_frames import JudgeLimits
from seals.verdict import VerdictOutcome
from tests.vectors.authority import JUDGED_AT
from tests.vectors.bombs import TOO_LARGE_TO_KEEP
from tests.vectors.make_vectors import FOLDER, policy_of
from tests.vectors.proofs import Materials
from tests.vectors.vector import Vector

MATERIALS = Materials()
LIMITS = JudgeLimits(wall_seconds=10)


@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("vector", TOO_LARGE_TO_KEEP, ids=lambda vector: str(vector.name))
def test_a_file_that_is_a_burden_is_never_good_and_takes_bounded_time(vector: Vector) -> None:
    verdict = judge_once(vector.make(MATERIALS), policy_of(FOLDER, "clean"), JUDGED_AT, LIMITS)
    assert verdict.outcome in (VerdictOutcome.NOT_GOOD, vector.outcome)
    assert verdict.summary
