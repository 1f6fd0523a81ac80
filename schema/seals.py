"""The electronic seals (电子印章), their grants, their usage book and the radar, as the seal authority sees them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models import seals as records
from graph_models.rows import milliseconds
from graph_models.seal_states import SealStep, allowed_steps
from graph_models.seals import GrantState, SealKind, SealState
from hub.clock import CITY_TIME
from hub.errors import InvalidInputError
from hub.seal_keys import KeyAlgorithm
from hub.seal_radar import RadarState, RadarSubject
from schema import seal_enums  # noqa: F401  the enums' descriptions
from schema.context import Info
from schema.errors import QueryProblem, read_or_problem
from schema.fields import resolved
from schema.relay import After, Connection, First, connection, page_of, slice_of
from schema.shaping import shaped


@strawberry.type(description="A key of a seal; its private half never leaves the signer.")
class SealKey:
    """A key of a seal."""

    label: str = strawberry.field(description="Its name in the signer's key store.")
    algorithm: KeyAlgorithm = strawberry.field(description="What kind of key it is.")
    request: str = strawberry.field(description="The certificate request that it signed, PEM (PKCS#10).")
    certificate: str | None = strawberry.field(
        description="Its certificate and those of the authorities above it, without the root, PEM; null until issued."
    )
    not_before: datetime | None = strawberry.field(description="Since when the certificate is good.")
    not_after: datetime | None = strawberry.field(description="Until when the certificate is good.")


@strawberry.type(description="One step in the life of a seal as it was taken.")
class SealStepTaken:
    """One step in the life of a seal."""

    step: SealStep = strawberry.field(description="What was done.")
    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="By whom: a staff number, never a name.")
    unit_code: str = strawberry.field(description="For which unit.")
    remarks: str | None = strawberry.field(description="Remarks, or the reason given.")


@strawberry.type(
    description="A grant (授权, Art. 15): this unit may use this seal for these proof types and this time."
)
class Grant:
    """A grant."""

    id: strawberry.ID = strawberry.field(description="Its identifier.")
    seal_id: strawberry.ID = strawberry.field(description="The seal.")
    unit_code: str = strawberry.field(description="Code of the unit that may use it.")
    proof_types: list[str] = strawberry.field(description="Codes of the proof types; empty for all.")
    not_before: datetime = strawberry.field(description="From when on.")
    not_after: datetime = strawberry.field(description="Until when.")
    daily_limit: int | None = strawberry.field(description="Most proofs in one day of the city; null for no limit.")
    signed: str = strawberry.field(description="The grant as the seal authority signed it, base64url text.")
    proposed_by: str = strawberry.field(description="Who proposed it: a staff number.")
    registered_by: str = strawberry.field(description="Who registered it: another person.")
    registered_at: datetime = strawberry.field(description="When it was registered.")
    state: GrantState = strawberry.field(description="Whether it is in force, as far as its period goes.")
    revoked_by: str | None = strawberry.field(description="Who revoked it.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    reason: str | None = strawberry.field(description="Why it was revoked.")


@strawberry.type(description="An electronic seal (电子印章, Art. 15). For the seal authority and the supervisor.")
class Seal:
    """An electronic seal."""

    record: strawberry.Private[records.Seal]
    id: strawberry.ID = strawberry.field(description="Its identifier, by which grants name it.")
    kind: SealKind = strawberry.field(description="Which of the two dedicated seals.")
    holder: str = strawberry.field(description="Name on the arc.")
    holder_identifier: str = strawberry.field(description="The holder as its certificate identifies it.")
    name: str = strawberry.field(description="What it is called under the star.")
    number: str = strawberry.field(description="The number that the police bureau gave it (印章编码).")
    state: SealState = strawberry.field(description="Where it stands; it seals only while ACTIVE.")
    version: int = strawberry.field(description="Give it as `expectedVersion` to be told of a change in between.")

    @resolved("SHA-256 of the picture that was supplied and that it shows, in hexadecimal; null: it is drawn.")
    def picture_sha256(self) -> str | None:
        """Return the digest of the supplied picture."""
        return None if self.record.picture is None else self.record.picture.sha256

    @resolved("The key that seals; null before it is made.")
    def key(self) -> SealKey | None:
        """Return the key that seals."""
        return _key_shape(self.record.key)

    @resolved("The key that waits for its certificate in a rotation.")
    def next_key(self) -> SealKey | None:
        """Return the key that takes over."""
        return _key_shape(self.record.next_key)

    @resolved("Keys that sealed before, the oldest first.")
    def old_keys(self) -> list[SealKey]:
        """Return the keys that sealed before."""
        return [shaped(SealKey, each, algorithm=KeyAlgorithm(each.algorithm)) for each in self.record.old_keys]

    @resolved("What happened so far.")
    def steps(self) -> list[SealStepTaken]:
        """Return what happened so far."""
        return [shaped(SealStepTaken, each, step=SealStep(each.step)) for each in self.record.steps]

    @resolved("The steps that may follow; two that follow each other are taken by two people, suspending by one.")
    def next_steps(self) -> list[SealStep]:
        """Return the steps that may follow."""
        return list(allowed_steps(self.record))

    @resolved("Its grants by identifier, revoked ones too.")
    async def grants(self, info: Info) -> list[Grant]:
        """Return the grants of the seal."""
        found = await info.context.services.grants.of_seal(info.context.actor, self.record.id)
        return [grant_shape(each) for each in found]


@strawberry.type(description="A page of seals, by number.")
class SealConnection(Connection[Seal]):
    """A page of seals."""


@strawberry.type(description="One line of a seal's usage book: one for each proof.")
class SealUse:
    """One line of a seal's usage book."""

    proof_number: str = strawberry.field(description="The proof that was sealed.")
    seal_id: strawberry.ID = strawberry.field(description="The seal.")
    grant_id: strawberry.ID = strawberry.field(description="The grant by which it was used.")
    unit_code: str = strawberry.field(description="Code of the unit that used it.")
    proof_type_code: str = strawberry.field(description="Code of the proof type.")
    key_label: str = strawberry.field(description="The seal's key at that time.")
    at: datetime = strawberry.field(description="When the proof was committed.")


@strawberry.type(description="A page of the usage book of a seal on one day of the city, in the order of time.")
class SealUseConnection(Connection[SealUse]):
    """A page of the usage book."""

    used: int = strawberry.field(description="Uses of the whole day, those under way included.")


@strawberry.type(description="Until when one key, certificate, authority or algorithm is good, and what stands on it.")
class SealRadarLine:
    """One line of the radar."""

    subject: RadarSubject = strawberry.field(description="What the line is about.")
    name: str = strawberry.field(description="Which one.")
    seal_id: strawberry.ID | None = strawberry.field(description="The seal concerned; null where several may be.")
    good_until: datetime | None = strawberry.field(description="Until when it is good; null where no end is known.")
    living_proofs: int = strawberry.field(description="How many proofs that can be relied on stand on it.")
    needed_until: datetime | None = strawberry.field(description="When the last of those that end does so.")
    endless_proofs: int = strawberry.field(description="How many of them have no end.")
    renew_by: datetime | None = strawberry.field(
        description="By when it is to be renewed or, where it seals no more, its proofs stamped anew; null: not at all."
    )
    state: RadarState = strawberry.field(description="Whether something must be done.")


@strawberry.type(description="The seal radar: all that runs out.")
class SealRadar:
    """The seal radar."""

    lines: list[SealRadarLine] = strawberry.field(description="By subject, what ends first before the others.")


SealResult: TypeAlias = Annotated[
    Seal | QueryProblem, strawberry.union("SealResult", description="The seal, or why there is none.")
]
SealsResult: TypeAlias = Annotated[
    SealConnection | QueryProblem, strawberry.union("SealsResult", description="The page, or why there is none.")
]
SealUsageResult: TypeAlias = Annotated[
    SealUseConnection | QueryProblem, strawberry.union("SealUsageResult", description="The page, or why there is none.")
]
SealRadarResult: TypeAlias = Annotated[
    SealRadar | QueryProblem, strawberry.union("SealRadarResult", description="The radar, or why there is none.")
]
SealId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The seal's identifier.")]


@strawberry.type(description="Queries of seals.")
class SealQueries:
    """Queries of seals."""

    @resolved("A seal. For the seal authority (市公安局) and the supervisor.")
    async def seal(
        self,
        info: Info,
        seal_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="The seal's identifier.")],
    ) -> SealResult:
        """Return a seal."""

        async def read() -> Seal:
            return seal_shape(await info.context.services.seals.read(info.context.actor, seal_id))

        return await read_or_problem(read())

    @resolved("All seals by number, destroyed ones too. For the seal authority (市公安局) and the supervisor.")
    async def seals(self, info: Info, first: First = 20, after: After = None) -> SealsResult:
        """Return a page of seals."""
        return await read_or_problem(_seals(info, first, after))

    @resolved("The usage book of a seal on one day. For the seal authority (市公安局) and the supervisor.")
    async def seal_usage(
        self,
        info: Info,
        seal_id: SealId,
        day: Annotated[str | None, strawberry.argument(description="Day of the city, 2026-03-02; null: today.")] = None,
        first: First = 20,
        after: After = None,
    ) -> SealUsageResult:
        """Return a page of the usage book."""
        return await read_or_problem(_usage(info, seal_id, day, page_given=(first, after)))

    @resolved(
        "For each key, certificate, authority and algorithm until when it is good, how many living proofs stand on it, "
        "and by when it is to be renewed. For the seal authority (市公安局) and the supervisor."
    )
    async def seal_radar(self, info: Info) -> SealRadarResult:
        """Return the radar."""

        async def read() -> SealRadar:
            lines = await info.context.services.seal_book.radar(info.context.actor)
            return SealRadar(lines=[shaped(SealRadarLine, line) for line in lines])

        return await read_or_problem(read())


def seal_shape(record: records.Seal) -> Seal:
    """Return a seal as GraphQL shows it."""
    return shaped(Seal, record, record=record)


def grant_shape(record: records.GrantRecord) -> Grant:
    """Return a grant as GraphQL shows it."""
    return shaped(Grant, record, proof_types=list(record.proof_types))


def _key_shape(key: records.SealKey | None) -> SealKey | None:
    return None if key is None else shaped(SealKey, key, algorithm=KeyAlgorithm(key.algorithm))


async def _seals(info: Info, first: int, after: str | None) -> SealConnection:
    page = page_of("seals", (str,), first, after)
    chosen, more = slice_of(
        await info.context.services.seals.all(info.context.actor), page, key=lambda each: each.number
    )
    return connection(
        SealConnection, page, [seal_shape(each) for each in chosen], [(each.number,) for each in chosen], more=more
    )


async def _usage(info: Info, seal_id: str, day: str | None, *, page_given: tuple[int, str | None]) -> SealUseConnection:
    page = page_of("sealUsage", (int, str), *page_given)
    seen = (int(page.after[0]), str(page.after[1])) if page.after else None
    book = info.context.services.seal_book
    on = book.clock.now().astimezone(CITY_TIME).date() if day is None else _day(day)
    found = await book.usage(info.context.actor, seal_id, on, seen, page.first + 1)
    chosen = found.entries[: page.first]
    return SealUseConnection(
        kind=page.kind,
        keys=[(milliseconds(each.at), each.proof_number) for each in chosen],
        more=len(found.entries) > page.first,
        continued=page.after is not None,
        nodes=[shaped(SealUse, each) for each in chosen],
        used=found.used,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise InvalidInputError(
            "day is no date", message_zh="day 不是日期", mend="Write it like 2026-03-02.", field="day"
        ) from problem
