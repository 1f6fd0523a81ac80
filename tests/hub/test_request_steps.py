"""One step, sent twice at the same moment, is taken once and answered twice; only Neo4j has two writers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from graph_models.casework import VerificationRequest
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction
from hub.errors import ConflictError, WrongStateError
from tests.hub.office import NOW, OPERATOR, Office, Seals, call, drafter, found, open_office, publish

pytestmark = pytest.mark.services("neo4j")
ROUNDS = 5


async def _empty(tx: Transaction) -> None:
    await tx.run("MATCH (n) DETACH DELETE n")


@pytest.fixture
async def shared(neo4j_uri: str, seals: Seals, tmp_path: Path) -> AsyncIterator[Office]:
    """The rooms on a store that has many writers."""
    store = await Neo4jStore.open(neo4j_uri)
    await store.write(_empty)
    await store.migrate()
    seals.clock.at = NOW
    await publish(store)
    opened = await open_office(store, seals, tmp_path)
    yield opened
    await opened.extractor.drain()
    await store.close()


async def at_once(step: Callable[[], Awaitable[VerificationRequest]]) -> VerificationRequest:
    """Take a step three times at the same moment; return the answer, which is the same each time."""
    answers = await asyncio.gather(*(step() for _ in range(3)))
    assert answers.count(answers[0]) == 3
    return answers[0]


@pytest.mark.requirement("I2")
async def test_a_step_sent_several_times_at_once_under_its_key_is_taken_once(shared: Office) -> None:
    service = shared.requests
    for _ in range(ROUNDS):
        request = (await shared.open("VERIFIED")).requests[0]
        once, actor = call(request, request.id), drafter(request.issuing_unit)
        claimed = await at_once(lambda actor=actor, once=once: service.claim(actor, once))
        assert [step.step for step in claimed.steps] == ["CLAIM"]
        drafted = await at_once(lambda actor=actor, once=once: service.draft(actor, once, found()))
        assert [step.step for step in drafted.steps] == ["CLAIM", "DRAFT"]


@pytest.mark.requirement("I2")
async def test_passing_on_sent_several_times_at_once_is_done_once_though_the_unit_has_it_no_more(
    shared: Office,
) -> None:
    for _ in range(ROUNDS):
        request = (await shared.open("VERIFIED")).requests[0]
        once, actor = call(request, request.id), drafter(request.issuing_unit)
        passed = await at_once(
            lambda actor=actor, once=once: shared.requests.reroute(actor, once, "GA-CX", "户籍在慈溪")
        )
        assert (passed.issuing_unit, len(passed.steps)) == ("GA-CX", 1)


async def test_under_keys_of_their_own_one_has_it_and_the_others_are_told(shared: Office) -> None:
    request = (await shared.open("VERIFIED")).requests[0]
    actor, calls = drafter(request.issuing_unit), [call(request, f"k{one}") for one in range(3)]
    answers = await asyncio.gather(*(shared.requests.claim(actor, each) for each in calls), return_exceptions=True)
    assert sum(isinstance(each, VerificationRequest) for each in answers) == 1
    assert sum(isinstance(each, ConflictError | WrongStateError) for each in answers) == 2
    claimed = await shared.requests.read(OPERATOR, request.id)
    assert len(claimed.steps) == 1
