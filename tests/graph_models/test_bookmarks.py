"""What a call leaves behind: what stands for its writes, whichever task made them, and nobody else's."""

from __future__ import annotations

import asyncio

from graph_models.bookmarks import CallBookmarks, collecting, of_call


def test_a_later_bookmark_takes_the_place_of_those_it_stands_for() -> None:
    call = CallBookmarks()
    call.replace((), ("a",))
    call.replace((), ("b",))
    assert call.held == {"a", "b"}
    call.replace(("a",), ("c",))
    call.replace(("never",), ("d",))
    assert call.held == {"b", "c", "d"}


async def test_tasks_of_a_call_write_for_it_and_other_calls_have_their_own() -> None:
    async def written(name: str) -> None:
        call = of_call()
        assert call is not None
        call.replace((), (name,))

    async def call(name: str) -> frozenset[str]:
        with collecting() as held:
            await asyncio.gather(written(f"{name}1"), written(f"{name}2"))
            return held.held

    assert await asyncio.gather(call("a"), call("b")) == [{"a1", "a2"}, {"b1", "b2"}]


def test_outside_a_call_nobody_collects() -> None:
    with collecting():
        assert of_call() is not None
    assert of_call() is None
