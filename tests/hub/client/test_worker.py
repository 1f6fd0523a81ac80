"""The automatic worker at a real hub: what it takes, what it leaves, and how it goes on after an end at any point."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.actors import Post
from hub.client.connection import ClientLimits, HubConnection
from hub.client.errors import ClientError, NotAllowedError, WrongUnitError
from hub.client.handling import Found, Handling
from hub.client.issuing import Answer, IssuingUnit, NoSuchRecord, Part, Reroute
from hub.client.records import VerificationRequest
from hub.client.words import RequestState, Step
from hub.client.worker import Worker, WorkerRule
from tests.hub.client.served import ISSUER, SECONDS, Served, a_token

FOUND = Answer({"name": "王小明"})


@dataclass
class Register:
    """A unit's own database: says what it is told to say, counts the questions, and may keep them waiting."""

    says: dict[str, Found | Exception] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def answer(self, request: VerificationRequest) -> Found:
        self.asked[request.id] += 1
        await self.gate.wait()
        found = self.says.get(request.id, FOUND)
        if isinstance(found, Exception):
            raise found
        return found


def worker(served: Served, register: Register, name: str = "w", subject: str = "auto-1", **more: Any) -> Worker:
    rule = WorkerRule(**{"pause_seconds": 0.02, "drain_seconds": 0.2, "unit": ISSUER} | more.pop("rule", {}))
    handling = Handling(register.answer, tries=2, pause_seconds=0.01)
    return Worker(served.unit(subject, Post.DRAFTER, name=name), handling, rule, **more)


def further(served: Served) -> dict[str, IssuingUnit]:
    """Return the two other people's tokens, for a worker that carries on to the end."""
    return {"reviewer": served.unit("auto-2", Post.REVIEWER), "sealer": served.unit("auto-3", Post.SEAL_KEEPER)}


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run workers while the block lasts, then let them drain."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(each.run(stop)) for each in workers]
    try:
        yield tasks
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Return once it is so."""
    async with asyncio.timeout(SECONDS):
        while not await look():  # noqa: ASYNC110  what is waited for has no event of its own
            await asyncio.sleep(0.02)


async def until(served: Served, request: VerificationRequest, state: RequestState) -> VerificationRequest:
    """Return the request once it stands so and something was done with it."""
    drafter = served.drafter()

    async def look() -> bool:
        now = await drafter.read(request.id)
        return now.state == state and bool(now.steps)

    await eventually(look)
    return await drafter.read(request.id)


def steps(request: VerificationRequest) -> list[str]:
    return [str(each.step) for each in request.steps]


@pytest.mark.requirement("R17.2")
async def test_it_claims_and_drafts_and_leaves_the_rest_to_people(served: Served) -> None:
    _, request = await served.asked()
    register = Register()
    async with running(worker(served, register)):
        drafted = await until(served, request, RequestState.DRAFTED)
    assert (steps(drafted), drafted.drafter) == (["CLAIM", "DRAFT"], "auto-1")
    assert register.asked[request.id] == 1


@pytest.mark.requirement("R17.2", "R16.1")
async def test_with_two_other_peoples_tokens_it_carries_on_to_delivery(served: Served) -> None:
    (case, request), (_, nothing) = await served.asked(), await served.asked()
    register = Register({nothing.id: NoSuchRecord("无犯罪记录库，按公民身份号码查询")})
    async with running(worker(served, register, **further(served))):
        delivered = await until(served, request, RequestState.DELIVERED)
        await until(served, nothing, RequestState.DELIVERED)
    assert [each.by for each in delivered.steps][:4] == ["auto-1", "auto-1", "auto-2", "auto-3"]
    assert len((await served.department().read(case.number)).proofs) == 2


@pytest.mark.requirement("R17.2")
async def test_one_person_with_two_posts_is_refused_the_second_step(served: Served) -> None:
    _, request = await served.asked()
    both = served.unit("auto-1", Post.DRAFTER, Post.REVIEWER)
    with capture_logs() as logs:
        async with running(worker(served, Register(), reviewer=both)):
            await until(served, request, RequestState.DRAFTED)
            _, second = await served.asked()
            await until(served, second, RequestState.DRAFTED)
    assert any("SAME_PERSON" in each.get("reason", "") for each in logs)
    assert (await served.drafter().read(request.id)).state == RequestState.DRAFTED


async def test_what_the_handler_leaves_or_fails_at_is_given_back_once_and_left(served: Served) -> None:
    made = [(await served.asked())[1] for _ in range(3)]
    left, failing, wrong = made
    says: dict[str, Found | Exception] = {left.id: None, failing.id: KeyError("x"), wrong.id: Answer({"colour": "red"})}
    register = Register(says)
    async with running(worker(served, register)):
        _, last = await served.asked()
        await until(served, last, RequestState.DRAFTED)
        back = [await until(served, each, RequestState.RECEIVED) for each in made]
    async with running(worker(served, register)):
        _, last = await served.asked()
        await until(served, last, RequestState.DRAFTED)
    assert [steps(each) for each in back] == [["CLAIM", "RELEASE"]] * 3
    assert [register.asked[each.id] for each in made] == [1, 2, 1]


async def test_a_handler_that_says_a_number_for_a_text_ends_nothing_and_the_request_is_given_back(
    served: Served,
) -> None:
    wrong, right = [(await served.asked())[1] for _ in range(2)]
    register = Register({wrong.id: Answer({"name": 5})})  # type: ignore[dict-item]
    async with running(worker(served, register)):
        await until(served, right, RequestState.DRAFTED)
        back = await until(served, wrong, RequestState.RECEIVED)
    assert steps(back) == ["CLAIM", "RELEASE"]


async def test_it_passes_on_to_the_unit_that_the_handler_names(served: Served) -> None:
    _, request = await served.asked("NB0002")
    register = Register({request.id: Reroute("GA", "登记在慈溪")})
    there = served.unit("d-9", Post.DRAFTER, unit="GA")

    async def arrived() -> bool:
        return request.id in [each.id async for each in there.inbox()]

    async with running(worker(served, register)):
        await eventually(arrived)
    assert steps(await there.read(request.id)) == ["CLAIM", "PASS_ON"]


@pytest.mark.requirement("R14.4")
async def test_of_a_part_it_answers_just_what_is_asked_of_all_that_the_handler_knows(served: Served) -> None:
    _, request = await served.asked("NB0003")
    person = served.drafter("person-1")
    part = await person.request_part(await person.claim(request), Part("GA", ("since",), "登记在慈溪"))
    people = {
        name: served.unit(f"ga-{name}", post, unit="GA")
        for name, post in (("unit", Post.DRAFTER), ("reviewer", Post.REVIEWER), ("sealer", Post.SEAL_KEEPER))
    }
    register = Register({part.id: Answer({"name": "王小明", "since": "2015-06-01"})})
    automatic = Worker(handling=Handling(register.answer), rule=WorkerRule(pause_seconds=0.02, unit="GA"), **people)
    async with running(automatic):
        done = await until(served, part, RequestState.DELIVERED)
    assert (done.part_of, steps(done)) == (request.id, ["CLAIM", "DRAFT", "APPROVE", "SEAL", "DELIVER"])


async def test_a_returned_draft_is_given_to_a_person(served: Served) -> None:
    _, request = await served.asked()
    register = Register()
    async with running(worker(served, register)):
        drafted = await until(served, request, RequestState.DRAFTED)
        await served.unit("rev", Post.REVIEWER).review(drafted, approve=False, remarks="姓名有误")
        back = await until(served, request, RequestState.RECEIVED)
    assert steps(back) == ["CLAIM", "DRAFT", "RETURN", "RELEASE"]
    assert register.asked[request.id] == 1


async def test_what_a_person_has_claimed_drafted_or_given_back_is_not_touched(served: Served) -> None:
    requests = [(await served.asked())[1] for _ in range(3)]
    person = served.drafter("person-1")
    _, drafted, back = [await person.claim(each) for each in requests]
    await person.draft(drafted, FOUND)
    await person.release(back)
    register = Register()
    async with running(worker(served, register, **further(served))):
        _, last = await served.asked()
        await until(served, last, RequestState.DELIVERED)
    states = [(await person.read(each.id)).state for each in requests]
    assert states == [RequestState.CLAIMED, RequestState.DRAFTED, RequestState.RECEIVED]
    assert not register.asked.keys() & {each.id for each in requests}


@pytest.mark.requirement("I1", "I2")
async def test_a_worker_that_ends_in_the_middle_goes_on_with_its_own_claims(served: Served) -> None:
    _, request = await served.asked()
    stuck = Register()
    stuck.gate.clear()
    async with running(worker(served, stuck)):
        await until(served, request, RequestState.CLAIMED)
    register = Register()
    async with running(worker(served, register, "another"), worker(served, register, "other", "auto-9")):
        _, last = await served.asked()
        await until(served, last, RequestState.DRAFTED)
    assert register.asked[request.id] == 0
    async with running(worker(served, register)):
        drafted = await until(served, request, RequestState.DRAFTED)
    assert steps(drafted) == ["CLAIM", "DRAFT"]
    assert (stuck.asked[request.id], register.asked[request.id]) == (1, 1)


@pytest.mark.requirement("I2")
@pytest.mark.parametrize("shared", [True, False], ids=["one token", "a token each"])
async def test_two_workers_side_by_side_ask_each_handler_once(served: Served, shared: bool) -> None:
    requests = [(await served.asked())[1] for _ in range(12)]
    register, subjects = Register(), ("auto-1", "auto-1" if shared else "auto-8")
    pair = [worker(served, register, f"w{number}", subject) for number, subject in enumerate(subjects)]
    async with running(*pair):
        done = [await until(served, each, RequestState.DRAFTED) for each in requests]
    assert [steps(each) for each in done] == [["CLAIM", "DRAFT"]] * 12
    assert {register.asked[each.id] for each in requests} == {1}


async def test_no_more_handlers_than_it_may_are_asked_at_a_time_and_a_stop_lets_them_finish(served: Served) -> None:
    for _ in range(4):
        await served.asked()
    register = Register()
    register.gate.clear()

    async def busy() -> bool:
        return register.asked.total() == 2

    async with running(worker(served, register, rule={"concurrency": 2, "drain_seconds": SECONDS})):
        await eventually(busy)
        asyncio.get_running_loop().call_later(0.2, register.gate.set)
    assert register.asked.total() == 2
    done = [await served.drafter().read(each) for each in register.asked]
    assert {each.state for each in done} == {RequestState.DRAFTED}


async def test_it_waits_for_a_hub_that_is_away_and_goes_on_where_it_was(served: Served) -> None:
    _, request = await served.asked()
    away = ClientLimits(attempts=1, total_seconds=0.2)
    absent = HubConnection("http://127.0.0.1:9", a_token, away)
    waiting, register = worker(served, Register()), Register()
    waiting.handling, there = Handling(register.answer), waiting.unit
    waiting.unit = IssuingUnit(absent, "w")
    with capture_logs() as logs:
        async with running(waiting), absent:

            async def waits() -> bool:
                return "worker.waiting" in {each["event"] for each in logs}

            await eventually(waits)
            waiting.unit = there
            await until(served, request, RequestState.DRAFTED)
    assert register.asked[request.id] == 1


@pytest.mark.parametrize(
    ("post", "more", "kind", "said"),
    [
        (Post.OPERATOR, {}, NotAllowedError, "NOT_PERMITTED"),
        (Post.REVIEWER, {}, NotAllowedError, "CLAIM_REQUEST needs one of the posts DRAFTER"),
        (Post.DRAFTER, {"rule": {"unit": "GA"}}, WrongUnitError, f"the token is of unit {ISSUER}"),
    ],
)
async def test_a_token_of_another_unit_or_post_ends_it_with_a_clear_error(
    served: Served, post: Post, more: dict[str, Any], kind: type[ClientError], said: str
) -> None:
    _, request = await served.asked()
    refused = worker(served, Register(), **more)
    refused.unit = served.unit("auto-7", post)
    with pytest.raises(kind, match=said):
        await refused.run(asyncio.Event())
    assert (await served.drafter().read(request.id)).state == RequestState.RECEIVED


async def test_a_reviewers_token_of_another_unit_ends_it_with_a_clear_error(served: Served) -> None:
    _, request = await served.asked()
    stranger = served.unit("auto-2", Post.REVIEWER, unit="GA")
    with pytest.raises(WrongUnitError, match=f"the reviewer's token is not of unit {ISSUER}"):
        await worker(served, Register(), reviewer=stranger).run(asyncio.Event())
    assert Step.APPROVE not in steps(await served.drafter().read(request.id))
