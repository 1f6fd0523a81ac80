"""The store: state, audit and events commit as one, or not at all.

A *work* is a function of a transaction. The store calls it, commits, and returns what it returned; where the engine
says that a transaction lost against another one, the work is called again from the start. So a work holds no side
effect but its statements, and its identifiers and times come from outside. It awaits its transaction and nothing
else: the embedded engine runs it in one step on a thread of its own, and refuses one that waits for something. When a
statement has failed the transaction is over: a work lets the error through, and whoever called the store deals with
it. The records of a work are read and
written by the functions of ``graph_models.*_records``, never by Cypher elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = "Scalar | Sequence[Value] | Mapping[str, Value]"
Row: TypeAlias = dict[str, "Value"]

T = TypeVar("T")
_PARAMETER = re.compile(r"\$(\w+)")
_WITH = re.compile(r"(?<!STARTS )\bWITH ")


class Transaction(Protocol):
    """Runs statements of the common Cypher subset inside one transaction."""

    async def run(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run a statement and return all its rows, each as a dictionary of its returned names.

        Raises:
            DuplicateKeyError: a record with the key exists.
            StoreError: the engine failed.
        """
        ...

    async def run_each(self, statement: str, rows: Sequence[Mapping[str, Value]]) -> list[Row]:
        """Run a statement once for each row of parameters; no row may need what the statement did for another one.

        Returns:
            All rows of all answers.

        Raises:
            DuplicateKeyError: a record with the key exists.
            StoreError: the engine failed.
        """
        ...


@cache
def over_rows(statement: str) -> str:
    """Return the statement that does for each of ``$rows`` what the given one does with one row's parameters."""
    return "UNWIND $rows AS row " + _WITH.sub("WITH row, ", _PARAMETER.sub(r"row.\1", statement))


Work: TypeAlias = Callable[[Transaction], Awaitable[T]]


class GraphStore(Protocol):
    """A graph database with transactions."""

    async def read(self, work: Work[T]) -> T:
        """Run a work that only reads, on one consistent state where the engine offers that.

        Raises:
            StoreUnavailableError: the engine cannot be reached.
            StoreError: the work wrote, or the engine failed.
        """
        ...

    async def write(self, work: Work[T]) -> T:
        """Run a work and commit it; when this returns the changes are durable.

        Raises:
            StoreUnavailableError: the engine cannot be reached; nothing was acknowledged.
        """
        ...

    async def migrate(self) -> None:
        """Bring the schema to this version's; safe to call at each start and by several processes.

        Raises:
            SchemaTooNewError: the store is of a newer version.
        """
        ...

    async def ping(self) -> None:
        """Return if the engine answers. Raises StoreUnavailableError."""
        ...

    async def close(self) -> None:
        """Release everything; committed work is on disk."""
        ...


@runtime_checkable
class MemberStore(GraphStore, Protocol):
    """A store of several members, of which one may be behind another.

    Works of one process see what was written by those before them. For other processes ``write`` leaves its bookmark
    with the call (``graph_models.bookmarks``), and ``reach`` takes it.
    """

    async def reach(self, bookmarks: Collection[str], seconds: float) -> str:
        """Wait until a member has what the bookmarks stand for; every later work of this process sees it, too.

        Returns:
            One bookmark that stands for all of them.

        Raises:
            InvalidBookmarkError: one of them is none.
            BehindError: no member had it within the seconds.
            StoreUnavailableError: the engine cannot be reached.
        """
        ...
