"""Frames over the pipe: what was written is read back, what is cut or too long is refused before it is read."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.errors import JudgeProtocolError
from seals.judge_frames import (
    HEAD_BYTES,
    JudgeLimits,
    frame,
    length_of,
    opening,
    question,
    read_frame,
    read_limits,
    read_time,
)


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_frames_are_read_back_one_after_another(parts: list[bytes]) -> None:
    stream = io.BytesIO(b"".join(frame(part) for part in parts))
    assert [read_frame(stream, 100) for _ in parts] == parts
    with pytest.raises(JudgeProtocolError, match="ended"):
        read_frame(stream, 100)


@given(st.binary(min_size=1, max_size=50), st.data())
def test_a_frame_that_is_cut_anywhere_is_refused(data: bytes, draw: st.DataObject) -> None:
    cut = draw.draw(st.integers(0, HEAD_BYTES + len(data) - 1))
    with pytest.raises(JudgeProtocolError, match="the pipe ended"):
        read_frame(io.BytesIO(frame(data)[:cut]), 100)


def test_a_frame_beyond_the_limit_is_refused_by_its_length_alone() -> None:
    assert length_of(b"\x00\x00\x00\x64", 100) == 100
    stream = io.BytesIO(b"\xff\xff\xff\xff" + b"x" * 10)
    with pytest.raises(JudgeProtocolError, match="longer than allowed"):
        read_frame(stream, 100)
    assert stream.tell() == HEAD_BYTES


def test_the_opening_says_the_limits_and_the_policy() -> None:
    limits = JudgeLimits(wall_seconds=1.5, cpu_seconds=2, memory_bytes=3)
    stream = io.BytesIO(opening(b"{policy}", limits))
    assert read_limits(read_frame(stream, 1000)) == limits
    assert (read_frame(stream, 1000), stream.read()) == (b"{policy}", b"")


def test_a_question_says_the_time_and_the_file() -> None:
    at = datetime(2026, 3, 2, 1, 0, 0, 5000, tzinfo=UTC)
    stream = io.BytesIO(question(b"%PDF", at))
    assert read_time(read_frame(stream, 1000)) == at
    assert (read_frame(stream, 1000), stream.read()) == (b"%PDF", b"")


@pytest.mark.parametrize("data", [b"", b"{", b'{"wall_seconds": 1, "more": 2}', b"[]", b"7"])
def test_limits_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_limits(data)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"at": "yesterday"}', b'{"at": 7}'])
def test_a_time_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_time(data)
