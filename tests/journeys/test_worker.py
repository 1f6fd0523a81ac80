"""Workers of one unit against a served hub: killed under load, side by side, with a wrong token, told to stop."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hub.actors import Post
from hub.client.records import Case, VerificationRequest
from tests.journeys.stage import Stage, command
from tests.journeys.workers import HERE, POLICE, MachineRoom, education, given, police

SLOW = "slow_register:answer"
CASES, PATIENCE = 10, 120.0
ONCE = {"CLAIM": 1, "DRAFT": 1, "APPROVE": 1, "SEAL": 1, "DELIVER": 1}


@pytest.fixture
def room(stage: Stage, tmp_path: Path) -> MachineRoom:
    return MachineRoom(stage, tmp_path)


async def opened(stage: Stage) -> list[Case]:
    async with education(stage) as department:
        return [await department.open(given()) for _ in range(CASES)]


async def ended(stage: Stage, cases: list[Case]) -> tuple[list[Case], list[VerificationRequest]]:
    """Return the cases once each has its proofs, and what was asked for them."""
    async with education(stage) as department, police(stage) as unit:
        whole = [await department.wait_for(case, PATIENCE) for case in cases]
        asked = [need.request_id for case in whole for need in case.needs if need.request_id]
        return whole, [await unit.read(each) for each in asked]


@pytest.mark.requirement("I1", "I2", "R14.4")
async def test_a_worker_that_is_killed_under_load_answers_each_request_once(stage: Stage, room: MachineRoom) -> None:
    cases = await opened(stage)
    options = [*room.drafting(), *room.sealing(), "--concurrency", "3"]
    for asked in (2, 5, 8):
        with room.worker(SLOW, *options) as process:
            room.when_asked(process, asked)
            process.kill()
    with room.worker(SLOW, *options):
        whole, requests = await ended(stage, cases)
    assert [Counter(str(each.step) for each in request.steps) for request in requests] == [ONCE] * CASES
    assert [(len(case.proofs), len({proof.proof_type_code for proof in case.proofs})) for case in whole] == [
        (4, 4)
    ] * CASES
    assert {request.id for request in requests} <= set(room.asked())


@pytest.mark.requirement("I2")
async def test_two_workers_of_one_unit_share_the_inbox(stage: Stage, room: MachineRoom) -> None:
    cases = await opened(stage)
    first = [*room.drafting(), *room.sealing(), "--name", "one", "--concurrency", "2"]
    second = [*room.drafting(), *room.sealing(), "--name", "two", "--concurrency", "2"]
    with room.worker(SLOW, *first), room.worker(SLOW, *second):
        _, requests = await ended(stage, cases)
    assert [Counter(str(each.step) for each in request.steps) for request in requests] == [ONCE] * CASES
    asked = Counter(room.asked())
    assert [asked[request.id] for request in requests] == [1] * CASES


async def test_a_worker_that_is_told_to_stop_finishes_what_is_under_way(stage: Stage, room: MachineRoom) -> None:
    cases = await opened(stage)
    with room.worker(SLOW, *room.drafting(), "--concurrency", "2") as process:
        room.when_asked(process, 2)
        process.terminate()
        assert process.wait(30) == 0
    async with police(stage) as unit:
        states = {each: (await unit.read(each)).state for each in room.asked()}
    assert set(states.values()) == {"DRAFTED"}
    async with education(stage) as department:
        for case in cases:
            await department.withdraw(case)


@pytest.mark.parametrize("whose", ["drafter", "reviewer"])
async def test_a_worker_with_a_token_of_another_unit_is_refused_with_a_clear_error(
    stage: Stage, room: MachineRoom, whose: str
) -> None:
    stranger = room.token("stranger", "330203-JY", Post.DRAFTER, Post.REVIEWER)
    more = ["--token-file", stranger] if whose == "drafter" else ["--reviewer-token-file", stranger]
    said = command("worker", "--handler", SLOW, *room.drafting(), *more, cwd=HERE, ASKED=str(room.asked_file))
    assert said.returncode == 1
    assert f"is of unit 330203-JY, and this worker answers for {POLICE}: give it a token" in said.stderr
    assert room.asked() == []


async def test_a_worker_whose_token_lacks_the_post_is_refused_by_the_hub(stage: Stage, room: MachineRoom) -> None:
    operator = room.token("operator-1", POLICE, Post.OPERATOR)
    said = command("worker", "--handler", SLOW, *room.drafting(), "--token-file", operator, cwd=HERE)
    assert said.returncode == 1
    assert "NOT_PERMITTED: READ_INBOX needs one of the posts DRAFTER" in said.stderr
    assert "[call Q" in said.stderr


async def test_a_worker_at_what_is_no_hub_ends_and_says_so(stage: Stage, room: MachineRoom) -> None:
    said = command("worker", "--handler", SLOW, *room.drafting(), "--url", f"{stage.city.url}/check", cwd=HERE)
    assert said.returncode == 1
    assert "not a hub's" in said.stderr
