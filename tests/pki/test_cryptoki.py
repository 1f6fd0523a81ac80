from pathlib import Path

import pkcs11._pkcs11
import pytest

from pki.cryptoki import Cryptoki, load_module
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
