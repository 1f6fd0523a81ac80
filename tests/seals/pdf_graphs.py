"""Compares PDFs by what they mean: the objects that can be reached from the catalogue, however they are numbered."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pikepdf

_DIFFERENT_IN_EACH_SEAL = ("/Contents", "/ByteRange")


def graph_of(pdf: bytes) -> Any:
    """Return all that the catalogue leads to as nested values that can be compared; a signature's bytes left out."""
    with pikepdf.open(BytesIO(pdf)) as document:
        return _Walk().value(document.Root)


class _Walk:
    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], int] = {}

    def value(self, found: Any) -> Any:
        """Return a value; an object met before is named by when it was met."""
        if isinstance(found, pikepdf.Object) and found.is_indirect:
            if found.objgen in self._seen:
                return ("met", self._seen[found.objgen])
            self._seen[found.objgen] = len(self._seen)
        if isinstance(found, pikepdf.Stream):
            return ("stream", self._entries(found), bytes(found.read_raw_bytes()))
        if isinstance(found, pikepdf.Dictionary):
            return self._entries(found)
        if isinstance(found, pikepdf.Array):
            return [self.value(item) for item in found]
        if isinstance(found, pikepdf.Name | pikepdf.String):
            return (type(found).__name__, bytes(found))
        return float(found) if isinstance(found, Decimal) else found

    def _entries(self, found: Any) -> dict[str, Any]:
        seal = found.get("/Type") == "/Sig"
        kept = (key for key in sorted(found.keys()) if not (seal and key in _DIFFERENT_IN_EACH_SEAL))
        return {key: self.value(found[key]) for key in kept if key != "/Length"}
