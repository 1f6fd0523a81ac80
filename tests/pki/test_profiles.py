from pki.profiles import (
    ISSUING_AUTHORITY,
    POLICY_INFORMATION_SHARING,
    POLICY_INFORMATION_VERIFICATION,
    ROOT_AUTHORITY,
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
