"""Seals for development: made by the same steps as a city's, taken up where they were left, and made once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from graph_models.seals import SealKind, SealState
from hub.clock import SystemIds
from hub.entry.authority import AuthorityDesk
from hub.entry.development_seals import LocalSealCalls, bring_to_life, prepare_development_authority
from hub.entry.key_stores import open_authority_keys, open_keys
from hub.entry.settings import Settings
from hub.entry.wiring import verification_policy
from pki.errors import PkiError
from tests.hub.entry.door import Door, settings_in
from tests.hub.office import NOW
from tests.hub.seal_authority import FIRST, HOLDER, SECOND, SealServices, call

UNITS = ("JY", "GA")


async def live(services: SealServices, desk: AuthorityDesk | None = None, units: tuple[str, ...] = UNITS) -> None:
    calls = LocalSealCalls(services.register, services.grants)
    await bring_to_life(calls, desk or services.authority.desk, HOLDER, units)


def test_the_authoritys_keys_are_made_once_apart_from_the_signers(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    root = prepare_development_authority(settings, NOW, SystemIds())
    before = root.read_bytes()
    assert prepare_development_authority(settings, NOW, SystemIds()).read_bytes() == before
    assert verification_policy(settings.seals.pki_folder).trust_roots
    assert open_authority_keys(settings.authority).labels() == ("grants", "issuing", "root")
    assert open_keys(settings.seals).labels() == ("ocsp", "tsa")


@pytest.mark.parametrize("room", ["seals", "authority"])
@pytest.mark.parametrize("passphrase", ["", "wrong"])
def test_without_the_right_passphrase_there_is_no_authority_and_it_says_so(
    tmp_path: Path, passphrase: str, room: str
) -> None:
    settings = settings_in(tmp_path)
    prepare_development_authority(settings, NOW, SystemIds())
    with pytest.raises(PkiError, match="passphrase"):
        prepare_development_authority(_opened_with(settings, room, passphrase), NOW, SystemIds())


def _opened_with(settings: Settings, room: str, passphrase: str) -> Settings:
    own = getattr(settings, room)
    return settings.model_copy(update={room: own.model_copy(update={"passphrase": type(own.passphrase)(passphrase)})})


async def test_both_seals_come_to_life_by_two_people_and_are_granted_and_nothing_is_done_twice(
    services: SealServices,
) -> None:
    await live(services)
    seals = await services.register.all(FIRST)
    assert {seal.kind for seal in seals} == set(SealKind)
    assert all(seal.state is SealState.ACTIVE and len({step.by for step in seal.steps}) == 2 for seal in seals)
    grants = [await services.grants.of_seal(FIRST, seal.id) for seal in seals]
    assert [sorted(grant.unit_code for grant in each) for each in grants] == [["GA", "JY"]] * 2
    await live(services)
    assert await services.register.all(FIRST) == seals
    assert [await services.grants.of_seal(FIRST, seal.id) for seal in seals] == grants


async def test_what_was_begun_is_taken_up_and_a_suspended_seal_is_left_alone(services: SealServices) -> None:
    begun = await services.made(SealKind.INFORMATION_SHARING)
    kept = await services.active(SealKind.INFORMATION_VERIFICATION)
    await services.register.suspend(SECOND, call(kept))
    await live(services, units=("JY",))
    states = {seal.id: seal.state for seal in await services.register.all(FIRST)}
    assert states == {begun.id: SealState.ACTIVE, kept.id: SealState.SUSPENDED}


async def test_a_grant_that_is_about_to_end_is_signed_anew(services: SealServices) -> None:
    await live(services, units=("JY",))
    (seal, _) = await services.register.all(FIRST)
    services.authority.clock.at += timedelta(days=3 * 365 - 20)
    await live(services, units=("JY",))
    assert len(await services.grants.of_seal(FIRST, seal.id)) == 2


async def test_a_served_hub_with_a_signer_of_its_own_has_its_seals(door: Door) -> None:
    seals = await door.hub.seals.all(FIRST)
    assert [seal.state for seal in seals] == [SealState.ACTIVE] * 2
