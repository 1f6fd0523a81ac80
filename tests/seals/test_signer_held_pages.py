"""Pages that wait for their orders: bounded in number and in time, and the gone ones go unnoticed."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from seals.page import render_page
from seals.signer_desk import MadePage
from seals.signer_held_pages import MOST_PAGES, WAITING_SECONDS, HeldPages


class Time:
    """A clock in seconds that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def waiting() -> Iterator[select.epoll]:
    with select.epoll() as poll:
        yield poll


@pytest.fixture
def held(waiting, time) -> Iterator[HeldPages]:
    with HeldPages(waiting, time) as pages:
        yield pages


@pytest.fixture(scope="module")
def made(shared_content) -> MadePage:
    return MadePage(shared_content, render_page(shared_content))


def ready(waiting: select.epoll) -> set[int]:
    return {descriptor for descriptor, _ in waiting.poll(0)}


def test_a_page_comes_back_when_its_caller_speaks(held, waiting, made) -> None:
    caller, connection = socket.socketpair()
    with caller:
        held.hold(connection, made)
        assert held.take(ready(waiting)) == []
        caller.send(b"an order")
        assert held.take(ready(waiting)) == [(connection, made)]
        assert held.pause() is None
        connection.close()


def test_a_page_whose_caller_has_gone_is_dropped(held, waiting, made) -> None:
    caller, connection = socket.socketpair()
    held.hold(connection, made)
    caller.close()
    assert held.take(ready(waiting)) == []
    assert connection.fileno() == -1


def test_a_page_that_waits_too_long_is_dropped(held, waiting, time, made) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    for caller, connection in pairs:
        held.hold(connection, made)
        time.seconds += 1
        assert caller.fileno() > 0
    assert held.pause() == WAITING_SECONDS - 2
    time.seconds = WAITING_SECONDS
    assert held.take(ready(waiting)) == []
    assert [connection.fileno() == -1 for _, connection in pairs] == [True, False]
    assert held.pause() == 1
    for caller, _ in pairs:
        caller.close()


def test_where_there_are_too_many_the_oldest_is_dropped(held, made) -> None:
    pairs = [socket.socketpair() for _ in range(MOST_PAGES + 1)]
    for _, connection in pairs:
        held.hold(connection, made)
    assert [connection.fileno() == -1 for _, connection in pairs] == [True] + MOST_PAGES * [False]
    for caller, _ in pairs:
        caller.close()
