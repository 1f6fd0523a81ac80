"""Turns records into documents (JSON) and back, and times into whole UTC milliseconds.

A node keeps its record whole as one document, and beside it only those properties that a statement matches, orders
or links by. One document is read several times faster than two dozen columns, and a nested record needs no table.
A reader for each kind of record is built once from its dataclass fields; what it cannot read is refused when it is
built, not when the first such record comes along.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import orjson

from graph_models.errors import RecordNotFoundError, StaleVersionError, StoreError
from graph_models.store import Row, Transaction, Value

R = TypeVar("R")
Read: TypeAlias = Callable[[object], object]

LAST_MOMENT = datetime(9999, 12, 31, tzinfo=UTC)
"""Nothing is due later."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_PLAIN = (str, int, float, bool)
_SEPARATOR = "\x1f"
"""ASCII unit separator: stands in no code, so two parts never run into each other."""


def milliseconds(moment: datetime) -> int:
    """Return an aware time as UTC milliseconds since 1970; what is finer is cut off.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return (moment - _EPOCH) // _MILLISECOND


def moment(value: int) -> datetime:
    """Return the aware UTC time of that many milliseconds since 1970."""
    return _EPOCH + value * _MILLISECOND


def joined(*parts: str) -> str:
    """Return one key made of several parts."""
    return _SEPARATOR.join(parts)


def to_document(record: object) -> str:
    """Return JSON without blanks: a record's fields in their order, a dictionary's keys sorted, times as UTC ms."""
    return orjson.dumps(record, default=_plain, option=_OPTIONS).decode()


def fields_of(record: object) -> dict[str, Any]:
    """Return the fields of a record by name, their values as they are (``dataclasses.asdict`` copies them deeply)."""
    return {name: getattr(record, name) for name in _names(cast("Hashable", type(record)))}


def from_document(kind: type[R], document: object) -> R:
    """Return the record of that kind which the document holds.

    Raises:
        StoreError: it is not such a document.
    """
    try:
        return cast("R", _reader(cast("Hashable", kind))(orjson.loads(cast("str", document))))
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"what is stored is no {kind.__name__}: {error}") from error


def records(kind: type[R], rows: Iterable[Row]) -> tuple[R, ...]:
    """Return the records that the rows hold, each in its column ``record``; a row without one is passed over."""
    return tuple(from_document(kind, row["record"]) for row in rows if row["record"] is not None)


async def load(tx: Transaction, kind: type[R], statement: str, parameters: Mapping[str, Value], what: str) -> R:
    """Return the one record that the statement finds.

    Raises:
        RecordNotFoundError: it finds none; the message names ``what`` was looked for.
    """
    rows = await tx.run(statement, parameters)
    if not rows:
        raise RecordNotFoundError(f"there is no {what}")
    return from_document(kind, rows[0]["record"])


async def found_or_made(tx: Transaction, find: str, make: str, parameters: Mapping[str, Value]) -> list[Row]:
    """Run the statement that matches a node which is nearly always there; where it finds none, the one that merges it.

    Of two transactions that find none at the same time one makes the node and the other one finds it.
    """
    return await tx.run(find, parameters) or await tx.run(make, parameters)


def written(rows: Sequence[Row], count: int, what: str) -> None:
    """Make sure that a statement wrote ``count`` records, each beside a record that it found.

    Raises:
        RecordNotFoundError: it did not find all of them; the message names ``what`` was looked for.
    """
    if len(rows) != count:
        raise RecordNotFoundError(f"there is no {what}")


def held(rows: Sequence[Row], what: str) -> Row:
    """Return the row of a compare-and-set.

    Raises:
        StaleVersionError: the statement found no record of the expected version.
    """
    if not rows:
        raise StaleVersionError(f"{what} was changed since it was read")
    return rows[0]


def _plain(value: object) -> int:
    if isinstance(value, datetime):
        return milliseconds(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    return tuple(one.name for one in fields(cast("type", kind)))


@cache
def _reader(kind: Hashable) -> Read:
    """Return the function that reads JSON of a kind: plain, time, enumeration, tuple, optional or dataclass."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _optional(get_args(kind))
    if origin is tuple:
        return _tuple(get_args(kind))
    if isinstance(kind, type):
        if kind in _PLAIN:
            return _unchanged
        if kind is datetime:
            return cast("Read", moment)
        if issubclass(kind, StrEnum):
            return kind
        if is_dataclass(kind):
            return _dataclass(kind)
    raise TypeError(f"no way to read {kind} from a document")


def _unchanged(value: object) -> object:
    return value


def _optional(kinds: tuple[Hashable, ...]) -> Read:
    present = set(kinds) - {NoneType}
    if len(present) != 1:
        raise TypeError("only one kind, or nothing, can be read back")
    read = _reader(present.pop())
    return lambda value: None if value is None else read(value)


def _tuple(kinds: tuple[Hashable, ...]) -> Read:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        each = _reader(kinds[0])
        return lambda value: tuple(map(each, cast("list[object]", value)))
    readers = [_reader(kind) for kind in kinds]
    return lambda value: tuple(read(part) for read, part in zip(readers, cast("list[object]", value), strict=True))


def _dataclass(kind: type) -> Read:
    """Read each field that the document has; one that an older version did not write takes its default."""
    hints = get_type_hints(kind)
    readers = [(one.name, _reader(hints[one.name]), _has_default(one)) for one in fields(kind)]

    def read(value: object) -> object:
        document = cast("dict[str, object]", value)
        given = {
            name: field_reader(document[name])
            for name, field_reader, optional in readers
            if not optional or name in document
        }
        return kind(**given)

    return read


def _has_default(field: object) -> bool:
    default = getattr(field, "default", MISSING)
    factory = getattr(field, "default_factory", MISSING)
    return default is not MISSING or factory is not MISSING
