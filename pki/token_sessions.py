"""Sessions with one token: a bounded number, each used by one thread at a time, opened anew after the token was away.

A session that the token knows no longer is thrown away with all others, because a restarted token may give their
numbers to new ones. What was begun is tried once more in a new session, and again after the module was restarted.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pkcs11.exceptions import (
    DeviceError,
    DeviceRemoved,
    FunctionFailed,
    GeneralError,
    KeyHandleInvalid,
    ObjectHandleInvalid,
    PKCS11Error,
    SessionClosed,
    SessionHandleInvalid,
    SlotIDInvalid,
    TokenNotPresent,
    TokenNotRecognised,
    TokenWriteProtected,
    UserNotLoggedIn,
)
from pkcs11.types import PrivateKey, Session, Token

from pki.cryptoki import Cryptoki
from pki.errors import KeyStoreError, TokenUnavailableError, WrongPassphraseError

Result = TypeVar("Result")

_PAUSE_SECONDS = 0.02
"""How long a token that another process changes may need until it is whole again."""

_AWAY = (
    DeviceError,
    DeviceRemoved,
    FunctionFailed,
    GeneralError,
    KeyHandleInvalid,
    ObjectHandleInvalid,
    SessionClosed,
    SessionHandleInvalid,
    SlotIDInvalid,
    TokenNotPresent,
    TokenNotRecognised,
    UserNotLoggedIn,
)
"""What a token says that is away, and the two that say no more than that it failed: modules say so when a connection
broke, or when another process changes the token at that moment.
"""
# Beside its own errors, the library raises these about what it cannot make out of a token's answers.
_LIBRARY_ERRORS = (RuntimeError, ValueError, LookupError)


@dataclass(frozen=True, slots=True)
class TokenSession:
    """A session that is logged in, and the private keys that were looked up in it."""

    session: Session
    start: int
    """Under which start of the module it was opened."""
    private_keys: dict[str, PrivateKey] = field(default_factory=dict)


class TokenSessions:
    """Gives sessions with one token to whoever has work to do there."""

    def __init__(self, module: Cryptoki, label: str, pin: str, *, limit: int) -> None:
        """Use the token of a label; nothing is opened yet.

        Args:
            module: speaks to the token.
            label: of the token.
            pin: of its user.
            limit: how many sessions are open at a time, at most.
        """
        self._module, self._label, self._pin = module, label, pin
        self._places = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._idle: list[TokenSession] = []
        self._refusal: str | None = None
        # A token has a bounded number of sessions, and a store is opened anew whenever a certificate came in.
        weakref.finalize(self, _close_all, module, self._idle).atexit = False

    def use(self, work: Callable[[TokenSession], Result], *, writing: bool = False) -> Result:
        """Do some work in a session, again in a new one when the token was away; waits for a free session.

        Args:
            work: is given the session for itself.
            writing: whether it changes what is on the token; such a session is closed afterwards.

        Raises:
            TokenUnavailableError: the token is away still.
            WrongPassphraseError: it does not take the PIN.
            KeyStoreError: it refuses, or the work does.
        """
        with self._places:
            start = self._module.starts
            for away in (self._forget, self._pause, lambda: self._restart(start)):
                try:
                    return self._attempt(work, writing)
                except TokenUnavailableError:
                    away()
            return self._attempt(work, writing)

    def _attempt(self, work: Callable[[TokenSession], Result], writing: bool) -> Result:
        with self._module.used():
            return self._tried(work, writing)

    def _tried(self, work: Callable[[TokenSession], Result], writing: bool) -> Result:
        try:
            opened = self._opened(rw=True) if writing else self._idle_one() or self._opened(rw=False)
        except _LIBRARY_ERRORS as problem:
            raise self._translated(problem) from problem
        try:
            result = work(opened)
        except KeyStoreError:
            self._leave(opened, writing)
            raise
        except _AWAY as problem:
            # It is not closed: its number may be another session's by now.
            raise self._translated(problem) from problem
        except _LIBRARY_ERRORS as problem:
            _close(opened)  # something may be half done in it
            raise self._translated(problem) from problem
        self._leave(opened, writing)
        return result

    def _idle_one(self) -> TokenSession | None:
        """Take a session that is good still; when one is not, none of the idle ones is."""
        with self._lock:
            opened = self._idle.pop() if self._idle else None
        if opened is None or self._is_good(opened):
            return opened
        self._forget()
        return None

    def _is_good(self, opened: TokenSession) -> bool:
        try:
            return opened.start == self._module.starts and self._module.is_logged_in(opened.session)
        except TokenUnavailableError:
            return False

    def _leave(self, opened: TokenSession, writing: bool) -> None:
        if writing:
            _close(opened)
            return
        with self._lock:
            self._idle.append(opened)

    def _forget(self) -> None:
        """Throw all idle sessions away, without closing them: their numbers may be others' by now."""
        with self._lock:
            self._idle.clear()

    def _pause(self) -> None:
        self._forget()
        time.sleep(_PAUSE_SECONDS)

    def _restart(self, start: int) -> None:
        self._forget()
        self._module.restart(start)

    def _opened(self, *, rw: bool) -> TokenSession:
        """Open a session and log in; one thread at a time, so that a wrong PIN is tried once."""
        with self._lock:
            if self._refusal is not None:
                raise WrongPassphraseError(self._refusal)
            self._module.start()
            start = self._module.starts
            session = self._token().open(rw=rw)
            try:
                if not self._module.is_logged_in(session):
                    self._module.log_in(session, self._pin)
            except KeyStoreError as problem:
                session.close()
                if isinstance(problem, WrongPassphraseError):
                    self._refusal = f"{problem} (token {self._label!r}); it is not tried again before a restart"
                    raise WrongPassphraseError(self._refusal) from problem
                raise
            return TokenSession(session, start)

    def _token(self) -> Token:
        tokens = _present_tokens(self._module)
        found = [token for token in tokens if token.label == self._label]
        if not found:
            labels = ", ".join(repr(token.label) for token in tokens if token.label) or "none"
            raise TokenUnavailableError(
                f"there is no token labelled {self._label!r}; plug it in, or name one that is there: {labels}"
            )
        if len(found) > 1:
            raise KeyStoreError(f"there are {len(found)} tokens labelled {self._label!r}; give each a label of its own")
        return found[0]

    def _translated(self, problem: Exception) -> KeyStoreError:
        name = f"{type(problem).__name__} {problem}".strip()
        if isinstance(problem, _AWAY):
            return TokenUnavailableError(
                f"the token {self._label!r} was removed or restarted ({name}); see that it is plugged in and try again"
            )
        if isinstance(problem, TokenWriteProtected):
            return KeyStoreError(f"the token {self._label!r} is write-protected; nothing can be kept on it")
        return KeyStoreError(f"the token {self._label!r} cannot do this ({name})")


def _close_all(module: Cryptoki, idle: list[TokenSession]) -> None:
    for opened in idle:
        if opened.start == module.starts:
            _close(opened)


def _close(opened: TokenSession) -> None:
    try:
        opened.session.close()
    except PKCS11Error:
        return  # it is gone, which is what was wanted


def _present_tokens(module: Cryptoki) -> list[Token]:
    tokens = []
    for slot in module.library.get_slots(token_present=True):
        try:
            tokens.append(slot.get_token())
        except (TokenNotPresent, TokenNotRecognised):
            continue  # pulled out meanwhile, or not set up
    return tokens
