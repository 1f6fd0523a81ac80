"""What is written comes back as it was, on each engine."""

from __future__ import annotations

import pytest

from graph_models.case_records import (
    add_case,
    add_needs,
    find_case,
    load_case,
    load_case_parts,
    load_cases,
    load_need,
    load_needs,
    load_needs_of,
)
from graph_models.errors import DuplicateKeyError, RecordNotFoundError
from graph_models.journal_records import add_receipt, find_receipt
from graph_models.proof_records import (
    add_intent,
    add_proof,
    find_proof,
    load_intent,
    load_proof,
    load_proofs,
    proofs_of_case,
)
from graph_models.request_records import add_request, load_request, load_requests_of
from graph_models.store import GraphStore, Transaction
from tests.contract.records import case, intent, need, proof, receipt, verification_request


async def _two_cases(tx: Transaction) -> None:
    for number in ("C1", "C2"):
        await add_case(tx, case(number))
        await add_needs(tx, [need(number, 2), need(number, 1)])
        await add_request(tx, verification_request(f"R-{number}", number))


async def test_a_case_comes_back_by_number_and_by_business_number(store: GraphStore) -> None:
    await store.write(_two_cases)
    assert await store.read(lambda tx: load_case(tx, "C2")) == case("C2")
    assert await store.read(lambda tx: find_case(tx, "NB-GA", "B-C1")) == case("C1")
    assert await store.read(lambda tx: find_case(tx, "NB-MZ", "B-C1")) is None


async def test_several_cases_come_back_in_one_go_each_once_and_only_those_that_there_are(store: GraphStore) -> None:
    await store.write(_two_cases)
    found = await store.read(lambda tx: load_cases(tx, ["C2", "C1", "C2", "C9"]))
    assert sorted(found, key=lambda one: one.number) == [case("C1"), case("C2")]
    assert await store.read(lambda tx: load_cases(tx, [])) == ()


async def test_needs_come_back_by_identifier_in_order_for_one_case_and_for_several(store: GraphStore) -> None:
    await store.write(_two_cases)
    ordered = [need(number, running) for number in ("C1", "C2") for running in (1, 2)]
    assert await store.read(lambda tx: load_need(tx, "C1/02")) == need("C1", 2)
    assert await store.read(lambda tx: load_needs(tx, "C2")) == tuple(ordered[2:])
    assert await store.read(lambda tx: load_needs_of(tx, ["C2", "C1", "C2", "C9"])) == tuple(ordered)
    assert await store.read(lambda tx: load_needs_of(tx, [])) == ()


async def test_a_case_comes_back_with_all_that_belongs_to_it_each_part_in_order(store: GraphStore) -> None:
    async def work(tx: Transaction) -> None:
        await _two_cases(tx)
        await add_case(tx, case("C3"))
        for number in ("NBP2", "NBP1"):
            await add_proof(tx, proof(number))

    await store.write(work)
    needs, requests = (need("C1", 1), need("C1", 2)), (verification_request("R-C1", "C1"),)
    whole = (case("C1"), needs, requests, (proof("NBP1"), proof("NBP2")))
    assert await store.read(lambda tx: load_case_parts(tx, "C1")) == whole
    assert await store.read(lambda tx: load_case_parts(tx, "C3")) == (case("C3"), (), (), ())
    with pytest.raises(RecordNotFoundError, match="case C9"):
        await store.read(lambda tx: load_case_parts(tx, "C9"))


async def test_requests_come_back_by_identifier_and_by_case(store: GraphStore) -> None:
    await store.write(_two_cases)
    both = tuple(verification_request(f"R-{number}", number) for number in ("C1", "C2"))
    assert await store.read(lambda tx: load_request(tx, "R-C2")) == both[1]
    assert await store.read(lambda tx: load_requests_of(tx, ["C2", "C1", "C9"])) == both


async def test_intents_and_proofs_come_back_by_each_of_their_keys(store: GraphStore) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        await add_intent(tx, intent())
        await add_proof(tx, proof("NBP2"))
        await add_proof(tx, proof("NBP1"))

    await store.write(work)
    assert await store.read(lambda tx: load_intent(tx, "C1/01@1")) == intent()
    assert await store.read(lambda tx: load_proof(tx, "NBP1")) == proof("NBP1")
    assert await store.read(lambda tx: find_proof(tx, "code-NBP2")) == proof("NBP2")
    both = (proof("NBP1"), proof("NBP2"))
    assert await store.read(lambda tx: load_proofs(tx, ["NBP2", "NBP9", "NBP1"])) == both
    assert await store.read(lambda tx: proofs_of_case(tx, "C1")) == both


async def test_a_receipt_comes_back_to_the_unit_and_operation_it_was_given_for(store: GraphStore) -> None:
    await store.write(lambda tx: add_receipt(tx, receipt()))
    assert await store.read(lambda tx: find_receipt(tx, "NB-GA", "openCase", "k-1")) == receipt()
    assert await store.read(lambda tx: find_receipt(tx, "NB-MZ", "openCase", "k-1")) is None


async def test_what_is_not_there_is_not_found(store: GraphStore) -> None:
    assert await store.read(lambda tx: load_intent(tx, "no")) is None
    assert await store.read(lambda tx: find_proof(tx, "no")) is None
    for load in (load_case, load_need, load_request, load_proof):
        with pytest.raises(RecordNotFoundError, match="no-such"):
            await store.read(lambda tx, load=load: load(tx, "no-such"))  # type: ignore[misc]


async def test_what_belongs_to_a_case_is_not_written_without_it(store: GraphStore) -> None:
    works = (
        lambda tx: add_needs(tx, [need("C9")]),
        lambda tx: add_request(tx, verification_request(case_number="C9")),
        lambda tx: add_proof(tx, proof(case_number="C9")),
    )
    for work in works:
        with pytest.raises(RecordNotFoundError, match="case C9"):
            await store.write(work)
    assert await store.read(lambda tx: tx.run("MATCH (n:UnitInbox) RETURN n.unit_code AS unit")) == []


async def test_a_key_that_is_taken_is_refused(store: GraphStore) -> None:
    await store.write(_two_cases)
    await store.write(lambda tx: add_proof(tx, proof("NBP1")))
    await store.write(lambda tx: add_receipt(tx, receipt()))
    await store.write(lambda tx: add_intent(tx, intent()))
    works = (
        lambda tx: add_case(tx, case("C1", unit="NB-MZ")),
        lambda tx: add_needs(tx, [need("C1", 3), need("C1", 1)]),
        lambda tx: add_request(tx, verification_request("R-C1")),
        lambda tx: add_proof(tx, proof("NBP1")),
        lambda tx: add_receipt(tx, receipt()),
        lambda tx: add_intent(tx, intent()),
    )
    for work in works:
        with pytest.raises(DuplicateKeyError):
            await store.write(work)


@pytest.mark.requirement("I2")
async def test_a_unit_uses_a_business_number_once(store: GraphStore) -> None:
    await store.write(lambda tx: add_case(tx, case("C1")))
    second = case("C2")
    again = type(second)(**{name: getattr(second, name) for name in second.__slots__} | {"business_number": "B-C1"})
    with pytest.raises(DuplicateKeyError):
        await store.write(lambda tx: add_case(tx, again))
    assert await store.read(lambda tx: find_case(tx, "NB-GA", "B-C1")) == case("C1")
