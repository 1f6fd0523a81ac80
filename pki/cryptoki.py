"""A PKCS#11 module (Cryptoki 2.40), started for several threads, with three calls that python-pkcs11 lacks.

python-pkcs11 starts a module for one thread alone (C_Initialize without arguments); it logs in only while it opens a
session, which is lost when the PIN is wrong and takes the login of all others along when it is closed; and it cannot
ask for the state of a session. These calls go past it to the module; everything else is its own.

A module that has lost its token, or the process or machine that holds it, for good may find it again only when it is
stopped and started (C_Finalize, C_Initialize; PKCS#11 2.40, 5.4). That ends all sessions, so it waits until none is
in use.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from pkcs11._pkcs11 import lib
from pkcs11.exceptions import PKCS11Error
from pkcs11.types import Session

from pki.errors import KeyStoreError, TokenUnavailableError, WrongPassphraseError

_OK = 0x00
_USER_ALREADY_LOGGED_IN = 0x100
_ALREADY_STARTED = 0x191
_LOGGED_IN_STATES = (1, 3)  # CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS
_USER = 1
_OS_LOCKING_OK = 2
_AWAY = (0x05, 0x30, 0x32, 0xE0)  # CKR_GENERAL_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT
_RESTARTS_APART = 0.1
"""Seconds between two restarts, at least: each ends the sessions with all of the module's tokens."""
_NO_PIN_YET = 0x102
_LOGIN_REFUSALS: dict[int, str] = {
    0xA0: "the token does not take the PIN",
    0xA1: "the token does not take the PIN: it holds characters that no PIN has",
    0xA2: "the token does not take the PIN: it is too short or too long",
    0xA3: "the PIN has expired; set a new one with the token's own program",
    0xA4: "the PIN is locked after too many wrong ones; the security officer can set it anew",
}
"""What a token answers that will answer the same next time, so that asking again only brings it nearer to locking."""


class _SessionInfo(ctypes.Structure):
    """CK_SESSION_INFO."""

    state: int
    _fields_: ClassVar = [(name, ctypes.c_ulong) for name in ("slot", "state", "flags", "device_error")]


class _StartArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS: no mutexes of ours, the operating system's are fine."""

    _fields_: ClassVar = [
        ("mutexes", ctypes.c_void_p * 4),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    ]


class _Functions(ctypes.Structure):
    """The beginning of CK_FUNCTION_LIST: what is called here, at its place among the others."""

    initialize: Callable[[Any], int]
    finalize: Callable[[None], int]
    get_session_info: Callable[[int, Any], int]
    login: Callable[[int, int, bytes, int], int]
    _fields_: ClassVar = [
        ("version", ctypes.c_ubyte * 2),
        ("initialize", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
        ("finalize", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
        ("from_get_info", ctypes.c_void_p * 13),
        ("get_session_info", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_ulong, ctypes.POINTER(_SessionInfo))),
        ("operation_states", ctypes.c_void_p * 2),
        (
            "login",
            ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong),
        ),
    ]


class Cryptoki:
    """One module, loaded once for the whole process; see `load_module`."""

    def __init__(self, path: str) -> None:
        # Loaded, but without its __init__, which would start it for one thread.
        self.library = lib.__new__(lib, path)  # type: ignore[call-arg]  # the compiled class takes the path here
        self.functions = _function_list(path, self.library)
        self.starts = 0
        """How often it was started; what was opened before the last start is gone."""
        self._turn = threading.Condition()
        self._users, self._restarting = 0, False
        self._no_restart_before = 0.0
        self.start()

    def start(self) -> None:
        """Start the module, unless it runs, so that several threads may use it.

        Raises:
            TokenUnavailableError: what holds its tokens cannot be reached.
            KeyStoreError: it cannot be started.
        """
        arguments = _StartArguments(flags=_OS_LOCKING_OK)
        answer = self.functions.initialize(ctypes.byref(arguments))
        if answer == _OK:
            self.starts += 1
        elif answer in _AWAY:
            raise TokenUnavailableError(f"what holds the token's keys cannot be reached (answer {answer:#x})")
        elif answer != _ALREADY_STARTED:
            raise KeyStoreError(f"the PKCS#11 module cannot be started for several threads (answer {answer:#x})")

    @contextmanager
    def used(self) -> Iterator[None]:
        """Use sessions for a while in which the module is not restarted."""
        with self._turn:
            self._turn.wait_for(lambda: not self._restarting)
            self._users += 1
        try:
            yield
        finally:
            with self._turn:
                self._users -= 1
                self._turn.notify_all()

    def restart(self, start: int) -> None:
        """Stop and start the module, once nobody uses it, unless it was started since or restarted a moment ago.

        Args:
            start: under which start (`starts`) the token was found to be away.

        Raises:
            TokenUnavailableError, KeyStoreError: as `start`.
        """
        with self._turn:
            self._turn.wait_for(lambda: not self._restarting)
            if self.starts != start or time.monotonic() < self._no_restart_before:
                return
            self._restarting = True
            try:
                self._turn.wait_for(lambda: not self._users)
                self.functions.finalize(None)  # one that cannot say goodbye to its token any more may answer anything
                self.start()
            finally:
                self._no_restart_before = time.monotonic() + _RESTARTS_APART
                self._restarting = False
                self._turn.notify_all()

    def is_logged_in(self, session: Session) -> bool:
        """Tell whether a session may use private keys.

        Raises:
            TokenUnavailableError: the session is gone.
        """
        info = _SessionInfo()
        answer = self.functions.get_session_info(_handle(session), ctypes.byref(info))
        if answer != _OK:
            raise TokenUnavailableError(f"the session with the token is gone (answer {answer:#x})")
        return info.state in _LOGGED_IN_STATES

    def log_in(self, session: Session, pin: str) -> None:
        """Log this process in by a session; a process that is logged in is not asked for its PIN again.

        Raises:
            WrongPassphraseError: the token does not take the PIN.
            TokenUnavailableError: the token is gone, or has no PIN, maybe because another process is changing it.
        """
        secret = pin.encode()
        answer = self.functions.login(_handle(session), _USER, secret, len(secret))
        if answer in _LOGIN_REFUSALS:
            raise WrongPassphraseError(_LOGIN_REFUSALS[answer])
        if answer == _NO_PIN_YET:
            raise TokenUnavailableError("the token has no user PIN yet; set one with the token's own program")
        if answer not in (_OK, _USER_ALREADY_LOGGED_IN):
            raise TokenUnavailableError(f"the token cannot be logged in to (answer {answer:#x})")


def _handle(session: Session) -> int:
    handle: int = session.handle  # type: ignore[attr-defined]  # the compiled class has it, its stub has not
    return handle


def _function_list(path: str, library: lib) -> _Functions:
    """Return the functions that the library calls, for sessions belong to the list that they were opened by.

    Most modules have one list. One that speaks to another process (p11-kit's client) makes a list for each who asks,
    with a connection of its own; then the library's has to be read out of its object, which keeps it to itself.
    """
    asked = [ctypes.POINTER(_Functions)() for _ in range(2)]
    for functions in asked:
        answer = ctypes.CDLL(path).C_GetFunctionList(ctypes.byref(functions))
        if answer != _OK:
            raise KeyStoreError(f"the PKCS#11 module {path} does not tell its functions (answer {answer:#x})")
    first, second = (ctypes.addressof(functions.contents) for functions in asked)
    return _Functions.from_address(first if first == second else address_of_functions(library))


def address_of_functions(library: lib) -> int:
    """Return where the library's list of functions is: it is the first member of its object (`HasFuncList`)."""
    address = ctypes.c_void_p.from_address(id(library) + object.__basicsize__).value
    if address is None:
        raise KeyStoreError("python-pkcs11 does not tell a module's functions as it did")
    return address


_LOCK = threading.Lock()
_LOADED: dict[Path, Cryptoki] = {}


def load_module(path: Path) -> Cryptoki:
    """Load a module and start it, or return the one that was loaded before.

    Raises:
        KeyStoreError: the file is no PKCS#11 module, or it cannot be started.
    """
    with _LOCK:
        place = path.resolve()
        if place not in _LOADED:
            try:
                _LOADED[place] = Cryptoki(str(place))
            except (PKCS11Error, OSError, AttributeError) as problem:
                raise KeyStoreError(f"{path} cannot be loaded as a PKCS#11 module: {problem}") from problem
        return _LOADED[place]
