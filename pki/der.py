"""Puts DER elements together (X.690) where asn1crypto would encode the same parts again and again."""

from __future__ import annotations

SEQUENCE, SET, OCTET_STRING, TAGGED_0, TAGGED_1 = b"\x30", b"\x31", b"\x04", b"\xa0", b"\xa1"
"""Tags, each in its one octet; the tagged ones hold other elements."""


def element(tag: bytes, *contents: bytes) -> bytes:
    """Return an element of all the contents, one behind the other, with its length in the shortest form (10.1)."""
    content = b"".join(contents)
    length = len(content)
    if length < 128:
        return tag + bytes((length,)) + content
    encoded = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return tag + bytes((128 + len(encoded),)) + encoded + content
