"""What every key store does: the same tests on a folder of PKCS#12 files and on a PKCS#11 token."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

from pki.authority import CertificateAuthority, CertificateOrder, Subject
from pki.development import DevelopmentPlan, create_development_authority
from pki.errors import (
    CertificateMismatchError,
    KeyExistsError,
    KeyStoreError,
    UncertifiedKeyError,
    UnknownKeyError,
)
from pki.keystore import LONGEST_SIGNATURE, KeyAlgorithm, KeyStore, PublicKey
from pki.pkcs12 import Pkcs12KeyStore
from pki.profiles import POLICY_INFORMATION_SHARING, seal_profile

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
MESSAGE = "证明".encode()
DIGEST = hashlib.sha256(MESSAGE).digest()
_SERIALS = itertools.count(2**100)

OpenStore = Callable[[], KeyStore]


@pytest.fixture
def pkcs12_store(tmp_path: Path) -> OpenStore:
    return lambda: Pkcs12KeyStore(tmp_path / "keys", "correct horse")


@pytest.fixture
def pkcs11_store(soft_tokens) -> OpenStore:
    soft_tokens.emptied("contract")
    return lambda: soft_tokens.open("contract")


@pytest.fixture(params=["pkcs12", pytest.param("pkcs11", marks=pytest.mark.services("softhsm"))])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """Opens the same place anew at each call, as after a restart; it is empty at first."""
    found: OpenStore = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def keys(open_store: OpenStore) -> KeyStore:
    return open_store()


@pytest.fixture(scope="module")
def issuing(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    folder = tmp_path_factory.mktemp("authority")
    keys, plan = Pkcs12KeyStore(folder / "keys", "x"), DevelopmentPlan(organisation="Proofhub Test", seals=())
    return create_development_authority(folder, keys, plan, NOW, lambda: next(_SERIALS)).issuing


def _certificate(issuing: CertificateAuthority, key: PublicKey) -> x509.Certificate:
    order = CertificateOrder(
        profile=seal_profile(POLICY_INFORMATION_SHARING),
        subject=Subject(organisation="局", common_name="章", organisation_identifier="NTRCN-91330200TEST00000X"),
        serial=next(_SERIALS),
        not_before=NOW,
        not_after=NOW + timedelta(days=1),
    )
    return issuing.issue(order, key)


def _verify(key: PublicKey, signature: bytes, message: bytes = MESSAGE) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    else:
        key.verify(signature, message, ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_key_signs_a_digest_so_that_its_public_half_accepts_it(keys: KeyStore, algorithm: KeyAlgorithm) -> None:
    key = keys.create("seal", algorithm)
    signature = key.sign(DIGEST)
    _verify(key.public_key, signature)
    assert len(signature) <= LONGEST_SIGNATURE[algorithm]


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_key_is_found_again_and_signs_after_a_restart(open_store: OpenStore, algorithm: KeyAlgorithm) -> None:
    made = open_store().create("seal", algorithm)
    found = open_store().signing_key("seal")
    assert (found.label, found.algorithm, found.public_key) == ("seal", algorithm, made.public_key)
    _verify(made.public_key, found.sign(DIGEST))


def test_labels_are_listed_in_order(open_store: OpenStore, keys: KeyStore) -> None:
    assert keys.labels() == ()
    for label in ("tsa", "ocsp", "seal-1"):
        keys.create(label, KeyAlgorithm.P_256)
    assert keys.labels() == open_store().labels() == ("ocsp", "seal-1", "tsa")


@pytest.mark.parametrize("digest", [b"", MESSAGE, DIGEST + b"\x00"])
def test_only_a_digest_of_32_bytes_is_signed(keys: KeyStore, digest: bytes) -> None:
    with pytest.raises(KeyStoreError, match="32 bytes"):
        keys.create("seal", KeyAlgorithm.P_256).sign(digest)


def test_an_existing_key_is_never_overwritten(open_store: OpenStore, keys: KeyStore) -> None:
    made = keys.create("seal", KeyAlgorithm.P_256)
    for store in (keys, open_store()):
        with pytest.raises(KeyExistsError):
            store.create("seal", KeyAlgorithm.RSA_2048)
    assert open_store().signing_key("seal").public_key == made.public_key


def test_an_unknown_label_is_refused(keys: KeyStore, issuing: CertificateAuthority) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    with pytest.raises(UnknownKeyError):
        keys.open("nobody")
    with pytest.raises(UnknownKeyError):
        keys.signing_key("nobody")
    with pytest.raises(UnknownKeyError):
        keys.store_certificate("nobody", issuing.certificate, ())


@pytest.mark.parametrize("label", ["", "../seal", "Seal", "a/b", "x" * 65, "seal.p12", "章"])
def test_what_is_no_label_is_refused(keys: KeyStore, label: str) -> None:
    with pytest.raises(KeyStoreError, match="label"):
        keys.create(label, KeyAlgorithm.P_256)
    with pytest.raises(KeyStoreError, match="label"):
        keys.signing_key(label)


def test_a_key_without_certificate_cannot_seal(keys: KeyStore) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    with pytest.raises(UncertifiedKeyError):
        keys.open("seal")


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_certificate_and_chain_are_kept_with_the_key(
    open_store: OpenStore, keys: KeyStore, issuing: CertificateAuthority, algorithm: KeyAlgorithm
) -> None:
    certificate = _certificate(issuing, keys.create("seal", algorithm).public_key)
    above = (issuing.certificate, _certificate(issuing, issuing.certificate.public_key()))
    keys.store_certificate("seal", certificate, above)
    for store in (keys, open_store()):
        key = store.open("seal")
        assert (key.certificate, key.chain, key.algorithm) == (certificate, above, algorithm)
        _verify(key.certificate.public_key(), key.sign(DIGEST))


def test_a_new_certificate_takes_the_place_of_the_old_one(
    open_store: OpenStore, keys: KeyStore, issuing: CertificateAuthority
) -> None:
    public_key = keys.create("seal", KeyAlgorithm.P_256).public_key
    first, second = _certificate(issuing, public_key), _certificate(issuing, public_key)
    for certificate, above in ((second, (issuing.certificate,)), (first, ()), (first, (issuing.certificate,))):
        keys.store_certificate("seal", certificate, above)
        key = open_store().open("seal")
        assert (key.certificate, key.chain) == (certificate, above)


def test_a_certificate_of_another_key_is_refused_and_nothing_is_kept(
    keys: KeyStore, issuing: CertificateAuthority
) -> None:
    keys.create("seal", KeyAlgorithm.P_256)
    with pytest.raises(CertificateMismatchError):
        keys.store_certificate("seal", issuing.certificate, ())
    with pytest.raises(UncertifiedKeyError):
        keys.open("seal")


def test_several_threads_sign_with_several_keys_at_a_time(keys: KeyStore) -> None:
    made = [keys.create("elliptic", KeyAlgorithm.P_256), keys.create("rsa", KeyAlgorithm.RSA_2048)]
    orders = [(made[number % 2], str(number).encode()) for number in range(120)]
    with ThreadPoolExecutor(12) as threads:
        signatures = list(threads.map(lambda order: order[0].sign(hashlib.sha256(order[1]).digest()), orders))
    for (key, message), signature in zip(orders, signatures, strict=True):
        _verify(key.public_key, signature, message)


def test_of_several_threads_that_make_one_key_only_one_succeeds(keys: KeyStore) -> None:
    def make(_: int) -> bool:
        try:
            keys.create("seal", KeyAlgorithm.P_256)
        except KeyExistsError:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(make, range(6))) == 1
    _verify(keys.signing_key("seal").public_key, keys.signing_key("seal").sign(DIGEST))


def test_a_destroyed_key_is_gone_for_ever_and_others_stay(
    open_store: OpenStore, keys: KeyStore, issuing: CertificateAuthority
) -> None:
    for label in ("seal", "other"):
        certificate = _certificate(issuing, keys.create(label, KeyAlgorithm.P_256).public_key)
        keys.store_certificate(label, certificate, (issuing.certificate,))
    for _ in range(2):
        keys.destroy("seal")
    for store in (keys, open_store()):
        assert store.labels() == ("other",)
        with pytest.raises(UnknownKeyError):
            store.open("seal")
        assert store.open("other").chain == (issuing.certificate,)
    assert keys.create("seal", KeyAlgorithm.P_256).algorithm is KeyAlgorithm.P_256
