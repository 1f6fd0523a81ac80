"""The judges: a file may cost its process its life, never the hub's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from seals.errors import JudgeClosedError
from seals.hostile_input import DocumentLimits
from seals.judge import JudgePool, judge_once
from seals.judge_frames import JudgeLimits
from seals.verdict import VerdictOutcome
from seals.verification_policy import VerificationPolicy
from tests.vectors.authority import JUDGED_AT
from tests.vectors.hostile_files import written_by_hand
from tests.vectors.make_vectors import FOLDER, policy_of

GOOD = (FOLDER / "good_information_sharing.pdf").read_bytes()
POLICY = policy_of(FOLDER, "clean")


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[JudgePool]:
    made = JudgePool(POLICY, size=2)
    yield made
    await made.close()


def slow_file() -> bytes:
    """A form whose fields nest so that reading it takes seconds."""
    depth = 20_000
    fields = {number: b"<< /T (a) /Kids [%d 0 R] >>" % (number + 1) for number in range(3, depth)}
    wide = b" ".join(b"%d 0 R" % number for number in range(3, depth))
    form = b"<< /Fields [%s] >>" % wide
    return written_by_hand({1: b"<< /Type /Catalog /AcroForm 2 0 R >>", 2: form, **fields, depth: b"<< /T (a) >>"})


async def test_a_good_proof_is_found_good(pool: JudgePool) -> None:
    verdict = await pool.judge(GOOD, JUDGED_AT)
    assert verdict.outcome is VerdictOutcome.GOOD
    assert verdict.endorsement is not None
    assert verdict.facts is not None


async def test_many_files_at_once_each_get_their_own_verdict(pool: JudgePool) -> None:
    bad = (FOLDER / "changed_text.pdf").read_bytes()
    verdicts = await asyncio.gather(*(pool.judge(data, JUDGED_AT) for data in (GOOD, bad) * 5))
    assert [verdict.outcome for verdict in verdicts] == [VerdictOutcome.GOOD, VerdictOutcome.NOT_GOOD] * 5


async def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_judged() -> None:
    pool = JudgePool(POLICY, limits=JudgeLimits(wall_seconds=0.001))
    try:
        verdict = await pool.judge(slow_file(), JUDGED_AT)
    finally:
        await pool.close()
    assert verdict.outcome is VerdictOutcome.UNDECIDED
    assert "too long" in verdict.summary


async def test_a_pool_judges_on_after_its_process_was_killed(pool: JudgePool) -> None:
    await pool.judge(GOOD, JUDGED_AT)
    for worker in pool._workers:
        if worker._process is not None:
            worker._process.kill()
            await worker._process.wait()
    assert (await pool.judge(GOOD, JUDGED_AT)).outcome is VerdictOutcome.GOOD


async def test_a_process_with_too_little_memory_leaves_the_file_undecided() -> None:
    pool = JudgePool(POLICY, limits=JudgeLimits(memory_bytes=1024 * 1024))
    try:
        verdict = await pool.judge(GOOD, JUDGED_AT)
    finally:
        await pool.close()
    assert verdict.outcome is VerdictOutcome.UNDECIDED


async def test_a_file_that_burns_its_processor_time_is_given_up() -> None:
    pool = JudgePool(POLICY, limits=JudgeLimits(cpu_seconds=0))
    try:
        verdict = await pool.judge(slow_file(), JUDGED_AT)
    finally:
        await pool.close()
    assert verdict.outcome is not VerdictOutcome.GOOD
    assert verdict.summary_zh


async def test_a_file_above_the_limit_is_not_read() -> None:
    policy = VerificationPolicy(trust_roots=(), limits=DocumentLimits(document_bytes=100))
    pool = JudgePool(policy)
    verdict = await pool.judge(GOOD, JUDGED_AT)
    await pool.close()
    assert verdict.outcome is VerdictOutcome.UNDECIDED
    assert "larger" in verdict.summary


async def test_a_caller_who_leaves_does_not_leave_their_answer_to_the_next() -> None:
    pool = JudgePool(POLICY)
    try:
        left = asyncio.create_task(pool.judge((FOLDER / "changed_text.pdf").read_bytes(), JUDGED_AT))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert (await pool.judge(GOOD, JUDGED_AT)).outcome is VerdictOutcome.GOOD
    finally:
        await pool.close()


async def test_a_closed_pool_judges_no_more() -> None:
    pool = JudgePool(POLICY)
    await pool.close()
    with pytest.raises(JudgeClosedError):
        await pool.judge(GOOD, JUDGED_AT)


@pytest.mark.requirement("I5")
@pytest.mark.parametrize(("name", "outcome"), [("good_long_term", "GOOD"), ("bomb_in_the_facts", "NOT_GOOD")])
def test_one_file_is_judged_without_an_event_loop(name: str, outcome: str) -> None:
    verdict = judge_once(Path(FOLDER / f"{name}.pdf").read_bytes(), POLICY, JUDGED_AT)
    assert verdict.outcome == outcome


def test_one_file_that_takes_too_long_is_given_up() -> None:
    verdict = judge_once(GOOD, POLICY, JUDGED_AT, JudgeLimits(wall_seconds=0.001))
    assert verdict.outcome is VerdictOutcome.UNDECIDED
