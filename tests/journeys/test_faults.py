"""A short fault run: every fault once under load, and nothing late, lost, twice or out of order at the end."""

from __future__ import annotations

import pytest

from scripts.soak_plan import Fault, turns
from scripts.soak_run import Outcome, Plan, Run
from scripts.soak_stage import staged

pytestmark = pytest.mark.services("neo4j", "kafka")
SEED = "every fault once"
FAULTS = tuple(zip(range(len(Fault)), turns(list(Fault), SEED), strict=False))


@pytest.fixture(scope="module")
async def outcome(tmp_path_factory: pytest.TempPathFactory, neo4j_uri: str, kafka_bootstrap: str) -> Outcome:
    """What the run has shown (the shared services show that the machine can run its own)."""
    assert neo4j_uri
    assert kafka_bootstrap
    plan = Plan(faults=iter([fault for _, fault in FAULTS]), seconds=600, cases_per_second=0.5, away_seconds=6)
    async with staged(tmp_path_factory.mktemp("faults")) as stage:
        return await Run(stage, plan, print).carry_out()


@pytest.mark.requirement("I1", "I2", "I3", "R14.1", "R14.4")
async def test_nothing_is_lost_twice_or_out_of_order_whatever_dies(outcome: Outcome) -> None:
    assert outcome.failures == []
    assert outcome.counts["cases completed"] == outcome.counts["cases accepted"] > len(Fault)
    assert outcome.counts["proofs"] == 4 * outcome.counts["cases in the store"]


async def test_every_fault_is_recovered_from(outcome: Outcome) -> None:
    assert {each.fault for each in outcome.recoveries} == set(Fault)
    assert all(seconds is not None for each in outcome.recoveries for seconds in each.seconds.values())
