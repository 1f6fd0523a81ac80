"""The life of seals and their grants: each step by the seal authority (市公安局), Art. 15."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypeAlias

import strawberry

from graph_models import seals as records
from graph_models.seals import SealKind
from hub.errors import HubError
from hub.seal_keys import CERTIFICATE_LIMIT, KeyAlgorithm
from hub.seal_pictures import PICTURE_RULE
from hub.seal_steps import NAME_LIMIT, NUMBER_LIMIT, TEXT_LIMIT, SealApplication, SealCall
from schema.context import Info
from schema.errors import Problem, problem_of
from schema.fields import resolved
from schema.scalars import Base64
from schema.seals import Grant, Seal, grant_shape, seal_shape

_KEY = "A key of the caller's own, 1 to 128 characters: the same key and content do nothing twice."
_REMARKS = f"Remarks for the record, at most {TEXT_LIMIT} characters."


@strawberry.input(description="Applies for a seal (申请).")
class ApplyForSealInput:
    """Applies for a seal."""

    key: str = strawberry.field(description=_KEY)
    kind: SealKind = strawberry.field(description="Which of the two dedicated seals.")
    holder: str = strawberry.field(description=f"Name on the arc, at most {NAME_LIMIT} characters.")
    holder_identifier: str = strawberry.field(
        description="NTRCN- and the holder's unified social credit code, as its certificate identifies it."
    )
    number: str = strawberry.field(
        description=f"The seal's own number (印章编码), at most {NUMBER_LIMIT} digits, letters or hyphens."
    )
    name: str | None = strawberry.field(
        default=None, description="What it is called; null: as the regulation calls its kind (Art. 14)."
    )
    remarks: str | None = strawberry.field(default=None, description=_REMARKS)

    def record(self) -> SealApplication:
        """Return the application as the hub takes it."""
        return SealApplication(
            kind=self.kind,
            holder=self.holder,
            holder_identifier=self.holder_identifier,
            number=self.number,
            name=self.name,
            remarks=self.remarks,
        )


@strawberry.input(description="Takes one step with a seal.")
class SealStepInput:
    """Takes one step with a seal."""

    seal_id: strawberry.ID = strawberry.field(description="The seal's identifier.")
    key: str = strawberry.field(description=_KEY)
    expected_version: int | None = strawberry.field(
        default=None, description="The version the caller saw; another one is a Conflict. Null: whichever is there."
    )
    remarks: str | None = strawberry.field(default=None, description=_REMARKS)

    def call(self) -> SealCall:
        """Return the step as the hub takes it."""
        return SealCall(
            seal_id=self.seal_id, key=self.key, expected_version=self.expected_version, remarks=self.remarks
        )


@strawberry.input(description="Has a key of a seal made.")
class MakeSealKeyInput(SealStepInput):
    """Has a key of a seal made."""

    algorithm: KeyAlgorithm = strawberry.field(default=KeyAlgorithm.P_256, description="What kind of key.")


@strawberry.input(description="Has a seal made: its first key and, where wanted, the picture that it shows.")
class MakeSealInput(MakeSealKeyInput):
    """Has a seal made."""

    picture: Base64 | None = strawberry.field(
        default=None,
        description=f"A picture that the seal shows for ever instead of the drawn one: {PICTURE_RULE}; null: drawn.",
    )


@strawberry.input(description="Hands in the certificate that was issued for the key that waits for one.")
class InstallCertificateInput(SealStepInput):
    """Hands in an issued certificate."""

    certificate: str = strawberry.field(
        description="The certificate, and after it those of its authorities, PEM; "
        f"at most {CERTIFICATE_LIMIT} characters."
    )


@strawberry.input(description="Registers a grant that the seal authority signed.")
class RegisterGrantInput:
    """Registers a signed grant."""

    key: str = strawberry.field(description=_KEY)
    grant: str = strawberry.field(description="The signed grant, base64url text: what proofhub seal sign-grant prints.")


@strawberry.input(description="Revokes a grant.")
class RevokeGrantInput:
    """Revokes a grant."""

    key: str = strawberry.field(description=_KEY)
    grant_id: strawberry.ID = strawberry.field(description="The grant's identifier.")
    reason: str = strawberry.field(description=f"Why, at most {TEXT_LIMIT} characters.")


@strawberry.type(description="The seal after the step, or why nothing was changed.")
class SealPayload:
    """The seal after the step, or why nothing was changed."""

    seal: Seal | None = strawberry.field(description="The seal; null exactly where errors are.")
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where the step was taken.")


@strawberry.type(description="The grant after the mutation, or why nothing was changed.")
class GrantPayload:
    """The grant after the mutation, or why nothing was changed."""

    grant: Grant | None = strawberry.field(description="The grant; null exactly where errors are.")
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where it was.")


_INPUT = strawberry.argument(name="input", description="The key, and what the mutation needs.")
Apply: TypeAlias = Annotated[ApplyForSealInput, _INPUT]
Step: TypeAlias = Annotated[SealStepInput, _INPUT]
Make: TypeAlias = Annotated[MakeSealInput, _INPUT]
MakeKey: TypeAlias = Annotated[MakeSealKeyInput, _INPUT]
Install: TypeAlias = Annotated[InstallCertificateInput, _INPUT]
Register: TypeAlias = Annotated[RegisterGrantInput, _INPUT]
RevokeOne: TypeAlias = Annotated[RevokeGrantInput, _INPUT]


@strawberry.type(description="Steps with seals and grants.")
class SealMutations:
    """Steps with seals and grants; all of them for the seal authority (市公安局) alone."""

    @resolved("Apply for a seal. For the seal authority (市公安局); another person approves.")
    async def apply_for_seal(self, info: Info, given: Apply) -> SealPayload:
        """Apply for a seal."""
        service, actor = info.context.services.seals, info.context.actor
        return await _seal(service.apply(actor, given.record(), given.key))

    @resolved("Approve an application. For the seal authority, not the person who applied.")
    async def approve_seal(self, info: Info, given: Step) -> SealPayload:
        """Approve an application."""
        return await _seal(info.context.services.seals.approve(info.context.actor, given.call()))

    @resolved(
        "Have the signer make the seal's key; `key.request` is what its authority certifies. A picture may be supplied "
        "that the seal shows. For the seal authority."
    )
    async def make_seal(self, info: Info, given: Make) -> SealPayload:
        """Have the seal made."""
        service, actor = info.context.services.seals, info.context.actor
        return await _seal(service.make(actor, given.call(), given.algorithm, given.picture))

    @resolved(
        "Keep the issued certificate of the key that waits for one, after checking key, profile, names and trust. In a "
        "rotation the new key takes over. For the seal authority, not the person who had the key made."
    )
    async def install_seal_certificate(self, info: Info, given: Install) -> SealPayload:
        """Keep an issued certificate."""
        service, actor = info.context.services.seals, info.context.actor
        return await _seal(service.install(actor, given.call(), given.certificate))

    @resolved("Let a certified seal be used by units that hold a grant. For the seal authority.")
    async def activate_seal(self, info: Info, given: Step) -> SealPayload:
        """Let a seal be used."""
        return await _seal(info.context.services.seals.activate(info.context.actor, given.call()))

    @resolved(
        "Suspend a seal: when this answers, nothing is sealed or committed under it. "
        "For one person of the seal authority."
    )
    async def suspend_seal(self, info: Info, given: Step) -> SealPayload:
        """Suspend a seal."""
        return await _seal(info.context.services.seals.suspend(info.context.actor, given.call()))

    @resolved(
        "Let a suspended seal be used again; what waited for it goes on. For the seal authority, not who suspended it."
    )
    async def resume_seal(self, info: Info, given: Step) -> SealPayload:
        """Let a suspended seal be used again."""
        return await _seal(info.context.services.seals.resume(info.context.actor, given.call()))

    @resolved(
        "Have the seal's next key made; the present one seals until the next has its certificate. "
        "For the seal authority."
    )
    async def rotate_seal(self, info: Info, given: MakeKey) -> SealPayload:
        """Have the seal's next key made."""
        return await _seal(info.context.services.seals.rotate(info.context.actor, given.call(), given.algorithm))

    @resolved(
        "Revoke a seal for ever; `remarks` is the reason and must be given. What is not sealed yet is voided. "
        "For the seal authority."
    )
    async def revoke_seal(self, info: Info, given: Step) -> SealPayload:
        """Revoke a seal."""
        return await _seal(info.context.services.seals.revoke(info.context.actor, given.call()))

    @resolved(
        "Destroy the keys of a revoked seal; what they sealed is still checked by their certificates. "
        "For the seal authority."
    )
    async def destroy_seal(self, info: Info, given: Step) -> SealPayload:
        """Destroy the keys of a revoked seal."""
        return await _seal(info.context.services.seals.destroy(info.context.actor, given.call()))

    @resolved("Register a signed grant. For the seal authority, not the person who proposed it.")
    async def register_grant(self, info: Info, given: Register) -> GrantPayload:
        """Register a signed grant."""
        return await _grant(info.context.services.grants.register(info.context.actor, given.grant, given.key))

    @resolved(
        "Revoke a grant: when this answers, nothing is sealed or committed under it. "
        "For one person of the seal authority."
    )
    async def revoke_grant(self, info: Info, given: RevokeOne) -> GrantPayload:
        """Revoke a grant."""
        service, actor = info.context.services.grants, info.context.actor
        return await _grant(service.revoke(actor, given.grant_id, given.reason, given.key))


async def _seal(step: Awaitable[records.Seal]) -> SealPayload:
    try:
        return SealPayload(seal=seal_shape(await step), errors=[])
    except HubError as error:
        return SealPayload(seal=None, errors=[problem_of(error)])


async def _grant(work: Awaitable[records.GrantRecord]) -> GrantPayload:
    try:
        return GrantPayload(grant=grant_shape(await work), errors=[])
    except HubError as error:
        return GrantPayload(grant=None, errors=[problem_of(error)])
