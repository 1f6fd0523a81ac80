"""Bookmarks that Neo4j 5 takes for its own: of a transaction that is still to come, or that never will."""

from __future__ import annotations

import base64

_NUMBER_AT = 19
"""A list of one entry whose key are the 16 bytes of the database's id; then the transaction's number (PackStream)."""


def ahead(bookmark: str, transactions: int) -> str:
    """Return the bookmark of a transaction that comes so many after the one that a bookmark stands for."""
    kind, _, text = bookmark.partition(":")
    packed = base64.b64decode(text)
    number = _read(packed[_NUMBER_AT:-1]) + transactions
    later = packed[:_NUMBER_AT] + b"\xca" + number.to_bytes(4, "big") + packed[-1:]
    return f"{kind}:{base64.b64encode(later).decode()}"


def _read(packed: bytes) -> int:
    """Return an integer: one byte of its own, or a marker and as many bytes as it says."""
    return packed[0] if len(packed) == 1 else int.from_bytes(packed[1:], "big", signed=True)
