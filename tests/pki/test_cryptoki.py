import ctypes
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11._pkcs11
import pytest

from pki import cryptoki
from pki.cryptoki import Cryptoki, address_of_functions, load_module
from pki.errors import KeyStoreError, TokenUnavailableError, WrongPassphraseError
from tests.simulators.soft_token import PIN, SoftTokens


@pytest.fixture
def module(soft_tokens: SoftTokens) -> Cryptoki:
    return load_module(soft_tokens.module)


def _token(module: Cryptoki, label: str):
    return module.library.get_token(token_label=label)


@pytest.mark.services("softhsm")
def test_a_module_is_loaded_once(module: Cryptoki, soft_tokens: SoftTokens, tmp_path: Path) -> None:
    (tmp_path / "link.so").symlink_to(soft_tokens.module)
    assert load_module(soft_tokens.module) is load_module(tmp_path / "link.so") is module


@pytest.mark.services("softhsm")
def test_starting_a_module_that_runs_changes_nothing(module: Cryptoki) -> None:
    starts = module.starts
    module.start()
    assert module.starts == starts


@pytest.mark.services("softhsm")
def test_the_librarys_functions_are_where_they_are_looked_for(module: Cryptoki) -> None:
    assert address_of_functions(module.library) == ctypes.addressof(module.functions)


@pytest.mark.services("softhsm")
def test_a_module_is_restarted_once_nobody_uses_it_and_once_for_all_who_want_it(module: Cryptoki, monkeypatch) -> None:
    monkeypatch.setattr(module, "_no_restart_before", 0.0)
    start, in_use, end = module.starts, threading.Event(), threading.Event()

    def use() -> int:
        with module.used():
            in_use.set()
            end.wait(10)
            return module.starts

    with ThreadPoolExecutor(3) as threads:
        user = threads.submit(use)
        in_use.wait(10)
        restarts = [threads.submit(module.restart, start) for _ in range(2)]
        end.set()
        assert user.result() == start
        for restart in restarts:
            restart.result()
    assert module.starts == start + 1


@pytest.mark.services("softhsm")
def test_a_module_that_was_just_restarted_is_not_restarted_again(module: Cryptoki, monkeypatch) -> None:
    monkeypatch.setattr(module, "_no_restart_before", 0.0)
    monkeypatch.setattr(cryptoki, "_RESTARTS_APART", 60.0)
    start = module.starts
    for _ in range(2):
        module.restart(module.starts)
        assert module.starts == start + 1


@pytest.mark.services("softhsm")
def test_logging_in_holds_for_all_sessions_with_the_token_and_twice_does_no_harm(module: Cryptoki) -> None:
    first, second = _token(module, "sessions").open(), _token(module, "sessions").open(rw=True)
    module.log_in(first, PIN)
    module.log_in(second, PIN)
    assert module.is_logged_in(first)
    assert module.is_logged_in(second)
    first.close()
    assert module.is_logged_in(second)
    second.close()


@pytest.mark.services("softhsm")
def test_a_session_that_is_closed_is_gone(module: Cryptoki) -> None:
    session = _token(module, "sessions").open()
    session.close()
    with pytest.raises(TokenUnavailableError):
        module.is_logged_in(session)
    with pytest.raises(TokenUnavailableError):
        module.log_in(session, PIN)


@pytest.mark.services("softhsm")
def test_a_wrong_pin_leaves_a_session_that_is_not_logged_in(module: Cryptoki) -> None:
    session = _token(module, "wrong-pin").open()
    with pytest.raises(WrongPassphraseError):
        module.log_in(session, "0000-wrong")
    assert not module.is_logged_in(session)
    session.close()


@pytest.mark.parametrize("content", [b"", b"rubbish"])
def test_a_file_that_is_no_library_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "module.so").write_bytes(content)
    with pytest.raises(KeyStoreError, match="cannot be loaded"):
        load_module(tmp_path / "module.so")


def test_a_library_that_is_no_module_is_refused() -> None:
    with pytest.raises(KeyStoreError, match="cannot be loaded"):
        load_module(Path(pkcs11._pkcs11.__file__))
