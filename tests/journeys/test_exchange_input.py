"""What must not come in through the exchange's doors: 50 megabytes, and a person or program of another unit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from hub.actors import Post
from scripts.demonstration.story import ITEM
from scripts.demonstration.window import OPEN_CASE
from tests.journeys.stage import Stage, matter
from tests.journeys.subscribers import POLICE, connected, token

HUGE = 50 << 20
OTHER = "330282-GA"
"""Police of another district: it issues the same, and was not asked."""
STEP = """mutation S($input: %sInput!) { %s(input: $input) {
  request { id } errors { __typename code mend messageZh } } }"""
STEPS: dict[str, tuple[Post, dict[str, Any]]] = {
    "claimRequest": (Post.DRAFTER, {}),
    "releaseRequest": (Post.DRAFTER, {}),
    "draftAnswer": (Post.DRAFTER, {"negative": True, "statement": "已查无此记录。"}),
    "reviewAnswer": (Post.REVIEWER, {"approve": True}),
    "sealAnswer": (Post.SEAL_KEEPER, {}),
    "rerouteRequest": (Post.DRAFTER, {"toUnit": OTHER, "reason": "不归我管"}),
}
READ = (
    "query R($id: ID!) { request(id: $id) { ... on VerificationRequest { state version issuingUnit steps { at } } } }"
)


@pytest.fixture
def request_id(stage: Stage) -> str:
    """A request that the police of one district are asked."""
    needs = stage.desk("operator-1").do(OPEN_CASE, **matter(ITEM))["openCase"]["case"]["needs"]
    return str(next(need["requestId"] for need in needs if need["requestId"]))


@pytest.fixture
def serving(stage: Stage) -> Iterator[Stage]:
    """A hub that serves on as before."""
    process = stage.process.pid
    yield stage
    assert (stage.process.pid, stage.process.poll()) == (process, None)
    assert stage.client.get("/health/ready").status_code == 200


@pytest.mark.requirement("R14.4", "R17.2", "I4")
@pytest.mark.parametrize("name", STEPS)
def test_who_answers_for_another_unit_finds_no_such_request(stage: Stage, request_id: str, name: str) -> None:
    owner = stage.desk("owner-1", POLICE, Post.DRAFTER)
    before = owner.ask(READ, id=request_id)["request"]
    post, more = STEPS[name]
    given = {"requestId": request_id, "key": f"{name}-by-another", **more}
    document = STEP % (name[0].upper() + name[1:], name)
    (problem,) = stage.says(stage.desk("worker-9", OTHER, post), document, **given)["errors"]
    assert problem["__typename"] == "NotFound"
    assert problem["mend"]
    assert problem["messageZh"]
    assert owner.ask(READ, id=request_id)["request"] == before


@pytest.mark.parametrize(
    ("path", "post"),
    [("/graphql", Post.OPERATOR), ("/events/replay", Post.SUPERVISOR), ("/events/recount", Post.SUPERVISOR)],
)
def test_a_body_of_50_megabytes_is_refused_by_every_door_of_the_exchange(serving: Stage, path: str, post: Post) -> None:
    answer = serving.post(token(serving, post=post), b" " * HUGE, path)
    assert answer.status_code == 413


def test_a_subscription_of_50_megabytes_is_refused(serving: Stage) -> None:
    answer = serving.post(token(serving), b" " * HUGE, Accept="text/event-stream")
    assert answer.status_code == 413


@pytest.mark.parametrize("introduced", [True, False])
async def test_a_message_of_50_megabytes_ends_its_own_connection_alone(serving: Stage, introduced: bool) -> None:
    by = token(serving)
    async with connected(serving, by if introduced else None) as listener, connected(serving, by) as other:
        sending = asyncio.create_task(listener.say("x" * HUGE))
        assert (await listener.closed())[0] == 1009
        await asyncio.gather(sending, return_exceptions=True)
        await other.say({"type": "ping"})
        assert await other.hear() == {"type": "pong"}
