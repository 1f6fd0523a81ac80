"""The checks at the end of a fault run: each finds what it is there for, and nothing where all is well."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from graph_models.casework import AuditEntry, IntentState, IssuingIntent, Proof
from graph_models.journal_records import chained
from scripts.soak_checks import (
    Accepted,
    Evidence,
    Sighting,
    StreamHead,
    broken_chains,
    disordered,
    failures,
    loose_ends,
    lost_cases,
    missing_documents,
    wrong_proofs,
)
from tests.contract.records import audit, case, intent, proof

CASE = case()
TYPE = proof().proof_type_code
ACCEPTED = Accepted(CASE.number, CASE.business_number, frozenset({TYPE}))
DONE = replace(intent(), state=IntentState.COMMITTED)


def seen(*sequences: int, unit: str = "NB-GA") -> list[Sighting]:
    return [Sighting(unit, sequence) for sequence in sequences]


def chain(length: int = 3) -> tuple[AuditEntry, ...]:
    entries = [chained(audit(), 0, "")]
    while len(entries) < length:
        entries.append(chained(audit(), entries[-1].sequence, entries[-1].digest))
    return tuple(entries)


def head(entries: tuple[AuditEntry, ...]) -> StreamHead:
    return StreamHead("C1", entries[-1].sequence, entries[-1].digest)


def evidence() -> Evidence:
    return Evidence(
        accepted=[ACCEPTED],
        cases=[CASE],
        proofs=[proof()],
        intents=[DONE, replace(intent("C1/02@1", "NBP2"), state=IntentState.VOID)],
        documents=frozenset({proof().document_sha256}),
        sightings=seen(1, 2, 1, 2, 3),
        last_events={"NB-GA": 3},
        heads=[head(chain())],
        audit={"C1": chain()},
    )


def test_a_run_in_which_all_is_well_has_no_failure() -> None:
    assert failures(evidence()) == []


def test_failures_of_every_check_come_together() -> None:
    found = replace(
        evidence(),
        cases=[],
        proofs=[],
        sightings=[],
        audit={},
        documents=frozenset(),
        intents=[DONE, intent("k", "P9")],
    )
    assert len(failures(found)) == 6


def test_an_accepted_case_that_is_not_in_the_store_is_lost() -> None:
    assert list(lost_cases([ACCEPTED], [case("C2")])) == ["case C1 was accepted and is not in the store"]


def test_a_business_number_with_two_cases_is_found() -> None:
    twin = replace(CASE, number="C2")
    assert list(lost_cases([ACCEPTED], [CASE, twin])) == [f"business number {CASE.business_number} has 2 cases"]


@pytest.mark.parametrize(("proofs", "count"), [([], 0), ([proof(), proof("NBP2")], 2)])
def test_a_proof_that_is_missing_or_there_twice_is_found(proofs: list[Proof], count: int) -> None:
    assert list(wrong_proofs([ACCEPTED], proofs)) == [f"case C1 has {count} proofs {TYPE}, not 1"]


def test_a_proof_that_was_not_to_come_is_found() -> None:
    other = replace(proof("NBP2"), proof_type_code="OTHER")
    assert list(wrong_proofs([ACCEPTED], [proof(), other])) == ["case C1 has 1 proofs OTHER, not 0"]


@pytest.mark.parametrize(
    ("intents", "proofs"),
    [([DONE], []), ([], [proof()]), ([DONE], [proof(), proof()]), ([DONE, replace(DONE, key="k")], [proof()])],
)
def test_intents_and_proofs_that_do_not_go_together_are_found(
    intents: list[IssuingIntent], proofs: list[Proof]
) -> None:
    (found,) = loose_ends(intents, proofs)
    assert found.startswith("proof NBP1 was intended")


def test_an_intent_that_is_still_open_is_found_and_a_void_one_is_not() -> None:
    void = replace(intent("C1/02@1", "NBP2"), state=IntentState.VOID)
    assert list(loose_ends([intent(), void], [])) == ["proof NBP1 was intended and neither issued nor voided"]


def test_a_proof_without_its_document_is_found() -> None:
    assert list(missing_documents([proof()], frozenset({"00"}))) == ["proof NBP1 has no document"]


@pytest.mark.parametrize("order", [(1, 2, 3), (1, 2, 1, 2, 3), (1, 1, 2, 3, 2, 3, 3), (1, 2, 3, 1)])
def test_events_that_come_again_are_in_order(order: tuple[int, ...]) -> None:
    assert list(disordered(seen(*order), {"NB-GA": 3})) == []


@pytest.mark.parametrize("order", [(1, 3, 2), (2, 3), (1, 3)])
def test_an_event_that_is_seen_before_the_one_before_it_is_found(order: tuple[int, ...]) -> None:
    (found,) = disordered(seen(*order), {"NB-GA": 3})
    assert "was seen before" in found


def test_events_that_never_came_and_those_of_an_unknown_unit_are_found() -> None:
    assert list(disordered(seen(1, unit="X"), {"NB-GA": 1})) == [
        "of unit NB-GA's 1 events 0 were seen",
        "of unit X's 0 events 1 were seen",
    ]


def test_units_do_not_wait_for_one_another() -> None:
    mixed = [event for pair in pairwise(seen(1, 2, 3)) for event in (*pair, *seen(1, 2, 3, unit="X"))]
    assert list(disordered(mixed, {"NB-GA": 3, "X": 3})) == []


def test_a_chain_with_a_hole_is_found() -> None:
    first, _, third = chain()
    assert list(broken_chains([head(chain())], {"C1": (first, third)})) == ["the audit of C1 is broken at entry 2"]


def test_a_chain_that_lacks_its_end_is_found_by_its_head() -> None:
    assert list(broken_chains([head(chain())], {"C1": chain()[:2]})) == [
        "the audit of C1 ends at entry 2, its head says 3"
    ]


def test_a_chain_without_a_head_and_a_head_without_a_chain_are_found() -> None:
    assert list(broken_chains([], {"C1": chain()})) == ["the audit of C1 ends at entry 3, its head says nothing"]
    assert list(broken_chains([head(chain())], {})) == ["the audit of C1 ends at entry 0, its head says 3"]
