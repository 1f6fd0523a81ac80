"""The signer process: a parent that holds no key, and workers that hold them, all at one Unix socket.

The parent binds the socket, starts the workers and starts one anew when it dies. It ends on SIGTERM, SIGINT, or when
the pipe to whoever started it closes; the workers see the parent's own pipe close, finish what they have begun, and
end. So do they when the parent is killed. Only one signer at a time works on a folder. While nothing else is to be
done the parent prunes the spool.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import logging
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pki.errors import PkiError
from seals.errors import SealsError, SignerStartError
from seals.signer_files import private_folder
from seals.signer_pruning import PAUSE_SECONDS, SpoolPruner
from seals.signer_worker import SignerWorker, WorkerPlan

LONGEST_SOCKET_PATH = 107
"""Longest path of a Unix socket, in bytes (unix(7))."""
BACKLOG = 1024
"""How many callers may wait for a worker."""
_PR_SET_DUMPABLE = 4
_OTHER_SIGNER_SECONDS = 10.0
"""How long a signer that is ending may take until the next one gives up."""
_GRACE_SECONDS = 15.0
"""How long workers may take to finish at the end."""
_RESTART_SECONDS = 0.2
"""Pause before a worker that died is started again."""
_MESSAGE_LIMIT = 4096
_LOG = logging.getLogger("proofhub.signer")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan:
    """What a signer process is made of."""

    worker: WorkerPlan
    socket: Path
    workers: int
    """How many orders are sealed at a time: as many as there are cores."""
    stop: int | None = None
    """Descriptor of a pipe whose closing ends the signer."""
    pruner: SpoolPruner | None = None
    """Takes old documents out of the spool; None where all are kept."""
    started: Callable[[], None] = lambda: None
    """Called when the first worker listens."""


def run_signer(plan: ProcessPlan) -> None:
    """Serve until told to end.

    Raises:
        SignerStartError: the socket or the folder cannot be used, or the first worker cannot open the keys.
    """
    _close_to_others()
    folder = private_folder(plan.worker.parts.folder)
    with _sole_signer(folder), _listening(plan) as listener:
        _Parent(plan, listener).run()


@dataclass(slots=True)
class _Child:
    pid: int
    said: int
    """Pipe on which it says that it is ready, or why it cannot start."""


@dataclass(slots=True)
class _Parent:
    plan: ProcessPlan
    listener: socket.socket
    alive: tuple[int, int] = field(default_factory=os.pipe)
    """Nobody writes here: it is open as long as the parent lives."""
    woken: tuple[int, int] = field(default_factory=os.pipe)
    children: dict[int, _Child] = field(default_factory=dict)
    ending: bool = False
    prune_in: float | None = None
    """Seconds until the next step of pruning, counted from the last thing that happened; None for never."""

    def run(self) -> None:
        os.set_blocking(self.woken[1], False)
        signal.set_wakeup_fd(self.woken[1], warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            self._start_first()
            self.prune_in = None if self.plan.pruner is None else PAUSE_SECONDS
            while not self.ending:
                self._wait()
                self._replace_the_dead()
        finally:
            os.close(self.alive[1])
            self._bury()
            if self.plan.pruner is not None:
                with suppress(SealsError):
                    self.plan.pruner.close()

    def _end(self, *_: object) -> None:
        self.ending = True

    def _start_first(self) -> None:
        """Start one worker, see that it can open the keys, then start the others."""
        first = self._start()
        said = os.read(first.said, _MESSAGE_LIMIT)
        if said != b"ready":
            raise SignerStartError(said.decode(errors="replace") or "the signer's worker ended at its start")
        for _ in range(self.plan.workers - 1):
            self._start()
        self.plan.started()

    def _start(self) -> _Child:
        said, say = os.pipe()
        pid = os.fork()
        if pid == 0:
            _be_worker(self, say)
        os.close(say)
        self.children[pid] = _Child(pid, said)
        return self.children[pid]

    def _wait(self) -> None:
        watched = [self.woken[0]] + ([self.plan.stop] if self.plan.stop is not None else [])
        ready, _, _ = select.select(watched, [], [], self.prune_in)
        if not ready and self.plan.pruner is not None:
            self.prune_in = self.plan.pruner.step()
        if self.woken[0] in ready:
            os.read(self.woken[0], 4096)
        if self.plan.stop is not None and self.plan.stop in ready and not os.read(self.plan.stop, 4096):
            self.ending = True

    def _replace_the_dead(self) -> None:
        for pid in list(self.children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            said = self._forget(self.children.pop(pid))
            if not self.ending:
                _LOG.error("a worker of the signer ended (status %s, said %s); another one starts", status, said)
                time.sleep(_RESTART_SECONDS)
                self._start()

    def _forget(self, child: _Child) -> str:
        said = os.read(child.said, _MESSAGE_LIMIT)
        os.close(child.said)
        return said.decode(errors="replace")

    def _bury(self) -> None:
        """Wait until all workers have ended; kill those that take too long."""
        deadline = time.monotonic() + _GRACE_SECONDS
        for pid in list(self.children):
            while os.waitpid(pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.01)
            self._forget(self.children.pop(pid))


def _be_worker(parent: _Parent, say: int) -> None:
    """Be a worker, in the process that was just forked; never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # the parent decides when it is time
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(parent.alive[1])
        for child in parent.children.values():
            os.close(child.said)
        try:
            worker = SignerWorker(parent.plan.worker)
        except (SealsError, PkiError, OSError, ValueError) as problem:
            os.write(say, str(problem).encode()[:_MESSAGE_LIMIT])
            return
        gc.freeze()
        os.write(say, b"ready")
        worker.run(parent.listener, parent.alive[0])
        status = 0
    except BaseException:
        _LOG.exception("a worker of the signer failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _close_to_others() -> None:
    """Leave no memory behind: no core files, and no other process may look into this one (prctl(2))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextmanager
def _sole_signer(folder: Path) -> Iterator[None]:
    """Hold the folder alone; workers hold it with their parent, until the last of them has ended."""
    descriptor = os.open(folder / "signer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _OTHER_SIGNER_SECONDS
    try:
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise SignerStartError(f"another signer works on {folder}")
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _listening(plan: ProcessPlan) -> Iterator[socket.socket]:
    """Listen at the socket, and take it away at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            _bind(listener, plan.socket, alone=plan.worker.uids <= {os.getuid()})
        except OSError as problem:
            raise SignerStartError(f"the signer cannot listen at {plan.socket}: {problem.strerror}") from problem
        listener.listen(BACKLOG)
        listener.setblocking(False)
        try:
            yield listener
        finally:
            plan.socket.unlink(missing_ok=True)


def _bind(listener: socket.socket, path: Path, *, alone: bool) -> None:
    """Bind the socket; only the signer's own user reaches it, or whoever is named in the settings too."""
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise SignerStartError(f"the path of the signer's socket is longer than {LONGEST_SOCKET_PATH} bytes: {path}")
    _prepare_folder(path.parent, alone)
    path.unlink(missing_ok=True)
    before = os.umask(0o177 if alone else 0o111)
    try:
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)


def _prepare_folder(folder: Path, alone: bool) -> None:
    if alone:
        private_folder(folder)
        return
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o022:
        raise SignerStartError(f"others can write to the folder of the signer's socket {folder}")
