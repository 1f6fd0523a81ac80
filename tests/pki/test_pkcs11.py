"""What a token does beyond tests/contract/test_key_stores.py: keep keys in, and tell what is wrong with it."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.exceptions import DeviceRemoved, PKCS11Error
from pkcs11.mechanisms import KeyType
from pkcs11.types import Object, Session
from pkcs11.util.ec import encode_named_curve_parameters

import pki.pkcs11
from pki.errors import (
    CertificateMismatchError,
    DamagedKeyError,
    KeyStoreError,
    TokenUnavailableError,
    UncertifiedKeyError,
    UnknownKeyError,
    WrongPassphraseError,
)
from pki.keystore import KeyAlgorithm
from pki.pkcs11 import Pkcs11KeyStore, _objects, _write
from pki.pkcs11 import _generate as _generate_pair
from pki.token_sessions import TokenSession
from tests.simulators.soft_token import PIN, SoftTokens

pytestmark = pytest.mark.services("softhsm")

MESSAGE = "证明".encode()
DIGEST = hashlib.sha256(MESSAGE).digest()
_SECRETS = {KeyAlgorithm.P_256: Attribute.VALUE, KeyAlgorithm.RSA_2048: Attribute.PRIVATE_EXPONENT}


@pytest.fixture
def keys(soft_tokens: SoftTokens) -> Pkcs11KeyStore:
    return soft_tokens.emptied("pkcs11")


def _on_token(keys: Pkcs11KeyStore, work):
    return keys._sessions.use(work, writing=True)


def _object(token: TokenSession, kind: ObjectClass, label: str = "seal") -> Object:
    (found,) = token.session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label})
    return found


def _generate(token: TokenSession, label: str, curve: str) -> None:
    parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
    token.session.create_domain_parameters(KeyType.EC, parameters, local=True).generate_keypair(label=label, store=True)


@pytest.mark.parametrize("algorithm", _SECRETS)
def test_a_private_key_cannot_be_read_out_nor_made_readable(keys: Pkcs11KeyStore, algorithm: KeyAlgorithm) -> None:
    keys.create("seal", algorithm)

    def read(token: TokenSession) -> None:
        private = _object(token, ObjectClass.PRIVATE_KEY)
        with pytest.raises(PKCS11Error):
            private[_SECRETS[algorithm]]
        for attribute, wish in ((Attribute.EXTRACTABLE, True), (Attribute.SENSITIVE, False)):
            with pytest.raises(PKCS11Error):
                private[attribute] = wish
        with pytest.raises(PKCS11Error):
            private[_SECRETS[algorithm]]

    _on_token(keys, read)


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_private_key_was_made_on_the_token_and_only_signs(keys: Pkcs11KeyStore, algorithm: KeyAlgorithm) -> None:
    keys.create("seal", algorithm)
    yes = [Attribute.SIGN, Attribute.LOCAL, Attribute.PRIVATE, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE]
    no = [Attribute.DECRYPT, Attribute.UNWRAP, Attribute.DERIVE, Attribute.EXTRACTABLE]
    said = _on_token(keys, lambda token: _object(token, ObjectClass.PRIVATE_KEY).get_attributes([*yes, *no]))
    assert said == dict.fromkeys(yes, True) | dict.fromkeys(no, False)


_OTHER_PROCESS = """
import sys
from pathlib import Path
from pki.pkcs11 import Pkcs11KeyStore
module, label, pin, digest = sys.argv[1:]
keys = Pkcs11KeyStore(Path(module), label, pin)
print(keys.signing_key("seal").sign(bytes.fromhex(digest)).hex())
"""


def _other_process(tokens: SoftTokens, pin: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _OTHER_PROCESS, str(tokens.module), "pkcs11", pin, DIGEST.hex()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_another_process_signs_with_the_same_key_and_ends_well(keys: Pkcs11KeyStore, soft_tokens: SoftTokens) -> None:
    key = keys.create("seal", KeyAlgorithm.P_256)
    done = _other_process(soft_tokens, PIN)
    assert (done.returncode, done.stderr) == (0, "")
    key.public_key.verify(bytes.fromhex(done.stdout), MESSAGE, ECDSA(hashes.SHA256()))


def test_another_process_with_a_wrong_pin_gets_nothing(keys: Pkcs11KeyStore, soft_tokens: SoftTokens) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    done = _other_process(soft_tokens, "0000-wrong")
    assert done.returncode == 1
    assert "WrongPassphraseError: the token does not take the PIN" in done.stderr
    assert "0000-wrong" not in done.stderr.replace(str(done.args), "")


@pytest.mark.parametrize("pin", ["0000-wrong", "1", "0" * 300])
def test_a_wrong_pin_is_refused(soft_tokens: SoftTokens, pin: str) -> None:
    with pytest.raises(WrongPassphraseError, match=r"'wrong-pin'.*not tried again"):
        Pkcs11KeyStore(soft_tokens.module, "wrong-pin", pin)


def test_an_empty_pin_is_refused(soft_tokens: SoftTokens) -> None:
    with pytest.raises(KeyStoreError, match="PIN"):
        Pkcs11KeyStore(soft_tokens.module, "pkcs11", "")


def test_an_unknown_token_is_refused_with_the_names_of_those_there(soft_tokens: SoftTokens) -> None:
    with pytest.raises(TokenUnavailableError, match=r"no token labelled 'nobody'.*'pkcs11'"):
        soft_tokens.open("nobody")


def test_of_two_tokens_with_one_label_none_is_taken(soft_tokens: SoftTokens) -> None:
    with pytest.raises(KeyStoreError, match="2 tokens labelled 'twin'"):
        soft_tokens.open("twin")


def test_a_module_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError, match=r"nothing\.so cannot be loaded"):
        Pkcs11KeyStore(tmp_path / "nothing.so", "pkcs11", PIN)


def test_a_key_of_another_kind_is_refused(keys: Pkcs11KeyStore) -> None:
    _on_token(keys, lambda token: _generate(token, "seal", "secp384r1"))
    with pytest.raises(DamagedKeyError, match="none that this hub uses"):
        keys.signing_key("seal")


def test_of_two_keys_with_one_label_none_is_taken(keys: Pkcs11KeyStore) -> None:
    for _ in range(2):
        _on_token(keys, lambda token: _generate(token, "seal", "secp256r1"))
    assert keys.labels() == ("seal",)
    with pytest.raises(DamagedKeyError, match="2 keys"):
        keys.signing_key("seal")


def test_a_key_without_its_public_half_is_refused(keys: Pkcs11KeyStore) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    _on_token(keys, lambda token: _object(token, ObjectClass.PUBLIC_KEY).destroy())
    with pytest.raises(DamagedKeyError, match="public half"):
        keys.signing_key("seal")


@pytest.mark.parametrize("label", ["Another Program's", "章"])
def test_keys_of_other_programs_are_not_listed(keys: Pkcs11KeyStore, label: str) -> None:
    _on_token(keys, lambda token: _generate(token, label, "secp256r1"))
    assert keys.labels() == ()


def test_a_key_that_took_the_label_of_another_does_not_sign_in_its_place(
    keys: Pkcs11KeyStore, soft_tokens: SoftTokens
) -> None:
    key = keys.create("seal", KeyAlgorithm.P_256)
    key.sign(DIGEST)
    soft_tokens.emptied("pkcs11").create("seal", KeyAlgorithm.P_256)
    with pytest.raises(KeyStoreError, match="not of the key 'seal'"):
        key.sign(DIGEST)


def _cut_short(monkeypatch: pytest.MonkeyPatch, then: Callable[[Session], None]) -> None:
    """Let the token go away once, when it has made a pair; something more may happen to the pair then."""
    made = []

    def generate(session: Session, label: str, algorithm: KeyAlgorithm) -> None:
        _generate_pair(session, label, algorithm)
        if not made:
            made.append(label)
            then(session)
            raise DeviceRemoved

    monkeypatch.setattr(pki.pkcs11, "_generate", generate)


def test_a_key_that_was_made_when_the_token_went_is_the_key(keys: Pkcs11KeyStore, monkeypatch) -> None:
    _cut_short(monkeypatch, lambda _: None)
    made = keys.create("seal", KeyAlgorithm.P_256)
    assert made.sign(DIGEST)
    assert keys.signing_key("seal").public_key == made.public_key


def test_of_a_key_that_was_half_made_when_the_token_went_nothing_is_left(keys: Pkcs11KeyStore, monkeypatch) -> None:
    _cut_short(monkeypatch, lambda session: _objects(session, ObjectClass.PRIVATE_KEY, "seal")[0].destroy())
    assert keys.create("seal", KeyAlgorithm.P_256).sign(DIGEST)
    assert keys.labels() == ("seal",)


def test_a_key_that_was_removed_is_unknown(keys: Pkcs11KeyStore, soft_tokens: SoftTokens) -> None:
    key = keys.create("seal", KeyAlgorithm.P_256)
    key.sign(DIGEST)
    soft_tokens.emptied("pkcs11")
    with pytest.raises(UnknownKeyError):
        key.sign(DIGEST)


def test_the_certificate_is_found_by_other_programs_beside_its_key(keys: Pkcs11KeyStore, world) -> None:
    certificate = world.authority.issuing.certificate
    _on_token(keys, lambda token: _write(token.session, certificate, "seal", b"seal"))
    kind = Attribute.CERTIFICATE_TYPE
    said = _on_token(keys, lambda token: _object(token, ObjectClass.CERTIFICATE).get_attributes([Attribute.ID, kind]))
    assert said == {Attribute.ID: b"seal", kind: 0}


def test_the_certificate_of_a_key_that_is_gone_is_not_taken_for_the_new_one(keys: Pkcs11KeyStore, world) -> None:
    foreign = world.keys.open("sharing").certificate
    keys.create("seal", KeyAlgorithm.P_256)
    _on_token(keys, lambda token: _write(token.session, foreign, "seal", b"seal"))
    with pytest.raises(UncertifiedKeyError):
        keys.open("seal")
    with pytest.raises(CertificateMismatchError):
        keys.store_certificate("seal", foreign, ())


def test_a_damaged_certificate_is_refused(keys: Pkcs11KeyStore, world) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    content = {Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.CERTIFICATE_TYPE: 0, Attribute.LABEL: "seal"}
    rubbish = {Attribute.VALUE: b"rubbish", Attribute.SUBJECT: b"0\x00", Attribute.TOKEN: True}
    _on_token(keys, lambda token: token.session.create_object(content | rubbish))
    with pytest.raises(DamagedKeyError, match="certificate"):
        keys.open("seal")


def test_the_pin_is_not_shown(keys: Pkcs11KeyStore) -> None:
    assert PIN not in repr(keys.create("seal", KeyAlgorithm.P_256)) + repr(keys)
