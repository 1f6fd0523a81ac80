"""Scalars beyond those of GraphQL: times in UTC, and bytes as Base64."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

BASE64_CHARACTERS = 12 * 1024 * 1024
"""Longest Base64 text that is taken, in characters: a file of nine mebibytes."""

Base64 = NewType("Base64", bytes)
"""Bytes; as text in queries and answers."""


def write_time(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC, to the millisecond where it has a fraction: ``2026-03-02T01:00:00Z``."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def read_time(text: object) -> datetime:
    """Return the aware time that an RFC 3339 text says.

    Raises:
        ValueError: it is no such text, or says no offset.
    """
    if not isinstance(text, str) or len(text) > 40 or "T" not in text:
        raise ValueError("a time is written like 2026-03-02T09:00:00+08:00")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset: Z or +08:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError("a time lies within the years 1 to 9999") from problem


def write_bytes(data: bytes) -> str:
    """Return bytes as Base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def read_bytes(text: object) -> bytes:
    """Return the bytes that a Base64 text says.

    Raises:
        ValueError: it is none, or is longer than is taken.
    """
    if not isinstance(text, str):
        raise ValueError("bytes are written as Base64 text")
    if len(text) > BASE64_CHARACTERS:
        raise ValueError(f"a Base64 text has at most {BASE64_CHARACTERS} characters")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ValueError("that is no Base64 text (RFC 4648, section 4, with padding)") from problem


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time (RFC 3339). Answers are in UTC and end in Z; inputs may have any offset, but need one.",
        serialize=write_time,
        parse_value=read_time,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    ),
    Base64: strawberry.scalar(
        name="Base64",
        description=f"Bytes as Base64 (RFC 4648, section 4) of at most {BASE64_CHARACTERS} characters.",
        serialize=write_bytes,
        parse_value=read_bytes,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc4648#section-4",
    ),
}
"""Type of Python → its scalar."""
