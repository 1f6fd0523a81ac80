"""The process that judges files: `python -m seals.judge_worker`, fed through pipes by `judge.py`.

It limits its own memory and, for each file, its processor time; it opens no network connection, starts no program
and writes no file, whatever a file asks for. The kernel or the hub may kill it at any moment: it holds nothing.
"""

from __future__ import annotations

import logging
import resource
import sys
from typing import IO

from seals.errors import JudgeProtocolError
from seals.judge_frames import JudgeLimits, frame, read_frame, read_limits, read_time
from seals.verification import cannot_be_judged, verify_document
from seals.verification_policy import VerificationPolicy

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "ctypes.", "urllib.")
_SETTINGS_LIMIT = 64 * 1024 * 1024
_HEAD_LIMIT = 1024


class ForbiddenActionError(RuntimeError):
    """Something in this process tried what judging a file never needs."""


def main() -> None:
    """Read limits and policy, then judge one file after the other until the pipe ends."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    logging.disable(logging.CRITICAL)
    try:
        limits = read_limits(read_frame(questions, _HEAD_LIMIT))
        policy = VerificationPolicy.from_json(read_frame(questions, _SETTINGS_LIMIT))
        _lock_down(limits)
        while True:
            _judge_one(questions, answers, policy, limits)
    except JudgeProtocolError:
        return


def _judge_one(questions: IO[bytes], answers: IO[bytes], policy: VerificationPolicy, limits: JudgeLimits) -> None:
    at = read_time(read_frame(questions, _HEAD_LIMIT))
    data = read_frame(questions, policy.limits.document_bytes)
    _allow_processor_time(limits.cpu_seconds)
    try:
        verdict = verify_document(data, policy, at=at)
    except MemoryError:
        verdict = cannot_be_judged("文件占用内存过多，无法核验", "It takes more memory than is given to one file")
    answers.write(frame(verdict.to_json()))
    answers.flush()


def _lock_down(limits: JudgeLimits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    """Audit hook (PEP 578): a second wall, should a library ever follow an address or a name in a file."""
    if event.startswith(_FORBIDDEN):
        raise ForbiddenActionError(event)


def _allow_processor_time(seconds: int) -> None:
    """Let this process use so many more seconds; the kernel ends it beyond them."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds + 1, hard))


if __name__ == "__main__":
    main()
