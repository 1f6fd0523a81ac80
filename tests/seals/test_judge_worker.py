"""The judging process: what it may never do, and that a broken pipe ends it quietly."""

from __future__ import annotations

import subprocess
import sys

import pytest

from seals.errors import JudgeProtocolError
from seals.judge_frames import JudgeLimits, frame, length_of, opening
from tests.vectors.make_vectors import FOLDER, policy_of

COMMAND = (sys.executable, "-m", "seals.judge_worker")
ATTEMPT = """
from seals.judge_worker import ForbiddenActionError, _lock_down
from seals.judge_frames import JudgeLimits
import socket, subprocess
_lock_down(JudgeLimits())
attempts = (
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: subprocess.run(["true"]),
)
for attempt in attempts:
    try:
        attempt()
    except ForbiddenActionError:
        print("refused")
try:
    with open("written", "wb", buffering=0) as file:
        file.write(b"x" * 9)
except OSError:
    print("refused")
"""


@pytest.mark.requirement("I4")
def test_the_process_opens_no_connection_starts_no_program_and_writes_no_file(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPT], capture_output=True, text=True, cwd=str(tmp_path), check=False
    )
    assert done.stdout.split() == ["refused"] * 4


def test_a_pipe_that_ends_ends_the_process_without_a_word() -> None:
    words = opening(policy_of(FOLDER, "clean").to_json(), JudgeLimits())
    for cut in (0, 3, len(words) - 1, len(words)):
        done = subprocess.run(COMMAND, input=words[:cut], capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_length_beyond_the_limit_is_refused() -> None:
    with pytest.raises(JudgeProtocolError):
        length_of(frame(b"12345")[:4], 4)
    with pytest.raises(JudgeProtocolError):
        length_of(b"\x00", 4)
