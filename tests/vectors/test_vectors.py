"""Every vector gets its verdict, in the process that can be killed; and making them anew changes no verdict."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from seals.check_results import CheckStatus
from seals.judge import JudgePool
from seals.verdict import Verdict, VerdictOutcome
from seals.verification import verify_document
from tests.vectors.authority import JUDGED_AT, make_city
from tests.vectors.make_vectors import FOLDER, VECTORS, make, policy_of

REVOCATIONS = sorted({vector.revocation for vector in VECTORS})
NAMES = sorted(path.stem for path in FOLDER.glob("*.pdf"))


def expected(folder: Path, name: str) -> dict[str, str]:
    record: dict[str, str] = orjson.loads((folder / f"{name}.json").read_bytes())
    return record


def agrees(verdict: Verdict, wanted: dict[str, str]) -> bool:
    if verdict.outcome != wanted["outcome"]:
        return False
    refused = {CheckStatus.FAILED, CheckStatus.INDETERMINATE}
    return wanted["because"] is None or verdict.check(wanted["because"]).status in refused


@pytest_asyncio.fixture(scope="session")
async def pools() -> AsyncIterator[dict[str, JudgePool]]:
    by_lists = {name: JudgePool(policy_of(FOLDER, name)) for name in REVOCATIONS}
    yield by_lists
    for pool in by_lists.values():
        await pool.close()


def test_the_folder_holds_exactly_the_vectors_of_the_tables() -> None:
    assert sorted(vector.name for vector in VECTORS) == NAMES


@pytest.mark.requirement("R14.1", "R14.2", "I5")
@pytest.mark.parametrize("name", NAMES)
async def test_a_vector_gets_the_verdict_beside_it(name: str, pools: dict[str, JudgePool]) -> None:
    wanted = expected(FOLDER, name)
    verdict = await pools[wanted["revocation"]].judge((FOLDER / f"{name}.pdf").read_bytes(), JUDGED_AT)
    assert agrees(verdict, wanted), verdict.checks


@pytest.mark.parametrize("name", NAMES)
def test_every_verdict_gives_a_reason_in_words(name: str) -> None:
    wanted = expected(FOLDER, name)
    policy = policy_of(FOLDER, wanted["revocation"])
    verdict = verify_document((FOLDER / f"{name}.pdf").read_bytes(), policy, at=JUDGED_AT)
    assert verdict.summary
    assert verdict.summary_zh
    assert all(check.reason and check.reason_zh for check in verdict.checks)
    assert b"Traceback" not in verdict.to_json()
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_vectors_made_anew_get_the_same_verdicts(tmp_path: Path) -> None:
    make(tmp_path)
    for vector in VECTORS:
        policy = policy_of(tmp_path, vector.revocation)
        verdict = verify_document((tmp_path / f"{vector.name}.pdf").read_bytes(), policy, at=JUDGED_AT)
        assert agrees(verdict, expected(tmp_path, vector.name)), vector.name


@pytest.mark.requirement("R14.1")
def test_a_good_proof_is_refused_under_another_root_with_the_same_names() -> None:
    good = (FOLDER / "good_information_sharing.pdf").read_bytes()
    elsewhere = replace(policy_of(FOLDER, "clean"), trust_roots=(make_city().root.der,))
    verdict = verify_document(good, elsewhere, at=JUDGED_AT)
    assert verdict.outcome is VerdictOutcome.NOT_GOOD
    assert verdict.check("trusted").status is CheckStatus.FAILED
