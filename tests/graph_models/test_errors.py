"""The tree of this room's errors is the one that is drawn, and each says what it is."""

from __future__ import annotations

import re

from graph_models import errors
from graph_models.errors import DuplicateKeyError, GraphModelsError, StoreError

KINDS = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GraphModelsError)}


def drawn() -> dict[str, str]:
    """Return each error of the drawing and the one it stands under, by its column."""
    above: dict[int, str] = {}
    parents: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.search(r"\b([A-Za-z]+Error)\b", line)
        if found is None:
            continue
        column = found.start()
        nearest = max((place for place in above if place < column), default=None)
        parents[found[1]] = "Exception" if nearest is None else above[nearest]
        above = {place: name for place, name in above.items() if place < column} | {column: found[1]}
    return parents


def test_the_drawing_is_the_tree() -> None:
    assert drawn() == {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS}


def test_each_error_says_what_it_is() -> None:
    assert all((kind.__doc__ or "").strip() for kind in KINDS)


def test_a_key_that_is_taken_is_no_failure_of_the_store() -> None:
    assert not issubclass(DuplicateKeyError, StoreError)
