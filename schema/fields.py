"""Fields that are computed: a method with its description, which is never left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import strawberry

P = ParamSpec("P")
R = TypeVar("R")


def resolved(description: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method of a GraphQL type a field with this description; the method's types stay known."""
    return cast("Callable[[Callable[P, R]], Callable[P, R]]", strawberry.field(description=description))
