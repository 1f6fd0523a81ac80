from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from pki.authority import CertificateAuthority, CertificateOrder, Subject, make_root
from pki.errors import ProfileViolationError
from pki.keystore import KeyAlgorithm
from pki.pkcs12 import Pkcs12KeyStore
from pki.profiles import POLICY_INFORMATION_SHARING, ROOT_AUTHORITY, seal_profile


@pytest.fixture
def order(world) -> CertificateOrder:
    return CertificateOrder(
        profile=seal_profile(POLICY_INFORMATION_SHARING),
        subject=world.plan.seals[0].subject,
        serial=world.serial(),
        not_before=world.now,
        not_after=world.now + timedelta(days=365),
    )


@pytest.fixture(scope="session")
def public_key() -> ec.EllipticCurvePublicKey:
    return ec.generate_private_key(ec.SECP256R1()).public_key()


def test_a_certificate_says_what_was_ordered(world, order, public_key) -> None:
    order = replace(order, revocation_list_url="http://127.0.0.1:8000/issuing.crl")
    made = world.authority.issuing.issue(order, public_key)
    made.verify_directly_issued_by(world.authority.issuing.certificate)
    assert made.subject == order.subject.to_name()
    assert made.serial_number == order.serial
    assert made.extensions.get_extension_for_class(x509.CRLDistributionPoints)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("serial", 1, "serial number"),
        ("subject", Subject(organisation="甲", common_name="乙"), "subject lacks"),
        ("subject", Subject(organisation="甲", common_name="乙", organisation_identifier="12345"), "EN 319 412-1"),
    ],
)
def test_what_is_not_of_its_profile_is_not_signed(world, order, public_key, field, value, why) -> None:
    with pytest.raises(ProfileViolationError, match=why) as caught:
        world.authority.issuing.issue(replace(order, **{field: value}), public_key)
    assert caught.value.violations


def test_a_period_longer_than_the_profile_allows_is_not_signed(world, order, public_key) -> None:
    with pytest.raises(ProfileViolationError, match="too long"):
        world.authority.issuing.issue(replace(order, not_after=world.now + timedelta(days=5 * 365)), public_key)


@pytest.mark.parametrize(
    ("begins", "ends"), [(timedelta(days=-1), timedelta(days=5)), (timedelta(0), timedelta(days=3650 + 2))]
)
def test_a_certificate_does_not_reach_beyond_its_issuer(world, order, public_key, begins, ends) -> None:
    order = replace(order, not_before=world.now + begins, not_after=world.now + ends)
    with pytest.raises(ProfileViolationError, match="within the issuer"):
        world.authority.issuing.issue(order, public_key)


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP192R1())])
def test_a_weak_key_gets_no_certificate(world, order, key) -> None:
    with pytest.raises(ProfileViolationError, match="the key is none of"):
        world.authority.issuing.issue(order, key.public_key())


def test_an_authority_needs_the_key_of_its_certificate(world) -> None:
    with pytest.raises(ProfileViolationError, match="not of this key"):
        CertificateAuthority(world.authority.issuing.certificate, world.keys.open("sharing"))


def test_an_authority_with_an_rsa_key_signs_too(world, order, public_key, tmp_path) -> None:
    key = Pkcs12KeyStore(tmp_path / "keys", "x").create("root", KeyAlgorithm.RSA_2048)
    root = make_root(key, replace(order, profile=ROOT_AUTHORITY, subject=Subject(organisation="甲", common_name="乙")))
    root.certificate.verify_directly_issued_by(root.certificate)
    made = root.issue(replace(order, not_after=world.now + timedelta(days=2)), public_key)
    made.verify_directly_issued_by(root.certificate)


def test_a_certificate_says_where_its_issuer_and_its_responder_are(world, order, public_key) -> None:
    base = "http://127.0.0.1:8000/pki"
    order = replace(order, issuer_url=f"{base}/issuing.cer", responder_url=f"{base}/ocsp")
    made = world.authority.issuing.issue(order, public_key)
    found = made.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    places = {access.access_method: access.access_location.value for access in found.value}
    assert not found.critical
    assert places == {
        AuthorityInformationAccessOID.OCSP: f"{base}/ocsp",
        AuthorityInformationAccessOID.CA_ISSUERS: f"{base}/issuing.cer",
    }


def test_without_an_address_a_certificate_names_none(world, order, public_key) -> None:
    made = world.authority.issuing.issue(order, public_key)
    for kind in (x509.AuthorityInformationAccess, x509.CRLDistributionPoints):
        with pytest.raises(x509.ExtensionNotFound):
            made.extensions.get_extension_for_class(kind)
