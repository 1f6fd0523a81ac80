"""Times are RFC 3339 with an offset, bytes are Base64 of bounded length."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import BASE64_CHARACTERS, read_bytes, read_time, write_bytes, write_time


def test_times_are_written_in_utc() -> None:
    assert write_time(read_time("2026-03-02T09:00:00+08:00")) == "2026-03-02T01:00:00Z"
    assert write_time(datetime(2026, 3, 2, 1, 0, 0, 5000, UTC)) == "2026-03-02T01:00:00.005Z"


@pytest.mark.parametrize(
    "text",
    ["", "2026-03-02", "2026-03-02T09:00:00", "2026-02-30T09:00:00Z", "0001-01-01T00:00:00+14:00", 7, None, "T" * 99],
)
def test_impossible_times_are_refused(text: object) -> None:
    with pytest.raises(ValueError):
        read_time(text)


@given(st.binary(max_size=200))
def test_bytes_are_read_back(data: bytes) -> None:
    assert read_bytes(write_bytes(data)) == data


@pytest.mark.parametrize("text", ["A", "====", "é", "AA==\n", 7, "A" * (BASE64_CHARACTERS + 4)])
def test_what_is_no_base64_or_too_long_is_refused(text: object) -> None:
    with pytest.raises(ValueError):
        read_bytes(text)
