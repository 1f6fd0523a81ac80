"""Connections: pages of at most a hundred, with opaque keyset cursors (GraphQL Cursor Connections Specification)."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import orjson
import strawberry

from hub.errors import InvalidInputError
from schema.fields import resolved

FIRST_DEFAULT = 20
"""Entries of a page where the caller does not say."""
FIRST_LIMIT = 100
"""Most entries of a page."""
CURSOR_LIMIT = 400
"""Longest cursor, in characters."""

Key: TypeAlias = "tuple[str | int, ...]"
R = TypeVar("R")
T = TypeVar("T")
C = TypeVar("C", bound="Connection[Any]")

First: TypeAlias = Annotated[
    int, strawberry.argument(description=f"How many at most, 1 to {FIRST_LIMIT}; {FIRST_DEFAULT} where it is not said.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Cursor of the last one seen: the page begins after it.")
]


@strawberry.type(description="Where a page begins and ends.")
class PageInfo:
    """Where a page begins and ends."""

    has_next_page: bool = strawberry.field(description="Whether there are more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for after a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first one of the page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last one of the page: give it as `after`.")


@strawberry.type(description="One entry of a page with its cursor.")
class Edge(Generic[T]):
    """One entry of a page with its cursor."""

    node: T = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="Its opaque cursor.")


@strawberry.type(description=f"A page of at most {FIRST_LIMIT} entries in a stable order.")
class Connection(Generic[T]):
    """A page of entries in a stable order."""

    kind: strawberry.Private[str]
    keys: strawberry.Private[Sequence[Key]]
    more: strawberry.Private[bool]
    continued: strawberry.Private[bool]
    nodes: list[T] = strawberry.field(description="The entries themselves.")

    @resolved("The entries with their cursors.")
    def edges(self) -> list[Edge[T]]:
        """Return the entries with their cursors."""
        return [
            Edge(node=node, cursor=write_cursor(self.kind, key))
            for node, key in zip(self.nodes, self.keys, strict=True)
        ]

    @resolved("Where the page begins and ends.")
    def page_info(self) -> PageInfo:
        """Return where the page begins and ends."""
        return PageInfo(
            has_next_page=self.more,
            has_previous_page=self.continued,
            start_cursor=write_cursor(self.kind, self.keys[0]) if self.keys else None,
            end_cursor=write_cursor(self.kind, self.keys[-1]) if self.keys else None,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is asked for."""

    kind: str
    """Which connection: a cursor of another one is not taken."""
    first: int
    after: Key | None


def page_of(kind: str, form: tuple[type, ...], first: int, after: str | None) -> Page:
    """Return which page is asked for.

    Args:
        kind: name of the connection.
        form: types of the key's parts.
        first: how many at most.
        after: cursor, or None for the first page.

    Raises:
        InvalidInputError: ``first`` is out of bounds, or the cursor is none of this connection.
    """
    if not 1 <= first <= FIRST_LIMIT:
        raise InvalidInputError(
            f"first must be 1 to {FIRST_LIMIT}",
            message_zh=f"first 须为 1 至 {FIRST_LIMIT}",
            mend="Ask for smaller pages and go on with the cursor of the last one.",
            field="first",
        )
    return Page(kind, first, None if after is None else read_cursor(kind, form, after))


def write_cursor(kind: str, key: Key) -> str:
    """Return the cursor of a key: opaque to callers."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *key])).decode("ascii").rstrip("=")


def read_cursor(kind: str, form: tuple[type, ...], cursor: str) -> Key:
    """Return the key of a cursor. Raises InvalidInputError where it is none of this connection."""
    try:
        if len(cursor) > CURSOR_LIMIT:
            raise ValueError
        padded = cursor + "=" * (-len(cursor) % 4)
        found = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as problem:
        raise _bad_cursor() from problem
    if not isinstance(found, list) or found[:1] != [kind] or tuple(type(part) for part in found[1:]) != form:
        raise _bad_cursor()
    return tuple(found[1:])


def slice_of(records: Sequence[R], page: Page, key: Callable[[R], str]) -> tuple[Sequence[R], bool]:
    """Return a page of records that are in memory in the order of their key, and whether there are more."""
    begin = 0 if page.after is None else bisect_right(records, str(page.after[0]), key=key)
    return records[begin : begin + page.first], begin + page.first < len(records)


def connection(shape: type[C], page: Page, nodes: Sequence[object], keys: Sequence[Key], *, more: bool) -> C:
    """Return the connection of a page."""
    return shape(kind=page.kind, keys=keys, more=more, continued=page.after is not None, nodes=list(nodes))


def _bad_cursor() -> InvalidInputError:
    return InvalidInputError(
        "after is no cursor of this connection",
        message_zh="after 不是本列表的游标",
        mend="Give a cursor as this list answered it, unchanged.",
        field="after",
    )
