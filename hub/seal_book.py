"""Usage book, violations and radar of the seals, for the seal authority and the supervisor (Art. 15, 20).

A unit reads its own violations too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from graph_models.seal_records import grants_of_seal, list_seals
from graph_models.seals import SealViolation, UsageEntry
from graph_models.store import GraphStore, Transaction
from graph_models.usage_records import living_proofs, used_on_day, uses_of_day
from graph_models.violation_records import list_violations
from hub.actors import Actor
from hub.clock import Clock
from hub.permission import Operation, permitted, require
from hub.seal_radar import RadarLine, RadarRule, radar


@dataclass(frozen=True, slots=True)
class UsagePage:
    """A page of the usage book of one seal and day."""

    entries: tuple[UsageEntry, ...]
    used: int
    """Uses of the whole day, those under way included."""


@dataclass(frozen=True, slots=True)
class ViolationFilter:
    """Which refused uses are asked for."""

    seal_id: str | None = None
    """None for those of any seal."""
    unit_code: str | None = None
    """None for those of any unit; where a unit asks, for its own."""


@dataclass(frozen=True, slots=True)
class SealBook:
    """Reads what was sealed, and what runs out."""

    store: GraphStore
    clock: Clock
    trust_roots: tuple[bytes, ...]
    """Roots of the seals' certificates, in DER."""
    rule: RadarRule

    async def usage(
        self, actor: Actor, seal_id: str, day: date, after: tuple[int, str] | None, limit: int
    ) -> UsagePage:
        """Return a page of a seal's uses on one day of the city, in the order of time.

        ``after`` is the (UTC milliseconds, proof number) of the last entry seen, or None for the first page.
        """
        require(actor, Operation.READ_SEALS)

        async def work(tx: Transaction) -> UsagePage:
            ids = [grant.id for grant in await grants_of_seal(tx, seal_id)]
            entries = await uses_of_day(tx, ids, day.isoformat(), after, limit)
            return UsagePage(entries, await used_on_day(tx, ids, day.isoformat()))

        return await self.store.read(work)

    async def violations(
        self, actor: Actor, wanted: ViolationFilter, after: tuple[int, str] | None, limit: int
    ) -> tuple[SealViolation, ...]:
        """Return a page of refused uses, the newest first.

        ``after`` is the (UTC milliseconds, ``violation_key``) of the last one seen, or None for the first page.

        Raises:
            NotPermittedError: a unit asks for another's.
        """
        unit = wanted.unit_code
        if not permitted(actor, Operation.READ_SEALS):
            unit = actor.unit_code if unit is None else unit
            require(actor, Operation.READ_OWN_VIOLATIONS, unit)
        return await self.store.read(lambda tx: list_violations(tx, wanted.seal_id, unit, after, limit))

    async def radar(self, actor: Actor) -> tuple[RadarLine, ...]:
        """Return until when each key, certificate, authority and algorithm is good, and what stands on it."""
        require(actor, Operation.READ_SEALS)
        return await self.lines()

    async def lines(self) -> tuple[RadarLine, ...]:
        """Return the lines of the radar for the hub's own watch."""
        now = self.clock.now()

        async def work(tx: Transaction) -> tuple[RadarLine, ...]:
            return radar(await list_seals(tx), await living_proofs(tx, now), self.trust_roots, now, self.rule)

        return await self.store.read(work)
