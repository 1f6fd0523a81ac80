"""Bookmarks: what stands for a state of a database of several members, so that a caller sees its own writes on any.

A bookmark is the database's own word and opaque to everybody else. Whoever collects them for a call finds there what
stands for the call's writes; what was written before a later write began is left out, for the later one stands for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class CallBookmarks:
    """The bookmarks of one call, in whichever tasks it writes."""

    held: frozenset[str] = frozenset()

    def replace(self, older: Collection[str], newer: Collection[str]) -> None:
        """Hold the newer ones, which stand for the older ones as well."""
        self.held = self.held - frozenset(older) | frozenset(newer)


_CALL: ContextVar[CallBookmarks | None] = ContextVar("bookmarks of the call", default=None)


def of_call() -> CallBookmarks | None:
    """Return where the bookmarks of the call under way are collected; None where nobody wants them."""
    return _CALL.get()


@contextmanager
def collecting() -> Iterator[CallBookmarks]:
    """Collect the bookmarks of what is written in the block, also by tasks that are begun in it."""
    call = CallBookmarks()
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)
