import pytest

from seals.kinds import SEAL_NAMES, SEAL_POLICIES, SealKind, kind_of_policies


@pytest.mark.requirement("R14.1")
def test_each_kind_has_a_name_and_a_policy_of_its_own() -> None:
    assert SEAL_NAMES.keys() == SEAL_POLICIES.keys() == set(SealKind)
    assert len({name.zh for name in SEAL_NAMES.values()}) == len(set(SEAL_POLICIES.values())) == len(SealKind)


def test_a_certificate_is_of_a_kind_by_exactly_one_policy() -> None:
    for kind, policy in SEAL_POLICIES.items():
        assert kind_of_policies(frozenset({policy, "1.2.3"})) is kind
    assert kind_of_policies(frozenset()) is None
    assert kind_of_policies(frozenset({"2.5.29.32.0"})) is None
    assert kind_of_policies(frozenset(SEAL_POLICIES.values())) is None
