"""The order of faults follows from the seed alone."""

from __future__ import annotations

from itertools import islice

from scripts.soak_plan import Fault, turns


def test_each_fault_comes_once_a_turn_and_turns_differ() -> None:
    order = list(islice(turns(list(Fault), "seed"), 3 * len(Fault)))
    each = [tuple(order[begin : begin + len(Fault)]) for begin in range(0, len(order), len(Fault))]
    assert [set(turn) for turn in each] == [set(Fault)] * 3
    assert len(set(each)) == 3


def test_a_seed_brings_the_same_order_back_and_another_one_another() -> None:
    first, again, other = (list(islice(turns(list(Fault), seed), 20)) for seed in ("one", "one", "two"))
    assert first == again
    assert first != other


def test_only_the_faults_that_are_named_come() -> None:
    assert set(islice(turns([Fault.KILL_BROKER], "seed"), 5)) == {Fault.KILL_BROKER}


def test_kills_are_told_from_networks() -> None:
    assert {fault for fault in Fault if fault.kills} == {
        Fault.KILL_HUB_A,
        Fault.KILL_HUB_B,
        Fault.KILL_SIGNER,
        Fault.KILL_BROKER,
        Fault.KILL_DATABASE,
    }
