import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from pki.errors import KeyStoreError, ProfileViolationError
from pki.signing import sign_certificate


class CountingKey:
    """A real key that counts its signatures and may spoil them."""

    def __init__(self, key, spoil: bool = False) -> None:
        self._key = key
        self._spoil = spoil
        self.algorithm = key.algorithm
        self.public_key = key.public_key
        self.label = key.label
        self.count = 0

    def sign(self, digest: bytes) -> bytes:
        self.count += 1
        return self._key.sign(digest[::-1] if self._spoil else digest)


@pytest.fixture
def builder(world) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "章")])
    certificate = world.keys.open("sharing").certificate
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(world.keys.open("sharing").public_key)
        .serial_number(world.serial())
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc)
    )


def test_what_the_check_refuses_never_reaches_the_real_key(world, builder) -> None:
    key = CountingKey(world.keys.open("sharing"))

    def refuse(draft: x509.Certificate) -> None:
        raise ProfileViolationError("test", (draft.subject.rfc4514_string(),))

    with pytest.raises(ProfileViolationError):
        sign_certificate(builder, key, refuse)
    assert key.count == 0


def test_the_real_key_signs_the_very_bytes_that_were_checked(world, builder) -> None:
    seen: list[bytes] = []
    key = CountingKey(world.keys.open("sharing"))
    made = sign_certificate(builder, key, lambda draft: seen.append(draft.tbs_certificate_bytes))
    assert seen == [made.tbs_certificate_bytes]
    assert key.count == 1


def test_a_signature_that_its_own_public_key_refuses_is_an_error(world, builder) -> None:
    with pytest.raises(KeyStoreError, match="public half"):
        sign_certificate(builder, CountingKey(world.keys.open("sharing"), spoil=True), lambda draft: None)
