"""Compare-and-set: of two who change the same version one wins, and queues and inboxes follow the state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.case_records import add_case, add_needs, due_needs, load_case, load_need, save_case, save_need
from graph_models.casework import CaseState, IntentState, NeedState, ProofState, RequestState
from graph_models.errors import StaleVersionError
from graph_models.proof_records import add_intent, add_proof, load_proof, open_intents, save_intent, save_proof
from graph_models.request_records import add_request, list_inbox, load_request, save_request, save_requests
from graph_models.store import GraphStore, Transaction
from tests.contract.records import AT, case, intent, need, proof, verification_request

OPEN_STATES = (RequestState.RECEIVED, RequestState.CLAIMED)
SAVES: dict[str, Callable[[Transaction], Awaitable[object]]] = {
    "case": lambda tx: save_case(tx, replace(case(), state=CaseState.CLOSED)),
    "need": lambda tx: save_need(tx, replace(need(), state=NeedState.MET, next_attempt_at=None)),
    "request": lambda tx: save_request(tx, replace(verification_request(), state=RequestState.CLAIMED)),
    "proof": lambda tx: save_proof(tx, replace(proof(), state=ProofState.WITHDRAWN)),
    "intent": lambda tx: save_intent(tx, replace(intent(), state=IntentState.VOID)),
}


async def _one_of_each(tx: Transaction) -> None:
    await add_case(tx, case())
    await add_needs(tx, [need()])
    await add_request(tx, verification_request())
    await add_proof(tx, proof())
    await add_intent(tx, intent())


@pytest.mark.parametrize("kind", SAVES)
async def test_a_change_of_the_stored_version_is_written_and_a_second_one_is_stale(
    store: GraphStore, kind: str
) -> None:
    await store.write(_one_of_each)
    saved = await store.write(SAVES[kind])
    assert getattr(saved, "version", None) == 2
    with pytest.raises(StaleVersionError, match="changed"):
        await store.write(SAVES[kind])


@pytest.mark.parametrize("kind", SAVES)
async def test_what_is_not_there_cannot_be_changed(store: GraphStore, kind: str) -> None:
    with pytest.raises(StaleVersionError):
        await store.write(SAVES[kind])


@pytest.mark.parametrize("count", [2, 5])
async def test_of_several_requests_all_are_written_or_where_one_is_stale_none(store: GraphStore, count: int) -> None:
    asked = [replace(verification_request(f"R{one}"), state=RequestState.CLAIMED) for one in range(count)]

    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        for one in asked:
            await add_request(tx, replace(one, state=RequestState.RECEIVED))

    await store.write(work)
    saved = await store.write(lambda tx: save_requests(tx, asked))
    assert [one.version for one in saved] == [2] * count
    with pytest.raises(StaleVersionError, match=f"R{count - 1} was changed"):
        await store.write(lambda tx: save_requests(tx, [*saved[:-1], asked[-1]]))
    assert [await store.read(lambda tx, one=one: load_request(tx, one.id)) for one in saved] == list(saved)


@pytest.mark.parametrize("kind", SAVES)
async def test_of_many_who_change_the_same_version_at_once_exactly_one_wins(store: GraphStore, kind: str) -> None:
    await store.write(_one_of_each)
    outcomes = await asyncio.gather(*(store.write(SAVES[kind]) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, StaleVersionError) for one in outcomes) == 5
    assert sum(not isinstance(one, BaseException) for one in outcomes) == 1


async def test_what_was_saved_is_what_is_loaded(store: GraphStore) -> None:
    await store.write(_one_of_each)
    saved = [await store.write(SAVES[kind]) for kind in ("case", "need", "request", "proof")]
    loaded = [
        await store.read(lambda tx: load_case(tx, "C1")),
        await store.read(lambda tx: load_need(tx, "C1/01")),
        await store.read(lambda tx: load_request(tx, "R1")),
        await store.read(lambda tx: load_proof(tx, "NBP1")),
    ]
    assert loaded == saved


async def test_a_need_is_due_while_it_is_pending_and_no_longer(store: GraphStore) -> None:
    await store.write(_one_of_each)
    at = AT + timedelta(minutes=1)
    assert await store.read(lambda tx: due_needs(tx, at - timedelta(milliseconds=1), 9)) == ()
    assert await store.read(lambda tx: due_needs(tx, at, 9)) == (need(),)
    later = await store.write(lambda tx: save_need(tx, replace(need(), next_attempt_at=AT + timedelta(hours=1))))
    assert await store.read(lambda tx: due_needs(tx, at, 9)) == ()
    met = await store.write(lambda tx: save_need(tx, replace(later, state=NeedState.MET, next_attempt_at=None)))
    assert await store.read(lambda tx: due_needs(tx, AT + timedelta(days=1), 9)) == ()
    again = await store.write(lambda tx: save_need(tx, replace(met, state=NeedState.PENDING, next_attempt_at=AT)))
    assert await store.read(lambda tx: due_needs(tx, AT, 9)) == (again,)


async def test_needs_are_due_in_the_order_of_their_times(store: GraphStore) -> None:
    async def work(tx: Transaction) -> None:
        for number, running in (("C1", 3), ("C2", 1), ("C3", 2)):
            await add_case(tx, case(number))
            await add_needs(tx, [need(number, running), need(number, 9, NeedState.REQUESTED)])

    await store.write(work)
    found = await store.read(lambda tx: due_needs(tx, AT + timedelta(hours=1), 2))
    assert [one.id for one in found] == ["C2/01", "C3/02"]


@pytest.mark.requirement("I1")
async def test_an_intent_is_open_until_it_is_committed_or_void(store: GraphStore) -> None:
    await store.write(lambda tx: add_intent(tx, intent("b", "N2", minutes=2)))
    await store.write(lambda tx: add_intent(tx, intent("a", "N1", minutes=1)))
    await store.write(lambda tx: add_intent(tx, replace(intent("c", "N3"), state=IntentState.VOID)))
    assert [one.key for one in await store.read(lambda tx: open_intents(tx, 9))] == ["a", "b"]
    await store.write(lambda tx: save_intent(tx, replace(intent("a", "N1", 1), state=IntentState.COMMITTED)))
    assert [one.key for one in await store.read(lambda tx: open_intents(tx, 9))] == ["b"]


async def test_a_request_moves_to_the_inbox_of_the_unit_it_was_passed_on_to(store: GraphStore) -> None:
    await store.write(_one_of_each)
    moved = await store.write(lambda tx: save_request(tx, replace(verification_request(), issuing_unit="NB-Y")))
    assert await store.read(lambda tx: list_inbox(tx, "NB-MZ", OPEN_STATES, None, 9)) == ()
    assert await store.read(lambda tx: list_inbox(tx, "NB-Y", OPEN_STATES, None, 9)) == (moved,)


async def test_a_delivered_request_leaves_the_open_ones_and_stays_with_its_unit(store: GraphStore) -> None:
    await store.write(_one_of_each)
    done = await store.write(lambda tx: save_request(tx, replace(verification_request(), state=RequestState.DELIVERED)))
    assert await store.read(lambda tx: list_inbox(tx, "NB-MZ", OPEN_STATES, None, 9)) == ()
    assert await store.read(lambda tx: list_inbox(tx, "NB-MZ", [RequestState.DELIVERED], None, 9)) == (done,)
    assert await store.read(lambda tx: list_inbox(tx, "NB-MZ", list(RequestState), None, 9)) == (done,)
    assert await store.read(lambda tx: list_inbox(tx, "NB-MZ", [], None, 9)) == ()
