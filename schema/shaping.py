"""Copies a record into the GraphQL type that shows it: the fields of one name, and what is given beside them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TypeVar

T = TypeVar("T")

_NAMES: dict[type, tuple[str, ...]] = {}


def shaped(shape: type[T], record: object, /, **given: object) -> T:
    """Return a GraphQL object with each field that is not given taken from the record's attribute of the same name."""
    names = _NAMES.get(shape) or _names(shape)
    values = {name: getattr(record, name) for name in names if name not in given}
    return shape(**values, **given)


def _names(shape: type) -> tuple[str, ...]:
    if not is_dataclass(shape):
        raise TypeError(f"{shape.__name__} is no GraphQL type")
    _NAMES[shape] = tuple(field.name for field in fields(shape) if field.init)
    return _NAMES[shape]
