from dataclasses import replace

import pytest
from cryptography import x509

from pki.profiles import (
    GRANT_SIGNING,
    ISSUING_AUTHORITY,
    OCSP_RESPONDER,
    POLICY_INFORMATION_SHARING,
    POLICY_INFORMATION_VERIFICATION,
    ROOT_AUTHORITY,
    TIME_STAMPING,
    policies_of,
    require_profile,
    seal_profile,
    violations,
)


def test_what_the_authority_made_is_of_its_profiles(world) -> None:
    require_profile(world.root.certificates[0], ROOT_AUTHORITY)
    require_profile(world.authority.issuing.certificate, ISSUING_AUTHORITY)
    require_profile(world.keys.open("sharing").certificate, seal_profile(POLICY_INFORMATION_SHARING))
    require_profile(world.keys.open("verification").certificate, seal_profile(POLICY_INFORMATION_VERIFICATION))


def test_the_two_kinds_of_seal_differ_by_their_policy_alone(world) -> None:
    found = violations(world.keys.open("verification").certificate, seal_profile(POLICY_INFORMATION_SHARING))
    assert found == ("the certificate policy differs",)


def test_an_authority_is_not_of_the_profile_of_a_seal(world) -> None:
    found = violations(world.authority.issuing.certificate, seal_profile(POLICY_INFORMATION_SHARING))
    assert {"the basic constraints differ", "the key usage differs", "the certificate policy differs"} <= set(found)


def test_a_seal_names_its_policy_and_an_authority_without_the_extension_names_none(world) -> None:
    assert policies_of(world.keys.open("sharing").certificate) == {POLICY_INFORMATION_SHARING}
    assert policies_of(world.root.certificates[0]) == frozenset()


SERVICES = {"tsa": TIME_STAMPING, "ocsp": OCSP_RESPONDER, "grants": GRANT_SIGNING}


@pytest.mark.parametrize("label", SERVICES)
def test_the_key_of_a_service_is_of_its_profile_and_of_no_other(world, label) -> None:
    certificate = world.keys.open(label).certificate
    profiles = (*SERVICES.values(), ISSUING_AUTHORITY, seal_profile(POLICY_INFORMATION_SHARING))
    assert [profile for profile in profiles if not violations(certificate, profile)] == [SERVICES[label]]


def test_only_the_purpose_of_a_clock_is_critical(world) -> None:
    for label, critical in (("tsa", True), ("ocsp", False), ("sharing", False)):
        found = world.keys.open(label).certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        assert found.critical is critical


def test_a_clock_whose_purpose_is_not_critical_is_not_of_its_profile(world) -> None:
    lax = replace(TIME_STAMPING, extended_key_usage_critical=False)
    found = violations(world.keys.open("tsa").certificate, lax)
    assert found == ("the extended key usage is critical where it should not be, or the other way",)


def test_only_a_responder_says_that_nobody_need_ask_for_its_revocation(world) -> None:
    found = violations(world.keys.open("ocsp").certificate, replace(OCSP_RESPONDER, no_revocation_check=False))
    assert found == ("it says wrongly whether its revocation is asked for",)
