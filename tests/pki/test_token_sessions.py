import hashlib
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pkcs11.exceptions import DataInvalid, DeviceRemoved

from pki import cryptoki
from pki.cryptoki import Cryptoki, load_module
from pki.errors import KeyStoreError, TokenUnavailableError, UnknownKeyError, WrongPassphraseError
from pki.keystore import KeyAlgorithm
from pki.pkcs11 import Pkcs11KeyStore
from pki.token_sessions import TokenSession, TokenSessions
from tests.simulators.soft_token import PIN, SoftTokens
from tests.simulators.token_server import TokenServer

pytestmark = pytest.mark.services("softhsm")

DIGEST = hashlib.sha256(b"").digest()


@pytest.fixture
def module(soft_tokens: SoftTokens) -> Cryptoki:
    return load_module(soft_tokens.module)


@pytest.fixture
def sessions(module: Cryptoki) -> TokenSessions:
    return TokenSessions(module, "sessions", PIN, limit=3)


def _number(token: TokenSession) -> int:
    return token.session.handle


def _stop(module: Cryptoki) -> None:
    """As when another part of the process ends its work with the module."""
    assert module.functions.finalize(None) == 0


def _restart(module: Cryptoki) -> None:
    _stop(module)
    module.start()


def test_a_session_is_used_again(sessions: TokenSessions) -> None:
    assert len({sessions.use(_number) for _ in range(5)}) == 1


def test_there_are_never_more_sessions_than_allowed_and_each_has_one_user(sessions: TokenSessions) -> None:
    busy: set[int] = set()
    most, lock = [0], threading.Lock()
    all_in = threading.Barrier(3)

    def work(token: TokenSession) -> None:
        with lock:
            assert _number(token) not in busy
            busy.add(_number(token))
            most[0] = max(most[0], len(busy))
        all_in.wait(10)
        with lock:
            busy.remove(_number(token))

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: sessions.use(work), range(30)))
    assert most == [3]
    assert len(sessions._idle) == 3


@pytest.mark.parametrize("interrupt", [_stop, _restart])
def test_a_key_signs_again_after_the_token_was_restarted(soft_tokens: SoftTokens, module, interrupt) -> None:
    keys = soft_tokens.emptied("sessions")
    key = keys.create("seal", KeyAlgorithm.P_256)
    for _ in range(2):
        key.sign(DIGEST)
        interrupt(module)
        assert key.sign(DIGEST)
    assert keys.labels() == ("seal",)


@pytest.fixture
async def remote(
    soft_tokens: SoftTokens, token_server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TokenServer]:
    """The tokens in a process of their own, and a key there."""
    soft_tokens.emptied("sessions").create("seal", KeyAlgorithm.P_256)
    monkeypatch.setattr(cryptoki, "_RESTARTS_APART", 0.0)
    for name, value in token_server.environment.items():
        monkeypatch.setenv(name, value)
    await token_server.start()
    yield token_server
    await token_server.kill()


@pytest.mark.services("p11kit")
async def test_a_key_signs_again_after_the_process_that_holds_the_token_was_killed(remote: TokenServer) -> None:
    key = Pkcs11KeyStore(remote.client, "sessions", PIN).signing_key("seal")
    key.sign(DIGEST)
    for _ in range(2):
        await remote.kill()
        with pytest.raises(TokenUnavailableError):
            key.sign(DIGEST)
        await remote.start()
        assert key.sign(DIGEST)


@pytest.mark.services("p11kit")
async def test_nobody_notices_a_token_that_is_back_before_it_is_used(remote: TokenServer) -> None:
    keys = Pkcs11KeyStore(remote.client, "sessions", PIN)
    key = keys.signing_key("seal")
    for use in (lambda: key.sign(DIGEST), keys.labels, lambda: keys.create("other", KeyAlgorithm.P_256)):
        await remote.kill()
        await remote.start()
        assert use()
    assert keys.labels() == ("other", "seal")


def test_the_sessions_of_a_store_that_nobody_holds_any_more_are_closed(module: Cryptoki) -> None:
    sessions = TokenSessions(module, "sessions", PIN, limit=1)
    session = sessions.use(lambda token: token.session)
    assert module.is_logged_in(session)
    del sessions
    with pytest.raises(TokenUnavailableError):
        module.is_logged_in(session)


def test_a_key_signs_again_after_the_process_was_logged_out(soft_tokens: SoftTokens, module) -> None:
    keys = soft_tokens.emptied("sessions")
    key = keys.create("seal", KeyAlgorithm.P_256)
    _restart(module)
    other = module.library.get_token(token_label="sessions").open(user_pin=PIN)
    key.sign(DIGEST)
    other.close()  # the library logs the whole process out
    assert key.sign(DIGEST)


def test_sessions_from_before_a_restart_are_not_mistaken_for_new_ones_of_the_same_number(
    sessions: TokenSessions, module: Cryptoki
) -> None:
    _restart(module)
    before = sessions.use(lambda token: token)
    _restart(module)
    other = TokenSessions(module, "contract", PIN, limit=1)
    assert other.use(_number) == _number(before)
    assert sessions.use(lambda token: token.session.token.label) == "sessions"
    assert sessions.use(lambda token: token) is not before


def test_what_was_begun_when_the_token_went_is_tried_once_more(sessions: TokenSessions) -> None:
    seen: list[TokenSession] = []

    def work(token: TokenSession) -> str:
        seen.append(token)
        if len(seen) == 1:
            raise DeviceRemoved
        return "done"

    assert sessions.use(work) == "done"
    assert seen[0] is not seen[1]


def test_a_token_that_stays_away_is_told_with_what_to_do(sessions: TokenSessions) -> None:
    def work(_: TokenSession) -> None:
        raise DeviceRemoved

    with pytest.raises(TokenUnavailableError, match=r"'sessions' was removed or restarted.*plugged in"):
        sessions.use(work)
    assert sessions.use(lambda token: token.session.token.label) == "sessions"


@pytest.mark.parametrize("problem", [DataInvalid, ValueError("what a token said"), KeyError(9)])
def test_no_exception_of_the_library_gets_out(sessions: TokenSessions, problem) -> None:
    def work(_: TokenSession) -> None:
        raise problem

    with pytest.raises(KeyStoreError, match="cannot do this"):
        sessions.use(work)


def test_an_error_of_this_room_passes_and_the_session_stays(sessions: TokenSessions) -> None:
    def work(_: TokenSession) -> None:
        raise UnknownKeyError("nobody")

    number = sessions.use(_number)
    with pytest.raises(UnknownKeyError, match="nobody"):
        sessions.use(work)
    assert sessions.use(_number) == number


def test_a_pin_that_was_refused_is_not_tried_again(soft_tokens: SoftTokens, module: Cryptoki) -> None:
    tokens = TokenSessions(module, "wrong-pin", "0000-wrong", limit=1)
    for _ in range(2):
        with pytest.raises(WrongPassphraseError, match="not tried again"):
            tokens.use(_number)
    tokens._pin = PIN  # it would open the token, were it tried
    with pytest.raises(WrongPassphraseError):
        tokens.use(_number)


def test_only_a_session_for_writing_can_change_the_token(sessions: TokenSessions) -> None:
    assert sessions.use(lambda token: token.session.rw, writing=True)
    assert not sessions.use(lambda token: token.session.rw)
