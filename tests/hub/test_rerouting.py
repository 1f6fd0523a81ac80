"""Passing on: once round at most, then the supervisor decides which unit answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import RequestState, VerificationRequest
from graph_models.store import GraphStore, T, Work
from hub import rerouting
from hub.actors import Actor, Post
from hub.errors import (
    ConflictError,
    EscalatedError,
    InvalidInputError,
    NoCompetentUnitError,
    NotFoundError,
    NotPermittedError,
    WrongStateError,
)
from hub.permission import Operation
from tests.hub.casework import REQUEST
from tests.hub.office import NOW, OPERATOR, Office, call, drafter

SUPERVISOR = Actor("reform-1", "FGW", frozenset({Post.SUPERVISOR}))


@pytest.fixture
async def asked(office: Office) -> VerificationRequest:
    """A request in the inbox of GA-HS."""
    return (await office.open("VERIFIED")).requests[0]


@pytest.fixture
async def round_again(office: Office, asked: VerificationRequest) -> VerificationRequest:
    """A request that GA-HS passed on to GA, and that GA wanted to pass back."""
    await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")
    with pytest.raises(EscalatedError):
        await office.requests.reroute(drafter("GA"), call(asked), "GA-HS", "还是归你")
    return await office.requests.read(OPERATOR, asked.id)


async def test_a_supervisors_reason_is_short_text_too(office: Office, round_again: VerificationRequest) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await office.requests.assign(SUPERVISOR, call(round_again), "GA", "字" * 1001)
    assert refused.value.field == "reason"


async def told(office: Office) -> list[str]:
    return [event.unit_code for event in await office.events() if event.type == "request.escalated"]


@pytest.mark.requirement("R16.1", "I3")
async def test_a_loop_is_escalated_once_and_the_request_stays_to_be_answered(
    office: Office, round_again: VerificationRequest
) -> None:
    assert (round_again.issuing_unit, round_again.state) == ("GA", RequestState.RECEIVED)
    assert round_again.escalated_since == office.clock.now()
    for unit in ("GA-HS", "GA-CX"):
        with pytest.raises(EscalatedError):
            await office.requests.reroute(drafter("GA"), call(round_again), unit, "还是归你")
    assert await told(office) == ["GA", "MZ-HS"]
    audit = [entry.operation for entry in await office.audit(round_again.case_number)]
    assert audit.count("request.escalated") == 1
    assert (await office.answered(round_again)).state is RequestState.DELIVERED


@pytest.mark.requirement("R16.1")
@pytest.mark.parametrize("unit", ["GA-HS", "GA", "GA-CX"])
async def test_the_supervisor_says_who_answers_and_that_unit_does_not_pass_it_on(
    office: Office, round_again: VerificationRequest, unit: str
) -> None:
    decided = await office.requests.assign(SUPERVISOR, call(round_again), unit, "户籍地公安")
    assert (decided.issuing_unit, decided.escalated_since, decided.assigned_by) == (unit, None, "reform-1")
    assert unit not in decided.passed_by
    assert [request.id for request in await office.inbox(unit)] == [decided.id]
    other = "GA" if unit != "GA" else "GA-CX"
    with pytest.raises(EscalatedError):
        await office.requests.reroute(drafter(unit), call(decided), other, "不归我管")
    again = await office.requests.assign(SUPERVISOR, call(decided), unit, "已定")
    assert again.state is RequestState.RECEIVED
    (subject,) = await office.requests.matters_of(drafter(unit), (again,))
    assert subject.subject is not None
    assert (await office.answered(again)).state is RequestState.DELIVERED


async def test_only_a_supervisor_decides_and_only_what_was_escalated(
    office: Office, asked: VerificationRequest
) -> None:
    with pytest.raises(NotFoundError):
        await office.requests.assign(SUPERVISOR, call(asked), "GA", "户籍地公安")
    await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")
    with pytest.raises(EscalatedError):
        await office.requests.reroute(drafter("GA"), call(asked), "GA-HS", "还是归你")
    for actor in (drafter("GA"), OPERATOR):
        with pytest.raises((NotFoundError, NotPermittedError)):
            await office.requests.assign(actor, call(asked), "GA-CX", "户籍地公安")
    with pytest.raises(NoCompetentUnitError):
        await office.requests.assign(SUPERVISOR, call(asked), "RS", "户籍地公安")
    await office.drafted(await office.requests.read(OPERATOR, asked.id))
    with pytest.raises(WrongStateError):
        await office.requests.assign(SUPERVISOR, call(asked), "GA-CX", "户籍地公安")


@pytest.mark.requirement("I4")
async def test_a_supervisor_sees_what_is_escalated_and_not_whom_it_is_about(
    office: Office, asked: VerificationRequest
) -> None:
    with pytest.raises(NotFoundError):
        await office.requests.read(SUPERVISOR, asked.id)
    await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")
    with pytest.raises(EscalatedError):
        await office.requests.reroute(drafter("GA"), call(asked), "GA-HS", "还是归你")
    seen = await office.requests.read(SUPERVISOR, asked.id)
    (matter,) = await office.requests.matters_of(SUPERVISOR, (seen,))
    assert matter.subject is None


async def test_after_so_many_units_a_new_one_is_for_the_supervisor_too(
    office: Office, asked: VerificationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerouting, "HOPS", 1)
    await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")
    with pytest.raises(EscalatedError):
        await office.requests.reroute(drafter("GA"), call(asked), "GA-CX", "户籍在慈溪")
    assert len(await told(office)) == 2


async def test_an_escalation_repeated_under_its_key_gives_the_same_answer(
    office: Office, asked: VerificationRequest
) -> None:
    await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")
    once = call(asked, "once")
    for _ in range(2):
        with pytest.raises(EscalatedError):
            await office.requests.reroute(drafter("GA"), once, "GA-HS", "还是归你")
    decision = call(asked, "decided")
    first = await office.requests.assign(SUPERVISOR, decision, "GA-HS", "户籍地公安")
    assert await office.requests.assign(SUPERVISOR, decision, "GA-HS", "户籍地公安") == first
    assert len(await told(office)) == 2


UNITS = ("A", "B", "C", "D", "E")
MOVES = st.lists(st.tuples(st.booleans(), st.sampled_from(UNITS)), max_size=20)


@pytest.mark.requirement("R16.1")
@given(MOVES)
def test_by_passing_on_alone_no_unit_has_a_request_twice(moves: list[tuple[bool, str]]) -> None:
    request, had = replace(REQUEST, issuing_unit="A"), ["A"]
    for by_supervisor, unit in moves:
        if by_supervisor and request.escalated_since is not None:
            request = rerouting._assigned(request, SUPERVISOR, unit, frozenset(UNITS), "B")
            had = [unit]
        elif unit != request.issuing_unit:
            try:
                passing = rerouting._Passing(Operation.REROUTE_REQUEST, unit, "r")
                request = rerouting._rerouted(request, passing, frozenset(UNITS), "B")
                had.append(unit)
            except EscalatedError:
                request = replace(request, escalated_since=NOW)
    assert len(had) == len(set(had)) <= rerouting.HOPS + 1
    assert request.issuing_unit == had[-1]
    assert request.issuing_unit not in request.passed_by
    assert len(request.passed_by) == len(set(request.passed_by))


@dataclass(frozen=True)
class BusyStore:
    """A store in which somebody takes a step right after the first work that fails."""

    store: GraphStore
    then: list[Callable[[], Awaitable[object]]]

    async def read(self, work: Work[T]) -> T:
        return await self.store.read(work)

    async def write(self, work: Work[T]) -> T:
        try:
            return await self.store.write(work)
        except EscalatedError:
            while self.then:
                await self.then.pop()()
            raise


@pytest.mark.parametrize("meanwhile", ["withdrawn", "claimed"])
async def test_what_somebody_changed_before_it_was_escalated_is_judged_anew(
    office: Office, asked: VerificationRequest, meanwhile: str
) -> None:
    await office.requests.reroute(drafter("GA-HS"), call(asked), "GA", "不归我管")

    async def step() -> object:
        if meanwhile == "claimed":
            return await office.requests.claim(drafter("GA"), call(asked))
        return await office.requests.withdraw(OPERATOR, call(asked), "不再需要")

    busy = replace(office.requests, store=BusyStore(office.store, [step]))
    seen = replace(call(asked), expected_version=(await office.requests.read(OPERATOR, asked.id)).version)
    with pytest.raises(ConflictError):
        await busy.reroute(drafter("GA"), seen, "GA-HS", "还是归你")
    assert (await office.requests.read(OPERATOR, asked.id)).escalated_since is None
    assert await told(office) == []
