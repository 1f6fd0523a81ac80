"""A worker of the signer process: takes one question after the other from the socket that all workers share.

It opens the keys itself, after the fork, and holds them alone. Whatever a question holds, it gets an answer; what goes
wrong in one question ends with it.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from pki.errors import PkiError
from pki.keystore import KeyStore
from seals.errors import PeerRefusedError, SealingError, SealsError, SignerProtocolError
from seals.judge_frames import HEAD_BYTES
from seals.signer_desk import MadePage, SignerParts, SigningDesk
from seals.signer_held_pages import HeldPages
from seals.signer_key_desk import KeyDesk
from seals.signer_messages import (
    HEAD_LIMIT,
    QUESTION_BODY_LIMIT,
    Message,
    failure,
    frame_length,
    read_content,
    read_head,
    read_order,
    text_of,
)

QUESTION_SECONDS = 5.0
"""How long a caller may take to say its question."""
ANSWER_SECONDS = 10.0
"""How long a caller may take to hear its answer."""
_HEARING_SECONDS = 0.5
_HEARING_PIECES = 32
_PIECE = 1 << 16
"""Bytes taken from a connection at a time."""
_CREDENTIALS = struct.Struct("3i")
_LOG = logging.getLogger("proofhub.signer")

OtherService = Callable[[bytes], bytes]
"""Answers a request in DER by one in DER; holds its own key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """What a worker is made of."""

    parts: SignerParts
    uids: frozenset[int]
    """Numbers of the users who may ask."""
    question_seconds: float = QUESTION_SECONDS
    other_services: Callable[[KeyStore], Mapping[str, OtherService]]
    """Opens the online services whose keys are here too, by operation: ``time_stamp``, ``ocsp``."""


@dataclass(slots=True)
class _Exchange:
    """One question on a connection."""

    question: Message
    made: MadePage | None
    """The page that was made ahead on this connection."""
    just_made: MadePage | None = None
    """The page that is made ahead by this question."""


_Operation = Callable[[_Exchange], Message]


class SignerWorker:
    """Answers questions until its parent ends."""

    def __init__(self, plan: WorkerPlan) -> None:
        """Open desk, keys and services.

        Raises:
            SealsError, PkiError: they cannot be opened.
        """
        self._uids, self._question_seconds = plan.uids, plan.question_seconds
        self._desk = SigningDesk(plan.parts)
        self._keys = KeyDesk(plan.parts, self._desk)
        services = plan.other_services(plan.parts.open_keys())
        self._operations: dict[str, _Operation] = {
            "certificates": lambda _: Message({"certificates": self._keys.certificates()}),
            "create_key": self._create_key,
            "destroy_key": self._destroy_key,
            "install_certificate": self._install_certificate,
            "make_page": self._make_page,
            "ping": lambda _: Message({"pid": os.getpid()}),
            "resume": self._listed("resume", "seal_id", self._desk.standing.resume),
            "revoke_grant": self._listed("revoke_grant", "grant_id", self._desk.standing.revoke),
            "seal": self._seal,
            "suspend": self._listed("suspend", "seal_id", self._desk.standing.suspend),
            **{name: _other(service) for name, service in services.items()},
        }

    def run(self, listener: socket.socket, parent: int) -> None:
        """Answer questions until the parent's end of a pipe is closed; one begun is finished first."""
        with select.epoll() as waiting, HeldPages(waiting, time.monotonic) as held:
            waiting.register(listener, select.EPOLLIN | select.EPOLLEXCLUSIVE)
            waiting.register(parent, select.EPOLLIN | select.EPOLLHUP)
            while parent not in (ready := {descriptor for descriptor, _ in waiting.poll(held.pause())}):
                for connection, made in held.take(ready):
                    self._serve(connection, made, held)
                if listener.fileno() in ready:
                    self._accept(listener, held)
        self._desk.close()

    def _accept(self, listener: socket.socket, held: HeldPages) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionError):  # another worker was faster, or the caller has gone
            return
        self._serve(connection, None, held)

    def _serve(self, connection: socket.socket, made: MadePage | None, held: HeldPages) -> None:
        """Answer the next question of a connection; it is closed then, unless a page waits on it for its order."""
        with ExitStack() as closing:
            closing.enter_context(connection)
            try:
                page = self._converse(connection, made)
            except OSError as problem:
                _LOG.warning("a caller went away: %s", type(problem).__name__)
                return
            if page is not None:
                closing.pop_all()
                held.hold(connection, page)

    def _converse(self, connection: socket.socket, made: MadePage | None) -> MadePage | None:
        """Answer one question, to which a page may have been made ahead; return one that was made just now."""
        try:
            if made is None:
                self._require_peer(connection)
            question = _read_question(connection, time.monotonic() + self._question_seconds)
        except SealsError as problem:
            _say(connection, Message(failure(problem)))
            _hear_out(connection)
            return None
        exchange = _Exchange(question, made)
        _say(connection, self._answer(exchange))
        return exchange.just_made

    def _require_peer(self, connection: socket.socket) -> None:
        """Ask the kernel who the caller is (unix(7), SO_PEERCRED)."""
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(credentials)
        if uid not in self._uids:
            self._desk.log.append("peer.refused", uid=uid)
            raise PeerRefusedError(f"the signer does not talk to the user {uid}")

    def _answer(self, exchange: _Exchange) -> Message:
        try:
            operation = self._operations.get(text_of(exchange.question.head, "operation"))
            if operation is None:
                raise SignerProtocolError("the signer does not know this operation")
            return operation(exchange)
        except (SealsError, PkiError) as problem:
            return Message(failure(problem))
        except Exception:
            _LOG.exception("a question failed")
            return Message(failure(SealingError("the signer failed; its log says how")))

    def _make_page(self, exchange: _Exchange) -> Message:
        exchange.just_made = self._desk.make_page(read_content(exchange.question.head))
        return Message({})

    def _seal(self, exchange: _Exchange) -> Message:
        document = self._desk.seal(read_order(exchange.question.head), exchange.made)
        return Message({"sha256": document.sha256}, document.pdf)

    def _create_key(self, exchange: _Exchange) -> Message:
        return Message({"request": self._keys.create(exchange.question.head)})

    def _destroy_key(self, exchange: _Exchange) -> Message:
        self._keys.destroy(text_of(exchange.question.head, "label"))
        return Message({})

    def _install_certificate(self, exchange: _Exchange) -> Message:
        self._keys.install(exchange.question.head)
        return Message({})

    def _listed(self, operation: str, name: str, change: Callable[[str], None]) -> _Operation:
        """Return an operation that changes a list; it is logged before it is done."""

        def work(exchange: _Exchange) -> Message:
            identifier = text_of(exchange.question.head, name)
            self._desk.log.append(operation, **{name: identifier})
            change(identifier)
            return Message({})

        return work


def _say(connection: socket.socket, answer: Message) -> None:
    connection.settimeout(ANSWER_SECONDS)
    connection.sendall(answer.framed())


def _hear_out(connection: socket.socket) -> None:
    """Let a caller who was answered early finish: closing on what is unread would take the answer from it."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(_HEARING_SECONDS)
    for _ in range(_HEARING_PIECES):
        if not connection.recv(_PIECE):
            return


def _other(service: OtherService) -> _Operation:
    return lambda exchange: Message({}, service(exchange.question.body))


def _read_question(connection: socket.socket, deadline: float) -> Message:
    head = read_head(_read_frame(connection, HEAD_LIMIT, deadline))
    return Message(head, _read_frame(connection, QUESTION_BODY_LIMIT, deadline))


def _read_frame(connection: socket.socket, limit: int, deadline: float) -> bytes:
    length = frame_length(_read_exactly(connection, HEAD_BYTES, deadline), limit)
    return _read_exactly(connection, length, deadline)


def _read_exactly(connection: socket.socket, length: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < length:
        left = deadline - time.monotonic()
        if left <= 0:
            raise SignerProtocolError("the question took too long")
        connection.settimeout(left)
        try:
            piece = connection.recv(min(length - len(data), _PIECE))
        except TimeoutError as problem:
            raise SignerProtocolError("the question took too long") from problem
        if not piece:
            raise SignerProtocolError("the question is cut short")
        data += piece
    return bytes(data)
