"""Files changed at random: none is good but one that is a good file byte for byte, and nothing falls over.

Two walks: a bit of every so many bytes over a whole proof, and files cut, spliced and sprinkled with other bits, judged
by the process that is there for it. The seed is printed with a failure; PROOFHUB_FUZZ_SEED brings it back.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from random import Random  # noqa: TID251 (seeded: the same file comes back from the same seed)
from secrets import randbits

import pytest
import pytest_asyncio

from seals.judge import JudgePool
from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from tests.vectors.authority import JUDGED_AT
from tests.vectors.forger import written_range
from tests.vectors.make_vectors import FOLDER, policy_of

SEED = int(os.environ.get("PROOFHUB_FUZZ_SEED", "0")) or randbits(32)
FILES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.pdf"))}
GOOD = {data for name, data in FILES.items() if name.startswith("good_")}
WHOLE = ("good_small", "good_information_sharing", "good_long_term", "good_stamped_inside")
ROUNDS = 1500


@pytest_asyncio.fixture(scope="module")
async def pool() -> AsyncIterator[JudgePool]:
    made = JudgePool(policy_of(FOLDER, "clean"), size=2)
    yield made
    await made.close()


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


def sprinkled(data: bytes, chance: Random) -> bytes:
    for _ in range(chance.randint(1, 8)):
        data = flipped(data, chance.randrange(len(data)), chance.randrange(8))
    return data


def cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))] + data[chance.randrange(len(data)) :]


def spliced(data: bytes, chance: Random) -> bytes:
    other = FILES[chance.choice(sorted(FILES))] or b"x"
    place, start = chance.randrange(len(data)), chance.randrange(len(other))
    piece = other[start : start + chance.randint(1, 20_000)]
    return data[:place] + piece + data[place + chance.choice((0, len(piece))) :]


def mutated(chance: Random) -> bytes:
    name = chance.choice(WHOLE) if chance.random() < 0.7 else chance.choice(sorted(FILES))
    change = chance.choice((sprinkled, cut, spliced))
    return change(FILES[name] or b"x", chance)


@pytest.mark.parametrize("name", WHOLE)
def test_no_file_with_one_bit_changed_is_good(name: str) -> None:
    chance, data, policy = Random(SEED), FILES[name], policy_of(FOLDER, "clean")
    start, hole_start, hole_end, _ = written_range(data)
    hole = [chance.randrange(hole_start, hole_end) for _ in range(150)]
    for place in (*(chance.randrange(start, len(data)) for _ in range(200)), *hole):
        changed = flipped(data, place, chance.randrange(8))
        verdict = verify_document(changed, policy, at=JUDGED_AT)
        assert verdict.outcome is not VerdictOutcome.GOOD, f"seed {SEED}: {name} at {place}: {changed[place]}"


@pytest.mark.requirement("R14.1")
async def test_no_file_changed_at_random_is_good_or_brings_the_judge_down(pool: JudgePool) -> None:
    chance = Random(SEED)
    for number in range(ROUNDS):
        data = mutated(chance)
        verdict = await pool.judge(data, JUDGED_AT)
        assert verdict.outcome is not VerdictOutcome.GOOD or data in GOOD, f"seed {SEED}, round {number}"
        assert b"Traceback" not in verdict.to_json()
        assert "more time or memory" not in verdict.summary, f"seed {SEED}, round {number}: {verdict.summary}"
        assert "too long" not in verdict.summary, f"seed {SEED}, round {number}"
