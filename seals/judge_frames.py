"""What goes over the pipes between the hub and the process that judges files: length-prefixed JSON and bytes.

A frame is a length (4 bytes, big-endian) and that many bytes. A question is two frames, its JSON head and the file;
an answer is one, the verdict. Never pickle: what comes back from a process that read a hostile file is only data.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any

import orjson

from seals.errors import JudgeProtocolError

HEAD_BYTES = 4
"""Bytes of a frame's length."""
ANSWER_LIMIT = 8 * 1024 * 1024
"""Longest answer that is read, in bytes: the worker is believed as little as the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeLimits:
    """What one file may cost."""

    wall_seconds: float = 10.0
    """After so long the process is killed."""
    cpu_seconds: int = 8
    """Processor time for one file; the kernel kills beyond it."""
    memory_bytes: int = 768 * 1024 * 1024
    """Address space of the process."""


def frame(data: bytes) -> bytes:
    """Put a length before the data."""
    return struct.pack(">I", len(data)) + data


def length_of(head: bytes, limit: int) -> int:
    """Read a frame's length.

    Raises:
        JudgeProtocolError: it is cut short, or more than `limit` bytes.
    """
    if len(head) != HEAD_BYTES:
        raise JudgeProtocolError("the pipe ended")
    length: int = struct.unpack(">I", head)[0]
    if length > limit:
        raise JudgeProtocolError("a frame is longer than allowed")
    return length


def read_frame(stream: IO[bytes], limit: int) -> bytes:
    """Read one frame from a blocking stream; raises JudgeProtocolError as `length_of` does."""
    length = length_of(stream.read(HEAD_BYTES), limit)
    data = stream.read(length)
    if len(data) != length:
        raise JudgeProtocolError("the pipe ended")
    return data


def opening(policy_json: bytes, limits: JudgeLimits) -> bytes:
    """Return what a fresh process is told first: its limits and the policy."""
    return frame(orjson.dumps(asdict(limits))) + frame(policy_json)


def question(data: bytes, at: datetime) -> bytes:
    """Return the question about one file at a time (aware)."""
    return frame(orjson.dumps({"at": at.isoformat()})) + frame(data)


def read_limits(data: bytes) -> JudgeLimits:
    """Read back the limits; raises TypeError or ValueError."""
    record: dict[str, Any] = orjson.loads(data)
    return JudgeLimits(**record)


def read_time(data: bytes) -> datetime:
    """Read back the time of a question; raises KeyError or ValueError."""
    record: dict[str, str] = orjson.loads(data)
    return datetime.fromisoformat(record["at"])
