"""Grants: what the seal authority signed, registered by another person than proposed it, and revoked by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.journal_records import load_audit, unpublished_events
from graph_models.seal_records import grants_of_unit
from graph_models.seals import GrantState
from hub.actors import Actor
from hub.audit import seal_stream
from hub.errors import (
    ConflictError,
    HubError,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    SamePersonError,
    UnavailableError,
    WrongStateError,
)
from seals.errors import RevokedGrantError
from seals.grants import SignedGrant
from tests.hub.office import NOW, OPERATOR
from tests.hub.seal_authority import FIRST, SECOND, SUPERVISOR, SealServices, call, key


@pytest.mark.requirement("R15.2", "R15.1", "I3")
async def test_a_grant_is_registered_by_another_person_than_proposed_it_and_told_to_the_unit(
    services: SealServices,
) -> None:
    seal = await services.active()
    signed = services.authority.signed(seal.id, "MZ-HS", proof_types=("HJ",), daily_limit=9)
    with pytest.raises(SamePersonError):
        await services.grants.register(FIRST, signed, key())
    grant = await services.grants.register(SECOND, signed, key())
    assert (grant.unit_code, grant.proof_types, grant.daily_limit) == ("MZ-HS", ("HJ",), 9)
    assert (grant.proposed_by, grant.registered_by, grant.state) == ("police-1", "police-2", GrantState.REGISTERED)
    assert SignedGrant.from_text(grant.signed).to_text() == signed
    assert await services.grants.of_seal(SUPERVISOR, seal.id) == (grant,)
    assert await services.grants.store.read(lambda tx: grants_of_unit(tx, "MZ-HS")) == ((grant, seal),)
    entries = await services.grants.store.read(lambda tx: load_audit(tx, seal_stream(seal.id), 0, 99))
    assert (entries[-1].operation, entries[-1].target) == ("grant.registered", grant.id)
    events = await services.grants.store.read(lambda tx: unpublished_events(tx, 99))
    assert {event.unit_code for event in events if event.type == "grant.registered"} == {"GA", "MZ-HS"}


@pytest.mark.requirement("R15.2", "R5.1")
@pytest.mark.parametrize("actor", [OPERATOR, SUPERVISOR])
async def test_nobody_but_the_seal_authority_grants(services: SealServices, actor: Actor) -> None:
    seal = await services.active()
    grant = await services.granted(seal, "MZ-HS")
    with pytest.raises(NotPermittedError):
        await services.grants.register(actor, services.authority.signed(seal.id, "GA-HS"), key())
    with pytest.raises(NotPermittedError):
        await services.grants.revoke(actor, grant.id, "x", key())
    with pytest.raises(NotPermittedError):
        await services.grants.of_seal(OPERATOR, seal.id)


@pytest.mark.requirement("R15.2")
async def test_what_the_authority_did_not_sign_as_it_stands_is_no_grant(services: SealServices) -> None:
    seal = await services.active()
    signed = SignedGrant.from_text(services.authority.signed(seal.id, "MZ-HS"))
    wider = services.authority.grant(seal.id, "MZ-HS", daily_limit=9**9)
    unnamed = services.authority.signed(seal.id, "MZ-HS", proposed_by="")
    over = services.authority.signed(seal.id, "MZ-HS", not_after=NOW - timedelta(milliseconds=1))
    forged = [replace(signed, grant_json=wider.to_json()).to_text(), "", "e30", signed.to_text() + "A"]
    for text in (*forged, unnamed, over):
        with pytest.raises(InvalidInputError) as refused:
            await services.grants.register(SECOND, text, key())
        assert refused.value.field == "grant"
    assert await services.grants.of_seal(FIRST, seal.id) == ()


@pytest.mark.requirement("R15.2", "R15.1")
async def test_one_person_revokes_and_the_signer_seals_no_more_under_it(services: SealServices) -> None:
    grant = await services.granted(await services.active(), "MZ-HS")
    revoked = await services.grants.revoke(SECOND, grant.id, "人员调整", key())
    assert (revoked.state, revoked.revoked_by, revoked.reason) == (GrantState.REVOKED, "police-2", "人员调整")
    standing = services.authority.signer.desk.standing
    with pytest.raises(RevokedGrantError), standing.used(grant.seal_id, grant.id):
        pass
    with pytest.raises(WrongStateError):
        await services.grants.revoke(FIRST, grant.id, "再次", key())


async def test_a_grant_is_revoked_while_the_signer_is_out_of_reach(services: SealServices) -> None:
    grant = await services.granted(await services.active(), "MZ-HS")
    services.authority.signer.down = True
    assert (await services.grants.revoke(FIRST, grant.id, "x", key())).state is GrantState.REVOKED


@pytest.mark.requirement("I2")
async def test_registering_and_revoking_again_with_the_same_key_does_nothing_twice(services: SealServices) -> None:
    seal = await services.active()
    signed, registering, revoking = services.authority.signed(seal.id, "MZ-HS"), key(), key()
    grant = await services.grants.register(SECOND, signed, registering)
    assert await services.grants.register(SECOND, signed, registering) == grant
    with pytest.raises(IdempotencyConflictError):
        await services.grants.register(SECOND, services.authority.signed(seal.id, "MZ-HS"), registering)
    with pytest.raises(ConflictError, match="registered already"):
        await services.grants.register(SECOND, signed, key())
    revoked = await services.grants.revoke(FIRST, grant.id, "x", revoking)
    assert await services.grants.revoke(FIRST, grant.id, "x", revoking) == revoked


async def test_a_grant_needs_a_living_seal_and_a_revocation_a_grant_and_a_reason(services: SealServices) -> None:
    seal = await services.active()
    grant = await services.granted(seal, "MZ-HS")
    await services.register.revoke(SECOND, call(seal, remarks="x"))
    refused: list[tuple[type[HubError], object]] = [
        (WrongStateError, services.granted(seal, "GA-HS")),
        (NotFoundError, services.grants.register(SECOND, services.authority.signed("S-none", "GA-HS"), key())),
        (NotFoundError, services.grants.revoke(FIRST, "G-none", "x", key())),
        (InvalidInputError, services.grants.revoke(FIRST, grant.id, " ", key())),
        (InvalidInputError, services.grants.revoke(FIRST, grant.id, "x" * 201, key())),
    ]
    for kind, step in refused:
        with pytest.raises(kind):
            await step  # type: ignore[misc]


async def test_what_fails_at_the_signer_says_so(services: SealServices) -> None:
    applied = await services.applied()
    await services.register.approve(SECOND, call(applied))
    services.authority.signer.down = True
    with pytest.raises(UnavailableError):
        await services.register.make(FIRST, call(applied))
    services.authority.signer.down = False
    assert (await services.register.make(FIRST, call(applied))).key is not None
