from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509

from pki.authority import Subject
from pki.development import ISSUED_FILE, create_development_authority
from pki.errors import KeyStoreError, ProfileViolationError
from pki.pkcs12 import Pkcs12KeyStore
from pki.serial_books import read_serials


def _certificates(keys) -> list:
    return [keys.open(label).certificate for label in keys.labels()]


def _list_number(data: bytes) -> int:
    return x509.load_der_x509_crl(data).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


@pytest.mark.requirement("I2")
def test_made_again_it_keeps_what_is_there_and_renews_the_lists(world, tmp_path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    first = create_development_authority(tmp_path, keys, world.plan, world.now, world.serial)
    before = _certificates(keys)
    later = world.now + timedelta(days=3)
    second = create_development_authority(tmp_path, keys, world.plan, later, world.serial)
    assert _certificates(keys) == before
    numbers = [_list_number(found.revocation_lists[1]) for found in (first, second)]
    assert numbers == sorted(set(numbers))


def test_a_seal_about_to_run_out_is_made_anew_with_the_same_key(world, tmp_path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    create_development_authority(tmp_path, keys, world.plan, world.now, world.serial)
    before = keys.open("sharing")
    later = world.now + timedelta(days=3 * 365 - 1, hours=1)
    create_development_authority(tmp_path, keys, world.plan, later, world.serial)
    after = keys.open("sharing")
    assert after.public_key == before.public_key
    assert after.certificate.not_valid_after_utc > before.certificate.not_valid_after_utc


def test_interrupted_after_a_key_was_made_it_goes_on_with_that_key(world, tmp_path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    made = keys.create("root", world.plan.algorithm)
    create_development_authority(tmp_path, keys, world.plan, world.now, world.serial)
    assert keys.open("root").certificate.public_key() == made.public_key


def test_with_another_root_the_issuing_authority_is_made_anew(world, tmp_path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    create_development_authority(tmp_path, keys, world.plan, world.now, world.serial)
    (tmp_path / "keys" / "root.p12").unlink()
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    create_development_authority(tmp_path, keys, world.plan, world.now, world.serial)
    keys.open("issuing").certificate.verify_directly_issued_by(keys.open("root").certificate)
    keys.open("sharing").certificate.verify_directly_issued_by(keys.open("issuing").certificate)


def test_a_plan_that_no_profile_allows_is_refused(world, tmp_path) -> None:
    seal = replace(world.plan.seals[0], subject=Subject(organisation="甲", common_name="乙"))
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    with pytest.raises(ProfileViolationError):
        create_development_authority(tmp_path, keys, replace(world.plan, seals=(seal,)), world.now, world.serial)


def test_a_folder_that_cannot_be_written_is_a_clear_error(world, tmp_path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(KeyStoreError, match="cannot be written"):
        create_development_authority(tmp_path / "taken", keys, world.plan, world.now, world.serial)


def test_where_it_is_served_stands_in_its_certificates(world, tmp_path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    plan = replace(world.plan, service_url="http://hub.test/pki")
    create_development_authority(tmp_path, keys, plan, world.now, world.serial)
    for label, name in (("sharing", "issuing"), ("tsa", "issuing"), ("issuing", "root")):
        points = keys.open(label).certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
        assert points.value[0].full_name[0].value == f"http://hub.test/pki/{name}.crl"
    with pytest.raises(x509.ExtensionNotFound):
        keys.open("root").certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)


def test_the_numbers_of_all_certificates_that_it_issued_are_kept(world, tmp_path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    create_development_authority(tmp_path, keys, world.plan, world.now, world.serial)
    first = {keys.open(label).certificate.serial_number for label in ("sharing", "verification", "tsa", "ocsp")}
    later = world.now + timedelta(days=364, hours=1)
    create_development_authority(tmp_path, keys, world.plan, later, world.serial)
    renewed = keys.open("ocsp").certificate.serial_number
    assert renewed not in first
    kept = read_serials(tmp_path / ISSUED_FILE)
    assert kept > first | {renewed}
    assert keys.open("issuing").certificate.serial_number not in kept
