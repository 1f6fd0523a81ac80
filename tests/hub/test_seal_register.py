"""The life of a seal: each step by the seal authority, two people in turn, once, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from graph_models.journal_records import load_audit, unpublished_events, verify_chain
from graph_models.seal_records import hold_gate
from graph_models.seals import Seal, SealKind, SealState
from hub.actors import Actor, Post
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
from hub.seal_steps import SealCall
from pki.keystore import KeyAlgorithm
from seals.kinds import SealKind as Kind
from tests.hub.office import OPERATOR
from tests.hub.seal_authority import (
    FIRST,
    HOLDER,
    SECOND,
    SUPERVISOR,
    SealServices,
    application,
    call,
    key,
    make_authority,
)

pytestmark = pytest.mark.both_key_stores


async def audited(services: SealServices, seal: Seal) -> list[str]:
    entries = await services.register.store.read(lambda tx: load_audit(tx, seal_stream(seal.id), 0, 100))
    assert verify_chain(entries) is None
    return [entry.operation for entry in entries]


async def is_open(services: SealServices, seal: Seal) -> bool:
    return await services.register.store.write(lambda tx: hold_gate(tx, seal.id, "C1"))


@pytest.mark.requirement("R15.1", "I3")
async def test_a_seal_is_applied_for_approved_made_certified_and_activated_and_each_step_is_on_record(
    services: SealServices,
) -> None:
    seal = await services.active()
    assert (seal.state, seal.holder, seal.name) == (SealState.ACTIVE, HOLDER, "电子证明共享信息专用章")
    steps = ["applied", "approved", "made", "certified", "activated"]
    assert await audited(services, seal) == [f"seal.{step}" for step in steps]
    assert [step.by for step in seal.steps] == ["police-1", "police-2", "police-1", "police-2", "police-1"]
    events = await services.register.store.read(lambda tx: unpublished_events(tx, 99))
    assert [event.type for event in events] == [f"seal.{step}" for step in steps]
    assert await services.register.all(SUPERVISOR) == (seal,) == (await services.register.read(FIRST, seal.id),)
    assert await is_open(services, seal)


@pytest.mark.requirement("R15.1", "R5.1")
@pytest.mark.parametrize("actor", [OPERATOR, SUPERVISOR, Actor("k", "GA", frozenset({Post.SEAL_KEEPER}))])
async def test_nobody_but_the_seal_authority_manages_seals(services: SealServices, actor: Actor) -> None:
    seal = await services.active()
    refused: list[Callable[[], Awaitable[Seal]]] = [
        lambda: services.register.apply(actor, application(), key()),
        lambda: services.register.suspend(actor, call(seal)),
        lambda: services.register.rotate(actor, call(seal)),
        lambda: services.register.revoke(actor, call(seal, remarks="x")),
    ]
    for step in refused:
        with pytest.raises(NotPermittedError, match="SEAL_AUTHORITY"):
            await step()
    assert await services.register.read(FIRST, seal.id) == seal


@pytest.mark.requirement("R15.1")
async def test_the_same_person_does_not_take_the_next_step(services: SealServices) -> None:
    register, applied = services.register, await services.applied()
    with pytest.raises(SamePersonError):
        await register.approve(FIRST, call(applied))
    made = await services.made()
    with pytest.raises(SamePersonError):
        await register.install(FIRST, call(made), services.certificate(made))
    assert (await register.read(FIRST, made.id)) == made


@pytest.mark.requirement("R15.1")
async def test_one_person_suspends_at_once_and_another_resumes(services: SealServices) -> None:
    seal, register = await services.active(), services.register
    suspended = await register.suspend(FIRST, call(seal, remarks="密钥疑似泄露"))
    assert (suspended.state, await is_open(services, seal)) == (SealState.SUSPENDED, False)
    assert services.authority.signer.desk.standing.suspended() >= {seal.id}
    with pytest.raises(SamePersonError):
        await register.resume(FIRST, call(seal))
    resumed = await register.resume(SECOND, call(seal))
    assert (resumed.state, await is_open(services, seal)) == (SealState.ACTIVE, True)
    assert seal.id not in services.authority.signer.desk.standing.suspended()


@pytest.mark.requirement("R15.1")
async def test_a_seal_is_suspended_and_revoked_while_the_signer_is_out_of_reach(services: SealServices) -> None:
    seal, signer = await services.active(), services.authority.signer
    signer.down = True
    suspension = call(seal)
    assert (await services.register.suspend(FIRST, suspension)).state is SealState.SUSPENDED
    with pytest.raises(UnavailableError, match="signer"):
        await services.register.resume(SECOND, call(seal))
    signer.down = False
    assert (await services.register.suspend(FIRST, suspension)).state is SealState.SUSPENDED
    assert seal.id in signer.desk.standing.suspended()


@pytest.mark.requirement("R15.1")
async def test_a_signer_that_was_out_of_reach_is_told_later_what_is_suspended(services: SealServices) -> None:
    seal, other, signer = await services.active(), await services.active(), services.authority.signer
    signer.down = True
    await services.register.suspend(FIRST, call(seal))
    signer.down = False
    assert seal.id not in signer.desk.standing.suspended()
    assert await services.register.remind_signer() == 1
    assert seal.id in signer.desk.standing.suspended()
    assert other.id not in signer.desk.standing.suspended()


async def test_a_rotation_keeps_the_old_key_until_the_new_one_has_its_certificate(services: SealServices) -> None:
    seal, register = await services.active(), services.register
    rotated = await register.rotate(SECOND, call(seal), KeyAlgorithm.RSA_2048)
    assert (rotated.key, rotated.state) == (seal.key, SealState.ACTIVE)
    assert rotated.next_key is not None
    assert (rotated.next_key.label, rotated.next_key.certificate) == (f"{seal.id.lower()}-2", None)
    done = await register.install(FIRST, call(seal), services.certificate(rotated))
    assert done.key is not None
    assert (done.key.label, done.key.algorithm, done.next_key) == (rotated.next_key.label, "RSA_2048", None)
    assert done.old_keys == (seal.key,)
    kept = {record.id: record.key_label for record in services.authority.signer.desk.records.all()}
    assert kept[seal.id] == done.key.label
    assert (await audited(services, seal))[-2:] == ["seal.rotated", "seal.certified"]


async def test_a_seal_is_revoked_with_its_reason_and_destroyed_with_all_its_keys(services: SealServices) -> None:
    seal, register = await services.active(), services.register
    with pytest.raises(InvalidInputError, match="reason"):
        await register.revoke(SECOND, call(seal, remarks=" "))
    revoked = await register.revoke(SECOND, call(seal, remarks="更换持有单位"))
    assert (revoked.state, revoked.steps[-1].remarks) == (SealState.REVOKED, "更换持有单位")
    assert not await is_open(services, seal)
    destroyed = await register.destroy(FIRST, call(seal))
    assert (destroyed.state, destroyed.key) == (SealState.DESTROYED, seal.key)
    assert seal.key is not None
    signer = services.authority.signer
    assert seal.key.label not in signer.parts.open_keys().labels()
    assert seal.id not in {record.id for record in signer.desk.records.all()}


@pytest.mark.requirement("I2")
async def test_a_step_repeated_with_its_key_does_nothing_twice_and_other_content_is_a_conflict(
    services: SealServices,
) -> None:
    register, application_key = services.register, key()
    wanted = application()
    applied = await register.apply(FIRST, wanted, application_key)
    assert await register.apply(FIRST, wanted, application_key) == applied
    with pytest.raises(IdempotencyConflictError):
        await register.apply(FIRST, application(), application_key)
    approval = call(applied)
    approved = await register.approve(SECOND, approval)
    assert await register.approve(SECOND, approval) == approved
    making = call(applied)
    made = await register.make(FIRST, making)
    assert await register.make(FIRST, making) == made
    assert len(await audited(services, applied)) == 3


async def test_of_two_at_the_same_time_one_makes_the_key_and_the_other_is_told(services: SealServices) -> None:
    applied = await services.applied()
    await services.register.approve(SECOND, call(applied))
    third = Actor("police-3", "GA", FIRST.posts)
    steps = (services.register.make(actor, call(applied)) for actor in (FIRST, third))
    outcomes = await asyncio.gather(*steps, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, Seal)]) == 1
    assert all(isinstance(outcome, Seal | ConflictError | WrongStateError) for outcome in outcomes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"holder": ""}, "holder"),
        ({"holder": "长" * 65}, "holder"),
        ({"holder": "a\nb"}, "holder"),
        ({"name": " "}, "name"),
        ({"number": ""}, "number"),
        ({"number": "一"}, "number"),
        ({"holder_identifier": "91330200TEST00000X"}, "holderIdentifier"),
        ({"remarks": "x" * 201}, "remarks"),
    ],
)
async def test_a_malformed_application_is_refused_by_field(
    services: SealServices, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await services.register.apply(FIRST, application(**changes), key())
    assert refused.value.field == field


async def test_a_number_belongs_to_one_seal(services: SealServices) -> None:
    wanted = application()
    await services.register.apply(FIRST, wanted, key())
    with pytest.raises(ConflictError, match=wanted.number):
        await services.register.apply(FIRST, wanted, key())


async def test_a_step_out_of_order_of_another_version_or_on_no_seal_is_refused(services: SealServices) -> None:
    register, applied = services.register, await services.applied()
    refused: list[tuple[type[HubError], Callable[[], Awaitable[Seal]]]] = [
        (WrongStateError, lambda: register.activate(SECOND, call(applied))),
        (WrongStateError, lambda: register.make(SECOND, call(applied))),
        (ConflictError, lambda: register.approve(SECOND, call(applied, expected_version=2))),
        (NotFoundError, lambda: register.approve(SECOND, SealCall(seal_id="S-none", key=key()))),
        (InvalidInputError, lambda: register.approve(SECOND, call(applied, key=""))),
    ]
    for kind, step in refused:
        with pytest.raises(kind):
            await step()
    assert await register.read(FIRST, applied.id) == applied


@pytest.mark.requirement("R15.1")
async def test_a_certificate_of_another_key_kind_or_root_or_none_is_not_installed(
    services: SealServices, tmp_path: Path
) -> None:
    made, other = await services.made(), await services.made(SealKind.INFORMATION_VERIFICATION)
    assert made.key is not None
    stranger = make_authority(tmp_path / "stranger", services.authority.clock)
    wrong_kind = services.authority.desk.certify(made.key.request, _kind(other))
    texts = ["", "-----BEGIN CERTIFICATE-----", "x" * 70_000, services.certificate(other), wrong_kind]
    texts.append(stranger.desk.certify(made.key.request, _kind(made)))
    for text in texts:
        with pytest.raises(InvalidInputError) as refused:
            await services.register.install(SECOND, call(made), text)
        assert refused.value.field == "certificate"
    assert (await services.register.read(FIRST, made.id)) == made


def _kind(seal: Seal) -> Kind:
    return Kind(seal.kind.value)


def test_the_kinds_of_the_records_are_those_of_the_seals() -> None:
    assert [kind.value for kind in SealKind] == [kind.value for kind in Kind]
