"""Many are inside at a time, or one alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from graph_models.gate import Gate

SECONDS = 30.0


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def inside(gate: Gate, came: threading.Event, go: threading.Event) -> Callable[[], None]:
    """Return what goes in, says so, and leaves when it is told."""

    def stay() -> None:
        with gate.shared():
            came.set()
            assert go.wait(SECONDS)

    return stay


def alone(gate: Gate, said: list[str]) -> None:
    with gate.alone():
        said.append("alone")


def visit(gate: Gate, said: list[str]) -> None:
    with gate.shared():
        said.append("visitor")


def is_pending(found: Future[None]) -> bool:
    """Tell whether it waits still, after time enough to go on if it could."""
    with pytest.raises(TimeoutError):
        found.result(0.1)
    return True


def test_many_are_inside_at_a_time(threads: ThreadPoolExecutor) -> None:
    gate, meeting = Gate(), threading.Barrier(4)

    def meet() -> int:
        with gate.shared():
            return meeting.wait(SECONDS)

    found = [threads.submit(meet) for _ in range(4)]
    assert sorted(each.result(SECONDS) for each in found) == [0, 1, 2, 3]


def test_who_wants_to_be_alone_waits_for_those_inside_and_newcomers_wait_for_it(threads: ThreadPoolExecutor) -> None:
    gate, came, go, said = Gate(), threading.Event(), threading.Event(), list[str]()
    first = threads.submit(inside(gate, came, go))
    assert came.wait(SECONDS)
    single = threads.submit(alone, gate, said)
    assert is_pending(single)
    newcomer = threads.submit(visit, gate, said)
    assert is_pending(newcomer)
    go.set()
    for each in (first, single, newcomer):
        each.result(SECONDS)
    assert said == ["alone", "visitor"]


def test_one_that_fails_inside_leaves(threads: ThreadPoolExecutor) -> None:
    gate, said = Gate(), list[str]()
    with pytest.raises(ZeroDivisionError), gate.shared():
        1 / 0  # noqa: B018
    with pytest.raises(ZeroDivisionError), gate.alone():
        1 / 0  # noqa: B018
    threads.submit(alone, gate, said).result(SECONDS)
    threads.submit(visit, gate, said).result(SECONDS)
    assert said == ["alone", "visitor"]
