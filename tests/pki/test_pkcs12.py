"""What is of files alone; what every key store does is in tests/contract/test_key_stores.py."""

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from pki.errors import (
    DamagedKeyError,
    KeyStoreError,
    OpenKeyFolderError,
    WrongPassphraseError,
)
from pki.keystore import KeyAlgorithm, KeyStore
from pki.pkcs12 import Pkcs12KeyStore

MESSAGE = "证明".encode()
DIGEST = hashlib.sha256(MESSAGE).digest()


@pytest.fixture
def keys(tmp_path: Path) -> Pkcs12KeyStore:
    return Pkcs12KeyStore(tmp_path / "keys", "correct horse")


def test_a_wrong_passphrase_is_refused(keys: KeyStore, tmp_path: Path) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    with pytest.raises(WrongPassphraseError):
        Pkcs12KeyStore(tmp_path / "keys", "wrong horse").signing_key("seal")


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError, match="passphrase"):
        Pkcs12KeyStore(tmp_path / "keys", "")


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x30\x82\xff\xff"])
def test_a_damaged_file_is_refused(keys: KeyStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys" / "seal.p12").write_bytes(content)
    with pytest.raises(DamagedKeyError):
        keys.signing_key("seal")


def test_files_and_folder_are_closed_to_others(keys: KeyStore, tmp_path: Path) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "seal.p12").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    with pytest.raises(OpenKeyFolderError, match="chmod 700"):
        Pkcs12KeyStore(tmp_path / "keys", "correct horse")


def test_the_private_key_is_not_shown_by_its_representation(keys: KeyStore) -> None:
    assert "private" not in repr(keys.create("seal", KeyAlgorithm.P_256)).lower()


def test_a_key_of_another_kind_in_the_file_is_refused(keys: KeyStore, tmp_path: Path) -> None:
    foreign = serialize_key_and_certificates(
        b"seal", ec.generate_private_key(ec.SECP384R1()), None, None, BestAvailableEncryption(b"correct horse")
    )
    (tmp_path / "keys" / "seal.p12").write_bytes(foreign)
    with pytest.raises(DamagedKeyError, match="no key that this hub uses"):
        keys.signing_key("seal")


def test_a_file_that_cannot_be_read_is_an_error_of_this_room(keys: KeyStore, tmp_path: Path) -> None:
    (tmp_path / "keys" / "seal.p12").mkdir()
    with pytest.raises(KeyStoreError, match="cannot be read"):
        keys.signing_key("seal")


def test_a_key_that_cannot_be_written_is_an_error_of_this_room(keys: KeyStore, tmp_path: Path) -> None:
    (tmp_path / "keys" / "seal.new").mkdir()
    with pytest.raises(KeyStoreError, match="cannot be kept"):
        keys.create("seal", KeyAlgorithm.P_256)
    assert keys.labels() == ()


def test_a_folder_that_cannot_be_made_is_an_error_of_this_room(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(KeyStoreError, match="cannot be used"):
        Pkcs12KeyStore(tmp_path / "taken" / "keys", "correct horse")


def test_a_key_is_decrypted_once(keys: KeyStore, tmp_path: Path) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    store = Pkcs12KeyStore(tmp_path / "keys", "correct horse")
    first = store.signing_key("seal")
    (tmp_path / "keys" / "seal.p12").unlink()
    assert store.signing_key("seal") is first
