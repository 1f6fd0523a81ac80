"""Judge files in processes that can be killed.

    pool = JudgePool(policy, size=2)
    verdict = await pool.judge(data, at)
    await pool.close()

A file that takes too long, too much memory, or brings its process down gets the verdict "undecided" with the reason;
its process is replaced and the next file finds a fresh one. `judge_once` does the same for a single file with no
event loop, for the command line.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from datetime import datetime

from seals.errors import JudgeClosedError, JudgeProtocolError
from seals.judge_frames import (
    ANSWER_LIMIT,
    HEAD_BYTES,
    JudgeLimits,
    length_of,
    opening,
    question,
)
from seals.verdict import Verdict
from seals.verification import cannot_be_judged
from seals.verification_policy import VerificationPolicy

_COMMAND = (sys.executable, "-I", "-m", "seals.judge_worker")
_ENVIRONMENT = {"LANG": "C.UTF-8"}


class JudgePool:
    """Some processes that judge files, each one file at a time; callers wait for a free one."""

    def __init__(self, policy: VerificationPolicy, size: int = 1, limits: JudgeLimits | None = None) -> None:
        """Take the policy, the number of processes and their limits; processes start with the first file."""
        self._policy = policy
        self._limits = limits or JudgeLimits()
        self._opening = opening(policy.to_json(), self._limits)
        self._free: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers = [_Worker(self._opening) for _ in range(size)]
        for worker in self._workers:
            self._free.put_nowait(worker)
        self._closed = False

    async def judge(self, data: bytes, at: datetime) -> Verdict:
        """Judge a file at a time (aware). Time spent waiting for a free process is not counted.

        Raises:
            JudgeClosedError: the pool was closed.
        """
        if len(data) > self._policy.limits.document_bytes:
            return _too_large()
        worker = await self._free.get()
        try:
            if self._closed:
                raise JudgeClosedError
            return await self._ask(worker, data, at)
        finally:
            self._free.put_nowait(worker)

    async def _ask(self, worker: _Worker, data: bytes, at: datetime) -> Verdict:
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                return Verdict.from_json(await worker.ask(question(data, at)))
        except TimeoutError:
            await worker.kill()
            return _too_slow()
        except (JudgeProtocolError, OSError, KeyError, TypeError, ValueError):
            await worker.kill()
            return _brought_down()
        except BaseException:  # cancelled in the middle of a file: its answer must not reach the next caller
            await worker.kill()
            raise

    async def close(self) -> None:
        """End all processes at once; whoever still waits gets JudgeClosedError or "undecided"."""
        self._closed = True
        for worker in self._workers:
            await worker.kill()


class _Worker:
    """One process, started when it is needed and again after it was killed."""

    def __init__(self, first_words: bytes) -> None:
        self._first_words = first_words
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, words: bytes) -> bytes:
        """Send a question, return the answer; raises JudgeProtocolError or OSError if the process is gone."""
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise JudgeProtocolError("no pipes")
        process.stdin.write(words)
        await process.stdin.drain()
        try:
            head = await process.stdout.readexactly(HEAD_BYTES)
            return await process.stdout.readexactly(length_of(head, ANSWER_LIMIT))
        except asyncio.IncompleteReadError as ended:
            raise JudgeProtocolError("the process ended") from ended

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
        )
        if self._process.stdin is not None:
            self._process.stdin.write(self._first_words)
        return self._process

    async def kill(self) -> None:
        """End the process, whatever it is doing, and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


def judge_once(data: bytes, policy: VerificationPolicy, at: datetime, limits: JudgeLimits | None = None) -> Verdict:
    """Judge one file in a process of its own, without an event loop."""
    limits = limits or JudgeLimits()
    if len(data) > policy.limits.document_bytes:
        return _too_large()
    words = opening(policy.to_json(), limits) + question(data, at)
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and module, nothing of the file)
            _COMMAND, input=words, capture_output=True, env=_ENVIRONMENT, timeout=limits.wall_seconds, check=False
        )
        length = length_of(done.stdout[:HEAD_BYTES], ANSWER_LIMIT)
        return Verdict.from_json(done.stdout[HEAD_BYTES : HEAD_BYTES + length])
    except subprocess.TimeoutExpired:
        return _too_slow()
    except (JudgeProtocolError, KeyError, TypeError, ValueError):
        return _brought_down()


def _too_large() -> Verdict:
    return cannot_be_judged("文件太大，无法核验", "The file is larger than is judged")


def _too_slow() -> Verdict:
    return cannot_be_judged("核验耗时过长，已停止", "Judging it took too long and was stopped")


def _brought_down() -> Verdict:
    return cannot_be_judged(
        "核验耗用的时间或者内存超过限度，已停止", "Judging it took more time or memory than is given, and was stopped"
    )
